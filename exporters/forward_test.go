package exporters_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// forwarding is a receiver of events.
type forwarding struct {
	receiver
	guard  sync.Mutex
	events []string
	calls  int
	reply  func(ctx context.Context, call int, events []event.Event) error
}

func (f *forwarding) ExportEvents(ctx context.Context, events []event.Event) error {
	f.guard.Lock()
	f.calls++
	call, reply := f.calls, f.reply
	f.guard.Unlock()
	var err error
	if reply != nil {
		err = reply(ctx, call, events)
	}
	f.guard.Lock()
	defer f.guard.Unlock()
	accepted := len(events)
	var failed map[int]string
	var e *exporters.Error
	if errors.As(err, &e) {
		accepted, failed = e.Accepted, e.Failed
	} else if err != nil {
		accepted = 0
	}
	for i := range events[:accepted] {
		if failed[i] == "" {
			f.events = append(f.events, events[i].ID)
		}
	}
	return err
}

func (f *forwarding) got() []string {
	f.guard.Lock()
	defer f.guard.Unlock()
	return slices.Clone(f.events)
}

func (f *forwarding) replies(r func(ctx context.Context, call int, events []event.Event) error) {
	f.guard.Lock()
	defer f.guard.Unlock()
	f.reply = r
}

// forwardedTo runs a forwarder over a log of events.
func forwardedTo(t *testing.T, w *world, to *forwarding, log *exportertest.EventLog, s exporters.EventSelection) (r *exporters.Runner, kill func()) {
	t.Helper()
	o := w.o
	o.Exporter = to
	r, err := exporters.NewForwarder(o, log, s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	return r, func() { cancel(); <-done }
}

func ids(events []event.Event) []string {
	all := []string{}
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}

// TestForward sends what is selected once, in the order of arrival, and its cursor goes past what is not.
func TestForward(t *testing.T) {
	inWorld(t, func(w *world) {
		log, to := exportertest.NewEventLog(), &forwarding{}
		var want []string
		for n := 1; n <= 5000; n++ {
			e := exportertest.Event(n)
			if n%7 != 0 {
				e.Activity = "view"
			} else if n%2 == 0 {
				e.Activity = event.ActivityFailedLogon
			}
			if e.Activity == event.ActivityFailedLogon {
				want = append(want, e.ID)
			}
			log.Append(e)
		}
		s := exporters.EventSelection{Activities: []string{event.ActivityLogon, event.ActivityFailedLogon}, Outcome: event.OutcomeFailure}
		r, _ := forwardedTo(t, w, to, log, s)
		time.Sleep(time.Minute)
		if got := to.got(); !slices.Equal(got, want) {
			t.Errorf("%d events, want %d", len(got), len(want))
		}
		d := r.Status()
		if d.Name != "siem/events" || d.Pending != 0 || d.Delivered != uint64(len(want)) || d.State != status.DestinationOK {
			t.Errorf("status %+v", d)
		}
		if at, found, _ := w.store.LoadCursor(w.t.Context(), "siem/events"); at != 5000 || !found {
			t.Errorf("cursor %d", at)
		}
		w.stop(r)
		late := exportertest.Event(6000)
		late.Activity, late.Time = event.ActivityFailedLogon, late.Time.AddDate(-1, 0, 0)
		log.Append(late, exportertest.Event(6001))
		to2 := &forwarding{}
		r, _ = forwardedTo(t, w, to2, log, s) // it goes on where it was
		time.Sleep(time.Minute)
		if got := to2.got(); !slices.Equal(got, []string{late.ID}) {
			t.Errorf("after a restart %v", got)
		}
		w.stop(r)
	})
}

// TestForwardStart begins now, with everything, or with what happened since a date.
func TestForwardStart(t *testing.T) {
	for name, c := range map[string]struct {
		start exporters.Start
		want  int
	}{"now": {exporters.Start{}, 1}, "first": {exporters.Start{FromFirst: true}, 251}, "since": {exporters.Start{Since: exportertest.Event(241).Time}, 11}} {
		inWorld(t, func(w *world) {
			log, to := exportertest.NewEventLog(), &forwarding{}
			log.Append(exportertest.Events(1, 250)...)
			w.o.Start = c.start
			r, _ := forwardedTo(t, w, to, log, exporters.EventSelection{})
			time.Sleep(time.Second)
			log.Append(exportertest.Event(251))
			time.Sleep(time.Minute)
			if got := to.got(); len(got) != c.want || got[len(got)-1] != exportertest.Event(251).ID {
				t.Errorf("%s: %d events, want %d", name, len(got), c.want)
			}
			w.stop(r)
		})
	}
}

// TestForwardedBadOne becomes a dead letter with its document, holds nothing up, and is sent again when somebody asks.
func TestForwardedBadOne(t *testing.T) {
	inWorld(t, func(w *world) {
		log, to := exportertest.NewEventLog(), &forwarding{}
		bad := exportertest.Event(123).ID
		refuse := func(_ context.Context, _ int, events []event.Event) error {
			if slices.Contains(ids(events), bad) {
				return &exporters.Error{Kind: exporters.Permanent, Err: errors.New("the receiver does not like it")}
			}
			return nil
		}
		to.reply = refuse
		log.Append(exportertest.Events(1, 300)...)
		r, _ := forwardedTo(t, w, to, log, exporters.EventSelection{})
		time.Sleep(10 * time.Minute)
		if got := to.got(); len(got) != 299 || r.Status().DeadLetters != 1 || r.Status().Pending != 0 {
			t.Fatalf("%d events; %+v", len(got), r.Status())
		}
		letter := w.store.DeadLetters("siem/events")[123]
		var d exporters.EventDocument
		if err := json.Unmarshal([]byte(letter.Payload), &d); err != nil || d.EventID != bad || d.Type != "event" || letter.AlertID != bad || letter.Reason != "the receiver does not like it" {
			t.Errorf("letter %+v, %v", letter, err)
		}
		to.replies(nil)
		if _, err := r.ReplayDeadLetters(w.t.Context(), []exporters.DeadLetter{letter}, "ana"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := to.got(); len(got) != 300 || got[299] != bad || r.Status().DeadLetters != 0 {
			t.Errorf("%d events; %+v", len(got), r.Status())
		}
		w.stop(r)
	})
}

// TestForwardInAnyOrderOfFaults: whatever fails, and whenever the process dies, every event that is selected arrives or is a dead letter.
func TestForwardInAnyOrderOfFaults(t *testing.T) {
	for seed := range uint64(20) {
		inWorld(t, func(w *world) {
			random, faults := rand.New(rand.NewPCG(seed, 7)), rand.New(rand.NewPCG(seed, 8))
			log, to := exportertest.NewEventLog(), &forwarding{}
			bad := map[string]bool{}
			for n := range 4000 {
				bad[exportertest.Event(n).ID] = random.IntN(60) == 0
			}
			began := time.Now()
			to.reply = func(_ context.Context, _ int, events []event.Event) error {
				if at := time.Since(began); at > 20*time.Second && at < 3*time.Minute { // once: who is refused again and again while others are taken is at fault
					return &exporters.Error{Kind: exporters.Unauthorized, Err: errors.New("401")}
				}
				for i := range events {
					if bad[events[i].ID] && faults.IntN(2) == 0 {
						return &exporters.Error{Kind: exporters.Permanent, Accepted: i, Failed: map[int]string{i: "bad"}}
					} else if bad[events[i].ID] {
						return &exporters.Error{Kind: exporters.Permanent, Err: errors.New("bad")}
					}
				}
				switch faults.IntN(8) {
				case 0:
					return errors.New("the connection broke")
				case 1:
					return &exporters.Error{Kind: exporters.Retryable, RetryAfter: time.Second, Accepted: faults.IntN(len(events)), Err: errors.New("429")}
				case 2:
					time.Sleep(time.Second)
				}
				return nil
			}
			log.Fail = func() error {
				if faults.IntN(10) == 0 {
					return errors.New("the database does not answer")
				}
				return nil
			}
			want := map[string]bool{}
			var kill func()
			n := 0
			for range 12 {
				_, kill = forwardedTo(t, w, to, log, exporters.EventSelection{Activities: []string{"logon"}})
				for range random.IntN(300) {
					n++
					e := exportertest.Event(n)
					if random.IntN(3) == 0 {
						e.Activity = "view"
					} else {
						want[e.ID] = true
					}
					log.Append(e)
					if random.IntN(20) == 0 {
						time.Sleep(time.Second)
					}
				}
				time.Sleep(time.Duration(random.IntN(20)) * time.Second)
				kill()
			}
			r, kill := forwardedTo(t, w, to, log, exporters.EventSelection{Activities: []string{"logon"}})
			for limit := 0; r.Status().Pending > 0 && limit < 1000; limit++ {
				time.Sleep(time.Minute)
			}
			kill()
			got := map[string]bool{}
			for _, id := range to.got() {
				got[id] = true
				if !want[id] {
					t.Errorf("seed %d: event %s was not selected", seed, id)
				}
			}
			dead := map[string]bool{}
			for _, l := range w.store.DeadLetters("siem/events") {
				dead[l.AlertID] = true
			}
			for id := range want {
				if got[id] == dead[id] || dead[id] && !bad[id] {
					t.Errorf("seed %d: event %s, bad %v: arrived %v, dead letter %v", seed, id, bad[id], got[id], dead[id])
				}
			}
		})
	}
}

// TestForwardsNothing where the kind of destination cannot.
func TestForwardsNothing(t *testing.T) {
	o := exporters.Options{Name: "siem", Exporter: &receiver{}}
	if _, err := exporters.NewForwarder(o, exportertest.NewEventLog(), exporters.EventSelection{}); err == nil || err.Error() != fmt.Sprintf("exporters: destination %q: its kind forwards no events", "siem") {
		t.Error(err)
	}
}

// slowForwarding is an exporter of events that needs longer for an export than an attempt may take otherwise.
type slowForwarding struct {
	forwarding
	left chan time.Duration
}

func (*slowForwarding) Patience() time.Duration { return 3 * time.Minute }

func (x *slowForwarding) ExportEvents(ctx context.Context, _ []event.Event) error {
	end, _ := ctx.Deadline()
	x.left <- time.Until(end)
	return nil
}

// TestForwarderIsPatient: events get the time that their exporter asks for.
func TestForwarderIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, store, x := exportertest.NewEventLog(), exportertest.NewStore(), &slowForwarding{left: make(chan time.Duration, 1)}
		log.Append(exportertest.Events(1, 1)...)
		f, err := exporters.NewForwarder(exporters.Options{Name: "siem", Exporter: x, Cursors: store, DeadLetters: store,
			Start: exporters.Start{FromFirst: true}}, log, exporters.EventSelection{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx) }()
		if left := <-x.left; left != 3*time.Minute {
			t.Errorf("an export of events has %s, want 3m", left)
		}
		cancel()
		<-done
	})
}
