package translate

import (
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// AlertFilter is the domain's filter of a request; nil selects the open alerts. An address that is none selects nothing: who takes the
// request refuses it before.
func AlertFilter(f *pb.AlertFilter) alert.Filter {
	if f == nil {
		return alert.Filter{}
	}
	out := alert.Filter{
		Detections:   f.GetDetections(),
		MinSeverity:  severityName(f.GetMinSeverity()),
		SubjectIDs:   f.GetSubjectIds(),
		SubjectTypes: f.GetSubjectTypes(), SubjectEmails: each(f.GetSubjectEmails(), strings.ToLower), Users: each(f.GetUsers(), alert.Plain),
		Assignees: each(f.GetAssignees(), strings.ToLower), Countries: each(f.GetCountries(), strings.ToUpper), Networks: each(f.GetNetworks(), alert.NetworkValue),
		SuppressedBy: f.GetSuppressedBy(), Text: f.GetText(), MinScore: f.MinScore, MaxScore: f.MaxScore, Commented: f.HasComments,
		MinEvents: uint64(max(0, f.GetMinEventCount())), MaxEvents: uint64(max(0, f.GetMaxEventCount())),
		Start: Time(f.GetStartTime()), End: Time(f.GetEndTime()),
		First: between(f.GetFirstEvent()), Last: between(f.GetLastEvent()), Created: between(f.GetCreated()), Updated: between(f.GetUpdated()),
	}
	for _, n := range f.GetNames() {
		if id := strings.TrimPrefix(n, AlertPrefix); len(id) < alert.IDLength {
			out.IDPrefixes = append(out.IDPrefixes, id)
		} else {
			out.IDs = append(out.IDs, id)
		}
	}
	for _, s := range f.GetStates() {
		out.States = append(out.States, enumName(s.String(), "ALERT_STATE_"))
	}
	for _, s := range f.GetSeverities() {
		out.Severities = append(out.Severities, severityName(s))
	}
	for _, c := range f.GetClassifications() {
		out.Classifications = append(out.Classifications, ClassificationName(c))
	}
	for _, r := range f.GetReasons() {
		out.Reasons = append(out.Reasons, ReasonName(r))
	}
	if f.GetUnassigned() {
		out.Assignees = append(out.Assignees, "")
	}
	for _, text := range f.GetIpAddresses() {
		p, _ := alert.Prefix(text)
		out.Addresses = append(out.Addresses, p)
	}
	return out
}

// ClassificationName is the domain's name; empty for none.
func ClassificationName(c pb.AlertClassification) string {
	if c == pb.AlertClassification_ALERT_CLASSIFICATION_UNSPECIFIED {
		return ""
	}
	return enumName(c.String(), "ALERT_CLASSIFICATION_")
}

// ReasonName is the domain's name; empty for none.
func ReasonName(r pb.AlertReason) string {
	if r == pb.AlertReason_ALERT_REASON_UNSPECIFIED {
		return ""
	}
	return enumName(r.String(), "ALERT_REASON_")
}

// StateName is the domain's name; empty for none.
func StateName(s pb.AlertState) string {
	if s == pb.AlertState_ALERT_STATE_UNSPECIFIED {
		return ""
	}
	return enumName(s.String(), "ALERT_STATE_")
}

func between(s *pb.TimeSpan) alert.Between {
	return alert.Between{From: Time(s.GetStartTime()), To: Time(s.GetEndTime())}
}

func each(list []string, f func(string) string) []string {
	var out []string
	for _, s := range list {
		out = append(out, f(s))
	}
	return out
}

// HistoryEntry makes the message of a version.
func HistoryEntry(v *alert.Version) *pb.AlertHistoryEntry {
	m := &pb.AlertHistoryEntry{Sequence: int64Of(v.Sequence), Change: Change(v.Kind), Actor: Text(v.Actor), ChangeTime: Timestamp(v.Updated), State: alertState(v.State())}
	m.Fields = FieldChanges(v.Fields)
	return m
}

// FieldChanges makes the messages of what became another.
func FieldChanges(fields []alert.FieldDifference) []*pb.AlertFieldChange {
	var all []*pb.AlertFieldChange
	for _, f := range fields {
		all = append(all, &pb.AlertFieldChange{Field: f.Field, Before: Text(f.Before), After: Text(f.After)})
	}
	return all
}
