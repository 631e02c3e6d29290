package sentinel

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

// Streams of events, by the schema of ASIM.
const (
	StreamAuthentication = "Custom-SealwatchAuthentication"
	StreamAudit          = "Custom-SealwatchAudit"
	StreamUserManagement = "Custom-SealwatchUserManagement"
)

// streamOf is where an event goes: log-ons, what is done to users and groups, and the rest.
func streamOf(e *event.Event) string {
	switch e.Activity {
	case event.ActivityLogon, event.ActivityFailedLogon, event.ActivityLogoff:
		return StreamAuthentication
	case "user_management", "group_management", "lockout":
		return StreamUserManagement
	}
	return StreamAudit
}

// eventView is an event as its columns see it.
type eventView struct {
	*event.Event
	generated time.Time
	// without says that the open part does not fit.
	without bool
	cut     []string
}

func (v *eventView) result() string {
	if v.Outcome() == event.OutcomeFailure {
		return "Failure"
	}
	return "Success"
}

// actor is who acted: e-mail address, name or id; an application where it acts for itself.
func (v *eventView) actor() string {
	return cmp.Or(v.UserEmail, v.UserName, v.UserID, v.IntegrationKey)
}

// place is nil where it is not known.
func (v *eventView) degrees(of float64) any {
	if v.Place.Kind == event.PlaceUnknown || v.Place.Kind == "" {
		return nil
	}
	return of
}

// eventFields is what has no column of its own.
type eventFields struct {
	Sequence         int64
	Tenant           string          `json:",omitempty"`
	Source           string          `json:",omitempty"`
	Activity         string          `json:",omitempty"`
	ArrivalTime      string          `json:",omitempty"`
	AccountId        string          `json:",omitempty"` // as the columns of Azure are written
	OrganizationId   string          `json:",omitempty"` // as above
	Object           string          `json:",omitempty"`
	Action           string          `json:",omitempty"`
	Property         string          `json:",omitempty"`
	Field            string          `json:",omitempty"`
	Channel          string          `json:",omitempty"`
	EnvelopeId       string          `json:",omitempty"` // as above
	AffectedUserId   string          `json:",omitempty"` // as above
	ReferencedUserId string          `json:",omitempty"` // as above
	Asn              uint32          `json:",omitempty"`
	AsOrganization   string          `json:",omitempty"`
	Browser          string          `json:",omitempty"`
	Os               string          `json:",omitempty"`
	DeviceType       string          `json:",omitempty"`
	ProxyType        string          `json:",omitempty"`
	PlaceKind        string          `json:",omitempty"`
	Administrative   bool            `json:",omitempty"`
	Data             json.RawMessage `json:",omitempty"`
	Truncated        []string        `json:",omitempty"`
}

func (v *eventView) additional() any {
	f := eventFields{Sequence: whole64(v.Sequence), Tenant: v.Tenant, Source: v.Source, Activity: v.Activity, AccountId: v.AccountID, OrganizationId: v.OrganizationID, Object: v.Object,
		Action: v.Action, Property: v.Property, Field: v.Field, Channel: v.Channel, EnvelopeId: v.EnvelopeID, AffectedUserId: v.AffectedUserID, ReferencedUserId: v.ReferencedUserID, Asn: v.ASN,
		AsOrganization: v.ASOrganization, Browser: v.Browser, Os: v.OS, DeviceType: v.DeviceType, ProxyType: v.ProxyType, PlaceKind: v.Place.Kind, Administrative: v.Administrative, Truncated: v.cut}
	if !v.Arrival.IsZero() {
		f.ArrivalTime = v.Arrival.UTC().Format(timeFormat)
	}
	switch {
	case v.without:
		f.Truncated = append([]string{"data"}, v.cut...)
	case v.Data != "" && v.Data != "{}" && json.Valid([]byte(v.Data)):
		f.Data = json.RawMessage(v.Data)
	}
	return f
}

// encodeEvent returns the row in at most so many bytes; without the event's open part, where it does not fit otherwise.
func encodeEvent(e *event.Event, now time.Time, most int) ([]byte, error) {
	columns := eventColumns[streamOf(e)]
	var r row
	for _, without := range []bool{false, true} {
		v := &eventView{Event: e, generated: generated(e.Time, now), without: without}
		if r = appendRow(make([]byte, 0, 2048+len(e.Data)), columns, v, func(name string) { v.cut = append(v.cut, name) }); r.fits && len(r.b) <= most {
			return r.b, nil
		}
	}
	return nil, fmt.Errorf("the event has %d bytes even without its data, at most %d were expected", len(r.b), most)
}

var eventColumns = map[string][]column[*eventView]{StreamAuthentication: authentication, StreamAudit: audit, StreamUserManagement: userManagement}

// common are the first columns of every schema.
func common(schema, version string) []column[*eventView] {
	return []column[*eventView]{
		{"TimeGenerated", moment, mandatory, "when it happened; when it is sent, where that was more than a day ago or lies in the future", func(v *eventView) any { return v.generated }},
		{"EventCount", number, mandatory, "`1`", func(*eventView) any { return int64(1) }},
		{"EventStartTime", moment, mandatory, "when it happened, by DocuSign's clock", func(v *eventView) any { return first(v.Time, v.Arrival, v.generated) }},
		{"EventEndTime", moment, mandatory, "the same", func(v *eventView) any { return first(v.Time, v.Arrival, v.generated) }},
		{"EventResult", text, mandatory, "`Success` or `Failure`", func(v *eventView) any { return v.result() }},
		{"EventProduct", text, mandatory, "`DocuSign`", func(*eventView) any { return "DocuSign" }},
		{"EventVendor", text, mandatory, "`DocuSign`", func(*eventView) any { return "DocuSign" }},
		{"EventSchema", text, mandatory, "`" + schema + "`", func(*eventView) any { return schema }},
		{"EventSchemaVersion", text, mandatory, "`" + version + "`", func(*eventView) any { return version }},
		{"Dvc", text, mandatory, "`DocuSign`", func(*eventView) any { return "DocuSign" }},
		{"DvcHostname", text, recommended, "`DocuSign`: what ASIM's parsers take for `Dvc`", func(*eventView) any { return "DocuSign" }},
		{"DvcDescription", text, optional, "site of DocuSign", func(v *eventView) any { return v.Site }},
		{"EventSeverity", text, recommended, "`Low` for failures, else `Informational`", func(v *eventView) any {
			if v.result() == "Failure" {
				return "Low"
			}
			return "Informational"
		}},
		{"EventOriginalUid", text, optional, "id of the event, by which repetitions are told", func(v *eventView) any { return v.ID }},
		{"EventOriginalType", text, optional, "DocuSign's object and action", func(v *eventView) any { return v.Object + " " + v.Action }},
		{"EventOriginalSubType", text, optional, "class of the activity", func(v *eventView) any { return v.Activity }},
		{"EventOriginalResultDetails", text, optional, "DocuSign's result", func(v *eventView) any { return v.Result }},
		{"ActingAppId", text, optional, "integration key of the application", func(v *eventView) any { return v.IntegrationKey }},
		{"HttpUserAgent", text, optional, "user agent", func(v *eventView) any { return v.UserAgent }},
		{"SrcIpAddr", text, recommended, "address", func(v *eventView) any {
			if !v.IP.IsValid() {
				return ""
			}
			return v.IP.Unmap().WithZone("").String()
		}},
		{"SrcGeoCountry", text, optional, "country", func(v *eventView) any { return cmp.Or(v.Place.CountryName, v.Place.Country) }},
		{"SrcGeoRegion", text, optional, "region", func(v *eventView) any { return v.Place.Region }},
		{"SrcGeoCity", text, optional, "city", func(v *eventView) any { return v.Place.City }},
		{"SrcGeoLatitude", decimal, optional, "degrees", func(v *eventView) any { return v.degrees(v.Place.Latitude) }},
		{"SrcGeoLongitude", decimal, optional, "degrees", func(v *eventView) any { return v.degrees(v.Place.Longitude) }},
	}
}

// actors are the columns of who acted; class is that of the name.
func actors(class, about string, name func(v *eventView) string) []column[*eventView] {
	return []column[*eventView]{
		{"ActorUsername", text, class, about, func(v *eventView) any { return name(v) }},
		{"ActorUsernameType", text, optional, "`UPN` for an e-mail address, else `Simple`", func(v *eventView) any { return usernameType(name(v)) }},
		{"ActorUserId", text, optional, "id of the user in DocuSign", func(v *eventView) any { return v.UserID }},
		{"ActorUserIdType", text, optional, "`Other`", func(v *eventView) any { return ifAny(v.UserID, "Other") }},
		{"ActorScope", text, optional, "tenant of Sealwatch", func(v *eventView) any { return v.Tenant }},
	}
}

// rest comes last: what was cut before is told there.
var rest = []column[*eventView]{{"AdditionalFields", dynamic, optional, "what has no column: `Sequence`, `Tenant`, `Activity`, `AccountId`, `Object`, `Action`, `Property`, `Channel`, `EnvelopeId`, `AffectedUserId`, `AsOrganization`, `Browser`, `PlaceKind`, `Data`, `Truncated`", (*eventView).additional}}

func ifAny(value, then string) string {
	if value == "" {
		return ""
	}
	return then
}
