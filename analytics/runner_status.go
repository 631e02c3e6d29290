package analytics

import (
	"cmp"
	"errors"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// public is what a reader of the status learns of an error; the log has the rest.
func public(err error) string {
	var known *fault.Error
	var tooMuch *tooMuchError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &tooMuch):
		return tooMuch.public()
	case clickhouse.Limit(err) != "":
		return "a query exceeds the engine's limit of " + clickhouse.Limit(err)
	case errors.As(err, &known):
		return known.Message
	case clickhouse.Refusal(err) != "":
		return "the engine refuses its query (" + clickhouse.Refusal(err) + "), and will until it is another one; the service's log says where"
	}
	return "it could not be evaluated; the service's log says why"
}

// Watermark is the event time up to which events have come in; zero before the first.
func (r *Runner) Watermark() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watermark
}

// Status says how far the analysis has come. Counts of stored and active things are the caller's to add.
func (r *Runner) Status() status.Analysis {
	r.mu.Lock()
	defer r.mu.Unlock()
	head := r.head.Load()
	a := status.Analysis{Sequence: head, Watermark: r.watermark, Detections: map[string]status.Detection{}}
	for id, p := range r.state {
		pending := head - min(head, p.Position)
		if pending == 0 && (p.rechecked.Position < r.asked.Load() || r.lags(id, p)) {
			pending = 1 // stored events have to be looked at again; how many is not known
		}
		a.Pending = max(a.Pending, pending)
		a.Sequence = min(a.Sequence, p.Position)
		last := cmp.Or(p.lastError, p.behindFor())
		a.Detections[id] = status.Detection{Pending: pending, LastError: last}
		if last != "" {
			a.LastError = id + ": " + last
		}
	}
	a.Behind = r.arrived.since(a.Sequence)
	a.Pending = max(a.Pending, head-min(head, r.described.Position), uint64(len(r.unasked)))
	if a.Placing = r.placed.said != r.placed.done; a.Placing {
		a.Pending = max(a.Pending, 1) // everybody whom it concerns is looked at again
		if r.placed.lastError != "" {
			a.LastError = "places of events: " + r.placed.lastError
		}
	}
	if r.describeError != "" {
		a.LastError = "context of alerts: " + r.describeError
	}
	return a
}
