package embedded

import (
	"context"
	"errors"
	"sync"
)

// pool keeps sessions for the full user. A session serves one request at a
// time, so the number of sessions is the number of parallel queries. Sessions
// are opened when first needed.
type pool struct {
	opener *sessionOpener
	slots  chan struct{} // a token per session in use
	queue  chan struct{} // a token per request waiting or in use

	mu     sync.Mutex
	idle   []*session
	closed bool
}

func newPool(opener *sessionOpener, size, maxQueue int) *pool {
	return &pool{opener: opener, slots: make(chan struct{}, size), queue: make(chan struct{}, size+maxQueue)}
}

var errPoolClosed = errors.New("the engine is shutting down")

// acquire waits for a free session. When too many requests wait already it
// fails at once, with ClickHouse's TOO_MANY_SIMULTANEOUS_QUERIES.
func (p *pool) acquire(ctx context.Context) (*session, error) {
	if err := enter(ctx, p.queue, p.slots); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		p.leave()
		return nil, newException(codeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "%v", errPoolClosed)
	}
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	s, err := p.opener.open()
	if err != nil {
		p.leave()
		return nil, err
	}
	return s, nil
}

// release gives a session back. A broken one is closed, which also ends what
// it may still be running; its place is free for a new one.
func (p *pool) release(s *session) {
	p.mu.Lock()
	keep := !s.broken && !p.closed
	if keep {
		p.idle = append(p.idle, s)
	}
	p.mu.Unlock()
	if !keep {
		s.conn.close()
	}
	p.leave()
}

func (p *pool) leave() {
	<-p.slots
	<-p.queue
}

// close ends the idle sessions; those in use end when they are released.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, s := range idle {
		s.conn.close()
	}
}

// enter takes a place in queue without waiting, then one in slots, waiting as
// long as ctx allows.
func enter(ctx context.Context, queue, slots chan struct{}) error {
	select {
	case queue <- struct{}{}:
	default:
		return newException(codeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "%d requests are already running or waiting; try again later", cap(queue))
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-queue
		return newException(codeQueryCancelled, "QUERY_WAS_CANCELLED", "the request ended while it waited for a free session: %v", context.Cause(ctx))
	}
}
