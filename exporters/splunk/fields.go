package splunk

import (
	"encoding/json"
	"time"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// field is a key of an event and where its value comes from.
type field struct {
	name string
	// cim says that it is a field of the data model Alerts.
	cim   bool
	about string
	// value is a string, []string, uint64, int, exporters.Score or json.RawMessage; what is empty is left out.
	value func(v *payload.View) any
}

// fields are the keys of an event in their order. Splunk looks for fields in the first 10,000 characters of an event, therefore
// what may be long comes last. No name is one of indexed: Splunk would show such a field twice.
var fields = []field{
	{name: "app", cim: true, about: "`docusign`: where it happened", value: func(*payload.View) any { return "docusign" }},
	{name: "vendor_product", cim: true, about: "`Sealwatch`", value: func(*payload.View) any { return "Sealwatch" }},
	{name: "type", cim: true, about: "`alert`", value: func(*payload.View) any { return "alert" }},
	{name: "id", cim: true, about: "id of the alert, the same in all its versions", value: func(v *payload.View) any { return v.ID }},
	{name: "signature_id", cim: true, about: "id of the detection", value: func(v *payload.View) any { return v.Document.Detection }},
	{name: "signature", cim: true, about: "title of the detection, its id where it has none", value: func(v *payload.View) any {
		return v.Detection.Title
	}},
	{name: "severity", cim: true, about: "`critical`, `high`, `medium`, `low`, `informational` or `unknown`", value: func(v *payload.View) any {
		if alert.SeverityRank(v.Change.Severity) == 0 {
			return "unknown"
		}
		return v.Change.Severity
	}},
	{name: "severity_id", cim: true, about: "1 for informational up to 5 for critical", value: func(v *payload.View) any { return uint64(max(0, alert.SeverityRank(v.Change.Severity))) }},
	{name: "description", cim: true, about: "what happened, in a sentence", value: func(v *payload.View) any { return v.Document.Title }},
	{name: "user", cim: true, about: "of an alert about a user: e-mail address, else the name, else the id", value: func(v *payload.View) any { return v.User() }},
	{name: "user_name", cim: true, about: "the user's name", value: func(v *payload.View) any {
		if v.Document.Subject.Type != "user" {
			return ""
		}
		return v.Document.Subject.DisplayName
	}},
	{name: "src", cim: true, about: "the address at issue, else the one with the most events", value: func(v *payload.View) any {
		if len(v.Addresses) == 0 {
			return ""
		}
		return v.Addresses[0].String()
	}},
	{name: "src_type", cim: true, about: "`ip`, where there is a `src`", value: func(v *payload.View) any {
		if len(v.Addresses) == 0 {
			return ""
		}
		return "ip"
	}},
	{name: "dest", cim: true, about: "`docusign`", value: func(*payload.View) any { return "docusign" }},
	{name: "dest_type", cim: true, about: "`application`", value: func(*payload.View) any { return "application" }},
	{name: "vendor_account", cim: true, about: "the tenant", value: func(v *payload.View) any { return v.Document.Tenant }},
	{name: "mitre_technique_id", cim: true, about: "techniques of MITRE ATT&CK that the detection is about", value: func(v *payload.View) any { return v.Detection.Techniques }},
	{name: "change", about: "`created`, `updated`, `retracted` or `described`", value: func(v *payload.View) any { return v.Kind() }},
	{name: "status", about: "`new`, `in_progress`, `resolved`, `retracted` or `suppressed`", value: func(v *payload.View) any { return v.State() }},
	{name: "subject_type", about: "what the alert is about: `user`, `address`, `integration`, ...", value: func(v *payload.View) any { return v.Document.Subject.Type }},
	{name: "subject_id", about: "its id", value: func(v *payload.View) any { return v.Document.Subject.ID }},
	{name: "start_time", about: "event time of the first event", value: func(v *payload.View) any { return v.Document.StartTime }},
	{name: "end_time", about: "event time of the last event", value: func(v *payload.View) any { return v.Document.EndTime }},
	{name: "create_time", about: "when the alert was first raised", value: func(v *payload.View) any { return v.Document.CreateTime }},
	{name: "update_time", about: "when this version was made; `_time` has the same", value: func(v *payload.View) any { return v.Document.UpdateTime }},
	{name: "event_count", about: "how many events the alert has", value: func(v *payload.View) any { return v.Change.EventCount }},
	{name: "score", about: "how far it is from usual", value: func(v *payload.View) any { return v.Document.Score }},
	{name: "assignee", about: "who works on it", value: func(v *payload.View) any { return v.Document.Assignee }},
	{name: "classification", about: "`true_positive`, `benign_positive`, `false_positive`, as a person set it", value: func(v *payload.View) any { return payload.Word(v.Document.Classification, "ALERT_CLASSIFICATION_") }},
	{name: "classification_reason", about: "why, as a person set it", value: func(v *payload.View) any { return payload.Word(v.Document.Reason, "ALERT_REASON_") }},
	{name: "suppressed_by", about: "why a suppressed finding is no alert, 100 reasons at most", value: func(v *payload.View) any { return v.Change.SuppressedBy }},
	{name: "superseded_by", about: "id of the alert that took the place of a retracted one", value: func(v *payload.View) any { return v.SupersededBy() }},
	{name: "finding_key", about: "the finding's anchor, usually an event id", value: func(v *payload.View) any { return v.Document.FindingKey }},
	{name: "url", about: "where a person finds the alert, where that is configured", value: func(v *payload.View) any { return v.URL }},
	{name: "truncated", about: "the parts of the alert that were shortened or left out because the event was too long", value: func(v *payload.View) any { return v.Document.Truncated }},
	{name: "src_ips", about: "the addresses, those at issue first, 100 at most", value: func(v *payload.View) any {
		all := make([]string, len(v.Addresses))
		for i, a := range v.Addresses {
			all[i] = a.String()
		}
		return all
	}},
	{name: "src_countries", about: "countries that the alert tells of, 100 at most", value: func(v *payload.View) any { return v.Countries }},
	{name: "event_ids", about: "ids of the events, 100 at most", value: func(v *payload.View) any { return v.Document.EventIDs }},
	{name: "evidence", about: "what the detection found, an object; `evidence.distanceKm` and so on are fields in Splunk", value: func(v *payload.View) any { return v.Document.Evidence }},
	{name: "context", about: "what else is known, an object: the person, how usual addresses and devices are, what happened in the hour after", value: func(v *payload.View) any {
		if v.Document.Context == nil {
			return json.RawMessage(nil)
		}
		b, err := json.Marshal(v.Document.Context)
		if err != nil { // numbers and texts always have a JSON form
			return json.RawMessage(nil)
		}
		return json.RawMessage(b)
	}},
}

// indexed are the fields that Splunk keeps in its index, so that tstats finds them.
var indexed = []field{
	{name: "event_uid", about: "id of the alert; with `event_sequence` it tells repetitions", value: func(v *payload.View) any { return v.ID }},
	{name: "event_sequence", about: "number of the change; a greater one of the same alert is newer", value: func(v *payload.View) any { return formatUint(v.Change.Sequence) }},
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
