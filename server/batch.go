package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// batch is records on their way into the store, with those that never get there.
type batch struct {
	submissions []event.Submission
	// index of each submission among the records as they came.
	index    []int
	rejected []event.Rejection
	bytes    int
}

func (b *batch) add(index int, s event.Submission) {
	b.submissions, b.index = append(b.submissions, s), append(b.index, index)
	b.bytes += len(s.JSON)
}

func (b *batch) reject(r event.Rejection) { b.rejected = append(b.rejected, r) }

func (b *batch) records() int { return len(b.submissions) + len(b.rejected) }

// store hands the good records in and answers for all of them, with rejections by the index of the records as they
// came, in order.
func (b *batch) store(ctx context.Context, to Ingester, origin event.Origin) (event.Receipt, error) {
	var receipt event.Receipt
	if len(b.submissions) > 0 {
		var err error
		if receipt, err = to.Ingest(ctx, origin, b.submissions); err != nil {
			return event.Receipt{}, err
		}
	}
	all := slices.Clone(b.rejected)
	for _, r := range receipt.Rejections {
		if r.Index >= 0 && r.Index < len(b.index) {
			r.Index = b.index[r.Index]
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(x, y event.Rejection) int { return cmp.Compare(x.Index, y.Index) })
	receipt.Rejections = all
	receipt.Rejected += len(b.rejected)
	return receipt, nil
}

const (
	// window is how many batches of one stream or one import are under way.
	window = 8
	// fullDelay between attempts when the store is full and names no delay.
	fullDelay = 100 * time.Millisecond
)

// storePatiently is store for a caller that can be made to wait: a full store is tried again until ctx ends.
func (b *batch) storePatiently(ctx context.Context, to Ingester, origin event.Origin) (event.Receipt, error) {
	for {
		receipt, err := b.store(ctx, to, origin)
		var f *fault.Error
		if err == nil || !errors.As(err, &f) || f.Reason != fault.QueueFull {
			return receipt, err
		}
		retry := time.NewTimer(cmp.Or(f.RetryAfter, fullDelay))
		select {
		case <-retry.C:
		case <-ctx.Done():
			retry.Stop()
			return event.Receipt{}, ctx.Err()
		}
	}
}

// pending is a batch under way.
type pending struct {
	done chan outcome
}

type outcome struct {
	receipt event.Receipt
	err     error
	// panicked is set when the work ended by a panic.
	panicked *backgroundPanic
}

// begin stores the batch in the background; the outcome is ready in done, and over is called after that.
func (b *batch) begin(ctx context.Context, to Ingester, origin event.Origin, over func()) *pending {
	p := &pending{done: make(chan outcome, 1)}
	go func() {
		defer over()
		var o outcome
		defer func() { p.done <- o }()
		defer catch(&o.panicked)
		o.receipt, o.err = b.storePatiently(ctx, to, origin)
	}()
	return p
}

// ended is a pending batch whose outcome is known.
func ended(o outcome) *pending {
	p := &pending{done: make(chan outcome, 1)}
	p.done <- o
	return p
}

// backgroundPanic is a panic on its way to the goroutine of the call, where the chain recovers from it. In any other
// goroutine it would end the process.
type backgroundPanic struct {
	value any
	stack []byte
}

// String is for the log.
func (b *backgroundPanic) String() string {
	return fmt.Sprintf("%v, in the background:\n%s", b.value, b.stack)
}

// catch recovers from a panic and keeps it. It MUST be deferred itself.
func catch(into **backgroundPanic) {
	if v := recover(); v != nil {
		*into = &backgroundPanic{value: v, stack: debug.Stack()}
	}
}

// rethrow panics with what was caught, if anything was.
func (b *backgroundPanic) rethrow() {
	if b != nil {
		panic(b)
	}
}
