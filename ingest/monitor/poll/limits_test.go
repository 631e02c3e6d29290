package poll_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
)

// TestBudget: a backlog never runs into the limit, leaves a tenth of it to others, and goes on when the hour begins anew.
func TestBudget(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *docusigntest.Server) { s.Limit, s.PageRecords = 50, 1 })
	w.fill(100, start.Add(-2*time.Hour))
	w.until(5*time.Hour, w.atEnd)
	w.whole(100)
	hours := map[int]int{}
	for _, c := range w.server.Calls("") {
		if c.Path == docusigntest.PathToken {
			continue
		}
		hours[c.At.Hour()]++
		if c.Status == 429 {
			t.Errorf("call at %s was over the limit", c.At)
		}
	}
	if hours[9] != 45 || hours[10] != 45 || len(hours) != 3 {
		t.Errorf("calls by hour: %v, expected 45 in the first and the second", hours)
	}
}

// TestBudgetWithoutHeaders: where DocuSign says nothing, the documented budget is kept by counting.
func TestBudgetWithoutHeaders(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *docusigntest.Server) { s.Limit, s.PageRecords = 0, 1 })
	w.fill(3500, start.Add(-2*time.Hour))
	w.until(3*time.Hour, w.atEnd)
	w.whole(3500)
	hours, most := map[int]int{}, 0
	calls := w.streamCalls()
	from := 0
	for i, c := range calls {
		hours[c.At.Hour()]++
		for c.At.Sub(calls[from].At) >= 30*time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	if hours[9] > 2700 || hours[9] < 2600 || most > 200 {
		t.Errorf("calls by hour %v, at most %d in 30 seconds", hours, most)
	}
}

// TestOthersUseTheBudgetUp: at the end of the stream the last calls may be used; then there is patience and, when it lasts,
// a loss.
func TestOthersUseTheBudgetUp(t *testing.T) {
	w := newWorld(t)
	w.fill(5, start.Add(-time.Hour))
	used := false
	w.until(2*time.Hour, func() bool {
		if w.atEnd() && !used {
			used = true
			w.server.UseUp(2990)
		}
		return used && w.clock.Now().After(start.Add(70*time.Minute)) && w.atEnd()
	})
	for _, c := range w.streamCalls() {
		if c.Status == http.StatusTooManyRequests {
			t.Errorf("a call at %s was made although there was no budget", c.At)
		}
	}
	if n := w.watch.news; len(n) != 3 || n[0] != "restored monitor/main" || n[1] != string(docusign.KindThrottled) || n[2] != "restored monitor/main" {
		t.Errorf("told %v", n)
	}
}

// TestBurst: an empty burst budget is waited for.
func TestBurst(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *docusigntest.Server) { s.PageRecords, s.Burst = 10, 1 }) // 0 remain
	w.fill(40, start.Add(-2*time.Hour))
	w.until(time.Hour, w.atEnd)
	w.whole(40)
	calls := w.streamCalls()
	for i := range calls[1:] {
		if d := calls[i+1].At.Sub(calls[i].At); d < 30*time.Second {
			t.Errorf("%s after an empty burst budget", d)
		}
	}
}

// TestRestartWithLittleBudget: what was at the end looks again at once, although a backlog would have to wait.
func TestRestartWithLittleBudget(t *testing.T) {
	w := newWorld(t)
	w.fill(5, start.Add(-time.Hour))
	w.until(time.Hour, w.atEnd)
	w.server.UseUp(2900)
	w.server.Add(w.clock.Now(), docusigntest.Record("e5", w.clock.Now()))
	w.watch.news = nil
	before := w.clock.Now()
	w.until(time.Hour, w.atEnd)
	w.whole(6)
	if took := w.clock.Now().Sub(before); took > time.Minute || len(w.watch.news) != 1 {
		t.Errorf("it took %s, told %v", took, w.watch.news)
	}
}
