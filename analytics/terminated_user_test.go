package analytics_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
)

// TestTerminatedUserAnyOrder plays activity and news of the directory in random orders, mixed, with restarts, and with mistakes
// that are taken back, and compares with all of the directory first. What the view takes for activity of leavers is compared with the Resolver.
func TestTerminatedUserAnyOrder(t *testing.T) {
	for seed := range 2 {
		t.Run(fmt.Sprint("seed-", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed)+1, 23))
			people, events := comingsAndGoings(r)
			whole := newWorld(t, "terminated_user", nil)
			whole.meet(people)
			whole.add(events...)
			whole.drain()
			want := whole.standing()
			if len(want) < 10 {
				t.Fatalf("%d findings: it tests little", len(want))
			}
			compareWithResolver(t, whole, events)

			other := newWorld(t, "terminated_user", nil)
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			r.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
			mistakes := mistakesOf(people)
			other.meet(mistakes)
			for len(events)+len(people) > 0 {
				if n := min(len(people), 1+r.IntN(9)); n > 0 && r.IntN(3) == 0 || len(events) == 0 {
					other.meet(people[:n])
					people = people[n:]
				} else {
					n := min(len(events), 1+r.IntN(60))
					other.add(events[:n]...)
					events = events[n:]
				}
				if r.IntN(3) > 0 {
					other.drain()
				}
				if r.IntN(6) == 0 {
					other.restart()
				}
			}
			other.drain()
			for i, m := range mistakes {
				mistakes[i] = personCase{Source: m.Source, ID: m.ID, From: m.From, Status: "active", Removed: true}
			}
			other.meet(mistakes)
			other.drain()
			if diff := gocmp.Diff(want, other.standing()); diff != "" {
				t.Fatalf("another order gives other alerts (-at once +shuffled):\n%s", diff)
			}
			checkLog(t, other)
		})
	}
}

// compareWithResolver: an event is part of a finding, suppressed ones included, exactly when the directory as the Resolver
// reads it calls the user gone in some source.
func compareWithResolver(t *testing.T, w *world, events []event.Event) {
	t.Helper()
	questions := make([]directory.Question, len(events))
	for i, e := range events {
		questions[i] = directory.Question{SubjectID: e.UserID, Email: e.UserEmail, At: e.Time}
	}
	answers, err := w.db.DirectoryAt(t.Context(), w.tenant, questions)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, a := range w.standing() {
		for _, id := range a.EventIDs {
			found[id] = true
		}
	}
	for i, a := range answers {
		gone := slices.ContainsFunc(append([]directory.Answer{a}, a.Others...), func(a directory.Answer) bool { return a.Known() && a.Status != directory.StatusActive })
		if gone != found[events[i].ID] {
			t.Errorf("%s of %s %q at %s: the view takes it for activity of a leaver: %v; the Resolver: %+v", events[i].ID, events[i].UserID, events[i].UserEmail, events[i].Time, found[events[i].ID], a)
		}
	}
}

// comingsAndGoings are people of three sources who share few addresses and DocuSign users, and activity of these users.
func comingsAndGoings(r *rand.Rand) ([]personCase, []event.Event) {
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	some := func(of ...string) []string {
		var out []string
		for _, v := range of {
			if r.IntN(4) == 0 {
				out = append(out, v)
			}
		}
		return out
	}
	var people []personCase
	for _, source := range []string{"entra", "hr", "docusign"} {
		for n := range 4 {
			id := fmt.Sprint(source[:1], n)
			for i := range 1 + r.IntN(4) {
				p := personCase{Source: source, ID: id, Status: pick("active", "active", "deleted", "disabled", "on_leave"), Kind: pick("person", "person", "person", "guest", "shared_mailbox"),
					Emails: some("a@x.y", "b@x.y", "c@x.y", "d@x.y"), Groups: some("g1", "g2")}
				if r.IntN(3) == 0 || source == "docusign" {
					p.UserIDs = []string{fmt.Sprint("user-", n)}
				}
				if i > 0 {
					p.From = start.Add(time.Duration(r.IntN(20*4)) * 6 * time.Hour).Format(time.RFC3339)
				}
				if slices.ContainsFunc(people, func(q personCase) bool { return q.Source == p.Source && q.ID == p.ID && q.From == p.From }) {
					continue // of two that say different things the later one counts: that is an order
				}
				people = append(people, p)
			}
		}
	}
	var events []event.Event
	for i := range 120 {
		// coarse times, so that ties with states are common
		at := start.Add(time.Duration(r.IntN(20*8)) * 3 * time.Hour)
		events = append(events, event.Event{Tenant: "default", Source: "test", ID: fmt.Sprintf("e%03d", i), Time: at, Arrival: at, UserID: fmt.Sprint("user-", r.IntN(5)),
			UserEmail: pick("", "", "a@x.y", "b@x.y", "c@x.y", "d@x.y"), Activity: pick("logon", "download", "failed_logon", "view", "logoff", "send"), IPAddress: fmt.Sprint("192.0.2.", r.IntN(3)),
			IntegrationKey: pick("", "", "", "key-1"), Data: "{}", Raw: "{}"})
	}
	return people, events
}

// mistakesOf let everybody leave at a time at which nothing is said of anybody.
func mistakesOf(people []personCase) []personCase {
	var all []personCase
	for _, p := range people {
		m := personCase{Source: p.Source, ID: p.ID, From: "2026-05-04T01:30:00Z", Status: "deleted", Emails: p.Emails, UserIDs: p.UserIDs}
		if !slices.ContainsFunc(all, func(q personCase) bool { return q.Source == m.Source && q.ID == m.ID }) {
			all = append(all, m)
		}
	}
	return all
}
