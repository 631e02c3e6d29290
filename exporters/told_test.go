package exporters_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func retract(c *alert.Change) { c.Kind, c.Retracted = alert.ChangeRetracted, true }

// TestWhatFollowsOfHistorical: of an alert that the receiver has it learns what follows, however late the alert looks by then.
func TestWhatFollowsOfHistorical(t *testing.T) {
	const month = 30 * 24 * time.Hour
	t.Run("no longer asked for", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.o.Historical = true
			c := exportertest.Change(1)
			c.Created = c.End.Add(month)
			w.log.Append(c)
			r, _ := w.start()
			synctest.Wait()
			w.stop(r)
			w.o.Historical = false
			w.log.Append(version(c, retract))
			r, _ = w.start()
			time.Sleep(time.Minute)
			synctest.Wait()
			w.stop(r)
			w.wantTaken([]uint64{1, 2})
		})
	})
	t.Run("shortened, then retracted", func(t *testing.T) {
		inWorld(t, func(w *world) {
			c := exportertest.Change(1)
			c.Created = c.End.Add(time.Minute)
			d := version(c, func(c *alert.Change) { c.End, c.EventCount = c.End.Add(-month), 1 })
			w.log.Append(c)
			r, _ := w.start()
			synctest.Wait()
			w.log.Append(d, version(d, retract))
			time.Sleep(time.Minute)
			synctest.Wait()
			w.stop(r)
			w.wantTaken([]uint64{1, 2, 3})
		})
	})
	t.Run("sent before it was recorded", func(t *testing.T) {
		for _, before := range []bool{true, false} {
			inWorld(t, func(w *world) {
				c := exportertest.Change(1)
				c.Created = c.End.Add(month)
				w.o.RecordedSince = c.Created.Add(-time.Hour)
				var want []uint64
				if before {
					w.o.RecordedSince, want = c.Created.Add(time.Hour), []uint64{2}
				}
				d := version(c, func(c *alert.Change) { c.EventCount++ })
				e := version(d, retract)
				w.log.Append(d, e)
				r, _ := w.start()
				synctest.Wait()
				w.stop(r)
				w.wantTaken(want)
			})
		}
	})
	t.Run("a person works on it", func(t *testing.T) {
		inWorld(t, func(w *world) {
			c := exportertest.Change(1)
			c.Created = c.End.Add(25 * time.Hour)
			d := version(c, func(c *alert.Change) { c.Actor, c.Triage.Assignee = "ann", "ann" })
			w.log.Append(c, d, version(d, func(c *alert.Change) { c.Kind, c.Actor, c.Retracted = alert.ChangeRetracted, alert.ActorAnalysis, true }))
			r, _ := w.start()
			synctest.Wait()
			w.stop(r)
			w.wantTaken([]uint64{2, 3})
		})
	})
}

// TestBehindRefused: what comes behind a version that was refused is compared with what the receiver has.
func TestBehindRefused(t *testing.T) {
	for name, c := range map[string]struct {
		second, third func(*alert.Change)
		apart         bool // whether the receiver takes the first before the others are there
	}{
		"retracted behind suppressed":        {func(c *alert.Change) { c.SuppressedBy = []string{"exception"} }, retract, true},
		"retracted behind suppressed, once":  {func(c *alert.Change) { c.SuppressedBy = []string{"exception"} }, retract, false},
		"grown behind more severe":           {func(c *alert.Change) { c.Severity = alert.SeverityCritical }, func(c *alert.Change) { c.EventCount++; c.Context.AfterComplete = false }, true},
		"grown behind more severe, together": {func(c *alert.Change) { c.Severity = alert.SeverityCritical }, func(c *alert.Change) { c.EventCount++; c.Context.AfterComplete = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.to.answer = refusing(2)
				first := exportertest.Change(1)
				first.Severity = alert.SeverityLow
				second := version(first, c.second)
				third := version(second, c.third)
				w.log.Append(first)
				if !c.apart {
					w.log.Append(second, third)
				}
				r, _ := w.start()
				synctest.Wait()
				if c.apart {
					w.log.Append(second, third)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				w.stop(r)
				w.wantTaken([]uint64{1, 3})
				w.wantCursor(3)
				if n := len(w.store.DeadLetters("siem")); n != 1 {
					w.t.Errorf("%d dead letters", n)
				}
			})
		})
	}
}

// TestRestoredLog: what was sent of a log that is no more says nothing about this one.
func TestRestoredLog(t *testing.T) {
	inWorld(t, func(w *world) {
		c := exportertest.Change(1)
		c.Severity = alert.SeverityLow
		w.log.Append(c)
		s := exporters.Sent{AlertID: c.ID, Sequence: 1000, Severity: c.Severity, State: c.State(), EventCount: 2, End: c.End}
		if err := w.store.StoreSent(t.Context(), "siem", []exporters.Sent{s}); err != nil {
			t.Fatal(err)
		}
		if err := w.store.StoreCursor(t.Context(), "siem", 1000); err != nil {
			t.Fatal(err)
		}
		r, _ := w.start()
		synctest.Wait()
		d := version(c, func(c *alert.Change) { c.Severity = alert.SeverityCritical })
		w.log.Append(d)
		time.Sleep(time.Minute)
		synctest.Wait()
		w.stop(r)
		w.log.Append(exportertest.Changes(10, 1200)...) // the log has grown beyond what was known of the other one
		w.log.Append(version(d, retract))
		r, _ = w.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		w.stop(r)
		if n := len(w.to.taken); n != 1202 || w.to.taken[0] != 2 || w.to.taken[n-1] != 1203 {
			w.t.Errorf("taken %d: %v", n, w.to.taken)
		}
		if left, err := w.store.LoadSent(t.Context(), "siem", []string{c.ID}); err != nil || len(left) != 1 || left[0].Sequence != 1203 {
			w.t.Errorf("stored %+v, %v", left, err)
		}
	})
}

// TestOtherFinding: events that come late and change neither the count nor the end are sent at the end.
func TestOtherFinding(t *testing.T) {
	for name, edit := range map[string]func(*alert.Change){
		"start":    func(c *alert.Change) { c.Start = c.Start.Add(-time.Hour) },
		"events":   func(c *alert.Change) { c.EventIDs = []string{"other"} },
		"score":    func(c *alert.Change) { c.Score = 99 },
		"evidence": func(c *alert.Change) { c.Evidence = `{"to":"Pyongyang"}` },
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				inWorld(t, func(w *world) {
					c := exportertest.Change(1)
					c.Context.AfterComplete, c.Context.After = false, nil
					w.log.Append(c)
					r, _ := w.start()
					synctest.Wait()
					if restart {
						w.stop(r)
						r, _ = w.start()
					}
					u := version(c, edit)
					w.log.Append(u)
					synctest.Wait()
					end := version(u, func(c *alert.Change) { c.Kind, c.Context.AfterComplete = alert.ChangeDescribed, true })
					w.log.Append(end, version(end, func(c *alert.Change) { c.Kind = alert.ChangeDescribed }))
					time.Sleep(time.Minute)
					synctest.Wait()
					w.stop(r)
					w.wantTaken([]uint64{1, 3})
				})
			})
		}
	}
}

// TestHeldBackIsSaid once a start.
func TestHeldBackIsSaid(t *testing.T) {
	inWorld(t, func(w *world) {
		var b bytes.Buffer
		w.o.Logger = slog.New(slog.NewTextHandler(&b, nil))
		all := exportertest.Changes(1, 3)
		for i := range all[1:] {
			all[i+1].Created = all[i+1].End.Add(25 * time.Hour)
		}
		w.log.Append(all...)
		r, _ := w.start()
		synctest.Wait()
		w.stop(r)
		if n := strings.Count(b.String(), "is not sent because it was first raised"); n != 1 || !strings.Contains(b.String(), all[1].ID) {
			w.t.Errorf("said %d times: %s", n, b.String())
		}
		if n := r.Status().Historical; n != 2 {
			w.t.Errorf("the status has %d", n)
		}
		all[1].SuppressedBy = []string{"exception"} // which would not be sent anyway
		w.log.Append(all[1])
		r, _ = w.start()
		synctest.Wait()
		w.stop(r)
		if n := r.Status().Historical; n != 0 {
			w.t.Errorf("the status has %d", n)
		}
	})
}

// TestRetractedAfterSuppressed: a receiver that was told that an alert is suppressed is told when it is retracted; one that never saw it
// is told nothing.
func TestRetractedAfterSuppressed(t *testing.T) {
	suppress := func(c *alert.Change) { c.SuppressedBy = []string{"exception-1"} }
	for name, seen := range map[string]bool{"it was open before": true, "it was never open": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				c := exportertest.Change(1)
				if !seen {
					suppress(&c)
				}
				d := version(c, suppress)
				grown := version(d, func(c *alert.Change) { c.EventCount *= 3 })
				e := version(grown, retract)
				w.log.Append(c, d, grown, e, version(e, func(c *alert.Change) { c.Kind = alert.ChangeUpdated }))
				r, _ := w.start()
				synctest.Wait()
				w.stop(r)
				want := []uint64{}
				if seen {
					want = []uint64{1, 2, 4}
				}
				w.wantTaken(want)
			})
		})
	}
}
