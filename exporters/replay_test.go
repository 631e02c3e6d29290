package exporters_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// picky refuses versions of some alerts for good while it is on, and notes what it took.
type picky struct {
	on    atomic.Bool
	bad   map[string]bool
	taken map[string][]alert.Change
}

func (p *picky) answer(_ context.Context, _ int, batch []alert.Change) error {
	e := &exporters.Error{Kind: exporters.Permanent, Accepted: len(batch), Failed: map[int]string{}, Err: errors.New("refused")}
	for i, c := range batch {
		if p.on.Load() && p.bad[c.ID] {
			e.Failed[i] = fmt.Sprintf("refused %d", c.Sequence)
		} else {
			p.taken[c.ID] = append(p.taken[c.ID], c)
		}
	}
	if len(e.Failed) == 0 {
		return nil
	}
	return e
}

func pickyWith(w *world, ids ...string) *picky {
	p := &picky{bad: map[string]bool{}, taken: map[string][]alert.Change{}}
	p.on.Store(true)
	for _, id := range ids {
		p.bad[id] = true
	}
	w.to.answer = p.answer
	return p
}

func (w *world) letters() []exporters.DeadLetter {
	var all []exporters.DeadLetter
	for _, l := range w.store.DeadLetters("siem") {
		all = append(all, l)
	}
	return all
}

func (w *world) replay(r *exporters.Runner) {
	w.t.Helper()
	if _, err := r.ReplayDeadLetters(w.t.Context(), w.letters(), "ann"); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	time.Sleep(time.Millisecond)
	synctest.Wait()
}

// threeVersions are of one alert, each of which is worth sending.
func threeVersions() []alert.Change {
	first := exportertest.Change(1)
	first.Severity = alert.SeverityLow
	second := version(first, func(c *alert.Change) { c.Severity = alert.SeverityMedium })
	third := version(second, func(c *alert.Change) { c.Severity = alert.SeverityLow })
	return []alert.Change{first, second, third}
}

// TestReplaySendsTheNewestVersionOnce for all letters of an alert, and as the first that the receiver hears of it.
func TestReplaySendsTheNewestVersionOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		all := threeVersions()
		p := pickyWith(w, all[0].ID)
		w.log.Append(all...)
		w.log.Append(exportertest.Change(2))
		r, kill := w.start()
		time.Sleep(time.Minute) // until those are asked again whose refusal may be the receiver's fault
		synctest.Wait()
		if n := r.Status().DeadLetters; n != 3 {
			t.Fatalf("%d dead letters, want 3", n)
		}
		w.wantCursor(4)
		w.replay(r) // refused once more
		left := w.store.DeadLetters("siem")
		if len(left) != 3 || r.Status().DeadLetters != 3 {
			t.Fatalf("letters %v", left)
		}
		for sequence, l := range left {
			if l.Reason != "refused 3" || l.State != status.LetterStands || l.Author != "ann" || !strings.Contains(l.Payload, `"sequence":3`) || l.First.After(l.Time) || l.Sequence != sequence {
				t.Errorf("letter %d after it was refused again: %+v", sequence, l)
			}
		}
		p.on.Store(false)
		w.replay(r)
		if left := w.letters(); len(left) != 0 || r.Status().DeadLetters != 0 {
			t.Errorf("left: %v", left)
		}
		if took := p.taken[all[0].ID]; len(took) != 1 || took[0].Sequence != 3 || took[0].Kind != alert.ChangeCreated {
			t.Errorf("the receiver took %v", took)
		}
		w.wantCursor(4)
		kill()
		r, _ = w.start()
		time.Sleep(time.Minute)
		w.wantTaken([]uint64{4, 3})
		w.stop(r)
	})
}

// TestReplayOutlivesTheProcess also where the receiver took it and the process died before that was stored of the letter.
func TestReplayOutlivesTheProcess(t *testing.T) {
	inWorld(t, func(w *world) {
		c := exportertest.Change(1)
		p := pickyWith(w, c.ID)
		w.log.Append(c)
		r, kill := w.start()
		time.Sleep(time.Second)
		kill()
		if _, err := r.ReplayDeadLetters(w.t.Context(), w.letters(), "ann"); err != nil {
			t.Fatal(err)
		}
		p.on.Store(false)
		var broken atomic.Bool
		broken.Store(true)
		w.store.BeforeLetters = func(context.Context) error {
			if broken.Load() {
				return errors.New("the database is gone")
			}
			return nil
		}
		_, kill = w.start()
		time.Sleep(time.Second)
		w.wantTaken([]uint64{1})
		if len(w.letters()) != 1 {
			t.Error("the letter went before it could")
		}
		kill()
		broken.Store(false)
		r, _ = w.start()
		time.Sleep(time.Second)
		w.wantTaken([]uint64{1})
		if left := w.letters(); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
		w.stop(r)
	})
}

// TestReplayKeepsTheOrder: what waits in the queue is older than what was sent again, and is left out; a severe alert goes first.
func TestReplayKeepsTheOrder(t *testing.T) {
	inWorld(t, func(w *world) {
		all := threeVersions()
		p := pickyWith(w, all[0].ID)
		w.log.Append(all[0])
		r, _ := w.start()
		time.Sleep(time.Second)
		var down atomic.Bool
		down.Store(true)
		w.to.answers(func(ctx context.Context, call int, batch []alert.Change) error {
			if down.Load() {
				return errors.New("connection refused")
			}
			return p.answer(ctx, call, batch)
		})
		w.log.Append(all[1:]...)
		time.Sleep(time.Minute)
		w.replay(r)
		severe := exportertest.Change(9)
		severe.Severity = alert.SeverityCritical
		w.log.Append(severe)
		time.Sleep(time.Minute)
		p.on.Store(false)
		down.Store(false)
		time.Sleep(10 * time.Minute)
		last := uint64(0)
		for _, c := range p.taken[all[0].ID] {
			if c.Sequence <= last {
				t.Errorf("version %d after %d", c.Sequence, last)
			}
			last = c.Sequence
		}
		if last != 3 || len(w.letters()) != 0 {
			t.Errorf("last version %d, letters %v", last, w.letters())
		}
		w.stop(r)
		w.wantCursor(4)
	})
}

// TestReplayLeavesTheQueueItsTurn: many letters do not hold up what is new.
func TestReplayLeavesTheQueueItsTurn(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.BatchChanges = 10
		old := exportertest.Changes(1, 100)
		var ids []string
		for i := range old {
			old[i].Severity = alert.SeverityLow
			ids = append(ids, old[i].ID)
		}
		p := pickyWith(w, ids...)
		w.log.Append(old...)
		r, _ := w.start()
		time.Sleep(time.Second)
		w.to.answers(func(ctx context.Context, call int, batch []alert.Change) error {
			time.Sleep(time.Second)
			return p.answer(ctx, call, batch)
		})
		p.on.Store(false)
		w.replay(r)
		w.log.Append(exportertest.Change(200))
		time.Sleep(3 * time.Second)
		w.to.mu.Lock()
		found := false
		for _, s := range w.to.taken {
			found = found || s == 101
		}
		w.to.mu.Unlock()
		if !found {
			t.Error("a new alert waits for the letters")
		}
		time.Sleep(time.Minute)
		if left := w.letters(); len(left) != 0 {
			t.Errorf("%d letters left", len(left))
		}
		w.stop(r)
	})
}

// TestDiscard gives a letter up, also while it is sent again and refused.
func TestDiscard(t *testing.T) {
	inWorld(t, func(w *world) {
		c := exportertest.Change(1)
		p := pickyWith(w, c.ID)
		w.log.Append(c)
		r, _ := w.start()
		time.Sleep(time.Second)
		w.to.answers(func(ctx context.Context, call int, batch []alert.Change) error {
			time.Sleep(time.Second)
			return p.answer(ctx, call, batch)
		})
		w.replay(r) // under way for a second
		if err := r.DiscardDeadLetters(w.t.Context(), w.letters(), "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if left := w.letters(); len(left) != 0 || r.Status().DeadLetters != 0 {
			t.Errorf("left: %+v", left)
		}
		w.stop(r)
	})
}

// TestAlertThatIsNoLongerStored keeps its letter, which says so.
func TestAlertThatIsNoLongerStored(t *testing.T) {
	inWorld(t, func(w *world) {
		c := exportertest.Change(1)
		pickyWith(w, c.ID)
		w.log.Append(c)
		r, _ := w.start()
		time.Sleep(time.Second)
		w.log.Expire(1)
		w.replay(r)
		left := w.letters()
		if len(left) != 1 || !strings.Contains(left[0].Reason, "no longer stored") || left[0].Payload == "" || left[0].State != status.LetterStands {
			t.Errorf("left: %+v", left)
		}
		w.stop(r)
	})
}

func TestResumeTriesAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		var denied atomic.Bool
		denied.Store(true)
		w.to.answer = func(context.Context, int, []alert.Change) error {
			if denied.Load() {
				return &exporters.Error{Kind: exporters.Unauthorized, Err: errors.New("token disabled")}
			}
			return nil
		}
		w.log.Append(exportertest.Change(1))
		r, _ := w.start()
		time.Sleep(10 * time.Second)
		denied.Store(false)
		time.Sleep(10 * time.Second)
		w.wantTaken(nil)
		r.Resume()
		synctest.Wait()
		w.wantTaken([]uint64{1})
		if d := r.Status(); d.State != status.DestinationOK {
			t.Errorf("status %+v", d)
		}
		w.stop(r)
	})
}

// TestReplaysAtRandom with refusals, faults, kills and growing alerts: in the end every alert is there with its last version that tells
// something, no older one came after a newer one, and no letter is left.
func TestReplaysAtRandom(t *testing.T) {
	for seed := range uint64(30) {
		inWorld(t, func(w *world) {
			rnd := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
			p := pickyWith(w, exportertest.Change(0).ID, exportertest.Change(1).ID, exportertest.Change(2).ID)
			var faults atomic.Bool
			faults.Store(true)
			faulty := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a test
			w.to.answers(func(ctx context.Context, call int, batch []alert.Change) error {
				if faults.Load() && faulty.IntN(4) == 0 {
					return errors.New("connection reset")
				}
				return p.answer(ctx, call, batch)
			})
			w.o.BatchChanges = 1 + rnd.IntN(5)
			last := map[string]alert.Change{}
			r, kill := w.start()
			for range 60 {
				n := rnd.IntN(8)
				c := exportertest.Change(n)
				p.on.Store(rnd.IntN(4) > 0)
				if old, ok := last[c.ID]; ok {
					c = version(old, func(c *alert.Change) {
						c.Actor = "ann" // each version tells something
						c.Severity = []string{alert.SeverityLow, alert.SeverityHigh}[rnd.IntN(2)]
					})
				}
				w.log.Append(c)
				c.Sequence = w.log.Head()
				last[c.ID] = c
				switch rnd.IntN(6) {
				case 0:
					synctest.Wait() // what is under way in a crash may come again behind a newer one
					kill()
					r, kill = w.start()
				case 1:
					if _, err := r.ReplayDeadLetters(w.t.Context(), w.letters(), "ann"); err != nil {
						t.Fatal(err)
					}
				case 2:
					time.Sleep(time.Duration(rnd.IntN(20)) * time.Second)
				}
			}
			faults.Store(false)
			p.on.Store(false)
			time.Sleep(time.Hour)
			w.replay(r)
			time.Sleep(time.Hour)
			w.stop(r)
			for id, want := range last {
				newest := uint64(0)
				for _, c := range p.taken[id] {
					if c.Sequence < newest {
						t.Errorf("seed %d: version %d after %d", seed, c.Sequence, newest)
					}
					newest = c.Sequence
				}
				if newest != want.Sequence {
					t.Errorf("seed %d: alert ends with version %d, want %d", seed, newest, want.Sequence)
				}
			}
			if left := w.letters(); len(left) != 0 {
				t.Errorf("seed %d: letters left: %+v", seed, left)
			}
		})
	}
}

// TestReplayOfWhatWasRetracted sends no retraction of an alert that the receiver never had, and removes the letter.
func TestReplayOfWhatWasRetracted(t *testing.T) {
	inWorld(t, func(w *world) {
		first, other := exportertest.Change(1), exportertest.Change(2)
		p := pickyWith(w, first.ID)
		w.log.Append(first, other)
		r, _ := w.start()
		time.Sleep(time.Minute)
		w.log.Append(version(first, func(c *alert.Change) { c.Kind, c.Retracted = alert.ChangeRetracted, true }))
		time.Sleep(time.Minute)
		if n := len(w.letters()); n != 1 {
			t.Fatalf("%d dead letters", n)
		}
		p.on.Store(false)
		needless, err := r.ReplayDeadLetters(w.t.Context(), w.letters(), "ann")
		if err != nil || needless != 1 {
			t.Errorf("%d needless, %v", needless, err)
		}
		time.Sleep(time.Minute)
		w.wantTaken([]uint64{2})
		if left := w.letters(); len(left) != 0 || r.Status().DeadLetters != 0 {
			t.Errorf("left: %+v", left)
		}
		w.stop(r)
	})
}
