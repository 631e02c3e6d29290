package splunk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Exporter sends to one destination of one or more collectors. It implements exporters.Exporter, and is not for concurrent use.
type Exporter struct {
	o         Options
	encoder   encoder
	endpoints []*endpoint
	current   int // the endpoint in use
	flights   flights
	// requests and singles bound a request, and one of a single event.
	requests, singles payload.Limit
	// plain says that the last request that was taken got no id to ask for, so that there are no acknowledgements to wait for.
	plain     bool
	slow      time.Duration
	slowUntil time.Time
	body      bytes.Buffer
	patience  time.Duration
	gzip      *gzip.Writer
}

// New returns an exporter; it connects when there is something to send. The error names each option that is not as expected.
func New(o Options) (*Exporter, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	x := &Exporter{o: o, flights: flights{}, requests: payload.Limit{Configured: o.MaxBytes}, singles: payload.Limit{Configured: o.MaxBytes}}
	if !o.NoAck {
		x.patience = time.Minute + o.AckTimeout
	}
	x.encoder = newEncoder(&x.o)
	for _, address := range o.Endpoints {
		base, err := Endpoint(address)
		if err != nil {
			return nil, err
		}
		e, err := newEndpoint(base, &x.o)
		if err != nil {
			return nil, err
		}
		x.endpoints = append(x.endpoints, e)
	}
	var err error
	if x.gzip, err = gzip.NewWriterLevel(&x.body, gzip.BestSpeed); err != nil {
		return nil, fmt.Errorf("splunk: %w", err)
	}
	return x, nil
}

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "splunk" }

// Patience implements exporters.Patient: the requests, and the time that an acknowledgement may take.
func (x *Exporter) Patience() time.Duration { return x.patience }

// Check implements exporters.Checker: there is a token, and it can be one.
func (x *Exporter) Check() error {
	if _, err := x.endpoints[0].token(); err != nil {
		return fmt.Errorf("splunk: %w", err)
	}
	return nil
}

// Transport implements exporters.Web.
func (x *Exporter) Transport() *http.Transport { return x.endpoints[0].transport }

// Close implements exporters.Exporter. What was not acknowledged is sent again by the next process.
func (x *Exporter) Close(context.Context) error {
	for _, e := range x.endpoints {
		e.close()
	}
	return nil
}

// item is a change of a batch that is to be sent.
type item struct {
	index int
	event []byte // nil until its turn has come
}

// Export implements exporters.Exporter. It returns nil when everything was accepted, and acknowledged where the token has that.
func (x *Exporter) Export(ctx context.Context, changes []alert.Change) error {
	keys := make([]key, len(changes))
	for i := range changes {
		keys[i] = key{changes[i].ID, changes[i].Sequence}
	}
	return x.export(ctx, keys, func(i, most int) ([]byte, error) { return x.encoder.encode(&changes[i], most) })
}

// ExportEvents implements exporters.EventExporter.
func (x *Exporter) ExportEvents(ctx context.Context, events []event.Event) error {
	keys := make([]key, len(events))
	for i := range events {
		keys[i] = key{events[i].ID, events[i].Sequence}
	}
	return x.export(ctx, keys, func(i, most int) ([]byte, error) { return x.encoder.event(&events[i], most) })
}

func (x *Exporter) export(ctx context.Context, keys []key, encode func(i, most int) ([]byte, error)) error {
	x.flights.expire(time.Now())
	b := &batch{keys: keys, encode: encode, settled: make([]bool, len(keys)), failed: map[int]string{}}
	items := make([]item, 0, len(keys))
	for i := range keys {
		if x.flights[keys[i]] != nil {
			continue
		}
		items = append(items, item{index: i})
	}
	err := x.sendAll(ctx, b, items)
	if err == nil {
		err = x.await(ctx, b)
	}
	return x.outcome(b, err)
}

// batch is what an export knows of its changes.
type batch struct {
	keys    []key
	encode  func(i, most int) ([]byte, error)
	settled []bool         // accepted, without an acknowledgement to wait for
	failed  map[int]string // refused for good
	unsent  []item         // were not tried, because many before them were refused
}

// lost says whether there is a change that nobody knows anything about any more.
func (b *batch) lost(f flights) bool {
	open := 0
	for i := range b.keys {
		if _, failed := b.failed[i]; !failed && !b.settled[i] && f[b.keys[i]] == nil {
			open++
		}
	}
	return open > len(b.unsent)
}

// outcome reports what is accepted up to the first change that is not, and forgets it.
func (x *Exporter) outcome(b *batch, err error) error {
	accepted := 0
	for ; accepted < len(b.keys); accepted++ {
		k := b.keys[accepted]
		flight := x.flights[k]
		if _, failed := b.failed[accepted]; !failed && !b.settled[accepted] && (flight == nil || !flight.acked) {
			break
		}
		delete(x.flights, k)
	}
	if err == nil && len(b.failed) == 0 {
		return nil
	}
	for ; accepted > 0; accepted-- {
		if _, failed := b.failed[accepted-1]; !failed {
			break
		}
	}
	e := &exporters.Error{Kind: exporters.Permanent, Accepted: accepted, Failed: b.failed, Err: err}
	if r := new(refusal); errors.As(err, &r) {
		e.Kind, e.RetryAfter = r.kind, r.after
	} else if err != nil {
		e.Kind = exporters.Retryable
	}
	return e
}

// refusal is an error that ends an export.
type refusal struct {
	kind  exporters.ErrorKind
	after time.Duration
	err   error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// sendAll sends the items in requests within the limit. What a request leaves open is sent with the next one: behind an event
// that was refused, in smaller ones, or to another endpoint.
func (x *Exporter) sendAll(ctx context.Context, b *batch, items []item) error {
	most, failures := len(items), 0
	own := 0     // so many at the front go in a request of their own
	refused := 0 // with nothing said about others
	limit, single := x.requests.Bytes(time.Now()), x.singles.Bytes(time.Now())
	for len(items) > 0 {
		if refused == exporters.MostRefused {
			b.unsent = items
			return nil
		}
		if err := x.pause(ctx); err != nil {
			return err
		}
		together := most
		if own > 0 {
			together = min(most, own)
		}
		var n, size int
		if items, n, size = x.chunk(b, items, together, limit, single); n == 0 {
			return nil
		}
		to := x.endpoints[x.current]
		r, err := x.post(ctx, to, items[:n], size)
		if err != nil {
			return err
		}
		if r.action == noAck && x.o.NoAck {
			r.action = person // although none was asked for
		}
		x.pace(ctx, r)
		switch r.action {
		case taken, slower:
			x.plain = r.ack == nil
			x.accepted(b, to, items[:n], r.ack)
			x.requests.Taken(limit, time.Now())
			x.singles.Taken(single, time.Now())
			items, most, failures, own = items[n:], 2*most, 0, max(0, own-n)
		case badEvent:
			b.failed[items[r.accepted].index] = r.err.Error()
			if r.accepted == 0 {
				refused++
			}
			items = slices.Delete(items, r.accepted, r.accepted+1)
			if own = x.unsure(r); own == 0 {
				x.accepted(b, to, items[:r.accepted], r.ack)
				items = items[r.accepted:]
			}
			failures = 0
		case badBatch:
			if n > 1 {
				most = n / 2
			} else {
				b.failed[items[0].index] = r.err.Error()
				items, own, refused = items[1:], max(0, own-1), refused+1
			}
		case tooLarge:
			switch {
			case n > 1:
				limit, most = max(size/2, minMaxBytes), n/2
			case x.shorten(b, &items[0], size/2):
				single = size / 2
			default:
				b.failed[items[0].index] = fmt.Sprintf("%v; %d bytes were too many, and it cannot be half as long", r.err, size)
				items, own, refused = items[1:], max(0, own-1), refused+1
				single = x.singles.Bytes(time.Now()) // what no event could keep to says nothing about others
			}
		case noAck:
			x.withoutAck(ctx, r)
		case busy, person:
			if x.unsure(r) == 0 {
				x.accepted(b, to, items[:r.accepted], r.ack)
				items, own = items[r.accepted:], max(0, own-r.accepted)
			}
			x.current = (x.current + 1) % len(x.endpoints)
			failures++
			if ctx.Err() == nil && r.action == busy && failures < len(x.endpoints) {
				continue
			}
			kind := exporters.Retryable
			if r.action == person {
				kind = exporters.Unauthorized
			}
			return &refusal{kind, r.retryAfter, r.err}
		}
	}
	return nil
}

// unsure is how many of the events before a refused one are sent again, because Splunk named no acknowledgement to ask for although its
// token has that. Then nothing would say whether the indexer has them.
func (x *Exporter) unsure(r reply) int {
	if r.ack != nil || x.o.NoAck || x.plain {
		return 0
	}
	return r.accepted
}

// shorten encodes an event again, in at most so many bytes with its line break; false when that cannot be.
func (x *Exporter) shorten(b *batch, i *item, most int) bool {
	event, err := b.encode(i.index, most-1)
	if err == nil {
		i.event = event
	}
	return err == nil
}

// chunk encodes the items of the next request, and returns their number and size. What cannot be encoded has failed, and is no item any
// more.
func (x *Exporter) chunk(b *batch, items []item, most, limit, single int) (rest []item, n, size int) {
	for n < len(items) && n < max(most, 1) {
		if items[n].event == nil {
			event, err := b.encode(items[n].index, single-1)
			if err != nil && single < x.o.MaxBytes {
				event, err = b.encode(items[n].index, x.o.MaxBytes-1)
			}
			if err != nil {
				b.failed[items[n].index] = err.Error()
				items = slices.Delete(items, n, n+1)
				continue
			}
			items[n].event = event
		}
		next := size + len(items[n].event) + 1
		if n > 0 && next > limit {
			break
		}
		size = next
		n++
	}
	return items, n, size
}

func (x *Exporter) post(ctx context.Context, to *endpoint, items []item, size int) (reply, error) {
	x.body.Reset()
	x.body.Grow(size)
	if x.o.NoGzip {
		for _, i := range items {
			x.body.Write(i.event)
			x.body.WriteByte('\n')
		}
		return to.send(ctx, x.body.Bytes(), false, len(items)), nil
	}
	x.gzip.Reset(&x.body)
	for _, i := range items {
		if _, err := x.gzip.Write(i.event); err != nil {
			return reply{}, fmt.Errorf("splunk: compressing: %w", err)
		}
		if _, err := x.gzip.Write([]byte{'\n'}); err != nil {
			return reply{}, fmt.Errorf("splunk: compressing: %w", err)
		}
	}
	if err := x.gzip.Close(); err != nil {
		return reply{}, fmt.Errorf("splunk: compressing: %w", err)
	}
	return to.send(ctx, x.body.Bytes(), true, len(items)), nil
}

// accepted notes that the receiver took the items.
func (x *Exporter) accepted(b *batch, to *endpoint, items []item, ack *uint64) {
	f := (*flight)(nil)
	if ack != nil && !x.o.NoAck {
		f = &flight{to: to, id: *ack, deadline: time.Now().Add(x.o.AckTimeout)}
	}
	for _, i := range items {
		if f == nil {
			b.settled[i.index] = true
		} else {
			x.flights[b.keys[i.index]] = f
		}
	}
}

// withoutAck goes on without acknowledgements: the token has none any more.
func (x *Exporter) withoutAck(ctx context.Context, r reply) {
	x.o.NoAck = true
	for _, f := range x.flights { // Splunk accepted them, and there is nothing else to learn
		f.acked = true
	}
	x.o.Logger.WarnContext(ctx, "Splunk says that the token has no indexer acknowledgement; its reply counts as acceptance from now on", slog.String("error", r.err.Error()))
}

// await asks until everything that is on its way is acknowledged, or the time of some of it is up.
func (x *Exporter) await(ctx context.Context, b *batch) error {
	var last error
	for wait := x.o.AckInterval; ; wait = min(2*wait, 10*x.o.AckInterval) {
		waiting := x.flights.waiting(b.keys)
		if len(waiting) == 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("splunk: waiting for acknowledgements: %w", errors.Join(err, last))
		}
		for to, flights := range waiting {
			ids, r := to.acked(ctx, slices.Sorted(maps.Keys(flights)))
			switch r.action {
			case noAck:
				x.withoutAck(ctx, r)
			case person:
				return &refusal{exporters.Unauthorized, r.retryAfter, r.err}
			default:
				last = r.err // it is asked again until the time is up
			}
			for id, f := range flights {
				if ids[id] && !f.acked {
					f.acked, f.deadline = true, time.Now().Add(10*x.o.AckTimeout) // until it is reported
				}
			}
		}
		if x.flights.expire(time.Now()); b.lost(x.flights) {
			x.current = (x.current + 1) % len(x.endpoints)
			return errors.Join(fmt.Errorf("splunk: the indexer did not acknowledge within %s; it is sent again", x.o.AckTimeout), last)
		}
	}
}

// pace slows down while the receiver says that it is nearly full.
func (x *Exporter) pace(ctx context.Context, r reply) {
	switch r.action {
	case slower:
		x.slow = min(max(2*x.slow, x.o.SlowDown), 16*x.o.SlowDown)
		x.slowUntil = time.Now().Add(x.slow)
		x.o.Logger.WarnContext(ctx, "Splunk's queues are nearly full; sending slower", slog.String("reply", r.err.Error()), slog.Duration("pause", x.slow))
	case taken:
		x.slow = 0
	}
}

func (x *Exporter) pause(ctx context.Context) error { return sleep(ctx, time.Until(x.slowUntil)) }

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
