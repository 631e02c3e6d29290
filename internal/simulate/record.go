package simulate

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// notUsed is what DocuSign writes for the integrator key of its own clients.
const notUsed = "##DOCUSIGN_INTERNAL_NOT_USED##"

// nobody is the user id of somebody who is not known to the account.
const nobody = "00000000-0000-0000-0000-000000000000"

// record is one audit event, small as long as it waits to be delivered.
type record struct {
	at       time.Time
	id       string
	user     string
	key      string
	from     address
	device   *device
	class    class
	source   string
	affected string
	data     []pair
	// organisation marks rows that carry the organisation's id and not the account's.
	organisation bool
	// noise is what makes the record look suspicious though it is harmless; it never leaves the generator in the record.
	noise string
	// hostile marks what an attacker did; it never leaves the generator in the record.
	hostile bool
	// told makes it a delivery of Connect instead of a record of Monitor.
	told *told
}

// class is what kind of event it is.
type class struct{ object, action, result string }

// pair is one entry of the open part, in order.
type pair struct {
	key   string
	value any
}

// pairs is an object that keeps its order.
type pairs []pair

// MarshalJSON writes the entries as they stand.
func (p pairs) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{e.key, e.value} {
			if j == 1 {
				b.WriteByte(':')
			}
			t, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b.Write(t)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// wire is a record as DocuSign Monitor delivers it.
type wire struct {
	Timestamp        string        `json:"timestamp"`
	EventID          string        `json:"eventId"`
	Site             string        `json:"site"`
	AccountID        string        `json:"accountId"`
	OrganizationID   string        `json:"organizationId"`
	UserID           string        `json:"userId"`
	IntegratorKey    string        `json:"integratorKey"`
	UserAgent        string        `json:"userAgent"`
	ClientInfo       *wireClient   `json:"userAgentClientInfo,omitempty"`
	Browser          string        `json:"browser,omitempty"`
	OS               string        `json:"os,omitempty"`
	Device           string        `json:"device,omitempty"`
	IPAddress        string        `json:"ipAddress"`
	Location         *wireLocation `json:"ipAddressLocation,omitempty"`
	Object           string        `json:"object"`
	Action           string        `json:"action"`
	Property         string        `json:"property"`
	Field            string        `json:"field"`
	Result           string        `json:"result"`
	Source           string        `json:"source"`
	ReferencedUserID string        `json:"referencedUserId"`
	AffectedUserID   string        `json:"affectedUserId"`
	ProxyStatus      string        `json:"proxyStatus"`
	ProxyType        string        `json:"proxyType"`
	ProxyLevel       string        `json:"proxyLevel"`
	Latitude         float64       `json:"latitude"`
	Longitude        float64       `json:"longitude"`
	City             string        `json:"city"`
	State            string        `json:"state"`
	Country          string        `json:"country"`
	Data             pairs         `json:"data"`
}

type wireLocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Country   string  `json:"country"`
	State     string  `json:"state"`
	City      string  `json:"city"`
}

type wireVersion struct {
	Major string `json:"major,omitempty"`
	Minor string `json:"minor,omitempty"`
	Patch string `json:"patch,omitempty"`
}

type wireFamily struct {
	Family  string      `json:"family"`
	Version wireVersion `json:"version"`
}

type wireClient struct {
	Browser wireFamily `json:"browser"`
	OS      wireFamily `json:"os"`
	Device  struct {
		Family string `json:"family"`
		Brand  string `json:"brand"`
		Model  string `json:"model"`
	} `json:"device"`
}

// encode writes the record on one line.
func (g *Generator) encode(r *record) ([]byte, error) {
	if r.told != nil {
		return g.encodeTold(r)
	}
	w := wire{
		Timestamp: stamp(r.at), EventID: r.id, Site: "DEMO", AccountID: g.account, UserID: r.user, IntegratorKey: r.key,
		IPAddress: r.from.ip, Object: r.class.object, Action: r.class.action, Result: r.class.result, Source: r.source,
		ReferencedUserID: r.affected, AffectedUserID: r.affected, Data: r.data,
	}
	if r.organisation {
		w.AccountID, w.OrganizationID = "", g.organisation
	}
	if d := r.device; d != nil && !d.empty {
		w.UserAgent, w.Browser, w.OS, w.Device = d.agent, d.browserText(), d.osText(), d.family
		w.ClientInfo = &wireClient{
			Browser: wireFamily{d.browser, wireVersion{Major: d.browserMajor, Minor: "0", Patch: "0"}},
			OS:      wireFamily{d.os, wireVersion{Major: d.osMajor}},
		}
		w.ClientInfo.Device.Family, w.ClientInfo.Device.Brand, w.ClientInfo.Device.Model = d.family, d.brand, d.model
	}
	if p := r.from.at; p != nil {
		w.Latitude, w.Longitude, w.City, w.State, w.Country = p.latitude, p.longitude, p.city, p.state, p.country
		w.Location = &wireLocation{p.latitude, p.longitude, p.country, p.state, p.city}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(&w); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// stamp writes a time as DocuSign does: seven fraction digits, six where the seventh is 0.
func stamp(t time.Time) string {
	return strings.TrimSuffix(t.UTC().Format("2006-01-02T15:04:05.0000000"), "0") + "Z"
}
