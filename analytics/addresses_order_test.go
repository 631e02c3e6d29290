package analytics_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
)

// TestAddressesAnyOrder: what is said of addresses arrives at random moments among the events, and it makes no difference.
func TestAddressesAnyOrder(t *testing.T) {
	ranges := []rangeCase{
		{Prefix: "192.0.2.0/30", Source: "feed", Category: "vpn", Tags: []string{"vpn"}}, {Prefix: "192.0.2.4/32", Source: "feed", Category: "risky", Tags: []string{"tor"}, From: "2026-05-04T00:00:00Z"},
		{Prefix: "192.0.2.5/32", Source: "feed", Category: "risky", Tags: []string{"botnet", "relay"}}, {Prefix: "192.0.2.6/32", Source: "other", Category: "risky"},
		{Prefix: "192.0.2.7/32", Source: "feed", Category: "cloud"}, {Prefix: "192.0.2.4/32", Source: "operator", Category: "corporate", From: "2026-05-06T00:00:00Z", To: "2026-05-07T00:00:00Z"},
	}
	for _, detection := range []string{"anonymous_ip", "suspicious_ip"} {
		t.Run(detection, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 9))
			events := atAddresses(r)
			whole := newWorld(t, detection, nil)
			whole.know(ranges)
			whole.add(events...)
			whole.drain()
			want := whole.standing()
			if len(want) < 10 {
				t.Fatalf("the history has %d findings: it tests little", len(want))
			}
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			other := newWorld(t, detection, nil)
			rest := slices.Clone(ranges)
			r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
			for len(events) > 0 {
				n := min(len(events), 1+r.IntN(170))
				other.add(events[:n]...)
				events = events[n:]
				other.drain()
				if len(rest) > 0 && r.IntN(3) > 0 {
					other.know(rest[:1])
					rest = rest[1:]
				}
				if r.IntN(5) == 0 {
					other.restart()
				}
			}
			other.know(rest)
			other.drain()
			if diff := gocmp.Diff(want, other.standing()); diff != "" {
				t.Errorf("another order gives other alerts (-at once +shuffled):\n%s", diff)
			}
		})
	}
}

// atAddresses is work and failed log-ons of few users at few addresses, with ties in time.
func atAddresses(r *rand.Rand) []event.Event {
	start := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	var all []event.Event
	for i := range 500 {
		at := start.Add(time.Duration(r.IntN(9*24*2)) * 30 * time.Minute)
		e := event.Event{Source: "test", ID: fmt.Sprintf("e%04d", i), Time: at, Arrival: at, UserID: fmt.Sprint("user-", r.IntN(14)), IPAddress: fmt.Sprint("192.0.2.", r.IntN(9)),
			Activity: []string{"logon", "failed_logon", "failed_logon", "download", "lockout"}[r.IntN(5)], Browser: fmt.Sprint("Chrome ", r.IntN(2)), OS: "Windows 10", Data: "{}", Raw: "{}"}
		if r.IntN(9) == 0 {
			e.UserID = ""
		}
		e.IP = netip.MustParseAddr(e.IPAddress)
		all = append(all, e)
	}
	return all
}

// TestWhatIsTakenBackRaisesNothing: a range that a feed takes back withdraws the alerts that rest on it, those of the
// other ranges stand.
func TestWhatIsTakenBackRaisesNothing(t *testing.T) {
	w := newWorld(t, "anonymous_ip", nil)
	w.know([]rangeCase{{Prefix: "192.0.2.1/32", Source: "feed", Category: "risky", Tags: []string{"tor"}}, {Prefix: "192.0.2.2/32", Source: "feed", Category: "vpn"}, {Prefix: "192.0.2.1/32", Source: "other", Category: "cloud"}})
	at := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	w.add(flooding("a", "ann", "192.0.2.1", "download", at), flooding("b", "bo", "192.0.2.2", "download", at))
	w.drain()
	if got := w.standing(); len(got) != 2 || got[0].Severity != "high" {
		t.Fatalf("to begin with: %+v", got)
	}
	forget := func(want int, source string, prefixes ...netip.Prefix) {
		t.Helper()
		if n, err := w.runner.Forget(t.Context(), source, prefixes); err != nil || n != want {
			t.Errorf("%d ranges of %s were taken back, %v; expected %d", n, source, err, want)
		}
		w.drain()
	}
	forget(0, "nobody")
	forget(1, "feed", netip.MustParsePrefix("192.0.2.1/32"))
	if got := w.standing(); len(got) != 2 || got[0].Severity != "low" || got[1].Subject.ID != "bo" {
		t.Errorf("without Tor: %+v", got)
	}
	w.restart()
	forget(1, "feed")
	forget(1, "other")
	if got := w.standing(); len(got) != 0 {
		t.Errorf("with nothing known: %+v", got)
	}
}

// failing is a store of which one call fails.
type failing struct {
	analytics.Store
	call string
}

func (s *failing) fail(call string) error {
	if s.call == call {
		return fmt.Errorf("%s: the database does not answer", call)
	}
	return nil
}

func (s *failing) RebuildNetworks(ctx context.Context) error {
	if err := s.fail("RebuildNetworks"); err != nil {
		return err
	}
	return s.Store.RebuildNetworks(ctx)
}

func (s *failing) AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error {
	if err := s.fail("AddRechecks"); err != nil {
		return err
	}
	return s.Store.AddRechecks(ctx, token, tenant, all)
}

func (s *failing) StoreCheckpoints(ctx context.Context, token string, all map[string]clickhouse.Checkpoint) error {
	if err := s.fail("StoreCheckpoints"); err != nil {
		return err
	}
	return s.Store.StoreCheckpoints(ctx, token, all)
}

// TestWhatIsBegunOfRangesIsFinished: wherever the saying and the taking back of ranges is cut short, a try again or another
// process finishes it.
func TestWhatIsBegunOfRangesIsFinished(t *testing.T) {
	for _, call := range []string{"RebuildNetworks", "AddRechecks", "StoreCheckpoints"} {
		for _, again := range []bool{true, false} {
			w := newWorld(t, "anonymous_ip", nil)
			w.add(flooding("a", "ann", "192.0.2.1", "download", time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)))
			w.drain()
			cut := func(change func() error) {
				t.Helper()
				store := &failing{Store: w.db}
				var err error
				if w.runner, err = analytics.New(t.Context(), analytics.Options{Tenant: w.tenant, Detections: w.tuned, Store: store, Log: w.log, Clock: func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler)}); err != nil {
					t.Fatal(err)
				}
				store.call = call
				if err := change(); err == nil || !strings.Contains(err.Error(), call) {
					t.Errorf("%s fails: %v", call, err)
				}
				store.call = ""
				if !again {
					w.restart()
				} else if err := change(); err != nil {
					t.Errorf("after %s failed: %v", call, err)
				}
				w.drain()
			}
			cut(func() error {
				return w.runner.Know(t.Context(), buildRanges(t, w.tenant, []rangeCase{{Prefix: "192.0.2.0/24", Source: "feed", Category: "risky", Tags: []string{"tor"}}}))
			})
			if got := w.standing(); len(got) != 1 {
				t.Errorf("%s failed, tried again %v: %d alerts, expected one", call, again, len(got))
			}
			cut(func() error {
				_, err := w.runner.Forget(t.Context(), "feed", nil)
				return err
			})
			if got := w.standing(); len(got) != 0 {
				t.Errorf("%s failed, tried again %v: %d alerts after the range was taken back", call, again, len(got))
			}
		}
	}
}
