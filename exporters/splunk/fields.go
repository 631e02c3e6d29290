package splunk

import (
	"encoding/json"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// view is a change as the fields see it, with what was left out to keep it short enough.
type view struct {
	change    *alert.Change
	document  exporters.Document
	detection Detection
	// limit bounds each text, in bytes.
	limit     int
	truncated []string
}

// field is a key of an event and where its value comes from.
type field struct {
	name string
	// cim says that it is a field of the data model Alerts.
	cim   bool
	about string
	// value is a string, []string, uint64, int, exporters.Score or json.RawMessage; what is empty is left out.
	value func(v *view) any
	// fixed says that the value is never shortened.
	fixed bool
}

// fields are the keys of an event in their order. Splunk looks for fields in the first 10,000 characters of an event, therefore
// what may be long comes last. No name is one of indexed: Splunk would show such a field twice.
var fields = []field{
	{name: "app", cim: true, about: "`docusign`: where it happened", fixed: true, value: func(*view) any { return "docusign" }},
	{name: "vendor_product", cim: true, about: "`Sealwatch`", fixed: true, value: func(*view) any { return "Sealwatch" }},
	{name: "type", cim: true, about: "`alert`", fixed: true, value: func(*view) any { return "alert" }},
	{name: "id", cim: true, about: "id of the alert, the same in all its versions", fixed: true, value: func(v *view) any { return v.change.ID }},
	{name: "signature_id", cim: true, about: "id of the detection", fixed: true, value: func(v *view) any { return v.change.Detection }},
	{name: "signature", cim: true, about: "title of the detection, its id where it has none", value: func(v *view) any {
		if v.detection.Title != "" {
			return v.detection.Title
		}
		return v.change.Detection
	}},
	{name: "severity", cim: true, about: "`critical`, `high`, `medium`, `low`, `informational` or `unknown`", fixed: true, value: func(v *view) any {
		if alert.SeverityRank(v.change.Severity) == 0 {
			return "unknown"
		}
		return v.change.Severity
	}},
	{name: "severity_id", cim: true, about: "1 for informational up to 5 for critical", fixed: true, value: func(v *view) any { return uint64(max(0, alert.SeverityRank(v.change.Severity))) }},
	{name: "description", cim: true, about: "what happened, in a sentence", value: func(v *view) any { return v.change.Title }},
	{name: "user", cim: true, about: "of an alert about a user: e-mail address, or the id where there is none", value: func(v *view) any {
		if v.change.Subject.Type != "user" {
			return ""
		}
		return either(v.change.Subject.Email, v.change.Subject.ID)
	}},
	{name: "user_name", cim: true, about: "the user's name", value: func(v *view) any {
		if v.change.Subject.Type != "user" {
			return ""
		}
		return v.change.Subject.DisplayName
	}},
	{name: "src", cim: true, about: "address with the most events of the alert", value: func(v *view) any {
		if all := sources(v.change); len(all) > 0 {
			return all[0]
		}
		return ""
	}},
	{name: "src_type", cim: true, about: "`ip`, where there is a `src`", fixed: true, value: func(v *view) any {
		if len(sources(v.change)) > 0 {
			return "ip"
		}
		return ""
	}},
	{name: "dest", cim: true, about: "`docusign`", fixed: true, value: func(*view) any { return "docusign" }},
	{name: "dest_type", cim: true, about: "`application`", fixed: true, value: func(*view) any { return "application" }},
	{name: "vendor_account", cim: true, about: "the tenant", value: func(v *view) any { return v.change.Tenant }},
	{name: "mitre_technique_id", cim: true, about: "techniques of MITRE ATT&CK that the detection is about", value: func(v *view) any { return v.detection.Techniques }},
	{name: "change", about: "`created`, `updated`, `retracted` or `described`", fixed: true, value: func(v *view) any { return v.change.Kind }},
	{name: "status", about: "`new`, `in_progress`, `resolved`, `retracted` or `suppressed`", fixed: true, value: func(v *view) any { return v.change.State() }},
	{name: "subject_type", about: "what the alert is about: `user`, `address`, `integration`, ...", fixed: true, value: func(v *view) any { return v.change.Subject.Type }},
	{name: "subject_id", about: "its id", value: func(v *view) any { return v.change.Subject.ID }},
	{name: "start_time", about: "event time of the first event", fixed: true, value: func(v *view) any { return v.document.StartTime }},
	{name: "end_time", about: "event time of the last event", fixed: true, value: func(v *view) any { return v.document.EndTime }},
	{name: "create_time", about: "when the alert was first raised", fixed: true, value: func(v *view) any { return v.document.CreateTime }},
	{name: "update_time", about: "when this version was made; `_time` has the same", fixed: true, value: func(v *view) any { return v.document.UpdateTime }},
	{name: "event_count", about: "how many events the alert has", fixed: true, value: func(v *view) any { return v.change.EventCount }},
	{name: "score", about: "how far it is from usual", fixed: true, value: func(v *view) any { return v.document.Score }},
	{name: "assignee", about: "who works on it", value: func(v *view) any { return v.change.Triage.Assignee }},
	{name: "classification", about: "`true_positive`, `benign`, `false_positive`, as a person set it", fixed: true, value: func(v *view) any { return v.change.Triage.Classification }},
	{name: "classification_reason", about: "why, as a person set it", fixed: true, value: func(v *view) any { return v.change.Triage.Reason }},
	{name: "suppressed_by", about: "why a suppressed finding is no alert", value: func(v *view) any { return v.change.SuppressedBy }},
	{name: "superseded_by", about: "id of the alert that took the place of a retracted one", fixed: true, value: func(v *view) any { return v.change.SupersededBy }},
	{name: "finding_key", about: "the finding's anchor, usually an event id", value: func(v *view) any { return v.change.Key }},
	{name: "truncated", about: "the fields that were shortened or left out because the event was too long", fixed: true, value: func(v *view) any { return v.truncated }},
	{name: "src_ips", about: "all addresses, those with the most events first", value: func(v *view) any { return sources(v.change) }},
	{name: "event_ids", about: "ids of the events, 100 at most", value: func(v *view) any { return v.document.EventIDs }},
	{name: "evidence", about: "what the detection found, an object; `evidence.distanceKm` and so on are fields in Splunk", value: func(v *view) any { return v.document.Evidence }},
	{name: "context", about: "what else is known, an object: the person, how usual addresses and devices are, what happened in the hour after", value: func(v *view) any {
		if v.document.Context == nil {
			return json.RawMessage(nil)
		}
		b, err := json.Marshal(v.document.Context)
		if err != nil { // numbers and texts always have a JSON form
			return json.RawMessage(nil)
		}
		return json.RawMessage(b)
	}},
}

// indexed are the fields that Splunk keeps in its index, so that tstats finds them.
var indexed = []field{
	{name: "event_uid", about: "id of the alert; with `event_sequence` it tells repetitions", value: func(v *view) any { return v.change.ID }},
	{name: "event_sequence", about: "number of the change; a greater one of the same alert is newer", value: func(v *view) any { return formatUint(v.change.Sequence) }},
}

// sources are the addresses of the alert's events.
func sources(c *alert.Change) (out []string) {
	if c.Context == nil {
		return nil
	}
	for i := range c.Context.Traits {
		if t := &c.Context.Traits[i]; t.Kind == alert.TraitAddress && t.Value != "" {
			out = append(out, t.Value)
		}
	}
	return out
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// eventTime is the time of an event in seconds since 1970 with microseconds, as text: a JSON number would be rounded on the way. It
// is empty for what Splunk would take for milliseconds, or not at all.
func eventTime(t time.Time) string {
	s := t.Unix()
	if s <= 0 || s > 9_999_999_999 {
		return ""
	}
	micro := formatUint(uint64(t.Nanosecond()) / 1000)
	return formatUint(uint64(s)) + "." + "000000"[len(micro):] + micro
}
