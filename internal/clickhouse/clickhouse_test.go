package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var base = time.Date(2026, 3, 1, 12, 0, 0, 123456700, time.UTC)

func sample(id string, sequence uint64) event.Event {
	yes := true
	return event.Event{
		Tenant: "default", Source: "import", Trust: 50, ID: id, Sequence: sequence, Time: base.Add(time.Duration(sequence) * time.Minute), Arrival: base.Add(time.Hour).Truncate(time.Millisecond),
		ContentHash: 1000 + sequence, Site: "DEMO", AccountID: "a", UserID: "u1", UserName: "Ann O'Neil", UserEmail: "ann@example.com", IntegrationKey: "k", AffectedUserID: "u2",
		ReferencedUserID: "u3", Object: "User", Action: "Login", Result: "Success", Channel: "Web", Activity: "logon", Administrative: true,
		IPAddress: "192.0.2.1", IP: netip.MustParseAddr("192.0.2.1"), ASN: 64500, ASOrganization: "Example",
		Place:     event.Place{Kind: event.PlaceUser, Country: "NL", CountryName: "Netherlands", Region: "North Holland", City: "Amsterdam", Latitude: 52.37, Longitude: 4.9, AccuracyKM: 20, LocatedBy: "record", NetworkBy: "asn 2026-05-01"},
		UserAgent: "Mozilla/5.0 ('\\\n\t\x00 ☃)", Browser: "Chrome 126", OS: "Windows 10", DeviceType: "desktop", UserInDomain: &yes,
		EnvelopeID: "e", AlertEventIDs: []string{"x", "y"}, AlertSeverity: "High", Data: `{"a":1}`, Raw: `{"eventId":"` + id + `"}`,
	}
}

func TestEventsRoundTrip(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	a, b := sample("id-1", 1), sample("id-2", 2)
	b.IP, b.IPAddress, b.UserInDomain, b.AlertEventIDs = netip.Addr{}, "", nil, nil
	for range 3 { // the same batch again, as after a lost answer
		if err := db.AppendEvents(ctx, "token-1", []event.Event{a, b}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.ListEvents(ctx, "default", event.Filter{}, event.Cursor{}, 10, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != "id-2" || got[1].ID != "id-1" {
		t.Fatalf("got %d events %v", len(got), got)
	}
	// not read back: they serve the database only
	a.Trust, a.ContentHash, a.IP, a.UserInDomain = 0, 0, netip.Addr{}, nil
	if d := cmp.Diff(a, got[1], cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); d != "" {
		t.Errorf("event differs (-want +got):\n%s", d)
	}
	one, err := db.GetEvent(ctx, "default", "id-2")
	if err != nil || one.ID != "id-2" {
		t.Errorf("get: %v %v", one.ID, err)
	}
	if _, err := db.GetEvent(ctx, "other", "id-2"); !fault.Is(err, fault.NotFound) {
		t.Errorf("another tenant's event: %v, expected not found", err)
	}
	if last, err := db.LastEventSequence(ctx); err != nil || last != 2 {
		t.Errorf("last sequence %d %v", last, err)
	}
	if w, err := db.Watermark(ctx, "other", base); err != nil || !w.IsZero() {
		t.Errorf("watermark before the first event: %v %v", w, err)
	}
	ahead := sample("id-3", 3)
	ahead.Time = ahead.Arrival.Add(event.HoldAhead + time.Second)
	if err := db.AppendEvents(ctx, "token-2", []event.Event{ahead}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		clock     time.Time
		held      uint64
		watermark time.Time
	}{{ahead.Arrival, 1, b.Time}, {ahead.Time.Add(-time.Second), 1, b.Time}, {ahead.Time, 0, ahead.Time}} {
		totals, err := db.EventTotals(ctx, tt.clock)
		if err != nil || totals.Stored != 3 || totals.Held != tt.held {
			t.Errorf("at %s: totals %+v %v", tt.clock, totals, err)
		}
		if w, err := db.Watermark(ctx, "default", tt.clock); err != nil || !w.Equal(tt.watermark) {
			t.Errorf("at %s: watermark %v %v, expected %v", tt.clock, w, err, tt.watermark)
		}
	}
}

func TestListEventsFiltersAndPages(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	var all []event.Event
	for i := range 25 {
		e := sample(fmt.Sprintf("id-%02d", i), uint64(i+1))
		e.Time = base.Add(time.Duration(i/5) * time.Minute) // five at a time, so that pages have to break ties by id
		if i%2 == 0 {
			e.UserID, e.IP = "u2", netip.MustParseAddr("2001:db8::1")
		}
		all = append(all, e)
	}
	if err := db.AppendEvents(ctx, "t", all); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var after event.Cursor
	for {
		page, err := db.ListEvents(ctx, "default", event.Filter{}, after, 7, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if seen[e.ID] || e.Raw != "" {
				t.Fatalf("event %s twice, or with its raw record", e.ID)
			}
			seen[e.ID] = true
		}
		after = event.Cursor{Time: page[len(page)-1].Time, ID: page[len(page)-1].ID}
	}
	if len(seen) != 25 {
		t.Errorf("pages held %d events, expected 25", len(seen))
	}
	for name, f := range map[string]event.Filter{
		"user":    {UserIDs: []string{"u2"}},
		"address": {IPAddresses: []string{"2001:db8::1"}},
	} {
		if got, err := db.ListEvents(ctx, "default", f, event.Cursor{}, 100, false); err != nil || len(got) != 13 {
			t.Errorf("filter by %s: %d events, %v; expected 13", name, len(got), err)
		}
	}
	if got, err := db.ListEvents(ctx, "default", event.Filter{UserIDs: []string{"') OR 1=1 --"}}, event.Cursor{}, 100, false); err != nil || len(got) != 0 {
		t.Errorf("hostile filter: %d events, %v", len(got), err)
	}
}

func TestConflictsStandByTrustThenHash(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	first := sample("id-1", 1)
	if err := db.AppendEvents(ctx, "t1", []event.Event{first, sample("id-2", 2)}); err != nil {
		t.Fatal(err)
	}
	winner := first
	winner.ContentHash, winner.Sequence, winner.Action, winner.UserID = 7, 3, "Other", "u9"
	for range 2 {
		if err := db.ReplaceEvents(ctx, "t2", []event.Event{winner}); err != nil {
			t.Fatal(err)
		}
	}
	known, err := db.KnownEvents(ctx, "default", []string{"id-1", "id-2", "id-3"})
	if err != nil || len(known) != 2 || known["id-1"].ContentHash != 7 || known["id-2"].ContentHash != 1002 {
		t.Errorf("known %v %v", known, err)
	}
	totals, err := db.EventTotals(ctx, latest)
	if err != nil || totals.Stored != 2 || totals.Conflicts != 1 {
		t.Errorf("totals %+v %v", totals, err)
	}
	trusted := winner // the same content from a source that is trusted more
	trusted.Trust, trusted.Sequence = 60, 4
	if err := db.ReplaceEvents(ctx, "t4", []event.Event{trusted}); err != nil {
		t.Fatal(err)
	}
	if totals, err := db.EventTotals(ctx, latest); err != nil || totals.Stored != 2 || totals.Conflicts != 1 {
		t.Errorf("totals after the same content came again: %+v %v", totals, err)
	}
	// what the projection counts, too
	if n, err := clickhouse.CountByProjection(ctx, db, "id-1"); err != nil || n != 1 {
		t.Errorf("the projection counts %d, %v; expected 1", n, err)
	}
	// as if the process had ended between the winner's insert and the loser's removal
	loser := first
	loser.Sequence = 5
	if err := db.AppendEvents(ctx, "t3", []event.Event{loser}); err != nil {
		t.Fatal(err)
	}
	settled, err := db.Settle(ctx)
	if err != nil || settled != 1 {
		t.Errorf("settled %d %v", settled, err)
	}
	if e, err := db.GetEvent(ctx, "default", "id-1"); err != nil || e.Sequence != 4 {
		t.Errorf("standing after settling: sequence %d, %v; expected the more trusted one", e.Sequence, err)
	}
}

var latest = time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)

func TestAlertsCheckpointsAndDeadLetters(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	c := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: "0123456789abcdef0123456789abcdef", Sequence: 1, Actor: "analysis", Created: base.Truncate(time.Millisecond), Updated: base.Truncate(time.Millisecond),
		Finding: alert.Finding{Tenant: "default", Detection: "d", Subject: alert.Subject{Type: "user", ID: "u1", Email: "e", DisplayName: "n"}, Key: "k", Anchor: base, Start: base, End: base.Add(time.Hour),
			EventIDs: []string{"a"}, EventCount: 1, Score: 1.5, Severity: "high", Title: "t", Evidence: `{"x":1}`, SuppressedBy: []string{}},
		Triage: alert.Triage{State: alert.StateNew, Comments: []alert.Comment{}}}}
	update := c
	update.Kind, update.Sequence, update.Severity, update.Updated = alert.ChangeUpdated, 2, "low", c.Updated.Add(time.Minute)
	update.Follow(&c.Alert)
	update.Triage = alert.Triage{State: alert.StateInProgress, Assignee: "bo", Classification: "true_positive", Comments: []alert.Comment{{Author: "bo", Text: "hm", Time: base}}}
	other := c
	other.ID, other.Sequence, other.Updated, other.SuppressedBy = "1123456789abcdef0123456789abcdef", 3, c.Updated.Add(time.Hour), []string{"because"}
	if err := db.AppendChanges(ctx, "t1", []alert.Change{c, update, other}); err != nil {
		t.Fatal(err)
	}
	read, err := db.ReadChanges(ctx, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]alert.Change{c, update, other}, read); d != "" {
		t.Errorf("changes differ (-want +got):\n%s", d)
	}
	if oldest, err := db.OldestChange(ctx); err != nil || oldest != 1 {
		t.Errorf("the oldest change is %d, %v", oldest, err)
	}
	for _, v := range []struct {
		at   time.Time
		want uint64
	}{{time.Unix(0, 0), 1}, {c.Updated, 1}, {c.Updated.Add(time.Millisecond), 2}, {update.Updated, 2}, {other.Updated, 3}, {other.Updated.Add(time.Millisecond), 0}} {
		if first, err := db.FirstChangeSince(ctx, v.at); err != nil || first != v.want {
			t.Errorf("the first change since %s is %d, %v, want %d", v.at, first, err, v.want)
		}
	}
	if was, _, err := db.ListAlerts(ctx, "default", alert.Filter{}, alert.Order{}, 1, alert.Cursor{}, 10); err != nil || len(was) != 1 || was[0].Severity != "high" {
		t.Errorf("alerts as of the first change: %v, %v", was, err)
	}
	open, total, err := db.ListAlerts(ctx, "default", alert.Filter{}, alert.Order{}, 0, alert.Cursor{}, 10)
	if err != nil || total != 1 || len(open) != 1 || open[0].Triage.Assignee != "bo" || open[0].Severity != "low" {
		t.Errorf("open alerts %v of %d, %v", open, total, err)
	}
	if none, total, err := db.ListAlerts(ctx, "default", alert.Filter{MinSeverity: "medium"}, alert.Order{}, 0, alert.Cursor{}, 10); err != nil || total != 0 || len(none) != 0 {
		t.Errorf("medium alerts %v of %d, %v", none, total, err)
	}
	if hidden, _, err := db.ListAlerts(ctx, "default", alert.Filter{States: []string{alert.StateSuppressed}}, alert.Order{}, 0, alert.Cursor{}, 10); err != nil || len(hidden) != 1 || hidden[0].ID != other.ID {
		t.Errorf("suppressed alerts %v, %v", hidden, err)
	}
	if mine, err := db.AlertsOfSubjects(ctx, "default", "d", []string{"u1"}); err != nil || len(mine) != 2 {
		t.Errorf("alerts of u1: %d, %v", len(mine), err)
	}
	if a, err := db.GetAlert(ctx, "default", c.ID); err != nil || a.Sequence != 2 {
		t.Errorf("get: sequence %d, %v", a.Sequence, err)
	}

	if _, found, err := db.LoadCheckpoint(ctx, "x"); err != nil || found {
		t.Errorf("checkpoint before the first: %v %v", found, err)
	}
	for v := range uint64(3) {
		if err := db.StoreCheckpoints(ctx, fmt.Sprint("c", v), map[string]clickhouse.Checkpoint{"x": {Position: 10 - v, Cursor: fmt.Sprint("aa_", v), Line: base, Version: v + 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if p, found, err := db.LoadCheckpoint(ctx, "x"); err != nil || !found || p.Position != 8 || p.Cursor != "aa_2" || p.Version != 3 || !p.Line.Equal(base) {
		t.Errorf("checkpoint %+v %v %v", p, found, err)
	}
	sent := clickhouse.Delivery{AlertID: c.ID, Sequence: 7, Severity: "high", State: "new", EventCount: 3, End: base, Ended: true, Finding: 1 << 63}
	older := sent
	older.Sequence, older.Severity = 6, "low"
	for i, v := range []clickhouse.Delivery{sent, older} {
		if err := db.AddDeliveries(ctx, fmt.Sprint("d", i), "s", []clickhouse.Delivery{v}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := db.Deliveries(ctx, "s", []string{c.ID, "another"}); err != nil || len(got) != 1 || got[0] != sent {
		t.Errorf("deliveries %+v, %v, want %+v", got, err, sent)
	}
	old := `INSERT INTO deliveries (destination, alert_id, sequence, time) VALUES ('s', 'long ago', 3, now64(3) - INTERVAL 1096 DAY), ('s', 'not so long ago', 4, now64(3) - INTERVAL 1091 DAY)`
	if err := errors.Join(clickhouse.Exec(ctx, db, old), clickhouse.Exec(ctx, db, "OPTIMIZE TABLE deliveries FINAL")); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Deliveries(ctx, "s", []string{c.ID, "long ago", "not so long ago"}); err != nil || len(got) != 2 {
		t.Errorf("deliveries %+v, %v, want all but the one of long ago", got, err)
	}
	if err := db.AddDeliveries(ctx, "d9", "s", []clickhouse.Delivery{{AlertID: "another", Sequence: 8}}); err != nil {
		t.Fatal(err)
	}
	if err := db.ForgetDeliveries(ctx, "s", 7); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Deliveries(ctx, "s", []string{c.ID, "another"}); err != nil || len(got) != 1 || got[0] != sent {
		t.Errorf("left %+v, %v", got, err)
	}
	if at, err := db.DeliveriesSince(ctx); err != nil || at.IsZero() || at.After(time.Now()) {
		t.Errorf("recorded since %v, %v", at, err)
	}
	if got, err := db.Deliveries(ctx, "t", []string{c.ID}); err != nil || len(got) != 0 {
		t.Errorf("deliveries of another destination %+v, %v", got, err)
	}
	all, err := db.ReadChanges(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var want []uint64
	for _, v := range all {
		if alert.SeverityRank(v.Severity) >= alert.SeverityRank(alert.SeverityHigh) {
			want = append(want, v.Sequence)
		}
	}
	severe, err := db.SevereChanges(ctx, 0, 100, 100)
	if err != nil || len(severe) != len(want) || len(want) == 0 || severe[0].Sequence != want[0] {
		t.Errorf("severe changes %d, %v, want %v of %d", len(severe), err, want, len(all))
	}
	if none, err := db.SevereChanges(ctx, want[len(want)-1], 100, 100); err != nil || len(none) != 0 {
		t.Errorf("severe changes after the last: %d, %v", len(none), err)
	}
	newest, err := db.NewestChanges(ctx, all[0].Tenant, []string{all[0].ID, "none"}, all[0].Sequence)
	if err != nil || len(newest) != 1 || newest[0].Sequence != all[0].Sequence {
		t.Errorf("newest version up to %d: %+v %v", all[0].Sequence, newest, err)
	}
	testDeadLetters(t, db, base)
}

func TestMigrateFromEveryPastState(t *testing.T) {
	all, err := clickhouse.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	var want string
	for past := len(all); past >= 0; past-- {
		db := testkit.EmptyDatabase(t)
		if n, err := clickhouse.MigrateTo(t.Context(), db, past); err != nil || n != past {
			t.Fatalf("to state %d: %d steps, %v", past, n, err)
		}
		if n, err := db.Migrate(t.Context()); err != nil || n != len(all)-past {
			t.Fatalf("from state %d: %d steps, %v", past, n, err)
		}
		if n, err := db.Migrate(t.Context()); err != nil || n != 0 {
			t.Fatalf("from state %d, again: %d steps, %v", past, n, err)
		}
		schema, err := clickhouse.DescribeSchema(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = schema
		} else if d := cmp.Diff(want, schema); d != "" {
			t.Errorf("from state %d the schema differs:\n%s", past, d)
		}
	}
}

func TestExpire(t *testing.T) {
	db := testkit.Database(t)
	old, young := sample("old", 1), sample("young", 2)
	old.Time = base.AddDate(0, -2, 0)
	if err := db.AppendEvents(t.Context(), "t", []event.Event{old, young}); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Expire(t.Context(), base.AddDate(0, -2, -2)); err != nil || n != 0 {
		t.Errorf("a month that has not passed: %d, %v", n, err)
	}
	if n, err := db.Expire(t.Context(), base); err != nil || n != 1 {
		t.Errorf("the month that has passed: %d, %v", n, err)
	}
	left, err := db.ListEvents(t.Context(), "default", event.Filter{}, event.Cursor{}, 10, false)
	if err != nil || len(left) != 1 || left[0].ID != "young" {
		t.Errorf("left: %v, %v", left, err)
	}
	// a sequence that expired is not given again once the analysis has been there
	if err := db.StoreCheckpoints(t.Context(), "c", map[string]clickhouse.Checkpoint{"analysis/default/x": {Position: 9, Version: 1}}); err != nil {
		t.Fatal(err)
	}
	if last, err := db.LastEventSequence(t.Context()); err != nil || last != 9 {
		t.Errorf("last sequence %d, %v; expected 9", last, err)
	}
}

func TestErrorsHideSecrets(t *testing.T) {
	for _, dsn := range []string{"clickhouse://u:hunter2@127.0.0.1:1/x?bad=%zz", "nonsense://u:hunter2@h", "clickhouse://u:hunter2@127.0.0.1:1/x?dial_timeout=hunter2"} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		_, err := clickhouse.Open(ctx, clickhouse.Options{DSN: dsn})
		cancel()
		if err == nil {
			t.Errorf("%s was accepted", dsn)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

func TestNeedlessPassesAreOff(t *testing.T) {
	left, err := clickhouse.PassesLeft(t.Context(), testkit.EmptyDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%q are on; expected none, since each makes every AND and OR of a detection dear to plan", left)
	}
}
