package policies_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// reached are the alerts that stand about limits, with their states.
func (s *service) reached() (titles []string) {
	s.t.Helper()
	all, err := s.db.AlertsAnchored(s.t.Context(), s.tenant, analytics.LimitReached, time.Unix(0, 0), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range all {
		if a := &all[i]; !a.Retracted {
			titles = append(titles, a.Severity+" "+a.State()+" "+a.Title)
		}
	}
	slices.Sort(titles)
	return titles
}

// TestLimitReached: one alert tells of each policy and day that was over its limit, whatever came in which order, and no limit keeps it back.
func TestLimitReached(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 7))
	day := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)
	var want []string
	for n := range 3 {
		s := newService(t, fmt.Sprint("reached ", n))
		p := single("wide", "download")
		p.Name, p.Severity, p.MaxAlertsPerDay, p.EffectiveFrom = "Wide", "high", 1, day.AddDate(0, 0, -5)
		if _, err := s.book.Create(t.Context(), p, "ann"); err != nil {
			t.Fatal(err)
		}
		var events []event.Event
		for i := range 25 {
			events = append(events, download(fmt.Sprint("a", i), fmt.Sprint("u", i%5), day.Add(time.Duration(i)*time.Minute)))
		}
		for i := range 3 {
			events = append(events, download(fmt.Sprint("b", i), "u", day.AddDate(0, 0, -1).Add(time.Duration(i)*time.Hour)))
		}
		events = append(events, download("c", "u", day.AddDate(0, 0, -2)))
		if n > 0 {
			random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
		for part := range slices.Chunk(events, []int{len(events), 5, 9}[n]) {
			s.add(part...)
			if n == 2 {
				s.restart()
			}
		}
		got := s.reached()
		if n == 0 {
			want = []string{"high new The policy Wide reached its limit of 1 alert on 2026-05-04 and keeps counting: 2 more", "high new The policy Wide reached its limit of 1 alert on 2026-05-05 and keeps counting: at least 20 more"}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("order %d: %q", n, got)
		}
		all, err := s.db.AlertsAnchored(t.Context(), s.tenant, analytics.LimitReached, day, day.Add(time.Hour))
		if err != nil || len(all) != 1 {
			t.Fatal(err, len(all))
		}
		if a := all[0]; a.Subject != (alert.Subject{Type: "policy", ID: "wide", DisplayName: "Wide"}) || !strings.Contains(a.Evidence, `"firstBeyond":"2026-05-05T00:01:00Z"`) || !a.Start.Equal(day.Add(time.Minute)) {
			t.Errorf("%+v", a)
		}
		if guide := analytics.Guide(nil, nil, nil)(&all[0]); !strings.Contains(guide.Rerun, "detection = 'policy_wide'") || len(guide.Response) == 0 {
			t.Errorf("%+v", guide)
		}
		days, err := s.book.Days(t.Context())
		if err != nil || len(days["wide"]) != 3 || days["wide"][2].Alerts != 1 || days["wide"][2].OverLimit != 24 {
			t.Errorf("%+v, %v", days, err)
		}
		if n > 0 {
			continue
		}

		// whoever raised it is put aside: the day is within its limit again; judged with a higher limit, the other day is, too
		first := s.idOf("policy_wide", "b0")
		if _, err := s.runner.CreateException(t.Context(), alert.ExceptionRequest{AlertID: first, Attributes: []string{"subject"}, Expires: s.now.AddDate(0, 0, 9), Classification: "benign_positive", Reason: "a test", Author: "cleo"}); err != nil {
			t.Fatal(err)
		}
		s.drain()
		if got := s.reached(); !slices.Equal(got, want[1:]) {
			t.Errorf("after the exception: %q", got)
		}
		s.restart()
		s.add(download("late", "v", day.Add(2*time.Hour)), download("late2", "w", day.AddDate(0, 0, -1)), download("late3", "x", day.AddDate(0, 0, -1)))
		if got := s.reached(); len(got) != 2 || !strings.HasSuffix(got[0], "1 more") || got[1] != want[1] {
			t.Errorf("after late events: %q", got)
		}
	}
}

// idOf is the id of the alert of a detection with a key.
func (s *service) idOf(detection, key string) string {
	s.t.Helper()
	all, err := s.db.AlertsAnchored(s.t.Context(), s.tenant, detection, time.Unix(0, 0), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	at := slices.IndexFunc(all, func(a alert.Alert) bool { return a.Key == key })
	if err != nil || at < 0 {
		s.t.Fatal(key, err)
	}
	return all[at].ID
}
