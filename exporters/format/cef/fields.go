package cef

import (
	"strings"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// field is a key of the extension.
type field struct {
	// key by CEF's dictionary; one that begins with Sealwatch is our own, as the specification builds such.
	key string
	// label of a custom key.
	label string
	// most bytes by the dictionary; 0 sets no bound.
	most int
	// has is for the documentation.
	has   string
	value func(*payload.View) string
}

const (
	own = payload.Vendor + payload.Product
	// truncatedKey is last: it has what was cut of the others.
	truncatedKey = "flexString1"
)

// fields are the mapping, in the order in which they are sent.
var fields = []field{
	{"externalId", "", 40, "id of the alert", func(v *payload.View) string { return v.ID }},
	{"rt", "", 0, "when this version was made, in milliseconds", func(v *payload.View) string { return payload.Millis(v.Change.Updated) }},
	{"start", "", 0, "first event", func(v *payload.View) string { return payload.Millis(v.Change.Start) }},
	{"end", "", 0, "last event", func(v *payload.View) string { return payload.Millis(v.Change.End) }},
	{"cat", "", 1023, "`alert`", func(*payload.View) string { return "alert" }},
	{"act", "", 63, "change: `created`, `updated`, `retracted`, `described`", (*payload.View).Kind},
	{"msg", "", 1023, "title of the alert", func(v *payload.View) string { return v.Document.Title }},
	{"suser", "", 1023, "user: e-mail address, else name, else id", (*payload.View).User},
	{"suid", "", 1023, "id of the subject", func(v *payload.View) string { return v.Document.Subject.ID }},
	{"spriv", "", 1023, "role by the directory", (*payload.View).Role},
	{"src", "", 0, "first IPv4 address", func(v *payload.View) string { return v.Address(false) }},
	{"c6a1", "Source IPv6 Address", 0, "first IPv6 address", func(v *payload.View) string { return v.Address(true) }},
	{"destinationServiceName", "", 1023, "`DocuSign`", func(*payload.View) string { return payload.Service }},
	{"requestClientApplication", "", 1023, "device with the most events", (*payload.View).Device},
	{"request", "", 1023, "where a person finds the alert (`alertUrl`)", func(v *payload.View) string { return v.URL }},
	{"cnt", "", 0, "number of events", (*payload.View).Count},
	{"reason", "", 1023, "verdict: classification/reason", (*payload.View).Verdict},
	{"cn1", "sequence", 0, "sequence of the change; of two versions of an alert the higher is newer", (*payload.View).Sequence},
	{"cfp1", "score", 0, "score", (*payload.View).Score},
	{"cs1", "state", 4000, "state", (*payload.View).State},
	{"cs2", "tenant", 4000, "tenant", func(v *payload.View) string { return v.Document.Tenant }},
	{"cs3", "attackTechniques", 4000, "MITRE ATT&CK, comma-separated", func(v *payload.View) string { return strings.Join(v.Detection.Techniques, ",") }},
	{"cs4", "countries", 4000, "countries, comma-separated", func(v *payload.View) string { return strings.Join(v.Countries, ",") }},
	{"cs5", "evidence", 4000, "evidence, JSON; no JSON any more when it ends with …", func(v *payload.View) string { return string(v.Document.Evidence) }},
	{"cs6", "eventIds", 4000, "ids of the events, comma-separated", func(v *payload.View) string { return strings.Join(v.Document.EventIDs, ",") }},
	{"flexString2", "supersededBy", 1023, "id of the alert that took the place of a retracted one", (*payload.View).SupersededBy},
	{own + "Addresses", "", 0, "all addresses, comma-separated", (*payload.View).AllAddresses},
	{own + "Networks", "", 0, "networks, comma-separated", func(v *payload.View) string { return strings.Join(v.Networks, ",") }},
	{own + "Subjecttype", "", 0, "type of the subject", func(v *payload.View) string { return v.Document.Subject.Type }},
	{own + "Subjectname", "", 0, "name of the subject", func(v *payload.View) string { return v.Document.Subject.DisplayName }},
	{own + "Assignee", "", 0, "who works on it", func(v *payload.View) string { return v.Document.Assignee }},
	{own + "Findingkey", "", 0, "anchor of the finding", func(v *payload.View) string { return v.Document.FindingKey }},
	{truncatedKey, "truncated", 1023, "fields of the alert and keys of this format that were shortened, comma-separated", func(*payload.View) string { return "" }},
}

// Rows are the table of the documentation.
func Rows() []payload.Row {
	rows := []payload.Row{{Field: "class id", Has: "id of the detection"}, {Field: "name", Has: "title of the detection"},
		{Field: "severity", Has: "critical 10, high 8, medium 6, low 3, informational 1"}}
	for _, f := range fields {
		row := payload.Row{Field: f.key, Has: f.has}
		if f.label != "" {
			row.Note = "label `" + f.label + "`"
		}
		rows = append(rows, row)
	}
	return rows
}
