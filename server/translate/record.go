package translate

import (
	"encoding/json"
	"fmt"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
)

// MaxRejections is the most rejections that an answer names; the rest is only counted.
const MaxRejections = 1000

// Submission makes a submission of a record that the caller handed in; its JSON is not copied.
func Submission(r *pb.IngestRecord) (event.Submission, error) {
	if r.GetMonitor() == nil {
		return event.Submission{JSON: r.GetMonitorJson()}, nil
	}
	record, err := monitorRecord(r.GetMonitor())
	return event.Submission{Record: record}, err
}

func monitorRecord(m *pb.MonitorRecord) (*event.Record, error) {
	r := &event.Record{
		Timestamp:                      Time(m.GetTimestamp()),
		EventID:                        m.GetEventId(),
		Site:                           m.GetSite(),
		AccountID:                      m.GetAccountId(),
		OrganizationID:                 m.GetOrganizationId(),
		UserID:                         m.GetUserId(),
		IntegratorKey:                  m.GetIntegratorKey(),
		UserAgent:                      m.GetUserAgent(),
		Browser:                        m.GetBrowser(),
		OS:                             m.GetOs(),
		Device:                         m.GetDevice(),
		IPAddress:                      m.GetIpAddress(),
		Latitude:                       m.GetLatitude(),
		Longitude:                      m.GetLongitude(),
		City:                           m.GetCity(),
		State:                          m.GetState(),
		Country:                        m.GetCountry(),
		Object:                         m.GetObject(),
		Action:                         m.GetAction(),
		Property:                       m.GetProperty(),
		Field:                          m.GetField(),
		Result:                         m.GetResult(),
		Source:                         m.GetSource(),
		ReferencedUserID:               m.GetReferencedUserId(),
		AffectedUserID:                 m.GetAffectedUserId(),
		IsUserMemberOfDomain:           m.IsUserMemberOfDomain,           //nolint:protogetter // nil has a meaning
		AffectedUserIsMemberOfDomain:   m.AffectedUserIsMemberOfDomain,   //nolint:protogetter // nil has a meaning
		ReferencedUserIsMemberOfDomain: m.ReferencedUserIsMemberOfDomain, //nolint:protogetter // nil has a meaning
		ProxyStatus:                    m.GetProxyStatus(),
		ProxyType:                      m.GetProxyType(),
		ProxyLevel:                     m.GetProxyLevel(),
	}
	if len(m.GetData().GetFields()) > 0 {
		// Not protojson: its white space differs from build to build, and the bytes go into a content hash.
		data, err := json.Marshal(m.GetData().AsMap())
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		r.Data = data
	}
	return r, nil
}

// Result is the answer for a receipt.
func Result(r event.Receipt) *pb.IngestResult {
	m := &pb.IngestResult{
		Accepted:     Count(r.Accepted),
		Duplicates:   Count(r.Duplicates),
		Conflicts:    Count(r.Conflicts),
		Rejected:     Count(r.Rejected),
		Held:         Count(r.Held),
		LastSequence: int64Of(r.LastSequence),
	}
	for i, j := range r.Rejections {
		if i == MaxRejections {
			break
		}
		m.Rejections = append(m.Rejections, &pb.RecordRejection{
			Index: Count(j.Index), EventId: Text(j.EventID), Field: Text(j.Field), Problem: Text(j.Problem),
		})
	}
	return m
}
