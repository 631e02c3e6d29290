package clickhouse_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestSubjectsOfSpans compares one question about many spans, years apart, with what each event says by itself.
func TestSubjectsOfSpans(t *testing.T) {
	db := testkit.Database(t)
	r := rand.New(rand.NewPCG(7, 15))
	name := func(what string, n int) string {
		if n = r.IntN(n + 1); n == 0 {
			return ""
		}
		return fmt.Sprint(what, n)
	}
	at := func() time.Time {
		return time.Date(2024, time.December, 30, 0, 0, 0, 0, time.UTC).AddDate(r.IntN(2), r.IntN(3), r.IntN(3)).Add(time.Duration(r.IntN(24)) * time.Hour)
	}
	var events []event.Event
	for i := range 600 {
		e := sample(fmt.Sprint("id-", i), uint64(i+1))
		e.Time, e.UserID, e.AffectedUserID, e.ReferencedUserID = at(), name("u", 6), name("u", 6), name("u", 6)
		e.IPAddress, e.IntegrationKey, e.EnvelopeID = name("192.0.2.", 5), name("k", 3), name("env", 9)
		events = append(events, e)
	}
	if err := db.AppendEvents(t.Context(), "t", events); err != nil {
		t.Fatal(err)
	}
	types := []string{"user", "address", "envelope"}
	for n := range 30 {
		var about []clickhouse.Span
		for range 1 + r.IntN(4) {
			first := at()
			s := clickhouse.Span{First: first, Last: first.Add(time.Duration(r.IntN(60)) * time.Hour)}
			switch kind := r.IntN(7); {
			case kind < 3:
				s.Subject = clickhouse.Subject{Type: "user", ID: fmt.Sprint("u", 1+r.IntN(7))}
			case kind < 5:
				s.Subject = clickhouse.Subject{Type: "address", ID: fmt.Sprint("192.0.2.", 1+r.IntN(6))}
			case kind < 6:
				s.Subject = clickhouse.Subject{Type: "integration", ID: fmt.Sprint("k", 1+r.IntN(4))}
			}
			about = append(about, s)
		}
		got, err := db.SubjectsOfSpans(t.Context(), "default", types, about)
		if err != nil {
			t.Fatal(err)
		}
		known := map[clickhouse.Subject]clickhouse.Span{}
		for i := range events {
			e := &events[i]
			if !slices.ContainsFunc(about, func(s clickhouse.Span) bool {
				theirs := s.Type == "" || s.Type == "user" && (s.ID == e.UserID || s.ID == e.AffectedUserID || s.ID == e.ReferencedUserID) || s.Type == "address" && s.ID == e.IPAddress || s.Type == "integration" && s.ID == e.IntegrationKey
				return theirs && !e.Time.Before(s.First) && !e.Time.After(s.Last)
			}) {
				continue
			}
			for _, s := range []clickhouse.Subject{{Type: "user", ID: e.UserID}, {Type: "address", ID: e.IPAddress}, {Type: "envelope", ID: e.EnvelopeID}} {
				was, ok := known[s]
				if s.ID == "" {
					continue
				}
				if !ok || e.Time.Before(was.First) {
					was.First = e.Time
				}
				if !ok || e.Time.After(was.Last) {
					was.Last = e.Time
				}
				was.Subject = s
				known[s] = was
			}
		}
		var want []clickhouse.Span
		for _, s := range known {
			want = append(want, s)
		}
		for _, all := range [][]clickhouse.Span{got, want} {
			slices.SortFunc(all, func(a, b clickhouse.Span) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("question %d about %v (-each event by itself +one question):\n%s", n, about, diff)
		}
	}
}
