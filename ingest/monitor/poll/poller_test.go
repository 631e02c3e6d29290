package poll_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestBacklogThenHead: a backlog is read at full speed, through empty and repeated pages; then there is one call a minute.
func TestBacklogThenHead(t *testing.T) {
	for _, generation := range []string{poll.V2, poll.V3} {
		t.Run(generation, func(t *testing.T) {
			w := newWorld(t)
			w.generation = generation
			w.server.PageRecords = 100
			w.fill(1000, start.Add(-time.Hour))
			for range 5 { // pages without a record, and then more records
				w.server.Gap(start.Add(-time.Hour))
			}
			w.server.Add(start.Add(-30*time.Minute), docusigntest.Record("e3", start.Add(-time.Hour)), docusigntest.Record("e1000", start.Add(-3*time.Hour)))
			w.until(time.Minute, w.atEnd)
			w.whole(1001)
			if w.store.events["e3"] != 2 {
				t.Error("the repeated record did not come")
			}
			calls := w.streamCalls()
			if n := len(calls); n < 16 || n > 18 {
				t.Errorf("%d calls for 16 pages and the end", n)
			}
			if calls[0].Cursor != "2026-04-27T09:00:00Z" || calls[0].Limit != 2000 {
				t.Errorf("first call %+v, expected seven days ago", calls[0])
			}
			if took := calls[len(calls)-1].At.Sub(calls[0].At); took > 10*time.Second {
				t.Errorf("the backlog took %s", took)
			}

			before := len(calls)
			w.until(20*time.Minute, func() bool { return w.clock.Now().After(start.Add(10 * time.Minute)) })
			for i, c := range w.streamCalls()[before+1:] {
				if d := c.At.Sub(w.streamCalls()[before+i].At); d < time.Minute {
					t.Errorf("at the end of the stream there were %s between two calls", d)
				}
			}
		})
	}
}

// TestHeadWithTraffic: with a few new records every minute there is still only one call a minute.
func TestHeadWithTraffic(t *testing.T) {
	w := newWorld(t)
	n := 0
	w.until(40*time.Minute, func() bool {
		now := w.clock.Now()
		for range 3 {
			w.server.Add(now, docusigntest.Record(fmt.Sprintf("e%d", n), now.Add(-2*time.Minute)))
			n++
		}
		return now.After(start.Add(30 * time.Minute))
	})
	calls := w.streamCalls()
	for i, c := range calls[2:] {
		if d := c.At.Sub(calls[i+1].At); d < time.Minute {
			t.Errorf("call %d came %s after the one before", i+2, d)
		}
	}
	w.whole(n - 3) // the last three were added when the poller rested for the last time
	if w.watch.lost != nil {
		t.Errorf("told %v", w.watch.lost)
	}
}

// TestCursorFollowsEvents: the cursor is stored after the events of its page and of none before.
func TestCursorFollowsEvents(t *testing.T) {
	w := newWorld(t)
	w.server.PageRecords = 10
	w.fill(25, start.Add(-time.Hour))
	w.store.failures = 3
	w.until(time.Hour, w.atEnd)
	want := []string{"events", "cursor aa_0_10", "events", "cursor aa_0_20", "events", "cursor aa_0_25"}
	if d := cmp.Diff(want, w.store.steps[:6]); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if p := w.poller.Status().Polling; p.Errors[poll.KindStorage] != 3 || p.LastError != "" {
		t.Errorf("status %+v", p)
	}
	if n := len(w.streamCalls()); n > 4 {
		t.Errorf("%d calls: a page was asked for again although only the database failed", n)
	}
}

// TestKilledBetweenEventsAndCursor: the page comes again after the restart, and nothing is lost.
func TestKilledBetweenEventsAndCursor(t *testing.T) {
	w := newWorld(t)
	w.server.PageRecords = 10
	w.fill(30, start.Add(-time.Hour))
	w.store.killStore = true
	w.until(time.Hour, func() bool { return false })
	if w.store.stored || len(w.store.events) != 10 {
		t.Fatalf("the position is stored: %t, %d events", w.store.stored, len(w.store.events))
	}
	w.until(time.Hour, w.atEnd)
	w.whole(30)
	if w.store.events["e0"] != 2 || w.store.events["e29"] != 1 {
		t.Errorf("e0 came %d times, e29 %d times", w.store.events["e0"], w.store.events["e29"])
	}
	w.server.Add(w.clock.Now(), docusigntest.Record("e30", w.clock.Now()))
	before := len(w.streamCalls())
	w.until(time.Hour, w.atEnd)
	w.whole(31)
	if c := w.streamCalls()[before]; c.Cursor != "aa_0_30" {
		t.Errorf("after a restart the first call has the cursor %q", c.Cursor)
	}
}

// TestFaults: whatever happens to a page, every record is stored, and the status says what it was.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault docusigntest.Fault
		kind  docusign.Kind
	}{
		{"401", docusigntest.Status(401, `{"errorCode":"AUTHORIZATION_INVALID_TOKEN"}`), ""}, // a new token, and on
		{"403 once", docusigntest.Status(403, ""), docusign.KindEntitlement},
		{"404", docusigntest.Status(404, "x"), docusign.KindNotFound},
		{"408", docusigntest.Status(408, ""), docusign.KindServer},
		{"429", docusigntest.Status(429, "", "Retry-After", "90"), docusign.KindThrottled},
		{"429 without headers", docusigntest.WithoutLimits(docusigntest.Status(429, "")), docusign.KindThrottled},
		{"400 for too many calls", docusigntest.Status(400, `{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED"}`), docusign.KindThrottled},
		{"500", docusigntest.Status(500, "<html>oops"), docusign.KindServer},
		{"503", docusigntest.Status(503, "", "Retry-After", "30"), docusign.KindServer},
		{"redirect", docusigntest.Status(302, "", "Location", "https://login.example"), docusign.KindResponse},
		{"portal", docusigntest.Status(200, "<html>please log in</html>", "Content-Type", "text/html"), docusign.KindResponse},
		{"error with 200", docusigntest.Status(200, `{"error":"x"}`), docusign.KindResponse},
		{"nothing", docusigntest.Status(200, ""), docusign.KindResponse},
		{"no cursor", docusigntest.Status(200, `{"resultData":[]}`), docusign.KindResponse},
		{"truncated JSON", docusigntest.Truncated, docusign.KindResponse},
		{"connection cut", docusigntest.Cut, docusign.KindNetwork},
		{"stalled body", docusigntest.Stall, docusign.KindNetwork},
		{"gzip", docusigntest.Gzip(true), ""},
		{"gzip without a header", docusigntest.Gzip(false), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.idle = time.Second
			w.server.PageRecords = 10
			w.fill(30, start.Add(-time.Hour))
			w.server.Fail(docusigntest.PathV3, docusigntest.WithoutLimits(func(rw http.ResponseWriter, r *http.Request, service http.Handler) { service.ServeHTTP(rw, r) }), c.fault)
			w.until(time.Hour, w.atEnd)
			w.whole(30)
			p := w.poller.Status().Polling
			want := map[string]uint64{}
			if c.kind != "" {
				want[string(c.kind)] = 1
			}
			if d := cmp.Diff(want, p.Errors); d != "" || p.LastError != "" || len(w.store.rejected) != 0 {
				t.Errorf("%d rejected, last error %q, errors (-want +got):\n%s", len(w.store.rejected), p.LastError, d)
			}
			if took := w.clock.Now().Sub(start); took > 10*time.Minute {
				t.Errorf("it took %s", took)
			}
			if len(w.watch.lost) > 0 {
				t.Errorf("one failure alone is a loss: %v", w.watch.lost)
			}
		})
	}
}

// TestBackOff: failures that last are met with longer and longer pauses, and never end it.
func TestBackOff(t *testing.T) {
	w := newWorld(t)
	w.fill(5, start.Add(-time.Hour))
	for range 12 {
		w.server.Fail(docusigntest.PathV3, docusigntest.Status(500, ""))
	}
	w.until(3*time.Hour, w.atEnd)
	w.whole(5)
	calls := w.streamCalls()
	if first, last := calls[1].At.Sub(calls[0].At), calls[12].At.Sub(calls[11].At); first < 3*time.Second || first > 7*time.Second || last < 3*time.Minute || last > 7*time.Minute {
		t.Errorf("the first pause was %s, the last %s", first, last)
	}
	w.server.Fail(docusigntest.PathV3, docusigntest.Status(429, "", "Retry-After", "1200"))
	before := len(w.streamCalls())
	w.until(time.Hour, func() bool { return len(w.streamCalls()) > before+1 })
	if calls := w.streamCalls(); calls[before+1].At.Sub(calls[before].At) < 20*time.Minute {
		t.Errorf("Retry-After was not obeyed: %s", calls[before+1].At.Sub(calls[before].At))
	}
}

// TestCursorRefused: reading goes on from a time before the newest event, and nothing is missed.
func TestCursorRefused(t *testing.T) {
	w := newWorld(t)
	w.fill(30, start.Add(-10*time.Minute))
	w.until(time.Hour, w.atEnd)
	w.server.ForgetCursors()
	w.server.Add(w.clock.Now(), docusigntest.Record("e30", w.clock.Now().Add(-time.Minute)))
	before := len(w.streamCalls())
	w.until(time.Hour, w.atEnd)
	w.whole(31)
	calls := w.streamCalls()[before:]
	if calls[0].Cursor != "aa_0_30" || calls[0].Status != 400 || calls[1].Cursor != "2026-05-04T07:49:44Z" {
		t.Errorf("calls %+v, expected a time an hour before the middle of the last page", calls)
	}
	if w.store.events["e0"] != 2 || !strings.HasPrefix(w.store.position.Cursor, "aa_1_") {
		t.Errorf("e0 came %d times, the cursor is %q", w.store.events["e0"], w.store.position.Cursor)
	}
}

// TestSince begins where it is told, and only the first time.
func TestSince(t *testing.T) {
	w := newWorld(t)
	w.options.Since = time.Date(2021, 2, 3, 0, 0, 0, 0, time.UTC)
	w.fill(3, start.AddDate(-4, 0, 0))
	w.until(time.Hour, w.atEnd)
	w.whole(3)
	if c := w.streamCalls()[0].Cursor; c != "2021-02-03T00:00:00Z" {
		t.Errorf("began at %q", c)
	}
	before := len(w.streamCalls())
	w.until(time.Hour, w.atEnd)
	if c := w.streamCalls()[before].Cursor; !strings.HasPrefix(c, "aa_") {
		t.Errorf("the second start began at %q", c)
	}
	for _, bad := range []time.Time{poll.Earliest.Add(-time.Second), start.Add(time.Hour)} {
		o := w.options
		o.Since, o.Pages = bad, &poll.Stream{}
		if _, err := poll.New(o); err == nil || !strings.Contains(err.Error(), "2021-01-01") {
			t.Errorf("since %s: %v", bad, err)
		}
	}
}

// TestBadRecords are kept and named, and the page goes on.
func TestBadRecords(t *testing.T) {
	w := newWorld(t)
	at := start.Add(-time.Hour)
	huge := `{"timestamp":"2026-05-04T08:00:00Z","eventId":"huge","data":{"x":"` + strings.Repeat("y", 1<<20) + `"}}`
	w.server.Add(at, docusigntest.Record("e0", at), `{"timestamp":"yesterday","eventId":"bad"}`, `null`, huge, `"x"`, docusigntest.Record("e1", at), `{}`)
	w.until(time.Hour, w.atEnd)
	w.whole(2)
	var got []string
	for _, r := range w.store.rejected {
		got = append(got, fmt.Sprintf("%s %s %.12s", r.EventID, r.Field, r.Raw))
		if r.Problem == "" || r.Time.IsZero() || r.Origin.Source != "monitor/main" {
			t.Errorf("%+v", r)
		}
	}
	slices.Sort(got)
	if d := cmp.Diff([]string{`  "x"`, `  null`, ` timestamp {}`, `  {"timestamp"`, `bad timestamp {"timestamp"`}, got, cmp.Transformer("sorted", func(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s })); d != "" {
		t.Errorf("rejected (-want +got):\n%s", d)
	}
	if s := w.store.steps; slices.Index(s, "rejected") > slices.IndexFunc(s, func(s string) bool { return strings.HasPrefix(s, "cursor") }) {
		t.Errorf("the cursor was stored before what could not be read: %v", s)
	}
}

// TestFutureRecords do not move the point to which reading falls back.
func TestFutureRecords(t *testing.T) {
	w := newWorld(t)
	w.server.Add(start, docusigntest.Record("e0", start.Add(-time.Hour)), docusigntest.Record("e1", start.AddDate(0, 1, 0)))
	w.until(time.Hour, w.atEnd)
	if n := w.store.position.Middle; !n.Equal(start.Add(-time.Hour)) {
		t.Errorf("middle %s", n)
	}
}

// TestStatus shows what a person wants to know.
func TestStatus(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.server.Fail(docusigntest.PathV3, docusigntest.Status(503, ""))
	}
	w.until(time.Hour, func() bool { return len(w.streamCalls()) >= 2 })
	p := w.poller.Status().Polling
	if p.State != status.PollingRetrying || !strings.Contains(p.LastError, "trace-") || !p.NextAttempt.After(w.clock.Now()) || p.Errors["server"] != 2 || p.Calls != 2 || p.Remaining < 2900 {
		t.Errorf("while failing: %+v", p)
	}
	w.until(time.Hour, w.atEnd)
	p = w.poller.Status().Polling
	if p.State != status.PollingCurrent || p.LastError != "" || p.LastSuccess.IsZero() || p.Behind != 0 {
		t.Errorf("at the end: %+v", p)
	}
}

// TestPageThatStaysBroken: what can be read of it is stored, the cursor stays, and fewer records are asked for until it works.
func TestPageThatStaysBroken(t *testing.T) {
	w := newWorld(t)
	w.fill(100, start.Add(-time.Hour))
	for range 4 {
		w.server.Fail(docusigntest.PathV3, docusigntest.Truncated)
	}
	w.until(time.Hour, func() bool { return len(w.streamCalls()) == 4 })
	if n := len(w.store.events); n < 40 || n > 60 || w.store.stored {
		t.Errorf("%d of the 100 events of half a page are stored, a position: %t", n, w.store.stored)
	}
	w.until(time.Hour, w.atEnd)
	w.whole(100)
	var limits []int
	for _, c := range w.streamCalls() {
		limits = append(limits, c.Limit)
	}
	if d := cmp.Diff([]int{2000, 1000, 500, 250}, limits[:4]); d != "" {
		t.Errorf("limits (-want +got):\n%s", d)
	}
	w.server.Fail(docusigntest.PathV3, docusigntest.Truncated)
	before := len(limits)
	w.until(time.Hour, func() bool { return len(w.streamCalls()) > before+3 })
	if calls := w.streamCalls(); calls[before].Limit != 2000 || calls[before+1].Limit != 1000 || calls[before+2].Limit != 2000 {
		t.Errorf("limits %d, %d, %d", calls[before].Limit, calls[before+1].Limit, calls[before+2].Limit)
	}
}

// TestWrongTimesDoNotMoveTheFallBack: a record of years ago that claims to be of today must not make reading skip the years.
func TestWrongTimesDoNotMoveTheFallBack(t *testing.T) {
	w := newWorld(t)
	w.options.Since = start.AddDate(-3, 0, 0)
	w.server.Change(func(s *docusigntest.Server) { s.PageRecords = 10 })
	for i := range 40 {
		at := start.AddDate(-2, 0, i)
		happened := at
		if i%5 == 2 {
			happened = start.Add(-time.Minute)
		}
		w.server.Add(at, docusigntest.Record(fmt.Sprintf("e%d", i), happened))
	}
	pass := func(rw http.ResponseWriter, r *http.Request, service http.Handler) { service.ServeHTTP(rw, r) }
	w.server.Fail(docusigntest.PathV3, pass, pass, docusigntest.Status(400, `{"message":"cursor"}`))
	w.until(time.Hour, w.atEnd)
	w.whole(40)
}

// TestCursorsAreRefusedAgainAndAgain: that costs a call a minute, not the budget.
func TestCursorsAreRefusedAgainAndAgain(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *docusigntest.Server) { s.PageRecords = 10 })
	w.fill(100, start.Add(-time.Hour))
	for range 1000 {
		w.server.Fail(docusigntest.PathV3, func(rw http.ResponseWriter, r *http.Request, service http.Handler) {
			service.ServeHTTP(rw, r)
			w.server.ForgetCursors()
		})
	}
	w.until(time.Hour, func() bool { return w.clock.Now().After(start.Add(20 * time.Minute)) })
	if n := len(w.streamCalls()); n > 50 {
		t.Errorf("%d calls in 20 minutes", n)
	}
}
