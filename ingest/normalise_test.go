package ingest

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
)

// atlas knows three addresses.
type atlas struct{}

func (atlas) Epoch(time.Time) int { return 0 }

func (atlas) Locate(a netip.Addr, _ time.Time) (geo.Location, bool) {
	const by = "test 2026-06-05"
	switch a.String() {
	case "8.8.8.8":
		return geo.Location{Country: "US", CountryName: "United States", Region: "California", City: "Mountain View", HasCoordinates: true,
			Latitude: 37.4, Longitude: -122, AccuracyKM: 20, LocatedBy: by, ASN: 15169, ASOrganization: "Google", NetworkBy: "networks 2026"}, true
	case "162.248.186.11":
		return geo.Location{Country: "US", HasCoordinates: true, Latitude: 47.6, Longitude: -122.33, LocatedBy: by}, true
	case "9.9.9.9":
		return geo.Location{Country: "CH", CountryName: "Switzerland", LocatedBy: by}, true
	}
	return geo.Location{}, false
}

func normaliser(t testing.TB) *Normaliser {
	t.Helper()
	c, err := classify.New(classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := NewNormaliser(NormaliserOptions{Classifier: c, Locator: atlas{}, ServerRanges: []netip.Prefix{netip.MustParsePrefix("198.51.100.9/24")}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNormalise(t *testing.T) {
	text, err := os.ReadFile("testdata/events.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, JSON  string
		Want, Place map[string]any
	}
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	n := normaliser(t)
	arrival := time.Date(2024, 6, 30, 8, 0, 0, 0, time.UTC)
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			r, err := monitor.Decode([]byte(tt.JSON))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time from the caches
				e := n.Event(r, event.Origin{Tenant: "t", Source: "s", Trust: 7}, arrival)
				if e.Tenant != "t" || e.Source != "s" || e.Trust != 7 || !e.Arrival.Equal(arrival) || e.Raw != tt.JSON || !e.Time.Equal(r.Timestamp) {
					t.Errorf("origin, time or raw record are wrong: %+v", e)
				}
				compare(t, tt.Want, e)
				if tt.Place != nil {
					var want event.Place
					convert(t, tt.Place, &want)
					if diff := cmp.Diff(want, e.Place); diff != "" {
						t.Errorf("place (-want +got):\n%s", diff)
					}
				}
			}
		})
	}
}

// compare looks at the named fields.
func compare(t *testing.T, want map[string]any, e event.Event) {
	t.Helper()
	var got, wanted map[string]any
	convert(t, e, &got)
	convert(t, want, &wanted)
	for field, w := range wanted {
		if diff := cmp.Diff(w, got[field]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
}

func convert(t *testing.T, from, to any) {
	t.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestServerRanges(t *testing.T) {
	own := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for replace, docusign := range map[bool]bool{false: true, true: false} {
		a, err := newAddresses(nil, own, replace)
		if err != nil {
			t.Fatal(err)
		}
		if !a.find("192.0.2.9", time.Time{}).server || a.find("162.248.184.1", time.Time{}).server != docusign || a.find("162.248.188.1", time.Time{}).server {
			t.Errorf("replace %v: %v", replace, a.servers)
		}
	}
	if _, err := NewNormaliser(NormaliserOptions{ServerRanges: []netip.Prefix{{}}}); err == nil || !strings.Contains(err.Error(), "expected a network") {
		t.Errorf("a range that is none: %v", err)
	}
}

// TestSamples takes every published sample to an event and, through its typed form, to the same content.
func TestSamples(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "data", "docusign", "samples")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("the sample records are not there")
		}
		t.Skip("skipped: the sample records are not there")
	}
	n := normaliser(t)
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		r := monitor.NewReader(file, monitor.Options{})
		for item, err := r.Next(); err == nil; item, err = r.Next() {
			rec, err := monitor.Decode(item.Raw)
			if err != nil {
				t.Fatal(err)
			}
			e := n.Event(rec, event.Origin{}, time.Time{})
			if rec.Object != "" && rec.Action != "" && e.Activity == event.ActivityUnknown {
				t.Errorf("%s: %s %s is not understood", name, rec.Object, rec.Action)
			}
			roundTrip(t, rec)
		}
	}
}

// almanac says another place after noon.
type almanac struct{ noon time.Time }

func (a almanac) Epoch(at time.Time) int {
	if at.Before(a.noon) {
		return 0
	}
	return 1
}

func (a almanac) Locate(_ netip.Addr, at time.Time) (geo.Location, bool) {
	return geo.Location{Country: []string{"NL", "DE"}[a.Epoch(at)], LocatedBy: "test"}, true
}

// TestPlaceOfTheTime: the event time decides which release locates an address, in any order of arrival.
func TestPlaceOfTheTime(t *testing.T) {
	noon := time.Date(2026, 6, 5, 12, 0, 0, 0, time.UTC)
	a, err := newAddresses(almanac{noon}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if after, before := a.find("8.8.8.8", noon), a.find("8.8.8.8", noon.Add(-1)); after.Country != "DE" || before.Country != "NL" {
			t.Errorf("before noon in %s, at noon in %s; expected NL and DE", before.Country, after.Country)
		}
	}
}
