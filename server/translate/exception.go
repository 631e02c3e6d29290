package translate

import (
	"maps"
	"slices"
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// ExceptionPrefix begins the name of an exception.
const ExceptionPrefix = "exceptions/"

// ExceptionRequest is the domain's form of a request.
func ExceptionRequest(q *pb.CreateExceptionRequest) alert.ExceptionRequest {
	return alert.ExceptionRequest{AlertID: strings.TrimPrefix(q.GetAlert(), AlertPrefix), Attributes: q.GetAttributes(), Expires: Time(q.GetExpireTime()),
		MaxSeverity: severityName(q.GetMaxSeverity()), Classification: enumName(q.GetClassification().String(), "ALERT_CLASSIFICATION_"), Reason: q.GetReason(), Author: q.GetAuthor()}
}

// Exception makes the message of an exception.
func Exception(e *alert.Exception) *pb.Exception {
	m := &pb.Exception{Name: ExceptionPrefix + e.ID, Detection: e.Detection, Alert: AlertPrefix + e.AlertID, MaxSeverity: Severity(e.MaxSeverity), StartTime: Timestamp(e.From), ExpireTime: Timestamp(e.To),
		Classification: classification(e.Classification), Reason: Text(e.Reason), Author: Text(e.Author), CreateTime: Timestamp(e.Created),
		Removed: e.Removed, Remover: Text(e.RemovedBy), RemoveTime: Timestamp(e.RemovedAt)}
	if e.Subject.ID != "" {
		m.Subject = principal(&e.Subject)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
		m.Attributes = append(m.Attributes, &pb.ExceptionAttribute{Name: name, Values: texts(e.Attributes[name])})
	}
	return m
}
