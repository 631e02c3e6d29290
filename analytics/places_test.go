package analytics_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/internal/status"
)

// cutShort is a store that ends at one of its calls: before it is made, or after it, when nobody hears of it.
type cutShort struct {
	analytics.Store
	call   string
	after  bool
	passes int
}

func (s *cutShort) do(call string, f func() error) error {
	if s.call != call {
		return f()
	}
	if s.passes > 0 {
		s.passes--
		return f()
	}
	if s.after {
		if err := f(); err != nil {
			return err
		}
	}
	return errCut(call)
}

type errCut string

func (e errCut) Error() string { return string(e) + ": the process ended" }

func (s *cutShort) RebuildNetworks(ctx context.Context) error {
	return s.do("RebuildNetworks", func() error { return s.Store.RebuildNetworks(ctx) })
}

func (s *cutShort) RebuildPlacements(ctx context.Context) error {
	return s.do("RebuildPlacements", func() error { return s.Store.RebuildPlacements(ctx) })
}

func (s *cutShort) AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error {
	return s.do("AddRechecks", func() error { return s.Store.AddRechecks(ctx, token, tenant, all) })
}

func (s *cutShort) PlaceEvents(ctx context.Context, tenant string) error {
	return s.do("PlaceEvents", func() error { return s.Store.PlaceEvents(ctx, tenant) })
}

func (s *cutShort) PendingRechecks(ctx context.Context, tenant, reason string, after uint64) (all []clickhouse.Recheck, err error) {
	return all, s.do("PendingRechecks", func() error { all, err = s.Store.PendingRechecks(ctx, tenant, reason, after); return err })
}

func (s *cutShort) StoreCheckpoints(ctx context.Context, token string, all map[string]clickhouse.Checkpoint) error {
	return s.do("StoreCheckpoints", func() error { return s.Store.StoreCheckpoints(ctx, token, all) })
}

func somewhere(id, user, address, country string, latitude, longitude float64, at time.Time) event.Event {
	return event.Event{Source: "test", ID: id, Time: at, Arrival: at, UserID: user, IPAddress: address, IP: netip.MustParseAddr(address), Activity: "logon", Browser: "Chrome 126", OS: "Windows 10",
		ASN: 64496, ASOrganization: country + " Telecom", Place: event.Place{Kind: event.PlaceUser, Country: country, CountryName: country, Latitude: latitude, Longitude: longitude, LocatedBy: "record"}, Data: "{}", Raw: "{}"}
}

// TestPlacesAreFinished: wherever the putting of events elsewhere is cut short, a try again or another process finishes it: the journey
// that was none is withdrawn, and found again when the range is taken back.
func TestPlacesAreFinished(t *testing.T) {
	at := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	for name, cut := range map[string]cutShort{
		"before the networks":          {call: "RebuildNetworks"},
		"before the places":            {call: "RebuildPlacements"},
		"when the places are there":    {call: "RebuildPlacements", after: true},
		"when that is stored":          {call: "AddRechecks", passes: 1, after: true},
		"before the events":            {call: "PlaceEvents"},
		"when the events are there":    {call: "PlaceEvents", after: true},
		"before the look is asked for": {call: "AddRechecks", passes: 2},
		"before that is noted":         {call: "StoreCheckpoints", passes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "impossible_travel", nil)
			w.add(somewhere(w.tenant+"a", "ann", "192.0.2.1", "IE", 53.35, -6.26, at), somewhere(w.tenant+"b", "ann", "198.51.100.9", "AU", -33.9, 151.2, at.Add(time.Hour)))
			w.drain()
			if got := w.standing(); len(got) != 1 {
				t.Fatalf("to begin with: %+v", got)
			}
			during := func(change func() error) {
				t.Helper()
				store := cut
				store.Store, store.call = w.db, ""
				var err error
				if w.runner, err = analytics.New(t.Context(), analytics.Options{Tenant: w.tenant, Detections: w.tuned, Store: &store, Log: w.log, Clock: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler)}); err != nil {
					t.Fatal(err)
				}
				store.call = cut.call
				err = change()
				if err == nil {
					if a := w.runner.Status(); !a.Placing || a.Pending == 0 {
						t.Errorf("the status says placing %v and %d pending", a.Placing, a.Pending)
					}
					err = w.runner.Drain(t.Context())
				}
				if err == nil || !strings.Contains(err.Error(), "the process ended") {
					t.Fatalf("it was not cut short: %v", err)
				}
				w.restart()
				w.drain()
			}
			during(func() error {
				return w.runner.Know(t.Context(), []intelligence.Range{{Tenant: w.tenant, Source: intelligence.OperatorSource, Prefix: netip.MustParsePrefix("198.51.100.0/24"), Category: "other",
					Override: intelligence.Override{Country: "IE", CountryName: "Ireland", City: "Cork", HasCoordinates: true, Latitude: 51.9, Longitude: -8.47, RadiusKM: 10}}})
			})
			check := func(country, geo string, alerts int) {
				t.Helper()
				e, err := w.db.GetEvent(t.Context(), w.tenant, w.tenant+"b")
				if err != nil {
					t.Fatal(err)
				}
				was := ""
				if e.Geo != nil {
					was = e.Geo.Country
				}
				if got := w.standing(); e.Place.Country != country || was != geo || len(got) != alerts {
					t.Errorf("the event is in %s and was in %q, with %d alerts; expected %s, %q and %d", e.Place.Country, was, len(got), country, geo, alerts)
				}
			}
			check("IE", "AU", 0)
			if cut.call != "PlaceEvents" { // what follows is the same for all others
				return
			}
			during(func() error {
				_, err := w.runner.Forget(t.Context(), intelligence.OperatorSource, nil)
				return err
			})
			check("AU", "", 1)
		})
	}
}

// TestAFeedSaysNoPlace: only the operator says where addresses are.
func TestAFeedSaysNoPlace(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	r := intelligence.Range{Tenant: w.tenant, Source: "feed", Prefix: netip.MustParsePrefix("198.51.100.0/24"), Category: "other", Override: intelligence.Override{ISP: "Contoso"}}
	if err := w.runner.Know(t.Context(), []intelligence.Range{r}); err == nil || !strings.Contains(err.Error(), "expected that of the operator alone") {
		t.Errorf("got %v", err)
	}
	if all, err := w.db.SourceRanges(t.Context(), w.tenant, "feed"); err != nil || len(all) != 0 {
		t.Errorf("it was stored: %v, %v", all, err)
	}
}

// brokenPlacing is a store in which no event can be put anywhere until it is mended.
type brokenPlacing struct {
	analytics.Store
	mended atomic.Bool
}

func (s *brokenPlacing) PlaceEvents(ctx context.Context, tenant string) error {
	if !s.mended.Load() {
		return errors.New("the disk is full")
	}
	return s.Store.PlaceEvents(ctx, tenant)
}

// TestPlacingIsResumed: what cannot be put elsewhere keeps neither the service from starting nor a feed from saying something; the status
// tells of it, and it is tried again.
func TestPlacingIsResumed(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	at := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	w.add(somewhere(w.tenant+"a", "ann", "192.0.2.1", "IE", 53.35, -6.26, at), somewhere(w.tenant+"b", "ann", "198.51.100.9", "AU", -33.9, 151.2, at.Add(time.Hour)))
	w.drain()
	of := func(source, prefix string, o intelligence.Override) intelligence.Range {
		return intelligence.Range{Tenant: w.tenant, Source: source, Prefix: netip.MustParsePrefix(prefix), Category: "other", Override: o}
	}
	if err := w.runner.Know(t.Context(), []intelligence.Range{of(intelligence.OperatorSource, "198.51.100.0/24", intelligence.Override{Country: "IE", CountryName: "Ireland", HasCoordinates: true, Latitude: 51.9, Longitude: -8.47})}); err != nil {
		t.Fatal(err)
	}
	store := &brokenPlacing{Store: w.db}
	runner, err := analytics.New(t.Context(), analytics.Options{Tenant: w.tenant, Detections: w.tuned, Store: store, Log: w.log, Clock: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	until := func(what string, done func(status.Analysis) bool) {
		t.Helper()
		for !done(runner.Status()) {
			select {
			case err := <-ended:
				t.Fatalf("%s: it ended: %v", what, err)
			case <-t.Context().Done():
				t.Fatal(what)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	until("an error in the status", func(a status.Analysis) bool { return a.Placing && strings.Contains(a.LastError, "places of events") })
	if err := runner.Know(t.Context(), []intelligence.Range{of("feed", "203.0.113.0/24", intelligence.Override{})}); err != nil {
		t.Errorf("a feed: %v", err)
	}
	if a := runner.Status(); !a.Placing || a.Pending == 0 {
		t.Errorf("after the feed: %+v", a)
	}
	store.mended.Store(true)
	until("the end of the placing", func(a status.Analysis) bool { return !a.Placing && a.Pending == 0 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := w.standing(); len(got) != 0 {
		t.Errorf("%d alerts of a journey that was none", len(got))
	}
}
