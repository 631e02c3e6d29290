package event

import (
	"net/netip"
	"time"
)

// HoldAhead is how far ahead of the clock an event may come before it is held back from the analysis until the clock has
// reached it.
const HoldAhead = 10 * time.Minute

// MaxIDLength bounds an event id, in bytes.
const MaxIDLength = 128

// Event is one stored audit event: the normalised columns beside the raw record. Its identity is (Tenant, ID).
type Event struct {
	Tenant, Source string
	Trust          uint8
	ID             string
	// Sequence is the arrival order under the one writer, from 1; 0 until stored.
	Sequence uint64
	// Time is when it happened, by DocuSign's clock, UTC.
	Time time.Time
	// Arrival is when it was stored.
	Arrival time.Time
	// ContentHash tells two records with one id apart; it covers every field of the record and nothing else.
	ContentHash uint64

	Site, AccountID, OrganizationID string
	// UserID is who acted; empty when nobody is known (also for the zero GUID).
	UserID, UserName, UserEmail string
	// IntegrationKey is the calling application; empty for DocuSign's own clients.
	IntegrationKey                   string
	AffectedUserID, ReferencedUserID string

	Object, Action, Property, Field, Result string
	// Channel is the record's own source: Web, API, Mobile or Other.
	Channel string
	// Activity is the class by the classification; ActivityUnknown when it knows none.
	Activity string
	// Administrative says whether the account rather than an envelope was acted on.
	Administrative bool

	IPAddress string
	// IP is IPAddress parsed; the zero Addr when it is empty or no address.
	IP             netip.Addr
	ASN            uint32
	ASOrganization string
	Place          Place
	// Geo is what the geo databases or the record said where a range of the operator says otherwise; nil where none does.
	Geo *Geo

	UserAgent, Browser, OS, DeviceType string

	ProxyStatus, ProxyType, ProxyLevel string
	UserInDomain                       *bool
	AffectedUserInDomain               *bool
	ReferencedUserInDomain             *bool

	EnvelopeID string
	// AlertEventIDs are the events that a DocuSign alert (object Alert) names.
	AlertEventIDs []string
	// AlertSeverity of a DocuSign alert: Low, Medium, High or empty.
	AlertSeverity string
	// Data is the open part as a JSON object with exploded strings joined; "{}" when there is none.
	Data string
	// Raw is the record as delivered; for a typed one its canonical JSON.
	Raw string
}

// Kinds of a place.
const (
	// PlaceUser is a place of the person.
	PlaceUser = "user"
	// PlaceServer is known to be a server's: DocuSign's own or the operator's ranges.
	PlaceServer = "server"
	// PlaceUnknown has no coordinates.
	PlaceUnknown = "unknown"
)

// Place is where an address is.
type Place struct {
	Kind string
	// Country is the ISO 3166-1 alpha-2 code, upper case; empty when unknown.
	Country, CountryName, Region, City string
	// Latitude and Longitude in degrees; 0 when Kind is PlaceUnknown.
	Latitude, Longitude float64
	// AccuracyKM is the radius within which the place is believed to lie, 0 when unknown.
	AccuracyKM float32
	// LocatedBy is "record", or the geo database with its build date; empty when unknown.
	LocatedBy string
	// NetworkBy is the database that names the network (ASN), with its build date; empty when none does.
	NetworkBy string
}

// Geo is where an address is and who runs its network.
type Geo struct {
	Place
	ASN            uint32
	ASOrganization string
}

// Held says whether the event came too far ahead of the clock and now has not reached it yet.
func (e *Event) Held(now time.Time) bool {
	return e.Time.After(e.Arrival.Add(HoldAhead)) && e.Time.After(now)
}

// Activity classes. They are open: an operator's classification file may add others.
const (
	ActivityUnknown       = "unknown"
	ActivityLogon         = "logon"
	ActivityFailedLogon   = "failed_logon"
	ActivityLogoff        = "logoff"
	ActivityDocuSignAlert = "docusign_alert"
)

// Filter selects events; its fields are joined by AND, the values of one field by OR. The zero Filter selects all.
type Filter struct {
	// Start is inclusive, End exclusive; zero means unbounded.
	Start, End                                                                  time.Time
	UserIDs, IPAddresses, Activities, Countries, Objects, Actions, IDs, Sources []string
}

// Cursor is a position in the list of events, newest first: the event after which the next page begins.
type Cursor struct {
	Time time.Time
	ID   string
}
