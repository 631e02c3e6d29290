package ingest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// outcome is what became of one event.
type outcome uint8

const (
	outcomeNone outcome = iota
	outcomeAccepted
	outcomeDuplicate
	outcomeConflict
	outcomeRefused
)

// request is one caller's events on their way to the store. The writer fills it in and closes done.
type request struct {
	events   []event.Event
	bytes    int
	outcomes []outcome
	// refusals say why events were refused, by their index.
	refusals map[int]error
	// last is the highest sequence that was durable when the request was done.
	last uint64
	// err is set when it is not known what became of some event, or when the database refused everything.
	err  error
	done chan struct{}
	// taken says that the writer has it; gone that the caller waits no more. Both are guarded by the queue.
	taken, gone bool
}

// queue holds the requests until the writer takes them. What the writer has counts as waiting until it is done.
type queue struct {
	maxRows, maxBytes int
	// wake has an element when there may be something to do.
	wake chan struct{}

	mu      sync.Mutex
	waiting []*request
	rows    int
	bytes   int
	closing bool
	// pace is how long the last commit took.
	pace time.Duration
}

func newQueue(maxRows, maxBytes int) *queue {
	return &queue{maxRows: maxRows, maxBytes: maxBytes, wake: make(chan struct{}, 1)}
}

// check returns the error that a request would get now.
func (q *queue) check(rows, bytes int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.refuse(rows, bytes)
}

// refuse lets in a request of any size when nothing else waits.
func (q *queue) refuse(rows, bytes int) error {
	switch {
	case q.closing:
		return fault.New(fault.ShuttingDown, "the service is shutting down; nothing was taken, send it again later")
	case q.rows > 0 && (q.rows+rows > q.maxRows || q.bytes+bytes > q.maxBytes):
		err := fault.New(fault.QueueFull, "%d events of %d bytes wait to be stored, which is the most that may; nothing was taken, send it again later", q.rows, q.bytes)
		err.RetryAfter = min(max(q.pace, 200*time.Millisecond), 10*time.Second)
		return err
	}
	return nil
}

func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refuse(len(r.events), r.bytes); err != nil {
		return err
	}
	q.waiting = append(q.waiting, r)
	q.rows += len(r.events)
	q.bytes += r.bytes
	q.signal()
	return nil
}

// signal is called under the lock or not; it never blocks.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// abandon is called when the caller waits no more. What the writer has not taken goes from the queue.
func (q *queue) abandon(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.gone = true
	if r.taken {
		return
	}
	if i := slices.Index(q.waiting, r); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.rows -= len(r.events)
		q.bytes -= r.bytes
	}
}

// take waits for requests and takes them, up to about maxRows; nil means that the queue is closed and empty.
func (q *queue) take(ctx context.Context, maxRows int) []*request {
	for {
		if batch, closing := q.some(maxRows); batch != nil || closing {
			return batch
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

func (q *queue) some(maxRows int) (batch []*request, closing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	rows := 0
	for _, r := range q.waiting {
		if rows > 0 && rows+len(r.events) > maxRows {
			break
		}
		rows += len(r.events)
		r.taken = true
		batch = append(batch, r)
	}
	q.waiting = slices.Delete(q.waiting, 0, len(batch))
	return batch, q.closing
}

// finish tells the callers and makes room.
func (q *queue) finish(batch []*request, took time.Duration) {
	q.mu.Lock()
	q.pace = took
	for _, r := range batch {
		q.rows -= len(r.events)
		q.bytes -= r.bytes
	}
	q.mu.Unlock()
	for _, r := range batch {
		close(r.done)
	}
}

// deserted says that nobody waits for any of the batch.
func (q *queue) deserted(batch []*request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !slices.ContainsFunc(batch, func(r *request) bool { return !r.gone })
}

// close lets nothing in any more.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closing = true
	q.signal()
}

// rest takes what is left.
func (q *queue) rest() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.waiting
	q.waiting = nil
	return left
}

func (q *queue) size() (rows, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rows, q.bytes
}
