package cef

import (
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// Defender writes alerts as the SIEM agent of Microsoft Defender for Cloud Apps did, so that parsers and rules that were installed
// for it keep working. Keys stand in the agent's order, and those of its alerts are sent with nothing in them, too. What the agent
// had no word for, a sequence or a state, is left to the beginning of msg.
type Defender struct{ settings payload.Settings }

// NewDefender returns an encoder.
func NewDefender(s payload.Settings) *Defender { return &Defender{s.Complete()} }

// Name implements payload.Encoder.
func (*Defender) Name() string { return "cef-defender" }

// defenderTypes are the agent's class ids of what Defender finds by itself; everything else is an activity policy's.
var defenderTypes = map[string]string{
	"impossible_travel":  "ALERT_ANUBIS_DETECTION_VELOCITY",
	"infrequent_country": "ALERT_ANUBIS_DETECTION_NEW_COUNTRY",
	"failed_logins":      "ALERT_ANUBIS_DETECTION_REPEATED_ACTIVITY_FAILED_LOGIN",
}

const defenderPolicy = "ALERT_CABINET_EVENT_MATCH_AUDIT"

// defenderFields are the agent's keys of an alert in its order. Label is sent before the key, quoted as the agent did.
var defenderFields = []struct {
	key, label string
	most       int
	// sometimes says that the key is left out with its label when there is no value.
	sometimes bool
	has       string
	value     func(*payload.View) string
}{
	{"externalId", "", 40, false, "id of the alert", func(v *payload.View) string { return v.ID }},
	{"start", "", 0, false, "first event, in milliseconds", func(v *payload.View) string { return payload.Millis(v.Change.Start) }},
	{"end", "", 0, false, "last event", func(v *payload.View) string { return payload.Millis(v.Change.End) }},
	{"msg", "", 1023, false, "title; of a retracted or resolved alert it begins with `Retracted:` or `Resolved:`", defenderMessage},
	{"suser", "", 1023, false, "user: e-mail address, else name, else id", (*payload.View).User},
	{"destinationServiceName", "", 1023, false, "`DocuSign`", func(*payload.View) string { return payload.Service }},
	{"cn1", "riskScore", 0, false, "nothing, as in what the agent sent of such alerts", func(*payload.View) string { return "" }},
	{"cs1", "portalURL", 4000, false, "where a person finds the alert (`alertUrl`)", func(v *payload.View) string { return v.URL }},
	{"cs2", "uniqueServiceAppIds", 4000, false, "`APPID_DOCUSIGN`", func(*payload.View) string { return "APPID_DOCUSIGN" }},
	{"cs3", "relatedAudits", 4000, false, "ids of the events, comma-separated", func(v *payload.View) string { return strings.Join(v.Document.EventIDs, ",") }},
	{"cs4", "policyIDs", 4000, false, "id of the detection or policy", func(v *payload.View) string { return v.Document.Detection }},
	{"src", "", 0, true, "first IPv4 address", func(v *payload.View) string { return v.Address(false) }},
	{"c6a1", `"Device IPv6 Address"`, 0, true, "first IPv6 address", func(v *payload.View) string { return v.Address(true) }},
}

func defenderMessage(v *payload.View) string {
	switch {
	case v.Change.Kind == alert.ChangeRetracted:
		return "Retracted: " + v.Document.Title
	case v.Change.State() == alert.StateResolved:
		return "Resolved: " + v.Document.Title
	}
	return v.Document.Title
}

// Append implements payload.Encoder.
func (e *Defender) Append(b []byte, c *alert.Change, d *exporters.Document) ([]byte, error) {
	v := e.settings.View(c, d)
	class := defenderTypes[c.Detection]
	if class == "" {
		class = defenderPolicy
	}
	b = appendHeader(b, "MCAS", "SIEM_Agent", e.settings.Version, class, v.Detection.Title, payload.Severity(c.Severity))
	first := true
	for i := range defenderFields {
		f := &defenderFields[i]
		value, _ := bound(f.value(v), f.most)
		if f.sometimes && value == "" {
			continue
		}
		if f.label != "" {
			b = appendPair(b, f.key+"Label", f.label, first)
		}
		b = appendPair(b, f.key, value, first)
		first = false
	}
	return b, nil
}

// DefenderRows are the table of the documentation.
func DefenderRows() []payload.Row {
	rows := []payload.Row{{Field: "class id", Has: "`" + defenderPolicy + "`", Note: "impossible_travel, infrequent_country and failed_logins have the agent's own"},
		{Field: "name", Has: "title of the detection"}, {Field: "severity", Has: "as in CEF"}}
	for _, f := range defenderFields {
		row := payload.Row{Field: f.key, Has: f.has}
		if f.label != "" {
			row.Note = "label `" + f.label + "`"
		}
		rows = append(rows, row)
	}
	return rows
}
