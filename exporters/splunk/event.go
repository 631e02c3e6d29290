package splunk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/event"
)

// EventSourcetype keeps forwarded events out of every search for alerts.
const EventSourcetype = "sealwatch:event"

// eventView is an event as the fields see it.
type eventView struct {
	e *event.Event
	d *exporters.EventDocument
}

// eventField is a key of an event.
type eventField struct {
	name string
	// cim says that it is a field of the data model Authentication.
	cim   bool
	about string
	value func(eventView) any
}

// eventFields are the keys of an event in their order. Those of the data model come first: Splunk looks for fields in the first 10,000
// characters of an event.
var eventFields = []eventField{
	{"action", true, "`success` or `failure`", func(v eventView) any { return v.e.Outcome() }},
	{"app", true, "`docusign`", func(eventView) any { return strings.ToLower(payload.Service) }},
	{"dest", true, "`docusign`: what was logged on to", func(eventView) any { return strings.ToLower(payload.Service) }},
	{"src", true, "address", func(v eventView) any {
		if a := v.e.IP.Unmap().WithZone(""); a != (netip.Addr{}) {
			return a.String()
		}
		return ""
	}},
	{"user", true, "who acted: e-mail address, else name, else id", func(v eventView) any { return payload.EventUser(v.d) }},
	{"user_id", true, "DocuSign's id of the user", func(v eventView) any {
		if v.d.User.Type != "user" {
			return ""
		}
		return v.d.User.ID
	}},
	{"user_name", true, "name", func(v eventView) any { return v.d.User.DisplayName }},
	{"signature", true, "object, action, property and field, and the result", func(v eventView) any { return payload.EventText(v.d) }},
	{"signature_id", true, "activity", func(v eventView) any { return v.d.Activity }},
	{"reason", true, "result of a failure, in DocuSign's spelling", func(v eventView) any {
		if v.e.Outcome() != event.OutcomeFailure {
			return ""
		}
		return v.d.Result
	}},
	{"authentication_service", true, "of logons `DocuSign`", func(v eventView) any {
		switch v.e.Activity {
		case event.ActivityLogon, event.ActivityFailedLogon, event.ActivityLogoff:
			return payload.Service
		}
		return ""
	}},
	{"vendor_account", true, "tenant", func(v eventView) any { return v.d.Tenant }},
	{"vendor_product", false, "`Sealwatch`", func(eventView) any { return payload.Product }},
	{"type", false, "`event`", func(eventView) any { return exporters.EventType }},
	{"id", false, "id of the event; `event_uid` in the index has it, too", func(v eventView) any { return v.e.ID }},
	{"activity", false, "activity", func(v eventView) any { return v.d.Activity }},
	{"administrative", false, "`true` for what changes the account", func(v eventView) any {
		if !v.d.Administrative {
			return ""
		}
		return "true"
	}},
	{"event_time", false, "when it happened; `_time` has the same", func(v eventView) any { return v.d.EventTime }},
	{"arrival_time", false, "when Sealwatch stored it", func(v eventView) any { return v.d.ArrivalTime }},
	{"object", false, "object, in DocuSign's spelling", func(v eventView) any { return v.d.Object }},
	{"object_action", false, "action, in DocuSign's spelling", func(v eventView) any { return v.d.Action }},
	{"property", false, "property", func(v eventView) any { return v.d.Property }},
	{"field", false, "field", func(v eventView) any { return v.d.Field }},
	{"result", false, "result", func(v eventView) any { return v.d.Result }},
	{"affected_user_id", false, "id of the affected user", func(v eventView) any { return v.d.AffectedUserID }},
	{"account_id", false, "DocuSign account", func(v eventView) any { return v.d.AccountID }},
	{"envelope_id", false, "envelope", func(v eventView) any { return v.d.EnvelopeID }},
	{"integration_key", false, "application that made the call", func(v eventView) any { return v.d.IntegrationKey }},
	{"channel", false, "Web, API, Mobile or Other", func(v eventView) any { return v.d.Channel }},
	{"src_country", false, "country", func(v eventView) any {
		if v.d.Place == nil {
			return ""
		}
		return v.d.Place.Country
	}},
	{"src_city", false, "city", func(v eventView) any {
		if v.d.Place == nil {
			return ""
		}
		return v.d.Place.City
	}},
	{"src_asn", false, "autonomous system number", func(v eventView) any {
		if v.e.ASN == 0 {
			return ""
		}
		return uint64(v.e.ASN)
	}},
	{"http_user_agent", false, "user agent", func(v eventView) any {
		if v.d.Device == nil {
			return ""
		}
		return v.d.Device.UserAgent
	}},
	{"data", false, "open part of the record, an object", func(v eventView) any { return v.d.Data }},
	{"truncated", false, "the parts that were shortened or left out because the event was too long, comma-separated", func(v eventView) any { return strings.Join(v.d.Truncated, ",") }},
}

// eventIndexed are the fields that Splunk keeps in its index.
var eventIndexed = []eventField{
	{"event_uid", false, "id of the event; repetitions have the same", func(v eventView) any { return v.e.ID }},
	{"event_sequence", false, "arrival order", func(v eventView) any { return formatUint(v.e.Sequence) }},
}

// event returns the event in at most so many bytes, shortened where that is needed. The error says that it cannot be short enough.
func (e *encoder) event(v *event.Event, most int) ([]byte, error) {
	return payload.FitEvent(v, most, func(d *exporters.EventDocument) (b []byte, err error) {
		view := eventView{v, d}
		b = append(appendEnvelope(make([]byte, 0, 2048+len(d.Data)), v.Time, e.events), `,"event":{`...)
		for i, f := range slices.Concat(eventFields, eventIndexed) {
			if i == len(eventFields) {
				b = append(b, `},"fields":{`...)
			}
			if b, err = appendField(b, f.name, f.value(view)); err != nil {
				return nil, fmt.Errorf("field %s of event %q: %w", f.name, v.ID, err)
			}
		}
		return append(b, "}}"...), nil
	})
}
