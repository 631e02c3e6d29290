package connect

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

const (
	// lostAfter and lostRefusals make a loss: so long no delivery became an event, and so many were refused meanwhile. One alone means
	// nothing, because anybody can send it.
	lostAfter    = 15 * time.Minute
	lostRefusals = 10
	// quietAfter is when deliveries that are refused are over, also without one that is taken: a stranger may have made all of them.
	quietAfter = time.Hour
	quietCheck = time.Minute
	// tellPatience bounds one call of the Watch, tellAgain is when one that failed is made again.
	tellPatience = 10 * time.Second
	tellAgain    = time.Minute
)

// causes are the outcomes that make a loss, and what an administrator has to look at.
var causes = []struct{ outcome, found, do string }{
	{outcomeSignature, "signed with no key of this source", "compare Connect Keys in DocuSign with hmacKeyFiles"},
	{outcomeUnsigned, "not signed", "switch Include HMAC Signature on again in the configuration in DocuSign, and find out who switched it off"},
	{outcomeOversized, "too large", "do not include documents in the configuration in DocuSign"},
	{outcomeBroken, "not there whole in time", "look at the proxy"},
	{outcomeBusy, "without room", "look whether the database is slow, and limit in the proxy who may deliver, and how often"},
}

// Loss says that deliveries come and cannot be taken.
type Loss struct {
	// Source by its origin's name.
	Source string
	// Kind in one word; Problem says what to do, Title is one sentence.
	Kind, Problem, Title string
	// Since is when a delivery last became an event, or the process began.
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
	// since is the last delivery that became an event, or the start; refusals are those after it by their outcome, and last is their end.
	since, last time.Time
	// began is the start.
	began    time.Time
	refusals map[string]int
	// told says that the Watch knows of a loss, settled that it knows anything at all.
	told, settled bool
	// telling says that it is being told; again is when that may be tried.
	telling bool
	again   time.Time
}

// lost is called after a delivery was refused, and tells the Watch when that makes a loss.
func (s *source) lost(ctx context.Context, outcome string) {
	now := s.now()
	s.mu.Lock()
	w := &s.watched
	w.refusals[outcome]++
	w.last = now
	total := 0
	for _, n := range w.refusals {
		total += n
	}
	if w.told || w.telling || total < lostRefusals || now.Sub(w.since) < lostAfter || now.Before(w.again) {
		s.mu.Unlock()
		return
	}
	w.telling = true
	loss := w.loss(s.Origin.Source, total)
	s.mu.Unlock()
	s.tell(ctx, true, func(ctx context.Context) error { return s.watch.Lost(ctx, loss) })
}

// loss says what the refusals mean. They alone do not tell DocuSign from a stranger.
func (w *watched) loss(source string, total int) Loss {
	var found, do []string
	kind := ""
	for _, c := range causes {
		n := w.refusals[c.outcome]
		if n == 0 {
			continue
		}
		if n > w.refusals[kind] {
			kind = c.outcome
		}
		found, do = append(found, fmt.Sprintf("%d %s", n, c.found)), append(do, c.do)
	}
	return Loss{Source: source, Kind: kind, Since: w.since, Failures: total,
		Problem: fmt.Sprintf("%d deliveries were refused since the last one that became an event: %s. What to do: %s. It may be a stranger, because anybody can send such: when Connect, Failures in DocuSign shows none of them, "+
			"nothing is lost, and this resolves when none came for an hour", total, strings.Join(found, ", "), strings.Join(do, "; ")),
		Title:       fmt.Sprintf("Deliveries of DocuSign Connect, or of a stranger, to %s are refused, and no new one was taken since %s", source, w.since.UTC().Format("2006-01-02 15:04 MST")),
		Consequence: "If they are DocuSign's, what Connect tells is not seen meanwhile; DocuSign delivers it again for some days, and then no more.",
		After:       "Nothing is refused any more. What DocuSign still has it delivers again; alerts on it come late. Connect, Failures in DocuSign has what was given up."}
}

// back is called after a delivery became an event that is new.
func (s *source) back(ctx context.Context) {
	s.mu.Lock()
	s.watched.since = s.now()
	clear(s.watched.refusals)
	s.mu.Unlock()
	s.over(ctx)
}

// Run resolves what was told of refusals when none came for an hour, until ctx ends.
func (r *Receiver) Run(ctx context.Context) {
	t := time.NewTicker(quietCheck)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			r.quiet(ctx)
		}
	}
}

func (r *Receiver) quiet(ctx context.Context) {
	for _, s := range r.sources {
		now := s.now()
		s.mu.Lock()
		w := &s.watched
		// An earlier process may have told of a loss.
		pending := w.told || !w.settled
		quiet := now.Sub(w.last) >= quietAfter && now.Sub(w.began) >= quietAfter
		if pending && quiet {
			clear(w.refusals)
		}
		s.mu.Unlock()
		if pending && quiet {
			s.over(ctx)
		}
	}
}

// over tells the Watch that nothing is lost, unless it knows.
func (s *source) over(ctx context.Context) {
	now := s.now()
	s.mu.Lock()
	w := &s.watched
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
