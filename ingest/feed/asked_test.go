package feed

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/status"
)

// TestConfirmationEnds: a confirmation is of the copy that was held, not of one that comes when nobody thinks of it any more.
func TestConfirmationEnds(t *testing.T) {
	down := func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }
	for name, meanwhile := range map[string]func(*world){
		"the list was back": func(w *world) { // as it was when it was taken in, so that the server says that nothing is new
			w.p.mu.Lock()
			w.p.version = 1
			w.p.mu.Unlock()
			w.taken()
			if w.feed.Status().State != status.FeedCurrent {
				t.Errorf("status %+v", w.feed.Status())
			}
		},
		"the same list by another mark": func(w *world) { w.p.publish(many(100)...); w.taken() },
		"an hour without a copy":        func(w *world) { w.later(confirmationLife) },
		"of a state without its time":   func(w *world) { w.feed.state.k.ConfirmedAt = time.Time{} },
		"over a restart":                func(w *world) { w.later(confirmationLife); w.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.p.publish(many(100)...)
			w.taken()
			w.p.publish(many(3)...)
			w.taken()
			w.p.once(down)
			if err := w.asked((*Feed).Confirm); !errors.As(err, new(*Failure)) {
				t.Fatalf("confirmed: %v", err)
			}
			meanwhile(w)
			w.p.publish(append(many(3), "# another copy")...)
			w.taken()
			if s := w.feed.Status(); s.State != status.FeedHeld || s.HeldEntries != 3 || s.Entries != 100 {
				t.Errorf("status %+v", s)
			}
		})
	}
	w := newWorld(t) // in time it holds, over a restart
	w.p.publish(many(100)...)
	w.taken()
	w.p.publish(many(3)...)
	w.taken()
	w.p.once(down)
	_ = w.asked((*Feed).Confirm)
	w.later(confirmationLife - time.Minute)
	w.restart()
	w.taken()
	if s := w.feed.Status(); s.State != status.FeedCurrent || s.Entries != 3 {
		t.Errorf("status %+v", s)
	}
}

// TestRefreshIsShared by all who want it at once; who goes away waits no longer, and who comes again at once is told when to.
func TestRefreshIsShared(t *testing.T) {
	w := newWorld(t)
	w.p.publish("192.0.2.1")
	w.taken()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); w.feed.Run(ctx) }()
	begun, goOn := make(chan struct{}), make(chan struct{})
	w.p.once(func(rw http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-goOn
		_, _ = rw.Write([]byte("192.0.2.1\n192.0.2.2\n"))
	})
	var callers sync.WaitGroup
	for range 10 {
		callers.Go(func() {
			if err := w.feed.Refresh(ctx); err != nil && !errors.As(err, new(*TooSoonError)) { // one that is late comes after the fetch
				t.Error(err)
			}
		})
	}
	<-begun
	gone, leave := context.WithCancel(ctx)
	left := make(chan error)
	go func() { left <- w.feed.Refresh(gone) }()
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who went away: %v", err)
	}
	close(goOn)
	callers.Wait()
	if n := len(w.p.seen()); n != 2 || w.feed.Status().Entries != 2 {
		t.Errorf("%d calls, %+v", n, w.feed.Status())
	}
	var soon *TooSoonError
	if err := w.feed.Refresh(ctx); !errors.As(err, &soon) || soon.After != minRefresh {
		t.Errorf("at once again: %v", err)
	}
	w.later(minRefresh)
	if err := w.feed.Refresh(ctx); err != nil || len(w.p.seen()) != 3 {
		t.Errorf("later: %v, %d calls", err, len(w.p.seen()))
	}
	cancel()
	<-ran
}

// TestConfirmIsPolite: what was just fetched may be confirmed at once, but a confirmation that could not fetch it again is not
// repeated without a pause, and no refresh follows one.
func TestConfirmIsPolite(t *testing.T) {
	w := newWorld(t)
	w.p.publish(many(100)...)
	w.taken()
	w.p.publish(many(30)...)
	if err := w.asked((*Feed).Refresh); err != nil || w.feed.Status().State != status.FeedHeld {
		t.Fatalf("%v, %+v", err, w.feed.Status())
	}
	w.p.once(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) })
	calls := len(w.p.seen())
	if err := w.asked((*Feed).Confirm); !errors.As(err, new(*Failure)) || len(w.p.seen()) != calls+1 {
		t.Fatalf("after a refresh: %v, %d calls more", err, len(w.p.seen())-calls)
	}
	var soon *TooSoonError
	for what, do := range map[string]func(*Feed, context.Context) error{"confirm": (*Feed).Confirm, "refresh": (*Feed).Refresh} {
		if err := w.asked(do); !errors.As(err, &soon) || soon.After != minRefresh || len(w.p.seen()) != calls+1 {
			t.Errorf("%s at once: %v, %d calls more", what, err, len(w.p.seen())-calls)
		}
	}
	w.later(minRefresh)
	if err := w.asked((*Feed).Confirm); err != nil || len(w.p.seen()) != calls+2 || w.feed.Status().State != status.FeedCurrent {
		t.Errorf("later: %v, %d calls more, %+v", err, len(w.p.seen())-calls, w.feed.Status())
	}
}

// TestAskedWhileItEnds: nobody waits for a feed that does nothing more.
func TestAskedWhileItEnds(t *testing.T) {
	w := newWorld(t)
	w.p.publish("192.0.2.1")
	w.taken()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); w.feed.Run(ctx) }()
	begun := make(chan struct{})
	w.p.once(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	answers := make(chan error)
	go func() { answers <- w.feed.Refresh(t.Context()) }()
	<-begun
	go func() { answers <- w.feed.Confirm(t.Context()) }()
	cancel()
	for range 2 {
		if err := <-answers; !errors.Is(err, ErrEnded) {
			t.Errorf("while it ends: %v", err)
		}
	}
	<-ran
	if err := w.feed.Refresh(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("afterwards: %v", err)
	}
	if s := w.feed.Status(); s.LastError != "" || s.Entries != 1 {
		t.Errorf("status %+v", s)
	}
}
