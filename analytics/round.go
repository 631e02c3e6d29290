package analytics

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// maxConcurrent is how many detections are evaluated at once. More would only slow each other down on two cores.
const maxConcurrent = 2

// quickestFirst are the detections in the order of what their last steps took, so that an alert waits for no slower view.
func (r *Runner) quickestFirst() []*Detection {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.detections)
	slices.SortStableFunc(all, func(a, b *Detection) int { return cmp.Compare(r.state[a.ID].took, r.state[b.ID].took) })
	return all
}

// checkpointPatience bounds the storing of checkpoints.
const checkpointPatience = 5 * time.Second

// allWaiting says whether every detection waits to be tried again; r.mu is held.
func (r *Runner) allWaiting() bool {
	now := time.Now()
	for _, p := range r.state {
		if !now.Before(p.notBefore) {
			return false
		}
	}
	return true
}

// behind says whether there is something to do.
func (r *Runner) behind() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun && len(r.state) > 0 && !r.allWaiting() || !r.held.IsZero() && !r.held.After(r.line()) || len(r.unasked) > 0 {
		return true
	}
	now := time.Now()
	for id, p := range r.state {
		if now.Before(p.notBefore) {
			continue
		}
		if r.lags(id, p) || p.Position < r.head.Load() || p.rechecked.Position < r.asked.Load() || len(p.dueAgain(now)) > 0 {
			return true
		}
	}
	return false
}

// round takes every detection one step further and says whether all went well. The detections run side by side: most of
// the time of a small round goes into the planning of their views.
func (r *Runner) round(ctx context.Context) bool {
	start := time.Now()
	line := r.line()
	unasked := r.askExceptions(ctx)
	if unasked != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "analysis: who an exception covers cannot be looked at yet; it is tried again", slog.Any("error", unasked))
	}
	r.retireSpent(ctx)
	wider := r.wider()
	todo := make(map[string]clickhouse.SpanQuery)
	changed := make(map[clickhouse.SpanQuery][]clickhouse.Span)
	now := time.Now()
	waiting := 0
	r.mu.Lock()
	release := !r.begun || !r.held.IsZero() && !r.held.After(line)
	for id, p := range r.state {
		if now.Before(p.notBefore) {
			waiting++
			continue
		}
		todo[id] = clickhouse.SpanQuery{Tenant: r.o.Tenant, After: p.Position, Upto: min(r.head.Load(), p.Position+r.o.Step), Release: release, Released: p.Line, Line: line, Wider: wider}
	}
	r.mu.Unlock()
	failed := make(map[clickhouse.SpanQuery]error)
	for _, q := range todo { // most detections are at the same place
		if _, asked := changed[q]; !asked {
			changed[q], failed[q] = r.changed(ctx, q)
		}
	}
	var side errgroup.Group
	side.SetLimit(maxConcurrent)
	var mu sync.Mutex
	done := make(map[string]clickhouse.Checkpoint)
	for _, d := range r.quickestFirst() {
		q, due := todo[d.ID]
		if !due {
			continue
		}
		side.Go(func() error {
			begun := time.Now()
			err := failed[q]
			if err == nil {
				err = r.follow(ctx, d, line)
			}
			if err == nil {
				err = r.step(ctx, d, changed[q], line)
			}
			r.mu.Lock()
			r.state[d.ID].took = time.Since(begun)
			r.mu.Unlock()
			if err == nil {
				err = r.recheck(ctx, d, line)
			}
			if err == nil {
				err = r.tryAgain(ctx, d, line)
			}
			r.note(ctx, d, err)
			if err == nil {
				mu.Lock()
				done[d.ID] = clickhouse.Checkpoint{Position: q.Upto, Line: line}
				mu.Unlock()
			}
			return nil
		})
	}
	_ = side.Wait() // every error is noted with its detection
	ok := len(done) == len(todo)
	if len(done) > 0 && r.store(ctx, done) != nil {
		return false
	}
	err := r.findHeld(ctx, line)
	if err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "analysis: held events cannot be looked up", slog.Any("error", err))
	}
	r.mu.Lock()
	// Until it is known which events are held, and while a detection has not released those that were due, rounds go on.
	r.begun = err == nil && ok && waiting == 0
	r.mu.Unlock()
	ok = ok && err == nil && unasked == nil
	r.metrics.rounds.Observe(time.Since(start).Seconds())
	return ok
}

// store keeps how far the detections have come. The alerts are stored already: what is lost here is evaluated again,
// which changes nothing.
func (r *Runner) store(ctx context.Context, done map[string]clickhouse.Checkpoint) error {
	named := make(map[string]clickhouse.Checkpoint, len(done))
	r.mu.Lock()
	for id, c := range done {
		c.Version = r.state[id].Version + 1
		done[id] = c
		named[r.checkpointName(id)] = c
	}
	r.mu.Unlock()
	// also when the service stops meanwhile: it would only be done again
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkpointPatience)
	defer cancel()
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), named); err != nil {
		r.log.WarnContext(ctx, "analysis: checkpoints cannot be stored", slog.Any("error", err))
		for id := range done {
			r.mu.Lock()
			r.state[id].lastError = public(err)
			r.mu.Unlock()
		}
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range done {
		r.state[id].Checkpoint = c
	}
	return nil
}

// firstPause and longestPause bound the time until a detection that failed is tried again.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

func (r *Runner) note(ctx context.Context, d *Detection, err error) {
	if err != nil && ctx.Err() == nil {
		r.log.ErrorContext(ctx, "analysis: a detection could not be evaluated; it is tried again", slog.String("detection", d.ID), slog.Any("error", err))
		r.metrics.errors.WithLabelValues(d.ID).Inc()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.state[d.ID]
	p.lastError = public(err)
	if err == nil {
		p.failures, p.notBefore = 0, time.Time{}
		return
	}
	p.notBefore = time.Now().Add(min(longestPause, firstPause<<min(p.failures, 10)))
	p.failures++
}
