package policies_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// dying is a database that answers no more from a call on, as for a process that is killed, and has no views and contexts, which cost more than
// what is found.
type dying struct {
	*clickhouse.DB
	// left is how many calls are answered; negative for all.
	left atomic.Int64
}

var errDied = errors.New("killed")

func (s *dying) call() error {
	for {
		left := s.left.Load()
		if left == 0 {
			return errDied
		}
		if left < 0 || s.left.CompareAndSwap(left, left-1) {
			return nil
		}
	}
}

func (s *dying) EvidenceChanged(ctx context.Context, tenant string, ids []string, after, upto uint64, limit int) ([]clickhouse.Evidence, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	return s.DB.EvidenceChanged(ctx, tenant, ids, after, upto, limit)
}

func (s *dying) AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.DB.AddRechecks(ctx, token, tenant, all)
}

func (s *dying) StoreCheckpoints(ctx context.Context, token string, all map[string]clickhouse.Checkpoint) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.DB.StoreCheckpoints(ctx, token, all)
}

func (s *dying) Findings(ctx context.Context, c clickhouse.Call) ([]alert.Finding, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	return s.DB.Findings(ctx, c)
}

func (*dying) DefineDetections(context.Context, []clickhouse.View) error { return nil }

func (*dying) Circumstances(_ context.Context, _ string, _ time.Time, findings []*alert.Finding) ([]*alert.Context, error) {
	all := make([]*alert.Context, len(findings))
	for i := range all {
		all[i] = &alert.Context{}
	}
	return all, nil
}

func (*dying) HoursSeen(context.Context, string, time.Time, time.Time, time.Time) ([]time.Time, error) {
	return nil, nil
}

func (*dying) NamesInEvents(context.Context, string, time.Time, []string, []string, time.Time, time.Time) (map[string]alert.Named, error) {
	return nil, nil
}

// matching is a condition on alerts of detections.
func matching(ids ...string) policy.Filter {
	return policy.Filter{Field: policy.MatchedDetection, Operator: policy.Equals, Values: ids}
}

// matchers are policies by several keys that look at alerts of log-ons that fail and of envelopes that are voided.
func matchers() []policy.Policy {
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one, both := matching("failed_logins"), matching("envelope_voids", "failed_logins")
	out := policy.Filter{Field: "activity", Operator: policy.Equals, Values: []string{"download"}}
	return []policy.Policy{
		{ID: "after", Name: "after", Severity: "high", Key: policy.KeyUser, EffectiveFrom: since, Condition: policy.Condition{Type: policy.Sequence, Within: policy.Duration(2 * time.Hour), Steps: []policy.Step{{Name: "guessing", Filter: &one}, {Name: "download", Filter: &out}}}},
		{ID: "whence", Name: "whence", Severity: "low", Key: policy.KeyAddress, EffectiveFrom: since, Filter: &both, MaxAlertsPerDay: 10_000, Condition: policy.Condition{Type: policy.Repeated, Count: 3, Within: policy.Duration(time.Hour)}},
		{ID: "which", Name: "which", Severity: "low", Key: policy.KeyEnvelope, EffectiveFrom: since, MaxAlertsPerDay: 10_000, Filter: &policy.Filter{Any: []policy.Filter{matching("envelope_voids"), {Field: "activity", Operator: policy.Equals, Values: []string{"decline"}}}}, Condition: policy.Condition{Type: policy.Single}},
	}
}

// bursts has waves of failed log-ons, some of more than an alert names, at addresses of one and of many, and of voided envelopes, of people who are
// used to it or not, so that alerts come, grow, join, are suppressed and are taken back as events arrive.
func bursts(r *rand.Rand) []event.Event {
	var all []event.Event
	start := time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC)
	add := func(at time.Time, user, address int, activity string) {
		e := event.Event{Source: "test", ID: fmt.Sprintf("e%04d", len(all)), Time: at, Arrival: at, UserID: fmt.Sprint("user-", user), Activity: activity, IPAddress: fmt.Sprint("192.0.2.", address),
			Place: event.Place{Kind: event.PlaceUnknown}, Data: "{}", Raw: "{}"}
		if activity == "void" || activity == "decline" {
			e.EnvelopeID = fmt.Sprint("env-", len(all))
		}
		all = append(all, e)
	}
	for user := range 2 { // who voids on many days is used to it
		for day := range 3 {
			for range 12 {
				add(start.Add(-time.Duration(9+8*day)*24*time.Hour+time.Duration(r.IntN(20))*time.Minute), user, user, "void")
			}
		}
	}
	for range 4 {
		at, user := start.Add(time.Duration(r.IntN(40))*10*time.Minute), r.IntN(4)
		for range 15 + r.IntN(25) {
			add(at.Add(time.Duration(r.IntN(40))*time.Minute), user, user, "void")
		}
	}
	for range 5 {
		at, user, many := start.Add(time.Duration(r.IntN(40))*10*time.Minute), r.IntN(4), r.IntN(3)
		for range 30 + r.IntN(120) {
			address := user
			if many == 0 {
				address, user = 10+r.IntN(9), r.IntN(12)
			}
			add(at.Add(time.Duration(r.IntN(900))*time.Second), user, address, "failed_logon")
		}
		for range r.IntN(4) {
			add(at.Add(time.Duration(r.IntN(60)-10)*time.Minute), user, user, "logon")
		}
	}
	for range 20 {
		add(start.Add(time.Duration(r.IntN(60))*8*time.Minute), r.IntN(12), 1+r.IntN(18), "download")
	}
	return all
}

// matchedSeeds is how many histories are tried.
var matchedSeeds = flag.Uint("matched-seeds", 1, "how many histories TestMatchedAnyOrder tries")

// TestMatchedAnyOrder: whatever comes first, the events of an alert, what changes or withdraws the alert, what stands on it, or the policy itself, and
// wherever the service is killed in between, the alerts are those of everything at once.
func TestMatchedAnyOrder(t *testing.T) {
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	definitions = slices.DeleteFunc(definitions, func(d analytics.Definition) bool { return d.ID != "failed_logins" && d.ID != "envelope_voids" })
	looked, err := analytics.Tune(definitions, nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(*matchedSeeds) {
		t.Run(fmt.Sprint("seed-", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 31))
			events := bursts(r)
			open := func(name string) (*service, *dying) {
				s := &service{t: t, db: testkit.Shared(t, "cases"), tenant: fmt.Sprint("matched-", name, "-", seed), now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), looked: looked}
				store := &dying{DB: s.db}
				store.left.Store(-1)
				s.store = store
				s.restart()
				return s, store
			}
			save := func(s *service, p policy.Policy) {
				t.Helper()
				if _, err := s.book.Create(t.Context(), p, "ann"); err != nil {
					t.Fatal(err)
				}
			}
			whole, _ := open("whole")
			whole.add(slices.Clone(events)...)
			for _, p := range matchers() {
				save(whole, p)
			}
			whole.drain()
			want, killed := whole.findings(), 0
			for _, p := range matchers() {
				if n := len(want[p.DetectionID()]); n == 0 {
					t.Fatalf("the history has no alert of %s: it tests nothing", p.ID)
				}
			}
			if !slices.ContainsFunc(want["failed_logins"], func(f string) bool { return strings.Contains(f, " cut ") }) {
				t.Fatal("no alert has more events than it names")
			}
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			if seed%2 == 0 { // what makes voiding usual comes last, and takes alerts back
				slices.SortStableFunc(events, func(a, b event.Event) int {
					return cmp.Compare(recent(b), recent(a))
				})
			}
			other, store := open("other")
			unsaved := matchers()
			for len(events) > 0 {
				if len(unsaved) > 0 && r.IntN(3) > 0 {
					save(other, unsaved[0])
					unsaved = unsaved[1:]
				}
				n := min(len(events), 60+r.IntN(len(events)/2+1))
				if r.IntN(3) > 0 { // killed somewhere on the way
					store.left.Store(r.Int64N(12))
					killed++
				}
				other.keep(events[:n])
				events = events[n:]
				err := other.runner.CatchUp(t.Context())
				if store.left.Store(-1); err != nil || r.IntN(4) == 0 {
					other.restart()
				}
			}
			for _, p := range unsaved {
				save(other, p)
			}
			other.drain()
			if diff := gocmp.Diff(want, other.findings()); diff != "" {
				t.Errorf("another order gives other alerts (-at once +shuffled):\n%s", diff)
			}
			if n := other.retracted(); n == 0 || killed == 0 {
				t.Errorf("%d alerts of policies were taken back, and it was killed %d times: it tests little", n, killed)
			}
		})
	}
}

// recent is 0 for what comes before the fourth of May and 1 after.
func recent(e event.Event) int {
	if e.Time.Before(time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)) {
		return 0
	}
	return 1
}

// keep stores events without evaluating.
func (s *service) keep(events []event.Event) {
	s.t.Helper()
	last, err := s.db.LastEventSequence(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range events {
		last++
		events[i].Tenant, events[i].Sequence = s.tenant, last
	}
	if err := s.db.AppendEvents(s.t.Context(), fmt.Sprint(s.tenant, last), events); err != nil {
		s.t.Fatal(err)
	}
	s.runner.Committed(last)
}

func (s *service) anchored(detection string) []alert.Alert {
	s.t.Helper()
	all, err := s.db.AlertsAnchored(s.t.Context(), s.tenant, detection, time.Unix(0, 0), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// findings that stand, by detection, a line each.
func (s *service) findings() map[string][]string {
	s.t.Helper()
	all := map[string][]string{}
	for _, d := range s.ids() {
		for _, a := range s.anchored(d) {
			cut := "whole"
			if a.EventCount > uint64(len(a.EventIDs)) {
				cut = "cut"
			}
			if !a.Retracted {
				all[d] = append(all[d], fmt.Sprint(a.Subject, " ", a.Key, " ", cut, " ", a.Anchor, a.Start, a.End, a.EventCount, a.EventIDs, a.Severity, a.Title, a.Evidence, a.SuppressedBy))
			}
		}
		slices.Sort(all[d])
	}
	return all
}

func (s *service) ids() []string {
	var ids []string
	for i := range s.looked {
		ids = append(ids, s.looked[i].ID)
	}
	for _, p := range s.book.Policies() {
		ids = append(ids, p.DetectionID())
	}
	return ids
}

// retracted is how many alerts of policies were taken back.
func (s *service) retracted() (n int) {
	s.t.Helper()
	for _, d := range s.ids() {
		if strings.HasPrefix(d, policy.DetectionPrefix) {
			for _, a := range s.anchored(d) {
				if a.Retracted {
					n++
				}
			}
		}
	}
	return n
}
