package leef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/event"
)

// EventClass is what the event id of an event begins with; the activity follows. No detection is called so.
const EventClass = "event_"

var eventFields = []struct {
	key   string
	most  int
	has   string
	value func(*event.Event, *exporters.EventDocument) string
}{
	{"devTime", 0, "when it happened, in milliseconds", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Time) }},
	{"cat", 0, "`event`", func(*event.Event, *exporters.EventDocument) string { return exporters.EventType }},
	{"sev", 0, "1, and 3 for a failure", func(e *event.Event, _ *exporters.EventDocument) string {
		if e.Outcome() == event.OutcomeFailure {
			return "3"
		}
		return "1"
	}},
	{"usrName", 255, "user: e-mail address, else name, else id", func(_ *event.Event, d *exporters.EventDocument) string { return payload.EventUser(d) }},
	{"src", 0, "address", func(e *event.Event, _ *exporters.EventDocument) string {
		if a := payload.EventAddress(e, false); a != "" {
			return a
		}
		return payload.EventAddress(e, true)
	}},
	{"accountName", 0, "tenant", func(_ *event.Event, d *exporters.EventDocument) string { return d.Tenant }},
	{"resource", 0, "`DocuSign`", func(*event.Event, *exporters.EventDocument) string { return payload.Service }},
	{"eventId", 0, "id of the event", func(e *event.Event, _ *exporters.EventDocument) string { return e.ID }},
	{"sequence", 0, "arrival order", func(e *event.Event, _ *exporters.EventDocument) string { return strconv.FormatUint(e.Sequence, 10) }},
	{"arrivalTime", 0, "when Sealwatch stored it, in milliseconds", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Arrival) }},
	{"msg", 0, "object, action, property and field, and the result", func(_ *event.Event, d *exporters.EventDocument) string { return payload.EventText(d) }},
	{"activity", 0, "activity", func(_ *event.Event, d *exporters.EventDocument) string { return d.Activity }},
	{"outcome", 0, "`success` or `failure`", func(e *event.Event, _ *exporters.EventDocument) string { return e.Outcome() }},
	{"userId", 0, "id of the user, or of the application that acted by itself", func(_ *event.Event, d *exporters.EventDocument) string { return d.User.ID }},
	{"affectedUserId", 0, "id of the affected user", func(_ *event.Event, d *exporters.EventDocument) string { return d.AffectedUserID }},
	{"object", 0, "object, in DocuSign's spelling", func(_ *event.Event, d *exporters.EventDocument) string { return d.Object }},
	{"action", 0, "action", func(_ *event.Event, d *exporters.EventDocument) string { return d.Action }},
	{"result", 0, "result", func(_ *event.Event, d *exporters.EventDocument) string { return d.Result }},
	{"envelopeId", 0, "envelope", func(_ *event.Event, d *exporters.EventDocument) string { return d.EnvelopeID }},
	{"accountId", 0, "DocuSign account", func(_ *event.Event, d *exporters.EventDocument) string { return d.AccountID }},
	{"integrationKey", 0, "application that made the call", func(_ *event.Event, d *exporters.EventDocument) string { return d.IntegrationKey }},
	{"country", 0, "country", func(_ *event.Event, d *exporters.EventDocument) string {
		if d.Place == nil {
			return ""
		}
		return d.Place.Country
	}},
	{"userAgent", 0, "user agent", func(_ *event.Event, d *exporters.EventDocument) string {
		if d.Device == nil {
			return ""
		}
		return d.Device.UserAgent
	}},
	{"data", 0, "open part of the record, JSON", func(_ *event.Event, d *exporters.EventDocument) string { return string(d.Data) }},
	{truncatedKey, 0, "fields that were shortened, comma-separated", func(*event.Event, *exporters.EventDocument) string { return "" }},
}

// AppendEvent implements payload.Encoder.
func (e *Encoder) AppendEvent(b []byte, v *event.Event, d *exporters.EventDocument) ([]byte, error) {
	b = append(b, "LEEF:2.0|"+payload.Vendor+"|"+payload.Product+"|"...)
	b = append(append(b, header(e.settings.Version, mostVersion)...), '|')
	b = append(append(b, header(EventClass+d.Activity, mostEventID)...), "|x5E|"...)
	truncated := slices.Clone(d.Truncated)
	first := true
	for i := range eventFields {
		f := &eventFields[i]
		text := f.value(v, d)
		if f.key == truncatedKey {
			text = strings.Join(truncated, ",")
		}
		value := clean(text)
		if f.most > 0 && len(value) > f.most {
			value = strings.TrimSpace(payload.Bound(value, f.most))
			truncated = append(truncated, f.key)
		}
		if value == "" {
			continue
		}
		if !first {
			b = append(b, delimiter)
		}
		first = false
		b = append(append(append(b, f.key...), '='), value...)
	}
	return b, nil
}

// EventRows are the table of the documentation.
func EventRows() []payload.Row {
	rows := []payload.Row{{Field: "event id", Has: "`event_` and the activity"}}
	for _, f := range eventFields {
		rows = append(rows, payload.Row{Field: f.key, Has: f.has})
	}
	return rows
}
