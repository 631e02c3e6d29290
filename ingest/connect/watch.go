package connect

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// lostAfter and lostRefusals make a loss: so long no delivery was authentic, and so many that were signed were refused meanwhile. One
	// alone means nothing, because anybody can send it.
	lostAfter    = 15 * time.Minute
	lostRefusals = 10
	// tellPatience bounds one call of the Watch, tellAgain is when one that failed is made again.
	tellPatience = 10 * time.Second
	tellAgain    = time.Minute
)

// kindSignature is the one kind of a loss that can be told from silence.
const kindSignature = "signature"

// Loss says that deliveries come and cannot be taken.
type Loss struct {
	// Source by its origin's name.
	Source string
	// Kind in one word; Problem says what to do, Title is one sentence.
	Kind, Problem, Title string
	// Since is when a signature last held.
	Since    time.Time
	Failures int
	// Consequence says what it means, After what it meant once the source is back.
	Consequence, After string
}

// Watch is told when a source is lost, and when it is back.
type Watch interface {
	Lost(ctx context.Context, l Loss) error
	Restored(ctx context.Context, source string, at time.Time) error
}

// watched is what a source knows of its own loss.
type watched struct {
	// since is the last authentic delivery, or the start; refusals are the signed deliveries that were refused after it.
	since    time.Time
	refusals int
	// told says that the Watch knows of a loss, settled that it knows anything at all.
	told, settled bool
	// telling says that it is being told; again is when that may be tried.
	telling bool
	again   time.Time
}

// lost is called after a signed delivery was refused, and tells the Watch when that makes a loss.
func (s *source) lost(ctx context.Context) {
	now := s.now()
	s.mu.Lock()
	w := &s.watched
	w.refusals++
	loss := Loss{Source: s.Origin.Source, Kind: kindSignature, Since: w.since, Failures: w.refusals,
		Problem: fmt.Sprintf("%d deliveries were refused since the last one whose signature held: somebody changed the keys in DocuSign, or the file names another one's; compare Connect Keys in DocuSign with hmacKeyFiles. "+
			"When DocuSign shows no failures, it is somebody else who delivers", w.refusals),
		Title:       fmt.Sprintf("Deliveries of DocuSign Connect (%s) are refused since %s: no key made their signature", s.Origin.Source, w.since.UTC().Format("2006-01-02 15:04 MST")),
		Consequence: "What Connect tells is not seen meanwhile; DocuSign delivers it again for some days, and then no more.",
		After:       "What DocuSign still has is delivered now; alerts on it come late. Connect, Failures in DocuSign has what was given up."}
	if w.told || w.telling || w.refusals < lostRefusals || now.Sub(w.since) < lostAfter || now.Before(w.again) {
		s.mu.Unlock()
		return
	}
	w.telling = true
	s.mu.Unlock()
	s.tell(ctx, true, func(ctx context.Context) error { return s.watch.Lost(ctx, loss) })
}

// back is called after an authentic delivery was taken.
func (s *source) back(ctx context.Context) {
	now := s.now()
	s.mu.Lock()
	w := &s.watched
	w.since, w.refusals = now, 0
	if w.settled && !w.told || w.telling || now.Before(w.again) {
		s.mu.Unlock()
		return
	}
	w.telling = true
	s.mu.Unlock()
	s.tell(ctx, false, func(ctx context.Context) error { return s.watch.Restored(ctx, s.Origin.Source, now) })
}

// tell makes one call of the Watch. One that fails is made again with a later delivery.
func (s *source) tell(ctx context.Context, lost bool, call func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellPatience)
	defer cancel()
	var err error
	if s.watch != nil {
		err = call(ctx)
	}
	s.mu.Lock()
	w := &s.watched
	w.telling = false
	if err == nil {
		w.told, w.settled = lost, true
	} else {
		w.again = s.now().Add(tellAgain)
	}
	s.mu.Unlock()
	if err != nil {
		s.log.WarnContext(ctx, "an alert about the source cannot be written; it is tried again", slog.Any("error", err))
	}
}
