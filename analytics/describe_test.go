package analytics_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/timeline"
)

// journey is a user at home for some days and then in two places at once, with what followed.
func journey(t *testing.T) (before, after []eventCase) {
	t.Helper()
	home := eventCase{User: "ann", Email: "ann@example.com", City: "Amsterdam", Country: "Netherlands", Lat: 52.37, Lon: 4.9, IP: "192.0.2.10", ASN: 64500, Network: "Home Net", Browser: "Chrome 126", OS: "Windows 10"}
	for d := range 5 {
		e := home
		e.ID, e.At = fmt.Sprint("day", d), fmt.Sprintf("2026-05-0%dT09:00:00Z", d+1)
		before = append(before, e)
		e.ID, e.User, e.Email = fmt.Sprint("other", d), "bob", "bob@example.com"
		before = append(before, e)
	}
	away := eventCase{ID: "away", At: "2026-05-06T09:40:00Z", User: "ann", Email: "ann@example.com", City: "New York", Country: "United States", Lat: 40.71, Lon: -74.01, IP: "198.51.100.7", ASN: 64999, Network: "Elsewhere", Browser: "Firefox 120", OS: "Linux"}
	home.ID, home.At, home.Browser = "home", "2026-05-06T09:00:00Z", "Chrome 127"
	before = append(before, home, away)
	for k := range 3 {
		e := away
		e.ID, e.At, e.Activity = fmt.Sprint("take", k), fmt.Sprintf("2026-05-06T10:1%d:00Z", k), "download"
		after = append(after, e)
	}
	away.ID, away.At, away.Activity = "later", "2026-05-06T13:00:00Z", "download"
	return before, append(after, away)
}

// travelAlert is the one raised alert of the world.
func travelAlert(t *testing.T, w *world) alert.Alert {
	t.Helper()
	all, _, err := w.db.ListAlerts(t.Context(), w.tenant, alert.Filter{}, alert.Order{}, 0, alert.Cursor{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Context == nil {
		t.Fatalf("alerts: %+v", all)
	}
	return all[0]
}

// TestFailuresMakeNothingKnown: whoever guesses for three days is as new on the fourth.
func TestFailuresMakeNothingKnown(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	events, _ := journey(t)
	for d := range 3 {
		events = append(events, eventCase{ID: fmt.Sprint("guess", d), At: fmt.Sprintf("2026-05-0%dT10:00:00Z", d+1), User: "ann", Activity: "failed_logon", Result: "Failed",
			IP: "198.51.100.7", ASN: 64999, Network: "Elsewhere", Browser: "Firefox 120", OS: "Linux"})
	}
	var c testCase
	w.add(c.build(t, events)...)
	w.drain()
	checked := 0
	for _, trait := range travelAlert(t, w).Context.Traits {
		if trait.Value == "198.51.100.7" || trait.Value == "64999" || trait.Value == "Firefox 120 on Linux" {
			if checked++; !trait.New || trait.Days != 0 || trait.FamilyDays != 0 {
				t.Errorf("known by failures: %+v", trait)
			}
		}
	}
	traits, err := w.db.TimelineTraits(t.Context(), w.tenant, []string{"ann"}, time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 7, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, trait := range traits {
		if trait.Value == "198.51.100.7" {
			if checked++; !trait.New {
				t.Errorf("known by failures to the timeline: %+v", trait)
			}
		}
		if trait.Value == "192.0.2.10" {
			if checked++; trait.New {
				t.Errorf("new although it is known: %+v", trait)
			}
		}
	}
	if checked != 5 {
		t.Errorf("%d of 5 traits were there", checked)
	}
}

// TestSharedWithinThirtyDays: who else has a trait counts from thirty days before the end of each finding to its end, to the second.
func TestSharedWithinThirtyDays(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	before, _ := journey(t)
	end := time.Date(2026, 5, 6, 9, 40, 0, 0, time.UTC) // of ann's; cid's is two hours later
	events := slices.DeleteFunc(before, func(e eventCase) bool { return e.User != "ann" })
	for _, e := range slices.Clone(events) {
		at, err := time.Parse(time.RFC3339, e.At)
		if err != nil {
			t.Fatal(err)
		}
		e.ID, e.User, e.Email, e.At = "cid-"+e.ID, "cid", "cid@example.com", at.Add(2*time.Hour).Format(time.RFC3339)
		events = append(events, e)
	}
	const month = 30 * 24 * time.Hour
	for user, uses := range map[string][]time.Duration{
		"at-the-end": {0}, "just-too-old": {-month}, "just-within": {-month + time.Second}, "after-one": {time.Hour},
		"around-the-month": {-month - 24*time.Hour, time.Hour}, "around-the-end": {-time.Hour, time.Hour}, "around-the-beginning": {-month - time.Hour, -month + time.Hour},
	} {
		for k, since := range uses {
			events = append(events, eventCase{ID: fmt.Sprint(user, k), At: end.Add(since).Format(time.RFC3339), User: user, Activity: "download", Browser: "Firefox 120", OS: "Linux", IP: "-"})
		}
	}
	var c testCase
	w.add(c.build(t, events)...)
	w.drain()
	all, _, err := w.db.ListAlerts(t.Context(), w.tenant, alert.Filter{}, alert.Order{}, 0, alert.Cursor{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]uint64)
	for _, a := range all {
		for _, trait := range a.Context.Traits {
			if trait.Value == "Firefox 120 on Linux" {
				got[a.Subject.ID] = trait.OtherUsers
			}
		}
	}
	// ann: at the end, just within, around the end, around the beginning. cid: at the end, after one, around the month, around the end, ann.
	if d := gocmp.Diff(map[string]uint64{"ann": 4, "cid": 5}, got); d != "" {
		t.Error(d)
	}
}

func TestAnAlertIsDescribed(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	before, after := journey(t)
	var c testCase
	w.add(c.build(t, before)...)
	w.drain()
	first := travelAlert(t, w)
	if first.Context.AfterComplete || len(first.Context.After) > 0 || first.Context.Directory != nil {
		t.Errorf("before anything followed: %+v", first.Context)
	}
	trait := func(kind, value string) alert.Trait {
		i := slices.IndexFunc(first.Context.Traits, func(t alert.Trait) bool { return t.Kind == kind && t.Value == value })
		if i < 0 {
			t.Fatalf("no %s %s in %+v", kind, value, first.Context.Traits)
		}
		return first.Context.Traits[i]
	}
	if d := gocmp.Diff(alert.Trait{Kind: "address", Value: "198.51.100.7", Label: "Elsewhere", Events: 1, New: true}, trait("address", "198.51.100.7")); d != "" {
		t.Error(d)
	}
	if d := gocmp.Diff(alert.Trait{Kind: "network", Value: "64500", Label: "Home Net", Events: 1, FirstSeen: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), Days: 5, OtherUsers: 1}, trait("network", "64500")); d != "" {
		t.Error(d)
	}
	if got := trait("device", "Firefox 120 on Linux"); !got.New || got.OtherUsers != 0 || got.Family != "Firefox on Linux" || got.FamilyDays != 0 {
		t.Errorf("device: %+v", got)
	}
	// an update: the version is new, and what counts is not
	if got := trait("device", "Chrome 127 on Windows 10"); !got.New || got.Days != 0 || got.Family != "Chrome on Windows" || got.FamilyDays != 5 {
		t.Errorf("device after an update: %+v", got)
	}
	if got, want := first.Context.LastArrival, time.Date(2026, 5, 6, 9, 40, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("last arrival %v, expected %v", got, want)
	}

	w.add(c.build(t, after)...)
	w.drain()
	then := travelAlert(t, w)
	if d := gocmp.Diff([]alert.Deed{{Activity: "download", Count: 3, EventIDs: []string{"take0", "take1", "take2"}}}, then.Context.After); d != "" || !then.Context.AfterComplete {
		t.Errorf("the hour after, complete %v: %s", then.Context.AfterComplete, d)
	}
	if then.Sequence == first.Sequence || !then.Created.Equal(first.Created) {
		t.Errorf("the alert did not get another version: %d, %d", first.Sequence, then.Sequence)
	}

	head := w.log.Head()
	w.restart()
	w.drain()
	if w.log.Head() != head {
		t.Error("a restart describes alerts again that nothing happened to")
	}

	err := w.db.AddPeople(t.Context(), []directory.State{{Tenant: w.tenant, Source: "entra", DirectoryID: "d1", Status: directory.StatusActive, Kind: "person", DisplayName: "Ann", Emails: []string{"ann@example.com"}, Groups: []string{"Finance"}, Role: "DocuSign administrator"}})
	if err != nil {
		t.Fatal(err)
	}
	ann := clickhouse.Recheck{Subject: clickhouse.Subject{Type: "user", ID: "ann"}, First: first.Start, Last: first.End, Reason: analytics.ReasonDirectory}
	if err := w.runner.Recheck(t.Context(), []clickhouse.Recheck{ann}); err != nil {
		t.Fatal(err)
	}
	w.drain()
	want := &alert.Person{Source: "entra", ID: "d1", Name: "Ann", Email: "ann@example.com", Status: "active", Kind: "person", Role: "DocuSign administrator", Groups: []string{"Finance"}}
	if d := gocmp.Diff(want, travelAlert(t, w).Context.Directory); d != "" {
		t.Errorf("news of the directory do not reach the alert: %s", d)
	}
}

// TestAnAlertNamesPeople: of somebody whom the events name by an id alone, the title has the name from when the directory knows it on, and the alert is
// found by it. The finding does not change.
func TestAnAlertNamesPeople(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	before, _ := journey(t)
	var c testCase
	for i := range before {
		before[i].Email = ""
	}
	w.add(c.build(t, before)...)
	w.drain()
	first := travelAlert(t, w)
	if got, want := first.ToldTitle(), "User ann was in Amsterdam and 40 minutes later in New York, 5863 km away"; got != want {
		t.Fatalf("title %q, expected %q", got, want)
	}
	err := w.db.AddPeople(t.Context(), []directory.State{{Tenant: w.tenant, Source: "hr", DirectoryID: "7", Status: directory.StatusActive, Kind: "person", DisplayName: "Ann Arbor", DocuSignUserIDs: []string{"ann"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.runner.Recheck(t.Context(), []clickhouse.Recheck{{Subject: clickhouse.Subject{Type: "user", ID: "ann"}, First: first.Start, Last: first.End, Reason: analytics.ReasonDirectory}}); err != nil {
		t.Fatal(err)
	}
	w.drain()
	then := travelAlert(t, w)
	if got, want := then.ToldTitle(), "Ann Arbor was in Amsterdam and 40 minutes later in New York, 5863 km away"; got != want || then.Title != first.Title {
		t.Errorf("title %q of %q, expected %q", got, then.Title, want)
	}
	for _, f := range []alert.Filter{{Users: []string{"ann arbor"}}, {Text: "Ann Arbor was"}, {Text: "User ann was"}} {
		if found, _, err := w.db.ListAlerts(t.Context(), w.tenant, f, alert.Order{}, 0, alert.Cursor{}, 10); err != nil || len(found) != 1 || !f.Match(&found[0]) {
			t.Errorf("%+v finds %d: %v", f, len(found), err)
		}
	}
	timelines := analytics.NewTimelines(w.tenant, w.db)
	found, err := timelines.Timeline(t.Context(), timeline.Query{User: "ann  ARBOR", From: first.Start.Add(-time.Hour), To: first.End.Add(time.Hour), Limit: 10})
	if err != nil || !slices.Equal(found.Who.IDs, []string{"ann"}) || found.Who.Name != "Ann Arbor" || len(found.Entries) != 3 {
		t.Errorf("timeline %+v: %v", found, err)
	}
	var namesake testCase
	other := namesake.build(t, []eventCase{{ID: "namesake", At: "2026-05-06T09:10:00Z", User: "ann-2", IP: "192.0.2.77"}})
	other[0].UserName = "Ann Arbor"
	w.add(other...)
	w.drain()
	if _, err := timelines.Timeline(t.Context(), timeline.Query{User: "Ann Arbor", From: first.Start.Add(-time.Hour), To: first.End.Add(time.Hour), Limit: 10}); !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "2 users have the name") {
		t.Errorf("two of one name: %v", err)
	}
	if _, err := timelines.Timeline(t.Context(), timeline.Query{User: "Nobody Here", From: first.Start.Add(-time.Hour), To: first.End.Add(time.Hour), Limit: 10}); !fault.Is(err, fault.NotFound) {
		t.Errorf("somebody whom nobody knows: %v", err)
	}
}

// TestGapsAreTold has somebody at work every hour of four weeks, and nobody in two hours before the alert.
func TestGapsAreTold(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	before, _ := journey(t)
	from := time.Date(2026, 4, 8, 0, 0, 0, 0, time.UTC)
	for h := from; h.Before(time.Date(2026, 5, 6, 10, 0, 0, 0, time.UTC)); h = h.Add(time.Hour) {
		if h.Day() == 6 && h.Month() == 5 && (h.Hour() == 4 || h.Hour() == 5) {
			continue
		}
		before = append(before, eventCase{ID: "tick" + h.Format("0102-15"), At: h.Add(time.Minute).Format(time.RFC3339), User: "clock", Place: "server"})
	}
	var c testCase
	w.add(c.build(t, before)...)
	w.drain()
	a := travelAlert(t, w)
	four := time.Date(2026, 5, 6, 4, 0, 0, 0, time.UTC)
	if d := gocmp.Diff([]alert.Gap{{From: four, To: four.Add(2 * time.Hour)}}, a.Context.Gaps); d != "" {
		t.Error(d)
	}
}

// TestSuppressedFindingsAreNotDescribed keeps the cost with what people read.
func TestSuppressedFindingsAreNotDescribed(t *testing.T) {
	w := newWorld(t, "impossible_travel", nil)
	c := readCase(t, "detections/impossible_travel/tests/familiar_places.yaml")
	w.add(c.build(t, c.Events)...)
	w.drain()
	all := w.standing()
	if len(all) == 0 {
		t.Fatal("no finding")
	}
	for _, a := range all {
		if len(a.SuppressedBy) > 0 != (a.Context == nil) {
			t.Errorf("suppressed by %q, context %+v", strings.Join(a.SuppressedBy, ","), a.Context)
		}
	}
}
