package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// share is how many records one worker reads at a time; a batch of no more is read by the caller alone.
const share = 256

// eventBytes is about what an event takes beside its texts.
const eventBytes = 1200

// farAhead is how far ahead of the clock a record may lie: what is beyond would be held for longer than anybody waits, and
// bounds the months that one batch can touch.
const farAhead = 366 * 24 * time.Hour

// prepared is a batch whose records have been read.
type prepared struct {
	// events that can be stored, and the index of each in the batch.
	events []event.Event
	index  []int
	bytes  int
	// rejected counts all, rejections lists some.
	rejected   int
	rejections []event.Rejection
}

// prepare reads the records, several at once where there are many. The error is that of ctx.
func (p *Pipeline) prepare(ctx context.Context, o event.Origin, batch []event.Submission, arrival time.Time) (*prepared, error) {
	events := make([]event.Event, len(batch))
	problems := make([]*monitor.FieldError, len(batch))
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			from := int(next.Add(share)) - share
			if from >= len(batch) {
				return
			}
			for i := from; i < min(from+share, len(batch)); i++ {
				problems[i] = p.read(&events[i], batch[i], o, arrival)
			}
		}
	}
	var others sync.WaitGroup
	for range min(p.opt.Workers, (len(batch)+share-1)/share) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return collect(events, problems), nil
}

// collect puts what can be stored in one row.
func collect(events []event.Event, problems []*monitor.FieldError) *prepared {
	b := &prepared{events: events[:0], index: make([]int, 0, len(events))}
	for i, problem := range problems {
		if problem != nil {
			b.reject(event.Rejection{Index: i, EventID: problem.EventID, Field: problem.Field, Problem: problem.Problem})
			continue
		}
		b.bytes += eventBytes + len(events[i].Raw) + len(events[i].Data)
		if len(b.events) == i { // nothing was left out, so it stands in its place
			b.events = events[:i+1]
		} else {
			b.events = append(b.events, events[i])
		}
		b.index = append(b.index, i)
	}
	return b
}

func (b *prepared) reject(r event.Rejection) {
	if b.rejected++; len(b.rejections) < MaxRejections {
		b.rejections = append(b.rejections, r)
	}
}

// read makes the event of one record.
func (p *Pipeline) read(e *event.Event, s event.Submission, o event.Origin, arrival time.Time) *monitor.FieldError {
	var rec event.Record
	var raw string
	var err error
	if s.Record != nil {
		rec = *s.Record
		if err = monitor.Complete(&rec); err == nil {
			if raw = string(rec.Raw); raw == "" {
				raw = encode(&rec)
			}
		}
	} else {
		raw = string(s.JSON)
		rec, err = monitor.DecodeText(raw)
	}
	if err != nil {
		problem := &monitor.FieldError{Problem: err.Error()}
		errors.As(err, &problem)
		return problem
	}
	if !arrival.IsZero() && rec.Timestamp.Sub(arrival) > farAhead {
		return &monitor.FieldError{EventID: rec.EventID, Field: "timestamp", Problem: fmt.Sprintf("found %s, expected a time of not more than a year ahead",
			rec.Timestamp.UTC().Format(time.RFC3339))}
	}
	if keep := p.opt.Retention; keep > 0 && arrival.Sub(rec.Timestamp) > keep {
		return &monitor.FieldError{EventID: rec.EventID, Field: "timestamp", Problem: fmt.Sprintf("found %s, expected a time of the last %d days: older events are not kept",
			rec.Timestamp.UTC().Format(time.RFC3339), int(keep.Hours()/24))}
	}
	p.normaliser.fill(e, &rec, raw, o, arrival)
	return nil
}

// receipt says what became of the batch. Held counts accepted events only: the others are not new.
func (b *prepared) receipt(r *request, now time.Time) event.Receipt {
	out := event.Receipt{LastSequence: r.last}
	for i, o := range r.outcomes {
		switch o {
		case outcomeAccepted:
			out.Accepted++
			if b.events[i].Held(now) {
				out.Held++
			}
		case outcomeDuplicate:
			out.Duplicates++
		case outcomeConflict:
			out.Conflicts++
		default:
			b.reject(event.Rejection{Index: b.index[i], EventID: b.events[i].ID, Problem: reason(r.refusals[i])})
		}
	}
	slices.SortFunc(b.rejections, func(x, y event.Rejection) int { return cmp.Compare(x.Index, y.Index) })
	out.Rejected, out.Rejections = b.rejected, b.rejections
	return out
}

// reason is what a client learns about an event that the database refused; the cause is in the log.
func reason(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Reason == fault.InvalidArgument {
		return f.Message
	}
	return "found a record that the database refuses; the service's log says why"
}
