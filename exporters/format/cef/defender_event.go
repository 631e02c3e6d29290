package cef

import (
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/event"
)

// defenderCategories are the agent's class ids of activities, with the action as its portal called it. LOGOUT is in a published message;
// the others are built in the same way.
var defenderCategories = map[string][2]string{
	"logon": {"LOGIN", "Log on"}, "failed_logon": {"FAILED_LOGIN", "Failed log on"}, "logoff": {"LOGOUT", "Log out"}, "recipient_authentication": {"RECIPIENT_LOGIN", "Recipient log on"}, "lockout": {"LOCK_USER", "Lock user"},
	"impersonation": {"IMPERSONATE", "Impersonate"}, "user_management": {"MANAGE_USER", "Manage user"}, "group_management": {"MANAGE_GROUP", "Manage group"}, "permission": {"CHANGE_PERMISSION", "Change permission"},
	"settings": {"CHANGE_SETTING", "Change setting"}, "integration": {"MANAGE_APPLICATION", "Manage application"}, "connect": {"MANAGE_WEBHOOK", "Manage webhook"}, "download": {"DOWNLOAD_FILE", "Download file"}, "export": {"EXPORT_DATA", "Export data"},
	"view": {"VIEW_OBJECT", "View object"}, "create": {"CREATE_OBJECT", "Create object"}, "update": {"UPDATE_OBJECT", "Update object"}, "correct": {"UPDATE_OBJECT", "Update object"}, "delete": {"DELETE_OBJECT", "Delete object"},
	"send": {"SEND_OBJECT", "Send object"}, "sign": {"SIGN_OBJECT", "Sign object"}, "void": {"VOID_OBJECT", "Void object"}, "decline": {"DECLINE_OBJECT", "Decline object"}, "complete": {"COMPLETE_OBJECT", "Complete object"},
}

const (
	defenderEvent  = "EVENT_CATEGORY_"
	defenderOthers = "UNSPECIFIED"
)

// defenderEventFields are the agent's keys of an activity in its order, which are sent without a value, too.
var defenderEventFields = []eventField{
	{"externalId", "", 0, "id of the event, whole, as the agent did although the specification allows 40 bytes", func(e *event.Event, _ *exporters.EventDocument) string { return e.ID }},
	{"rt", "", 0, "when it happened, in milliseconds", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Time) }},
	{"start", "", 0, "the same", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Time) }},
	{"end", "", 0, "the same", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Time) }},
	{"msg", "", 1023, "what was done", func(_ *event.Event, d *exporters.EventDocument) string { return payload.EventText(d) }},
	{"suser", "", 1023, "user: e-mail address, else name, else id", func(_ *event.Event, d *exporters.EventDocument) string { return payload.EventUser(d) }},
	{"destinationServiceName", "", 1023, "`DocuSign`", func(*event.Event, *exporters.EventDocument) string { return payload.Service }},
	{"dvc", "", 0, "IPv4 address", func(e *event.Event, _ *exporters.EventDocument) string { return payload.EventAddress(e, false) }},
	{"requestClientApplication", "", 1023, "user agent", func(_ *event.Event, d *exporters.EventDocument) string {
		if d.Device == nil {
			return ""
		}
		return d.Device.UserAgent
	}},
	{"cs1", "portalURL", 4000, "nothing: there is no page of an event", func(*event.Event, *exporters.EventDocument) string { return "" }},
	{"cs2", "uniqueServiceAppIds", 4000, "`APPID_DOCUSIGN`", func(*event.Event, *exporters.EventDocument) string { return "APPID_DOCUSIGN" }},
	{"cs3", "targetObjects", 4000, "affected user, envelope and user, comma-separated", func(_ *event.Event, d *exporters.EventDocument) string {
		var targets []string
		for _, id := range []string{d.AffectedUserID, d.EnvelopeID, payload.EventUser(d)} {
			if id != "" {
				targets = append(targets, strings.ReplaceAll(id, ",", " "))
			}
		}
		return strings.Join(targets, ",")
	}},
	{"cs4", "policyIDs", 4000, "nothing", func(*event.Event, *exporters.EventDocument) string { return "" }},
	{"c6a1", `"Device IPv6 Address"`, 0, "IPv6 address", func(e *event.Event, _ *exporters.EventDocument) string { return payload.EventAddress(e, true) }},
}

// AppendEvent implements payload.Encoder.
func (e *Defender) AppendEvent(b []byte, v *event.Event, d *exporters.EventDocument) ([]byte, error) {
	category, known := defenderCategories[v.Activity]
	if !known {
		category = [2]string{defenderOthers, payload.EventText(d)}
	}
	b = appendHeader(b, "MCAS", "SIEM_Agent", e.settings.Version, defenderEvent+category[0], category[1], 0)
	for i := range defenderEventFields {
		f := &defenderEventFields[i]
		value, _ := bound(f.value(v, d), f.most)
		if f.label != "" {
			b = appendPair(b, f.key+"Label", f.label, false)
		}
		b = appendPair(b, f.key, value, i == 0)
	}
	return b, nil
}

// DefenderEventRows are the table of the documentation.
func DefenderEventRows() []payload.Row {
	return eventRows(defenderEventFields, payload.Row{Field: "class id", Has: "`EVENT_CATEGORY_` and a word for the activity, such as `LOGIN`, `FAILED_LOGIN`, `LOGOUT`, `DOWNLOAD_FILE`; `UNSPECIFIED` for others"},
		payload.Row{Field: "name", Has: "the activity in words"}, payload.Row{Field: "severity", Has: "0"})
}
