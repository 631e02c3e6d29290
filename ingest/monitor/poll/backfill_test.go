package poll_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
)

// TestBackfillTakesTheTimeThatLimitsExplain reads 100,000 records in 60 pages and more, by the clock: no half minute has more calls
// than four fifths of the burst limit, and it takes no longer than the calls need at that pace, with what was waited for after
// failures.
func TestBackfillTakesTheTimeThatLimitsExplain(t *testing.T) {
	const records, page = 100_000, 1650
	w := newWorld(t)
	w.options.Since = start.AddDate(-1, 0, 0)
	w.server.Change(func(s *docusigntest.Server) { s.PageRecords = page })
	first := start.AddDate(0, -10, 0)
	for i := range records {
		taken := first.Add(time.Duration(i) * time.Minute)
		happened := taken
		if i%1000 == 7 {
			happened = taken.Add(-5 * time.Hour) // late
		}
		w.server.Add(taken, docusigntest.Record(fmt.Sprintf("e%d", i), happened))
		if i%500 == 3 && i > 500 { // comes again
			w.server.Add(taken, docusigntest.Record(fmt.Sprintf("e%d", i-401), first.Add(time.Duration(i-401)*time.Minute)))
		}
	}
	const asked = 20 * time.Second // by Retry-After
	w.server.Fail(docusigntest.PathV3, docusigntest.Status(429, "", "Retry-After", "20"), docusigntest.Status(503, ""), docusigntest.Cut, docusigntest.Status(401, ""), docusigntest.Truncated, w.server.Again)
	w.store.killStore = true
	w.until(time.Hour, func() bool { return false }) // ends with the process
	w.server.RevokeTokens()
	w.server.Fail(docusigntest.PathV3, docusigntest.Status(500, ""), docusigntest.Status(400, `{"message":"cursor"}`))
	w.until(time.Hour, w.atEnd)
	w.whole(records)

	calls := w.streamCalls()
	took := calls[len(calls)-1].At.Sub(start)
	most, from := 0, 0
	for i, c := range calls {
		for c.At.Sub(calls[from].At) >= 30*time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	const burst = 200 * 4 / 5
	pace := time.Duration(len(calls)) * 30 * time.Second / burst
	// six failures, one after the other: 5 s, twice that, ... as long as none succeeds in between; and a minute at the end
	waited := asked + 6*7*time.Second + 2*time.Minute
	t.Logf("%d calls in %s, at most %d in 30 seconds; the pace explains %s", len(calls), took, most, pace)
	if most > burst+200/20 {
		t.Errorf("%d calls in 30 seconds", most)
	}
	if len(calls) < records/page || len(calls) > records/page+20 {
		t.Errorf("%d calls for %d pages", len(calls), records/page)
	}
	if took > pace+waited || took < asked {
		t.Errorf("it took %s, expected at most %s at the pace and %s of waiting", took, pace, waited)
	}
}
