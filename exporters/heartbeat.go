package exporters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/status"
)

// Heartbeat says that Sealwatch and the delivery to a destination are at work, so that a receiver can raise an alarm about silence. It
// is no alert, and in no format looks like one.
type Heartbeat struct {
	// ID is its own, at most 40 bytes.
	ID string
	// Destination by the name in the configuration.
	Destination string
	// Version of Sealwatch, and Instance, the name of the machine that it runs on.
	Version, Instance string
	// Time at which it was made, and Interval until the next.
	Time     time.Time
	Interval time.Duration
	// Watermarks say how far the events have come in, one a tenant.
	Watermarks []Watermark
	// Analysis is how the detections are doing; nil when that is not known.
	Analysis *Analysis
	// State, Pending, OldestPending, Delivered, DeadLetters and LastSuccess are those of status.Destination.
	State                  string
	Pending                uint64
	OldestPending          time.Time
	Delivered, DeadLetters uint64
	LastSuccess            time.Time
	// Events is how the forwarding of events is doing; nil where none are forwarded.
	Events *status.Destination
}

// Watermark is the event time up to which the events of a tenant have come in; zero before the first.
type Watermark struct {
	Tenant string
	Time   time.Time
}

// Analysis is how the detections are doing.
type Analysis struct {
	// Failing is how many detections fail now, or leave somebody out.
	Failing int
	// Through is the time up to which everything that had come in has been through every detection: that of the heartbeat when nothing
	// waits.
	Through time.Time
}

// HeartbeatExporter is an Exporter that can send heartbeats.
type HeartbeatExporter interface {
	// ExportHeartbeat sends one, under the rules of Export but for what becomes of an error: it is only told. It is not repeated, and
	// nothing is kept of it to be sent again.
	ExportHeartbeat(ctx context.Context, h *Heartbeat) error
}

// Heartbeats says what the heartbeats of a destination tell.
type Heartbeats struct {
	// Interval between two; 0 sends none.
	Interval          time.Duration
	Version, Instance string
	// Watermarks, Analysis and Events may be nil. Behind of Analysis is when the first event came in that some detection has not been
	// through; zero when there is none.
	Watermarks func() []Watermark
	Analysis   func() (failing int, behind time.Time)
	Events     func() status.Destination
}

const (
	// beatTimeout bounds the sending of a heartbeat, beatGrace what is left of that when a change comes meanwhile.
	beatTimeout = 10 * time.Second
	beatGrace   = time.Second
)

// beatDue is how long it is until the next heartbeat; ok is false where there are none.
func (r *Runner) beatDue() (wait time.Duration, ok bool) {
	if _, can := r.o.Exporter.(HeartbeatExporter); !can || r.o.Heartbeats.Interval == 0 || r.stopping.Err() != nil {
		return 0, false
	}
	return time.Until(r.beatAt), true
}

// beat sends a heartbeat when it is time. It lets go first what overtakes, and what may hold something that does, for a while.
func (r *Runner) beat(ctx context.Context) {
	wait, ok := r.beatDue()
	waits := len(r.express) > 0 || r.o.Log.Head() > max(r.read, r.scouted)
	if !ok || wait > 0 || waits && -wait < min(beatTimeout, r.o.Heartbeats.Interval) {
		return
	}
	limit := beatTimeout
	if waits {
		limit = beatGrace
	}
	r.sendBeat(ctx, limit)
}

// sendBeat makes one attempt. What comes of it is counted and shown, and changes nothing else: neither the cursor nor whether the
// destination is well.
func (r *Runner) sendBeat(ctx context.Context, limit time.Duration) {
	now := time.Now()
	r.beatAt = now.Add(r.o.Heartbeats.Interval)
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)()
	var watch sync.WaitGroup
	head := r.o.Log.Head()
	watch.Go(func() { // a change that comes meanwhile does not wait long
		if r.o.Log.Wait(bounded, head) != nil {
			return
		}
		select {
		case <-bounded.Done():
		case <-time.After(beatGrace):
			cancel()
		}
	})
	err := r.exportBeat(bounded, now)
	cancel()
	watch.Wait()
	if ctx.Err() != nil {
		return
	}
	outcome, problem := "sent", ""
	if err != nil {
		outcome, problem = "failed", presentable(err.Error())
	}
	r.m.beats.WithLabelValues(outcome).Inc()
	if news := r.state.beat(now, problem); news {
		r.o.Logger.WarnContext(ctx, "a heartbeat could not be sent; the next one takes its place", slog.String("destination", r.o.Name), slog.String("error", problem))
	}
}

func (r *Runner) exportBeat(ctx context.Context, now time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Logger.ErrorContext(ctx, "the exporter panicked", slog.String("destination", r.o.Name), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = errors.New("the exporter panicked; the log has the details")
		}
	}()
	x, ok := r.o.Exporter.(HeartbeatExporter)
	if !ok {
		return fmt.Errorf("%s sends no heartbeats", r.o.Exporter.Kind())
	}
	return x.ExportHeartbeat(ctx, r.heartbeat(now))
}

func (r *Runner) heartbeat(now time.Time) *Heartbeat {
	o, s := &r.o.Heartbeats, r.Status()
	h := &Heartbeat{ID: uuid.NewString(), Destination: r.o.Name, Version: o.Version, Instance: o.Instance, Time: now.UTC(), Interval: o.Interval,
		State: s.State, Pending: s.Pending, OldestPending: s.OldestPending, Delivered: s.Delivered, DeadLetters: s.DeadLetters, LastSuccess: s.LastSuccess}
	if o.Watermarks != nil {
		h.Watermarks = o.Watermarks()
	}
	if o.Analysis != nil {
		failing, behind := o.Analysis()
		if behind.IsZero() || behind.After(h.Time) {
			behind = h.Time
		}
		h.Analysis = &Analysis{Failing: failing, Through: behind.UTC()}
	}
	if o.Events != nil {
		events := o.Events()
		h.Events = &events
	}
	return h
}
