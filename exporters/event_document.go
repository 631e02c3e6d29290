package exporters

import (
	"encoding/json"
	"net/url"

	"github.com/sealwatch/sealwatch/internal/event"
)

// EventType is what the JSON of an event has as its type; that of an alert has no type.
const EventType = "event"

// EventDocument is an event in the JSON form of the REST API (message Event of sealwatch.v1), with its type, outcome and sequence. It
// leaves out what is empty, the record as it was delivered, and whether it is held.
type EventDocument struct {
	Type           string           `json:"type"`
	Name           string           `json:"name"`
	Tenant         string           `json:"tenant,omitempty"`
	Source         string           `json:"source,omitempty"`
	EventID        string           `json:"eventId"`
	EventTime      string           `json:"eventTime,omitempty"`
	ArrivalTime    string           `json:"arrivalTime,omitempty"`
	Activity       string           `json:"activity,omitempty"`
	Outcome        string           `json:"outcome"`
	Administrative bool             `json:"administrative,omitempty"`
	User           DocumentSubject  `json:"user"`
	AffectedUserID string           `json:"affectedUserId,omitempty"`
	AccountID      string           `json:"accountId,omitempty"`
	OrganizationID string           `json:"organizationId,omitempty"`
	Site           string           `json:"site,omitempty"`
	IntegrationKey string           `json:"integrationKey,omitempty"`
	Object         string           `json:"object,omitempty"`
	Action         string           `json:"action,omitempty"`
	Property       string           `json:"property,omitempty"`
	Field          string           `json:"field,omitempty"`
	Result         string           `json:"result,omitempty"`
	Channel        string           `json:"channel,omitempty"`
	Network        *DocumentNetwork `json:"network,omitempty"`
	Place          *DocumentPlace   `json:"place,omitempty"`
	Geo            *DocumentGeo     `json:"geo,omitempty"`
	Device         *DocumentDevice  `json:"device,omitempty"`
	EnvelopeID     string           `json:"envelopeId,omitempty"`
	Data           json.RawMessage  `json:"data,omitempty"`
	// Sequence is the arrival order.
	Sequence uint64 `json:"sequence"`
	// Truncated names the fields that an exporter shortened to stay within the receiver's limit.
	Truncated []string `json:"truncated,omitempty"`
}

// DocumentNetwork is the message Network.
type DocumentNetwork struct {
	IPAddress      string `json:"ipAddress,omitempty"`
	ASN            uint32 `json:"asn,omitempty"`
	ASOrganization string `json:"asOrganization,omitempty"`
	ProxyStatus    string `json:"proxyStatus,omitempty"`
	ProxyType      string `json:"proxyType,omitempty"`
	ProxyLevel     string `json:"proxyLevel,omitempty"`
	NetworkBy      string `json:"networkBy,omitempty"`
}

// DocumentPlace is the message Place.
type DocumentPlace struct {
	Kind        string  `json:"kind,omitempty"`
	Country     string  `json:"country,omitempty"`
	CountryName string  `json:"countryName,omitempty"`
	Region      string  `json:"region,omitempty"`
	City        string  `json:"city,omitempty"`
	Latitude    float64 `json:"latitude,omitempty"`
	Longitude   float64 `json:"longitude,omitempty"`
	AccuracyKM  float64 `json:"accuracyKm,omitempty"`
	LocatedBy   string  `json:"locatedBy,omitempty"`
}

// DocumentGeo is the message Geo.
type DocumentGeo struct {
	Place          *DocumentPlace `json:"place,omitempty"`
	ASN            uint32         `json:"asn,omitempty"`
	ASOrganization string         `json:"asOrganization,omitempty"`
	NetworkBy      string         `json:"networkBy,omitempty"`
}

// DocumentDevice is the message Device.
type DocumentDevice struct {
	UserAgent string `json:"userAgent,omitempty"`
	Browser   string `json:"browser,omitempty"`
	OS        string `json:"os,omitempty"`
	Type      string `json:"type,omitempty"`
}

// NewEventDocument returns the event as a document.
func NewEventDocument(e *event.Event) EventDocument {
	d := EventDocument{Type: EventType, Name: "events/" + url.PathEscape(e.ID), Tenant: e.Tenant, Source: e.Source, EventID: e.ID, EventTime: timestamp(e.Time), ArrivalTime: timestamp(e.Arrival),
		Activity: e.Activity, Outcome: e.Outcome(), Administrative: e.Administrative, User: DocumentSubject{Type: "user", ID: e.UserID, Email: e.UserEmail, DisplayName: e.UserName},
		AffectedUserID: e.AffectedUserID, AccountID: e.AccountID, OrganizationID: e.OrganizationID, Site: e.Site, IntegrationKey: e.IntegrationKey, Object: e.Object, Action: e.Action,
		Property: e.Property, Field: e.Field, Result: e.Result, Channel: e.Channel, Place: documentPlace(&e.Place), EnvelopeID: e.EnvelopeID, Data: object(e.Data), Sequence: e.Sequence}
	if e.UserID == "" && e.IntegrationKey != "" {
		d.User.Type, d.User.ID = "integration", e.IntegrationKey
	}
	if n := (DocumentNetwork{e.IPAddress, e.ASN, e.ASOrganization, e.ProxyStatus, e.ProxyType, e.ProxyLevel, e.Place.NetworkBy}); n != (DocumentNetwork{}) {
		d.Network = &n
	}
	if v := (DocumentDevice{e.UserAgent, e.Browser, e.OS, e.DeviceType}); v != (DocumentDevice{}) {
		d.Device = &v
	}
	if g := e.Geo; g != nil {
		d.Geo = &DocumentGeo{documentPlace(&g.Place), g.ASN, g.ASOrganization, g.NetworkBy}
	}
	return d
}

func documentPlace(p *event.Place) *DocumentPlace {
	d := DocumentPlace{p.Kind, p.Country, p.CountryName, p.Region, p.City, p.Latitude, p.Longitude, float64(p.AccuracyKM), p.LocatedBy}
	if d == (DocumentPlace{}) {
		return nil
	}
	return &d
}

// Encode returns the document as one line of JSON, as Document.Encode does.
func (d *EventDocument) Encode() ([]byte, error) { return encodeLine(d) }
