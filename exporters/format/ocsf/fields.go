package ocsf

import (
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Identifiers of the class.
const (
	categoryUID = 2
	classUID    = 2004
)

// view is an alert with what only OCSF needs.
type view struct {
	*payload.View
	version string
}

// field is an attribute.
type field struct {
	// path in the object.
	path string
	// has is for the documentation.
	has   string
	value func(*view) any
}

// fields are the mapping.
var fields = []field{
	{"activity_id", "1 created; 2 updated, described; 3 retracted, or resolved by this change", func(v *view) any { return v.activity() }},
	{"activity_name", "its name", func(v *view) any { return activities[v.activity()] }},
	{"category_uid", "2", func(*view) any { return categoryUID }},
	{"category_name", "`Findings`", func(*view) any { return "Findings" }},
	{"class_uid", "2004", func(*view) any { return classUID }},
	{"class_name", "`Detection Finding`", func(*view) any { return "Detection Finding" }},
	{"type_uid", "class and activity: 200401 to 200403", func(v *view) any { return classUID*100 + v.activity() }},
	{"type_name", "its name", func(v *view) any { return "Detection Finding: " + activities[v.activity()] }},
	{"time", "when this version was made, in milliseconds", func(v *view) any { return timeOr(v.Change.Updated, v.Change.Created) }},
	{"start_time", "first event", func(v *view) any { return millis(v.Change.Start) }},
	{"end_time", "last event", func(v *view) any { return millis(v.Change.End) }},
	{"severity_id", "1 informational to 5 critical, 0 for none", func(v *view) any { return alert.SeverityRank(v.Change.Severity) }},
	{"severity", "its name", func(v *view) any { return severities[alert.SeverityRank(v.Change.Severity)] }},
	{"status_id", "1 new, 2 in progress, 3 suppressed, 4 resolved, 99 retracted", func(v *view) any { return statuses[v.Change.State()].id }},
	{"status", "its name", func(v *view) any { return statuses[v.Change.State()].name }},
	{"status_detail", "verdict: classification/reason", func(v *view) any { return v.Verdict() }},
	{"is_alert", "true for what is open", func(v *view) any {
		state := v.Change.State()
		return state != alert.StateRetracted && state != alert.StateSuppressed && state != alert.StateResolved
	}},
	{"message", "title of the alert", func(v *view) any { return v.Document.Title }},
	{"count", "number of events", func(v *view) any { return v.number() }},
	{"metadata.version", "`" + Version + "`", func(*view) any { return Version }},
	{"metadata.product.name", "`Sealwatch`", func(*view) any { return payload.Product }},
	{"metadata.product.vendor_name", "`Sealwatch`", func(*view) any { return payload.Vendor }},
	{"metadata.product.version", "version of Sealwatch", func(v *view) any { return v.version }},
	{"metadata.uid", "id of the alert, a hyphen, sequence: one for each change", func(v *view) any { return v.ID + "-" + v.Sequence() }},
	{"metadata.correlation_uid", "id of the alert", func(v *view) any { return v.ID }},
	{"metadata.event_code", "id of the detection", func(v *view) any { return v.Document.Detection }},
	{"metadata.tenant_uid", "tenant", func(v *view) any { return v.Document.Tenant }},
	{"finding_info.uid", "id of the alert", func(v *view) any { return v.ID }},
	{"finding_info.title", "title of the alert", func(v *view) any { return orSome(v.Document.Title, v.Document.Detection) }},
	{"finding_info.types", "id of the detection", func(v *view) any { return []string{v.Document.Detection} }},
	{"finding_info.data_sources", "`DocuSign`", func(*view) any { return []string{payload.Service} }},
	{"finding_info.analytic", "id and title of the detection, type 1 (rule)", func(v *view) any {
		return object{"uid": v.Document.Detection, "name": v.Detection.Title, "type_id": 1, "type": "Rule"}
	}},
	{"finding_info.attacks", "MITRE ATT&CK", func(v *view) any { return v.attacks() }},
	{"finding_info.created_time", "when the alert was first raised", func(v *view) any { return millis(v.Change.Created) }},
	{"finding_info.modified_time", "when this version was made", func(v *view) any { return millis(v.Change.Updated) }},
	{"finding_info.first_seen_time", "first event", func(v *view) any { return millis(v.Change.Start) }},
	{"finding_info.last_seen_time", "last event", func(v *view) any { return millis(v.Change.End) }},
	{"finding_info.src_url", "where a person finds the alert (`alertUrl`)", func(v *view) any { return v.URL }},
	{"finding_info.related_events", "ids of the events", func(v *view) any { return v.related() }},
	{"evidences", "first the evidence as it is (`data`) with the user, then one for each address (`src_endpoint`)", func(v *view) any { return v.evidences() }},
	{"observables", "user (21), e-mail address (5), addresses (2), countries (14)", func(v *view) any { return v.observables() }},
	{"remediation.desc", "what to do, by the detection", func(v *view) any { return strings.Join(v.response(), " ") }},
	{"unmapped", "what has no attribute, by its name in the REST API's JSON: subject, score, context, sequence, assignee, finding key, superseded by, truncated, change", func(v *view) any { return v.unmapped() }},
}

var activities = map[int]string{1: "Create", 2: "Update", 3: "Close"}

func (v *view) activity() int {
	switch {
	case v.Change.Kind == alert.ChangeCreated:
		return 1
	case v.Change.Kind == alert.ChangeRetracted, v.Change.State() == alert.StateResolved && v.Change.PreviousState != alert.StateResolved:
		return 3
	}
	return 2
}

var severities = [...]string{"Unknown", "Informational", "Low", "Medium", "High", "Critical"}

var statuses = map[string]struct {
	id   int
	name string
}{
	alert.StateNew: {1, "New"}, alert.StateInProgress: {2, "In Progress"}, alert.StateSuppressed: {3, "Suppressed"}, alert.StateResolved: {4, "Resolved"},
	alert.StateRetracted: {99, "Retracted"},
}

// millis is nil for a time that is not known.
func millis(t time.Time) any {
	if payload.Millis(t) == "" {
		return nil
	}
	return t.UnixMilli()
}

// timeOr is the first time that is known, in milliseconds, and 0 for none: the schema wants a number.
func timeOr(times ...time.Time) any {
	for _, t := range times {
		if m := millis(t); m != nil {
			return m
		}
	}
	return int64(0)
}

func orSome(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// Rows are the table of the documentation.
func Rows() []payload.Row {
	rows := make([]payload.Row, len(fields))
	for i, f := range fields {
		rows[i] = payload.Row{Field: f.path, Has: f.has}
	}
	return rows
}
