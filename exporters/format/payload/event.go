package payload

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/event"
)

// EncodeEvent returns an event in at most so many bytes; 0 sets no bound.
func EncodeEvent(e Encoder, v *event.Event, most int) ([]byte, error) {
	return FitEvent(v, most, func(d *exporters.EventDocument) ([]byte, error) { return e.AppendEvent(nil, v, d) })
}

// FitEvent renders the event, shortened to at most so many bytes where that is needed (0 sets no bound). The names of what was shortened
// are in the document's Truncated; its ids and its sequence stay whole. The error says that it cannot be made short enough.
func FitEvent(v *event.Event, most int, render func(*exporters.EventDocument) ([]byte, error)) ([]byte, error) {
	d := exporters.NewEventDocument(v)
	message, err := render(&d)
	for _, step := range []int{2048, 512, 128, 32, 8} {
		if err != nil || most <= 0 || len(message) <= most {
			return message, err
		}
		if shortenEvent(&d, step) {
			message, err = render(&d)
		}
	}
	if err != nil || len(message) <= most {
		return message, err
	}
	return nil, fmt.Errorf("the message has %d bytes even when shortened, at most %d were expected", len(message), most)
}

// shortenEvent cuts every text, and leaves the data out where it is longer.
func shortenEvent(d *exporters.EventDocument, most int) (changed bool) {
	mark := func(field string) {
		changed = true
		if !slices.Contains(d.Truncated, field) {
			d.Truncated = append(d.Truncated, field)
		}
	}
	if len(d.Data) > most {
		d.Data = nil
		mark("data")
	}
	if most < 128 && d.Geo != nil {
		d.Geo = nil
		mark("geo")
	}
	texts := map[string][]*string{"tenant": {&d.Tenant}, "source": {&d.Source}, "activity": {&d.Activity}, "user": {&d.User.ID, &d.User.Email, &d.User.DisplayName}, "affectedUserId": {&d.AffectedUserID},
		"accountId": {&d.AccountID}, "organizationId": {&d.OrganizationID}, "site": {&d.Site}, "integrationKey": {&d.IntegrationKey}, "object": {&d.Object}, "action": {&d.Action}, "property": {&d.Property},
		"field": {&d.Field}, "result": {&d.Result}, "channel": {&d.Channel}, "envelopeId": {&d.EnvelopeID}}
	if n := d.Network; n != nil {
		c := *n
		d.Network = &c
		texts["network"] = []*string{&c.IPAddress, &c.ASOrganization, &c.ProxyStatus, &c.ProxyType, &c.ProxyLevel, &c.NetworkBy}
	}
	if p := d.Place; p != nil {
		c := *p
		d.Place = &c
		texts["place"] = []*string{&c.Kind, &c.Country, &c.CountryName, &c.Region, &c.City, &c.LocatedBy}
	}
	if v := d.Device; v != nil {
		c := *v
		d.Device = &c
		texts["device"] = []*string{&c.UserAgent, &c.Browser, &c.OS, &c.Type}
	}
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		for _, text := range texts[field] {
			if short := Cut(*text, most); short != *text {
				*text = short
				mark(field)
			}
		}
	}
	return changed
}

// EventUser is who acted, as people write to them: the address, else the name, else the id.
func EventUser(d *exporters.EventDocument) string {
	if d.User.Type != "user" {
		return ""
	}
	for _, name := range []string{d.User.Email, d.User.DisplayName, d.User.ID} {
		if name != "" {
			return name
		}
	}
	return ""
}

// EventAddress is where the event came from, when it is an address of the family.
func EventAddress(e *event.Event, v6 bool) string {
	a := e.IP.Unmap().WithZone("")
	if a == (netip.Addr{}) || a.Is6() != v6 {
		return ""
	}
	return a.String()
}

// EventText says in words what was done, in DocuSign's spelling.
func EventText(d *exporters.EventDocument) string {
	text := strings.Join(slices.DeleteFunc([]string{d.Object, d.Action, d.Property, d.Field}, func(s string) bool { return s == "" }), " ")
	if text == "" {
		text = d.Activity
	}
	if d.Result != "" {
		text += ": " + d.Result
	}
	return text
}

// ShortID is the id of an event where a format has room for 40 bytes: the id, or a digest of one that is longer.
func ShortID(id string) string {
	if len(id) <= 40 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:20])
}

// EventTarget is what or whom was acted on: the affected user, else the envelope, else the account.
func EventTarget(d *exporters.EventDocument) string {
	for _, id := range []string{d.AffectedUserID, d.EnvelopeID, d.AccountID} {
		if id != "" {
			return id
		}
	}
	return ""
}
