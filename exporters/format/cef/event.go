package cef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/event"
)

// EventClass is what the class id of an event begins with; the activity follows. No detection is called so.
const EventClass = "event_"

// eventField is a key of an event.
type eventField struct {
	key, label string
	most       int
	has        string
	value      func(*event.Event, *exporters.EventDocument) string
}

var eventFields = []eventField{
	{"externalId", "", 40, "id of the event; of one with more than 40 bytes a digest", func(e *event.Event, _ *exporters.EventDocument) string { return payload.ShortID(e.ID) }},
	{"rt", "", 0, "when Sealwatch stored it, in milliseconds", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Arrival) }},
	{"start", "", 0, "when it happened", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Time) }},
	{"end", "", 0, "the same", func(e *event.Event, _ *exporters.EventDocument) string { return payload.Millis(e.Time) }},
	{"cat", "", 1023, "`event`", func(*event.Event, *exporters.EventDocument) string { return exporters.EventType }},
	{"act", "", 63, "action, in DocuSign's spelling", func(_ *event.Event, d *exporters.EventDocument) string { return d.Action }},
	{"outcome", "", 63, "`success` or `failure`", func(e *event.Event, _ *exporters.EventDocument) string { return e.Outcome() }},
	{"msg", "", 1023, "object, action, property and field, and the result", func(_ *event.Event, d *exporters.EventDocument) string { return payload.EventText(d) }},
	{"suser", "", 1023, "user: e-mail address, else name, else id", func(_ *event.Event, d *exporters.EventDocument) string { return payload.EventUser(d) }},
	{"suid", "", 1023, "id of the user, or of the application that acted by itself", func(_ *event.Event, d *exporters.EventDocument) string { return d.User.ID }},
	{"duid", "", 1023, "id of the affected user", func(_ *event.Event, d *exporters.EventDocument) string { return d.AffectedUserID }},
	{"src", "", 0, "IPv4 address", func(e *event.Event, _ *exporters.EventDocument) string { return payload.EventAddress(e, false) }},
	{"c6a1", "Source IPv6 Address", 0, "IPv6 address", func(e *event.Event, _ *exporters.EventDocument) string { return payload.EventAddress(e, true) }},
	{"destinationServiceName", "", 1023, "`DocuSign`", func(*event.Event, *exporters.EventDocument) string { return payload.Service }},
	{"requestClientApplication", "", 1023, "user agent", func(_ *event.Event, d *exporters.EventDocument) string {
		if d.Device == nil {
			return ""
		}
		return d.Device.UserAgent
	}},
	{"reason", "", 1023, "result, in DocuSign's spelling", func(_ *event.Event, d *exporters.EventDocument) string { return d.Result }},
	{"cn1", "sequence", 0, "arrival order", func(e *event.Event, _ *exporters.EventDocument) string { return strconv.FormatUint(e.Sequence, 10) }},
	{"cs1", "activity", 4000, "activity", func(_ *event.Event, d *exporters.EventDocument) string { return d.Activity }},
	{"cs2", "tenant", 4000, "tenant", func(_ *event.Event, d *exporters.EventDocument) string { return d.Tenant }},
	{"cs3", "envelopeId", 4000, "envelope", func(_ *event.Event, d *exporters.EventDocument) string { return d.EnvelopeID }},
	{"cs4", "place", 4000, "country, region and city, comma-separated", func(_ *event.Event, d *exporters.EventDocument) string {
		if d.Place == nil {
			return ""
		}
		return strings.Join(slices.DeleteFunc([]string{d.Place.Country, d.Place.Region, d.Place.City}, func(s string) bool { return s == "" }), ",")
	}},
	{"cs5", "data", 4000, "open part of the record, JSON; no JSON any more when it ends with …", func(_ *event.Event, d *exporters.EventDocument) string { return string(d.Data) }},
	{"cs6", "object", 4000, "object, in DocuSign's spelling", func(_ *event.Event, d *exporters.EventDocument) string { return d.Object }},
	{own + "Eventid", "", 0, "whole id of the event", func(e *event.Event, _ *exporters.EventDocument) string { return e.ID }},
	{own + "Accountid", "", 0, "DocuSign account", func(_ *event.Event, d *exporters.EventDocument) string { return d.AccountID }},
	{own + "Integrationkey", "", 0, "application that made the call", func(_ *event.Event, d *exporters.EventDocument) string { return d.IntegrationKey }},
	{own + "Channel", "", 0, "Web, API, Mobile or Other", func(_ *event.Event, d *exporters.EventDocument) string { return d.Channel }},
	{own + "Asn", "", 0, "autonomous system number", func(e *event.Event, _ *exporters.EventDocument) string {
		if e.ASN == 0 {
			return ""
		}
		return strconv.FormatUint(uint64(e.ASN), 10)
	}},
	{own + "Asorganization", "", 0, "who runs it", func(_ *event.Event, d *exporters.EventDocument) string {
		if d.Network == nil {
			return ""
		}
		return d.Network.ASOrganization
	}},
	{truncatedKey, "truncated", 1023, "fields of the event and keys of this format that were shortened, comma-separated", func(*event.Event, *exporters.EventDocument) string { return "" }},
}

// AppendEvent implements payload.Encoder.
func (e *Encoder) AppendEvent(b []byte, v *event.Event, d *exporters.EventDocument) ([]byte, error) {
	severity := 1
	if v.Outcome() == event.OutcomeFailure {
		severity = 3
	}
	b = appendHeader(b, payload.Vendor, payload.Product, e.settings.Version, EventClass+d.Activity, payload.EventText(d), severity)
	truncated := slices.Clone(d.Truncated)
	first := true
	for i := range eventFields {
		f := &eventFields[i]
		value, cut := bound(f.value(v, d), f.most)
		if cut {
			truncated = append(truncated, f.key)
		}
		if f.key == truncatedKey {
			value, _ = bound(strings.Join(truncated, ","), f.most)
		}
		if value == "" {
			continue
		}
		if f.label != "" {
			b = appendPair(b, f.key+"Label", f.label, first)
			first = false
		}
		b = appendPair(b, f.key, value, first)
		first = false
	}
	return b, nil
}

// EventRows are the table of the documentation.
func EventRows() []payload.Row {
	return eventRows(eventFields, payload.Row{Field: "class id", Has: "`event_` and the activity"}, payload.Row{Field: "name", Has: "as `msg`"}, payload.Row{Field: "severity", Has: "1, and 3 for a failure"})
}

func eventRows(fields []eventField, rows ...payload.Row) []payload.Row {
	for _, f := range fields {
		row := payload.Row{Field: f.key, Has: f.has}
		if f.label != "" {
			row.Note = "label `" + f.label + "`"
		}
		rows = append(rows, row)
	}
	return rows
}
