package analytics_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// testCase is a file in detections/<id>/tests: events in, exact findings out.
type testCase struct {
	Description string            `yaml:"description"`
	Parameters  map[string]string `yaml:"parameters"`
	// Defaults are given to every event that does not say otherwise.
	Defaults eventCase   `yaml:"defaults"`
	Events   []eventCase `yaml:"events"`
	// Ranges are known before the events, LateRanges arrive after everything was analysed.
	Ranges     []rangeCase `yaml:"ranges"`
	LateRanges []rangeCase `yaml:"lateRanges"`
	// Directory is known before the events, LateDirectory arrives after everything was analysed.
	Directory     []personCase `yaml:"directory"`
	LateDirectory []personCase `yaml:"lateDirectory"`
	// Late events arrive after the others were analysed.
	Late     []eventCase   `yaml:"late"`
	Findings []findingCase `yaml:"findings"`
	// Scope limits the detection.
	Scope scopeCase `yaml:"scope"`
	// Exceptions are made after Events were analysed, and in the other run after all events were.
	Exceptions []exceptionCase `yaml:"exceptions"`
}

// eventCase is one event, or count of them every so often.
type eventCase struct {
	ID       string        `yaml:"id"`
	At       string        `yaml:"at"`
	Count    int           `yaml:"count"`
	Every    time.Duration `yaml:"every"`
	User     string        `yaml:"user"`
	Activity string        `yaml:"activity"`
	City     string        `yaml:"city"`
	Country  string        `yaml:"country"`
	Lat      float64       `yaml:"lat"`
	Lon      float64       `yaml:"lon"`
	Accuracy float32       `yaml:"accuracyKm"`
	Place    string        `yaml:"place"`
	IP       string        `yaml:"ip"`
	Browser  string        `yaml:"browser"`
	Email    string        `yaml:"email"`
	OS       string        `yaml:"os"`
	Device   string        `yaml:"device"`
	ASN      uint32        `yaml:"asn"`
	Network  string        `yaml:"network"`
	Object   string        `yaml:"object"`
	Action   string        `yaml:"action"`
	Property string        `yaml:"property"`
	Result   string        `yaml:"result"`
	Channel  string        `yaml:"channel"`
	Affected string        `yaml:"affected"`
	Envelope string        `yaml:"envelope"`
	Account  string        `yaml:"account"`
	// Admin marks an event that acts on the account.
	Admin       bool   `yaml:"admin"`
	Integration string `yaml:"integration"`
	// Data is the open part of the record, a JSON object.
	Data string `yaml:"data"`
	// Names and severity of a DocuSign alert.
	AlertEvents   []string `yaml:"alertEvents"`
	AlertSeverity string   `yaml:"alertSeverity"`
}

// rangeCase is what somebody says of addresses.
type rangeCase struct {
	Prefix   string   `yaml:"prefix"`
	Source   string   `yaml:"source"`
	Category string   `yaml:"category"`
	Tags     []string `yaml:"tags"`
	From     string   `yaml:"from"`
	To       string   `yaml:"to"`
}

func buildRanges(t testing.TB, tenant string, cases []rangeCase) []intelligence.Range {
	t.Helper()
	var all []intelligence.Range
	for _, c := range cases {
		p, err := netip.ParsePrefix(c.Prefix)
		if err != nil {
			t.Fatal(err)
		}
		r := intelligence.Range{Tenant: tenant, Source: c.Source, Prefix: p, Category: c.Category, Tags: c.Tags}
		for text, at := range map[string]*time.Time{c.From: &r.From, c.To: &r.To} {
			if text != "" {
				if *at, err = time.Parse(time.RFC3339, text); err != nil {
					t.Fatal(err)
				}
			}
		}
		all = append(all, r)
	}
	return all
}

// personCase is what a directory says of a person, from a time on.
type personCase struct {
	// Source is entra when it is not given.
	Source  string   `yaml:"source"`
	ID      string   `yaml:"id"`
	From    string   `yaml:"from"`
	Status  string   `yaml:"status"`
	Kind    string   `yaml:"kind"`
	User    string   `yaml:"userName"`
	Name    string   `yaml:"displayName"`
	Emails  []string `yaml:"emails"`
	UserIDs []string `yaml:"docusignUserIds"`
	Groups  []string `yaml:"groups"`
	Role    string   `yaml:"role"`
	Removed bool     `yaml:"removed"`
}

func buildPeople(t testing.TB, tenant string, cases []personCase) []directory.State {
	t.Helper()
	var all []directory.State
	for _, c := range cases {
		s := directory.State{Tenant: tenant, Source: cmp.Or(c.Source, "entra"), DirectoryID: c.ID, Status: c.Status, Kind: c.Kind, UserName: c.User, DisplayName: c.Name,
			Emails: c.Emails, DocuSignUserIDs: c.UserIDs, Groups: c.Groups, Role: c.Role, Removed: c.Removed}
		if c.From != "" {
			at, err := time.Parse(time.RFC3339, c.From)
			if err != nil {
				t.Fatal(err)
			}
			s.From = at
		}
		s.Normalise()
		all = append(all, s)
	}
	return all
}

type findingCase struct {
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

func readCase(t *testing.T, path string) testCase {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	var c testCase
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return c
}

func caseFiles(t *testing.T, detection string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("detections", detection, "tests", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// build makes the events of a case; sequences are given by the caller.
func (c *testCase) build(t *testing.T, list []eventCase) []event.Event {
	t.Helper()
	var all []event.Event
	for _, e := range list {
		d := c.Defaults
		for range max(1, e.Count) {
			id := e.ID
			if e.Count > 1 {
				id = fmt.Sprintf("%s-%03d", e.ID, len(all))
			}
			all = append(all, buildEvent(t, e, d, id))
			at, _ := time.Parse(time.RFC3339Nano, e.At)
			e.At = at.Add(e.Every).Format(time.RFC3339Nano)
		}
	}
	return all
}

func buildEvent(t *testing.T, e, d eventCase, id string) event.Event {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, e.At)
	if err != nil {
		t.Fatalf("event %s: %v", id, err)
	}
	or := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	out := event.Event{Tenant: "default", Source: "test", ID: id, Time: at.UTC(), Arrival: at.UTC(), UserID: or(e.User, d.User), UserEmail: or(e.Email, d.Email),
		Activity: or(e.Activity, or(d.Activity, "logon")), IPAddress: or(e.IP, or(d.IP, "192.0.2.1")), Browser: or(e.Browser, d.Browser), Data: or(e.Data, or(d.Data, "{}")), Raw: "{}",
		Place: event.Place{Kind: or(e.Place, d.Place), City: or(e.City, d.City), CountryName: or(e.Country, d.Country), Country: strings.TrimSpace(strings.ToUpper(or(e.Country, d.Country) + "  ")[:2]), Latitude: e.Lat, Longitude: e.Lon, AccuracyKM: e.Accuracy}}
	out.IP, _ = netip.ParseAddr(out.IPAddress)
	out.OS, out.DeviceType, out.ASOrganization = or(e.OS, d.OS), or(e.Device, d.Device), or(e.Network, d.Network)
	out.Object, out.Action, out.Property, out.Result = or(e.Object, d.Object), or(e.Action, d.Action), or(e.Property, d.Property), or(e.Result, d.Result)
	out.Channel, out.AffectedUserID, out.EnvelopeID = or(e.Channel, d.Channel), or(e.Affected, d.Affected), or(e.Envelope, d.Envelope)
	out.AccountID = or(e.Account, d.Account)
	out.Administrative, out.IntegrationKey = e.Admin || d.Admin, or(e.Integration, d.Integration)
	out.AlertEventIDs, out.AlertSeverity = e.AlertEvents, e.AlertSeverity
	if out.ASN = e.ASN; out.ASN == 0 {
		out.ASN = d.ASN
	}
	if out.IPAddress == "-" {
		out.IPAddress, out.IP = "", netip.Addr{}
	}
	if e.Lat == 0 && e.Lon == 0 {
		out.Place.Latitude, out.Place.Longitude = d.Lat, d.Lon
	}
	if out.Place.Kind == "" {
		out.Place.Kind = event.PlaceUser
		if out.Place.Latitude == 0 && out.Place.Longitude == 0 {
			out.Place.Kind = event.PlaceUnknown
		}
	}
	if out.Browser == "-" {
		out.Browser, out.OS = "", ""
	}
	if out.UserID == "-" {
		out.UserID = ""
	}
	return out
}

// subset keeps of got what want names, so that a case lists the evidence that it is about.
func subset(got, want map[string]any) map[string]any {
	out := map[string]any{}
	for k, w := range want {
		g := got[k]
		gm, ok1 := g.(map[string]any)
		wm, ok2 := w.(map[string]any)
		if ok1 && ok2 {
			out[k] = subset(gm, wm)
		} else {
			out[k] = g
		}
	}
	return out
}

// normal makes numbers comparable: JSON has floats only.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case map[string]any:
		for k := range v {
			v[k] = normal(v[k])
		}
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	}
	return v
}
