package exporters_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// version is a later version of the alert of a change.
func version(of alert.Change, edit func(*alert.Change)) alert.Change {
	c := of
	about := *of.Context
	c.Context = &about
	c.Kind = alert.ChangeUpdated
	c.Follow(&of.Alert)
	edit(&c)
	return c
}

// TestGrowingAlert is sent again only when it tells something.
func TestGrowingAlert(t *testing.T) {
	grow := func(n uint64, complete bool) func(*alert.Change) {
		return func(c *alert.Change) {
			c.EventCount, c.End = n, c.End.Add(time.Minute)
			c.Context.AfterComplete = complete
		}
	}
	described := func(complete bool) func(*alert.Change) {
		return func(c *alert.Change) { c.Kind, c.Context.AfterComplete = alert.ChangeDescribed, complete }
	}
	for name, c := range map[string]struct {
		edits []func(*alert.Change)
		want  []uint64
	}{
		"one event more":                     {[]func(*alert.Change){grow(11, false)}, []uint64{1}},
		"twice the events":                   {[]func(*alert.Change){grow(19, false), grow(20, false), grow(39, false), grow(40, false)}, []uint64{1, 3, 5}},
		"more severe":                        {[]func(*alert.Change){func(c *alert.Change) { c.Severity = alert.SeverityCritical }}, []uint64{1, 2}},
		"less severe":                        {[]func(*alert.Change){func(c *alert.Change) { c.Severity = alert.SeverityLow }}, []uint64{1, 2}},
		"retracted":                          {[]func(*alert.Change){func(c *alert.Change) { c.Kind, c.Retracted = alert.ChangeRetracted, true }}, []uint64{1, 2}},
		"a comment of a person":              {[]func(*alert.Change){func(c *alert.Change) { c.Actor = "ann"; c.Triage.Comments = []alert.Comment{{Text: "x"}} }}, []uint64{1, 2}},
		"a name that was joined":             {[]func(*alert.Change){func(c *alert.Change) { c.Subject.DisplayName, c.Title = "Ann", "Ann in two places" }}, []uint64{1}},
		"a name joined to one that is whole": {[]func(*alert.Change){described(true), func(c *alert.Change) { c.Kind, c.Context.Directory.Name = alert.ChangeDescribed, "Ann" }}, []uint64{1, 2}},
		"its end, once":                      {[]func(*alert.Change){grow(11, false), grow(12, false), described(true), described(true)}, []uint64{1, 4}},
		"goes on after its end":              {[]func(*alert.Change){described(true), grow(11, false), described(true)}, []uint64{1, 2, 4}},
		"not described":                      {[]func(*alert.Change){func(c *alert.Change) { c.Context, c.EventCount = nil, 11 }}, []uint64{1, 2}},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				inWorld(t, func(w *world) {
					last := exportertest.Change(1)
					last.EventCount, last.Context.AfterComplete = 10, false
					w.log.Append(last)
					r, _ := w.start()
					synctest.Wait()
					for _, edit := range c.edits {
						if restart {
							w.stop(r)
							r, _ = w.start()
						}
						last = version(last, edit)
						w.log.Append(last)
						synctest.Wait()
					}
					w.stop(r)
					w.wantTaken(c.want)
					w.wantCursor(uint64(len(c.edits) + 1))
				})
			})
		}
	}
}

// TestDeadLetterIsNotWhatWasSent: the version after one that was refused for good is compared with what the receiver has.
func TestDeadLetterIsNotWhatWasSent(t *testing.T) {
	inWorld(t, func(w *world) {
		w.to.answer = refusing(1)
		first := exportertest.Change(1)
		first.EventCount, first.Context.AfterComplete = 10, false
		w.log.Append(first)
		r, _ := w.start()
		synctest.Wait()
		w.log.Append(version(first, func(c *alert.Change) { c.EventCount = 11 }))
		synctest.Wait()
		w.wantTaken([]uint64{2})
		w.stop(r)
	})
}

// TestSevereOvertakesBacklog: an alert of high severity behind 100,000 low ones waits for the batches that are under way, and no more.
func TestSevereOvertakesBacklog(t *testing.T) {
	inWorld(t, func(w *world) {
		const backlog = 100_000
		low := exportertest.Change(1)
		low.Severity = alert.SeverityLow
		changes := make([]alert.Change, backlog)
		for i := range changes {
			changes[i] = low
			changes[i].ID = fmt.Sprint("low-", i)
		}
		older := changes[700] // of the alert that becomes severe
		w.log.Append(changes...)
		when := -1
		w.to.answer = func(_ context.Context, call int, batch []alert.Change) error {
			if call == 20 {
				risen := version(older, func(c *alert.Change) { c.Severity = alert.SeverityHigh })
				w.log.Append(risen)
			}
			if batch[0].Severity == alert.SeverityHigh && when < 0 {
				when = call
			}
			return nil
		}
		w.o.BatchChanges = 10
		r, _ := w.start()
		for w.cursor() < backlog+1 {
			time.Sleep(time.Minute)
		}
		w.stop(r)
		if when < 21 || when > 22 {
			t.Errorf("the severe alert was in batch %d, want 21", when)
		}
		for _, s := range w.to.taken[220:] {
			if s == 701 {
				t.Error("the older version came after the newer")
			}
		}
		if n := len(w.to.taken); n != backlog {
			t.Errorf("%d changes were sent, want %d: the older version is superseded", n, backlog)
		}
	})
}

// TestSentAheadIsNotSentAgain: after a crash the cursor lies before what overtook, and the receiver gets nothing older of it, nor the
// same again.
func TestSentAheadIsNotSentAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		changes := exportertest.Changes(1, 600)
		for i := range changes {
			changes[i].Severity = alert.SeverityLow
		}
		changes = append(changes, version(changes[550], func(c *alert.Change) { c.Severity = alert.SeverityCritical }))
		w.log.Append(changes...)
		var kinds []string
		w.to.answer = func(_ context.Context, call int, batch []alert.Change) error {
			if call > 0 {
				return errors.New("down")
			}
			kinds = append(kinds, batch[0].Kind)
			return nil
		}
		_, kill := w.start()
		time.Sleep(time.Minute)
		w.wantTaken([]uint64{601})
		w.wantCursor(0)
		kill()
		if kinds[0] != alert.ChangeCreated {
			t.Errorf("the receiver hears of it for the first time as %s", kinds[0])
		}
		w.to.answer = nil
		r, _ := w.start()
		time.Sleep(time.Minute)
		w.wantTaken(append(append([]uint64{601}, upTo(1, 550)...), upTo(552, 600)...))
		w.wantCursor(601)
		w.stop(r)
	})
}

// TestVersionsInOrder: whatever fails and whenever the process dies, every alert arrives with its newest version that tells something, and
// without a crash no older version comes after a newer.
func TestVersionsInOrder(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { inWorld(t, func(w *world) { versions(w, seed) }) })
	}
}

func versions(w *world, seed uint64) {
	random, main := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	calm := false
	ids := map[uint64]string{}
	order := map[string]uint64{}
	w.to.answer = func(_ context.Context, _ int, batch []alert.Change) error {
		if !calm && random.IntN(3) > 0 {
			return errors.New("down")
		}
		for _, c := range batch {
			if c.Sequence < order[c.ID] {
				w.t.Errorf("alert %s: version %d after %d", c.ID, c.Sequence, order[c.ID])
			}
			order[c.ID] = c.Sequence
		}
		return nil
	}
	w.o.BatchChanges = 1 + main.IntN(20)
	_, kill := w.start()
	latest := map[int]alert.Change{}
	newest := map[string]uint64{}
	sequence := uint64(0)
	for range 40 {
		for range 1 + main.IntN(60) {
			n := main.IntN(50)
			c, ok := latest[n]
			severity := []string{alert.SeverityLow, alert.SeverityLow, alert.SeverityMedium, alert.SeverityHigh}[main.IntN(4)]
			if ok {
				c = version(c, func(c *alert.Change) { c.Severity, c.EventCount = severity, c.EventCount+1 })
			} else {
				c = exportertest.Change(n)
				c.Severity = severity
			}
			c.Context.AfterComplete = true
			latest[n] = c
			w.log.Append(c)
			sequence++
			ids[sequence], newest[c.ID] = c.ID, sequence
		}
		time.Sleep(time.Duration(main.IntN(60)) * time.Second)
		if main.IntN(4) == 0 {
			kill()
			_, kill = w.start()
		}
	}
	kill()
	calm = true
	r, _ := w.start()
	time.Sleep(time.Hour)
	w.stop(r)
	w.wantCursor(sequence)
	for id, want := range newest {
		if order[id] != want {
			w.t.Errorf("alert %s arrived with version %d, want %d", id, order[id], want)
		}
	}
}

// refusing refuses one sequence for good.
func refusing(sequence uint64) func(context.Context, int, []alert.Change) error {
	return func(_ context.Context, _ int, batch []alert.Change) error {
		for i, c := range batch {
			if c.Sequence == sequence {
				return &exporters.Error{Kind: exporters.Permanent, Accepted: len(batch), Failed: map[int]string{i: "no"}}
			}
		}
		return nil
	}
}

// TestSentBehindARefusedOneIsNotSentAgain: what overtakes, although a version of the same alert before it was refused for good.
func TestSentBehindARefusedOneIsNotSentAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.BatchChanges = 1
		first, other := exportertest.Change(1), exportertest.Change(2)
		first.Severity, other.Severity = alert.SeverityHigh, alert.SeverityHigh
		second := version(first, func(c *alert.Change) { c.Actor = "ann" })
		third := version(second, func(c *alert.Change) { c.Actor = "ann" })
		w.to.answer = func(_ context.Context, call int, batch []alert.Change) error {
			if call == 0 { // while the low one is under way, so that they overtake what is not read yet
				w.log.Append(first, other, second, third)
				return errors.New("busy")
			}
			if slices.Contains(sequences(batch), 2) {
				return permanent()
			}
			return nil
		}
		low := exportertest.Change(3)
		low.Severity = alert.SeverityLow
		w.log.Append(low)
		r, _ := w.start()
		time.Sleep(time.Hour)
		w.wantTaken([]uint64{3, 4, 5, 1})
		if n := len(w.store.DeadLetters("siem")); n != 1 {
			t.Errorf("%d dead letters, expected that of the first version", n)
		}
		w.stop(r)
	})
}
