package leef

import (
	"strings"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// field is an attribute.
type field struct {
	key string
	// most bytes; 0 sets no bound.
	most int
	// has is for the documentation.
	has   string
	value func(*payload.View) string
}

// truncatedKey is last: it has what was cut of the others.
const truncatedKey = "truncated"

// fields are the mapping, in the order in which they are sent; first those that LEEF names, then our own.
var fields = []field{
	{"devTime", 0, "last event, in milliseconds", func(v *payload.View) string { return payload.Millis(v.Change.End) }},
	{"cat", 0, "change: `created`, `updated`, `retracted`, `described`", (*payload.View).Kind},
	{"sev", 0, "critical 10, high 8, medium 6, low 3, informational 1", func(v *payload.View) string { return severity(v.Change) }},
	{"usrName", 255, "user: e-mail address, else name, else id", (*payload.View).User},
	{"src", 0, "first address, IPv4 before IPv6", source},
	{"accountName", 0, "tenant", func(v *payload.View) string { return v.Document.Tenant }},
	{"role", 0, "role by the directory", (*payload.View).Role},
	{"policy", 0, "title of the detection", func(v *payload.View) string { return v.Detection.Title }},
	{"resource", 0, "`DocuSign`", func(*payload.View) string { return payload.Service }},
	{"url", 0, "where a person finds the alert (`alertUrl`)", func(v *payload.View) string { return v.URL }},
	{"alertId", 0, "id of the alert", func(v *payload.View) string { return v.ID }},
	{"sequence", 0, "sequence of the change; of two versions of an alert the higher is newer", (*payload.View).Sequence},
	{"updateTime", 0, "when this version was made, in milliseconds", func(v *payload.View) string { return payload.Millis(v.Change.Updated) }},
	{"startTime", 0, "first event, in milliseconds", func(v *payload.View) string { return payload.Millis(v.Change.Start) }},
	{"msg", 0, "title of the alert", func(v *payload.View) string { return v.Document.Title }},
	{"severity", 0, "severity in words", func(v *payload.View) string { return payload.Word(v.Document.Severity, "SEVERITY_") }},
	{"state", 0, "state", (*payload.View).State},
	{"verdict", 0, "classification/reason", (*payload.View).Verdict},
	{"assignee", 0, "who works on it", func(v *payload.View) string { return v.Document.Assignee }},
	{"subjectType", 0, "type of the subject", func(v *payload.View) string { return v.Document.Subject.Type }},
	{"subjectId", 0, "id of the subject", func(v *payload.View) string { return v.Document.Subject.ID }},
	{"subjectName", 0, "name of the subject", func(v *payload.View) string { return v.Document.Subject.DisplayName }},
	{"eventCount", 0, "number of events", (*payload.View).Count},
	{"score", 0, "score", (*payload.View).Score},
	{"attackTechniques", 0, "MITRE ATT&CK, comma-separated", func(v *payload.View) string { return strings.Join(v.Detection.Techniques, ",") }},
	{"addresses", 0, "all addresses, comma-separated", (*payload.View).AllAddresses},
	{"countries", 0, "countries, comma-separated", func(v *payload.View) string { return strings.Join(v.Countries, ",") }},
	{"networks", 0, "networks, comma-separated", func(v *payload.View) string { return strings.Join(v.Networks, ",") }},
	{"device", 0, "device with the most events", (*payload.View).Device},
	{"supersededBy", 0, "id of the alert that took the place of a retracted one", (*payload.View).SupersededBy},
	{"findingKey", 0, "anchor of the finding", func(v *payload.View) string { return v.Document.FindingKey }},
	{"eventIds", 0, "ids of the events, comma-separated", func(v *payload.View) string { return strings.Join(v.Document.EventIDs, ",") }},
	{"evidence", 0, "evidence, JSON", func(v *payload.View) string { return string(v.Document.Evidence) }},
	{truncatedKey, 0, "fields that were shortened, comma-separated", func(*payload.View) string { return "" }},
}

func source(v *payload.View) string {
	if a := v.Address(false); a != "" {
		return a
	}
	return v.Address(true)
}

// Rows are the table of the documentation.
func Rows() []payload.Row {
	rows := []payload.Row{{Field: "event id", Has: "id of the detection"}}
	for _, f := range fields {
		rows = append(rows, payload.Row{Field: f.key, Has: f.has})
	}
	return rows
}
