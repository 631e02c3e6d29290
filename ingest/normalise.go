package ingest

import (
	"net/netip"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/internal/scan"
	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/countries"
	"github.com/sealwatch/sealwatch/internal/event"
)

// internalKey is what DocuSign writes where its own clients act, in the place of an integration key.
const internalKey = "##DOCUSIGN_INTERNAL_NOT_USED##"

// zeroID is the GUID that stands for nobody.
const zeroID = "00000000-0000-0000-0000-000000000000"

// locatedByRecord is Place.LocatedBy where the record's own location is used.
const locatedByRecord = "record"

// Classifier tells the kind of an activity; *classify.Classifier is one.
type Classifier interface {
	Classify(classify.Key) classify.Class
}

// NormaliserOptions are what a Normaliser works with.
type NormaliserOptions struct {
	Classifier Classifier
	// Locator may be nil; then the record's own location is all there is.
	Locator Locator
	// ServerRanges are the operator's; they come to the built-in ones, or take their place.
	ServerRanges        []netip.Prefix
	ReplaceServerRanges bool
}

// Normaliser makes events of records. It may be used concurrently.
type Normaliser struct {
	classifier Classifier
	addresses  *addresses
	clients    *clients
	countries  *countries.Table
}

// NewNormaliser returns an error when a range is wrong.
func NewNormaliser(opt NormaliserOptions) (*Normaliser, error) {
	a, err := newAddresses(opt.Locator, opt.ServerRanges, opt.ReplaceServerRanges)
	if err != nil {
		return nil, err
	}
	names, err := countries.New()
	if err != nil {
		return nil, err
	}
	return &Normaliser{classifier: opt.Classifier, addresses: a, clients: newClients(), countries: names}, nil
}

// Event makes the event of a record that has been through monitor.Decode or monitor.Complete. It cannot fail: what is
// not understood stays unknown.
func (n *Normaliser) Event(r event.Record, o event.Origin, arrival time.Time) event.Event {
	raw := string(r.Raw)
	if raw == "" {
		raw = encode(&r)
	}
	var e event.Event
	n.fill(&e, &r, raw, o, arrival)
	return e
}

func (n *Normaliser) fill(e *event.Event, r *event.Record, raw string, o event.Origin, arrival time.Time) {
	*e = event.Event{
		Tenant: o.Tenant, Source: o.Source, Trust: o.Trust,
		ID: r.EventID, Time: r.Timestamp.UTC(), Arrival: arrival, ContentHash: contentHash(r),
		Site: r.Site, AccountID: r.AccountID, OrganizationID: monitor.FoldID(r.OrganizationID),
		UserID: somebody(r.UserID), UserName: r.UserName, UserEmail: strings.ToLower(r.UserEmail),
		IntegrationKey: monitor.FoldID(r.IntegratorKey), AffectedUserID: somebody(r.AffectedUserID), ReferencedUserID: somebody(r.ReferencedUserID),
		Object: r.Object, Action: r.Action, Property: r.Property, Field: r.Field, Result: r.Result, Channel: r.Source,
		IPAddress: r.IPAddress, UserAgent: r.UserAgent,
		ProxyStatus: r.ProxyStatus, ProxyType: r.ProxyType, ProxyLevel: r.ProxyLevel,
		UserInDomain: r.IsUserMemberOfDomain, AffectedUserInDomain: r.AffectedUserIsMemberOfDomain, ReferencedUserInDomain: r.ReferencedUserIsMemberOfDomain,
		Data: string(r.Data), Raw: raw,
	}
	if e.IntegrationKey == internalKey {
		e.IntegrationKey = ""
	}
	class := n.classifier.Classify(classify.Key{Object: r.Object, Action: r.Action, Property: r.Property, Field: r.Field, Result: r.Result, Channel: r.Source})
	e.Activity, e.Administrative = class.Activity, class.Administrative
	n.open(e)
	n.place(e, r)
	c := n.clients.find(r)
	e.Browser, e.OS, e.DeviceType = c.browser, c.os, c.device
}

// somebody leaves out the ids that stand for nobody; DocuSign writes both.
func somebody(id string) string {
	if id == zeroID || id == "0" {
		return ""
	}
	return id
}

// open takes from data what has a column of its own.
func (n *Normaliser) open(e *event.Event) {
	if e.Data == "" {
		e.Data = "{}"
		return
	}
	alert := e.Activity == event.ActivityDocuSignAlert
	c := scan.New(e.Data)
	text := func(dst *string) error {
		s, err := c.Text()
		*dst = s
		return err
	}
	// data is canonical, so it is valid and there is no error to handle.
	_ = c.Object(func(key string) error {
		switch k := c.Kind(); {
		case k == scan.String && key == "EnvelopeId":
			return text(&e.EnvelopeID)
		case k == scan.String && key == "AffectedUserId" && e.AffectedUserID == "":
			return text(&e.AffectedUserID)
		case k == scan.String && key == "Severity" && alert:
			return text(&e.AlertSeverity)
		case k == scan.String && key == "EventIds" && alert:
			e.AlertEventIDs = make([]string, 1)
			return text(&e.AlertEventIDs[0])
		case k == scan.Array && key == "EventIds" && alert:
			return c.Array(func() error {
				if c.Kind() != scan.String {
					return c.Skip()
				}
				var id string
				err := text(&id)
				e.AlertEventIDs = append(e.AlertEventIDs, monitor.FoldID(id))
				return err
			})
		}
		return c.Skip()
	})
	e.EnvelopeID = monitor.FoldID(e.EnvelopeID)
	e.AffectedUserID = somebody(monitor.FoldID(e.AffectedUserID))
}

// place is where the address is by the geo database when that knows it, and else by the record. An empty user agent
// excludes nothing, because the caller chooses it.
func (n *Normaliser) place(e *event.Event, r *event.Record) {
	a := n.addresses.find(r.IPAddress, e.Time)
	e.IP, e.ASN, e.ASOrganization = a.ip, a.ASN, a.ASOrganization
	p := &e.Place
	p.NetworkBy = a.NetworkBy
	fromRecord := r.Latitude != 0 || r.Longitude != 0
	switch {
	case a.LocatedBy != "" && (a.HasCoordinates || !fromRecord):
		p.Country, p.CountryName, p.Region, p.City, p.LocatedBy = a.Country, a.CountryName, a.Region, a.City, a.LocatedBy
		if a.HasCoordinates {
			p.Latitude, p.Longitude, p.AccuracyKM = a.Latitude, a.Longitude, a.AccuracyKM
		}
	case fromRecord || r.Country != "":
		p.Country, p.CountryName, p.Region, p.City, p.LocatedBy = n.countries.Code(r.Country), r.Country, r.State, r.City, locatedByRecord
		if name := n.countries.Name(p.Country); name != "" {
			p.CountryName = name
		}
		p.Latitude, p.Longitude = r.Latitude, r.Longitude
	}
	switch {
	case a.server:
		p.Kind = event.PlaceServer
	case p.Latitude != 0 || p.Longitude != 0:
		p.Kind = event.PlaceUser
	default:
		p.Kind = event.PlaceUnknown
	}
}
