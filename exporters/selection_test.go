package exporters_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestHistorical: what a backfill raises pages nobody, unless it is asked for.
func TestHistorical(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		wanted      bool
		after       time.Duration
		late        time.Duration // from the last event until it was raised
		previousEnd time.Duration // before it was raised; 0 for a new one
		want        bool
	}{
		"live":                           {late: time.Minute, want: true},
		"a day late":                     {late: day, want: true},
		"more than a day late":           {late: day + time.Second},
		"asked for":                      {late: 100 * day, wanted: true, want: true},
		"late by another measure":        {late: 2 * time.Hour, after: time.Hour},
		"in time by another measure":     {late: 2 * day, after: 3 * day, want: true},
		"historical, and goes on now":    {late: time.Minute, previousEnd: 2 * day, want: true},
		"historical, and changes":        {late: 2 * day, previousEnd: 2 * day},
		"was sent, and is shortened now": {late: 2 * day, previousEnd: time.Minute, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.o.Historical, w.o.HistoricalAfter = c.wanted, c.after
				change := exportertest.Change(1)
				change.Created = change.End.Add(c.late)
				if c.previousEnd > 0 {
					change.Kind, change.PreviousState, change.PreviousSeverity = alert.ChangeUpdated, alert.StateNew, alert.SeverityHigh
					change.PreviousStart, change.PreviousEnd = change.Start, change.Created.Add(-c.previousEnd)
				}
				w.log.Append(change)
				r, _ := w.start()
				synctest.Wait()
				w.stop(r)
				if got := len(w.to.taken) == 1; got != c.want {
					w.t.Errorf("sent: %v, want %v", got, c.want)
				}
				w.wantCursor(1)
			})
		})
	}
}

func TestUsers(t *testing.T) {
	inWorld(t, func(w *world) {
		changes := exportertest.Changes(1, 4)
		w.o.Users = []string{"User2@example.com", changes[2].Subject.ID, ""}
		changes[3].Subject.Email = ""
		told := exportertest.Change(5) // the directory knows the address
		told.Subject.Email, told.Context.Directory.Email = "", "boss@example.com"
		upper := exportertest.Change(6)
		upper.Subject.ID = "00000000-0000-4000-8000-00000000000a"
		w.o.Users = append(w.o.Users, "Boss@example.com", "00000000-0000-4000-8000-00000000000A")
		w.log.Append(append(changes, told, upper)...)
		r, _ := w.start()
		synctest.Wait()
		w.wantTaken([]uint64{2, 3, 5, 6})
		w.stop(r)
	})
}

// TestMaxPerSecond: no more than was allowed are sent in any second, also of those that fail.
func TestMaxPerSecond(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.MaxPerSecond = 10
		w.log.Append(exportertest.Changes(1, 45)...)
		start := time.Now()
		r, _ := w.start()
		for second, want := range []uint64{10, 20, 30, 40, 45} {
			time.Sleep(time.Until(start.Add(time.Duration(second)*time.Second + time.Millisecond)))
			synctest.Wait()
			w.wantTaken(upTo(1, want))
		}
		w.log.Append(exportertest.Changes(46, 25)...)
		synctest.Wait()
		w.stop(r) // does not wait for the next second
		w.wantTaken(upTo(1, 70))
	})
}
