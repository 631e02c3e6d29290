package policies

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// Case is a test of a policy: events in, exact alerts out.
type Case struct {
	Description string `yaml:"description"`
	// Policy is the policy itself, Of names one by id; where neither is given it is that of the case before.
	Policy *policy.Policy `yaml:"policy"`
	Of     string         `yaml:"of"`
	// Defaults are given to every event that does not say otherwise.
	Defaults CaseEvent   `yaml:"defaults"`
	Events   []CaseEvent `yaml:"events"`
	// Late events arrive after the others were analysed.
	Late []CaseEvent `yaml:"late"`
	// Ranges are what is known about addresses, and Directory of people; the late ones come after the events were analysed.
	Ranges        []CaseRange  `yaml:"ranges"`
	LateRanges    []CaseRange  `yaml:"lateRanges"`
	Directory     []CasePerson `yaml:"directory"`
	LateDirectory []CasePerson `yaml:"lateDirectory"`
	// Alerts are all findings of the policy, suppressed ones included.
	Alerts []CaseAlert `yaml:"alerts"`
}

// CaseEvent is one event, or Count of them every so often.
type CaseEvent struct {
	ID    string          `yaml:"id"`
	At    string          `yaml:"at"`
	Count int             `yaml:"count"`
	Every policy.Duration `yaml:"every"`

	User        string `yaml:"user"`
	Email       string `yaml:"email"`
	Name        string `yaml:"name"`
	Target      string `yaml:"target"`
	Activity    string `yaml:"activity"`
	Object      string `yaml:"object"`
	Action      string `yaml:"action"`
	Property    string `yaml:"property"`
	Result      string `yaml:"result"`
	Channel     string `yaml:"channel"`
	Source      string `yaml:"source"`
	IP          string `yaml:"ip"`
	Country     string `yaml:"country"`
	Region      string `yaml:"region"`
	City        string `yaml:"city"`
	ISP         string `yaml:"isp"`
	ASN         uint32 `yaml:"asn"`
	Browser     string `yaml:"browser"`
	OS          string `yaml:"os"`
	Device      string `yaml:"device"`
	Agent       string `yaml:"agent"`
	Account     string `yaml:"account"`
	Envelope    string `yaml:"envelope"`
	Integration string `yaml:"integration"`
	Admin       *bool  `yaml:"admin"`
	// Claimed is true, false or empty for not said.
	Claimed string `yaml:"claimed"`
	// Data is the open part of the record, a JSON object.
	Data string `yaml:"data"`
}

// CaseRange is what somebody says of addresses.
type CaseRange struct {
	Prefix   string   `yaml:"prefix"`
	Source   string   `yaml:"source"`
	Category string   `yaml:"category"`
	Tags     []string `yaml:"tags"`
	From     string   `yaml:"from"`
	To       string   `yaml:"to"`
}

// CasePerson is what a directory says of a person, from a time on.
type CasePerson struct {
	ID      string   `yaml:"id"`
	From    string   `yaml:"from"`
	Status  string   `yaml:"status"`
	Kind    string   `yaml:"kind"`
	Name    string   `yaml:"displayName"`
	Emails  []string `yaml:"emails"`
	UserIDs []string `yaml:"docusignUserIds"`
	Groups  []string `yaml:"groups"`
	Role    string   `yaml:"role"`
}

// CaseAlert is a finding; what it leaves out is not compared.
type CaseAlert struct {
	Subject      string         `yaml:"subject"`
	Key          string         `yaml:"key"`
	Severity     string         `yaml:"severity"`
	Title        string         `yaml:"title"`
	Start        string         `yaml:"start"`
	End          string         `yaml:"end"`
	Events       int            `yaml:"events"`
	SuppressedBy []string       `yaml:"suppressedBy"`
	Evidence     map[string]any `yaml:"evidence"`
}

// ReadCases reads the documents of a file of cases.
func ReadCases(file string, text []byte) ([]Case, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var all []Case
	for n := 1; ; n++ {
		var c Case
		err := dec.Decode(&c)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var some *yaml.TypeError
		if errors.As(err, &some) {
			found, unread := mistakesOf(text, some, reflect.TypeFor[Case]())
			if c.Policy != nil {
				found = append(found, located(text, prefixed("policy.", c.Policy.Validate()), unread)...)
			}
			return nil, InFile(fmt.Sprintf("%s: case %d", file, n), joined(found))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: case %d: %s", file, n, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if n > 1 && c.Policy == nil && c.Of == "" {
			c.Policy, c.Of = all[n-2].Policy, all[n-2].Of
		}
		if (c.Policy == nil) == (c.Of == "") {
			return nil, fmt.Errorf("%s: case %d (%s): expected policy, or of with the id of one, and not both", file, n, c.Description)
		}
		if c.Description == "" || len(c.Events) == 0 {
			return nil, fmt.Errorf("%s: case %d: expected a description and events", file, n)
		}
		all = append(all, c)
	}
}

// build makes the events of a list.
func (c *Case) build(tenant string, list []CaseEvent) ([]event.Event, error) {
	var all []event.Event
	for _, e := range list {
		at, err := time.Parse(time.RFC3339Nano, e.At)
		if err != nil {
			return nil, fmt.Errorf("event %s: at: found %q, expected a time such as 2026-05-01T08:00:00Z", e.ID, e.At)
		}
		if e.ID == "" {
			return nil, fmt.Errorf("event at %s: expected an id", e.At)
		}
		for i := range max(1, e.Count) {
			id := e.ID
			if e.Count > 1 {
				id = fmt.Sprintf("%s-%03d", e.ID, i)
			}
			one := e.event(&c.Defaults, tenant, id, at.Add(time.Duration(i)*time.Duration(e.Every)).UTC())
			all = append(all, one)
		}
	}
	return all, nil
}

// event takes from d what e does not say; a dash says that there is none.
func (e *CaseEvent) event(d *CaseEvent, tenant, id string, at time.Time) event.Event {
	or := func(a, b string) string {
		if v := cmp.Or(a, b); v != "-" {
			return v
		}
		return ""
	}
	out := event.Event{Tenant: tenant, Source: cmp.Or(or(e.Source, d.Source), "test"), ID: id, Time: at, Arrival: at, UserID: or(e.User, d.User), UserEmail: strings.ToLower(or(e.Email, d.Email)), UserName: or(e.Name, d.Name),
		AffectedUserID: or(e.Target, d.Target), Activity: cmp.Or(or(e.Activity, d.Activity), "logon"), Object: or(e.Object, d.Object), Action: or(e.Action, d.Action), Property: or(e.Property, d.Property),
		Result: or(e.Result, d.Result), Channel: or(e.Channel, d.Channel), IPAddress: or(e.IP, d.IP), ASN: cmp.Or(e.ASN, d.ASN), ASOrganization: or(e.ISP, d.ISP), Browser: or(e.Browser, d.Browser), OS: or(e.OS, d.OS),
		DeviceType: or(e.Device, d.Device), UserAgent: or(e.Agent, d.Agent), AccountID: or(e.Account, d.Account), EnvelopeID: or(e.Envelope, d.Envelope), IntegrationKey: or(e.Integration, d.Integration),
		Data: cmp.Or(or(e.Data, d.Data), "{}"), Raw: "{}"}
	out.Place.Kind, out.Place.Country, out.Place.CountryName = event.PlaceUnknown, strings.ToUpper(or(e.Country, d.Country)), strings.ToUpper(or(e.Country, d.Country))
	out.Place.Region, out.Place.City = or(e.Region, d.Region), or(e.City, d.City)
	if admin := cmp.Or(e.Admin, d.Admin); admin != nil {
		out.Administrative = *admin
	}
	out.IP, _ = netip.ParseAddr(out.IPAddress)
	if claimed := or(e.Claimed, d.Claimed); claimed != "" {
		yes := claimed == "true"
		out.UserInDomain = &yes
	}
	return out
}

func times(texts map[string]*time.Time) error {
	for text, at := range texts {
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("found %q, expected a time such as 2026-05-01T08:00:00Z", text)
		}
		*at = t
	}
	return nil
}

func buildRanges(tenant string, cases []CaseRange) ([]intelligence.Range, error) {
	var all []intelligence.Range
	for _, c := range cases {
		p, err := netip.ParsePrefix(c.Prefix)
		if err != nil {
			return nil, fmt.Errorf("ranges: %w", err)
		}
		r := intelligence.Range{Tenant: tenant, Source: cmp.Or(c.Source, "operator"), Prefix: p, Category: c.Category, Tags: c.Tags}
		if err := times(map[string]*time.Time{c.From: &r.From, c.To: &r.To}); err != nil {
			return nil, fmt.Errorf("range %s: %w", c.Prefix, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func buildPeople(tenant string, cases []CasePerson) ([]directory.State, error) {
	var all []directory.State
	for _, c := range cases {
		s := directory.State{Tenant: tenant, Source: "entra", DirectoryID: c.ID, Status: cmp.Or(c.Status, "active"), Kind: c.Kind, DisplayName: c.Name, Emails: c.Emails, DocuSignUserIDs: c.UserIDs, Groups: c.Groups, Role: c.Role}
		if err := times(map[string]*time.Time{c.From: &s.From}); err != nil {
			return nil, fmt.Errorf("person %s: %w", c.ID, err)
		}
		s.Normalise()
		all = append(all, s)
	}
	return all, nil
}
