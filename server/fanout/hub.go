package fanout

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/prometheus/client_golang/prometheus"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// Log is the log of all changes of alerts.
type Log interface {
	// Head is the sequence of the last durable change, 0 before the first.
	Head() uint64
	// Read returns the changes that follow after, at most limit, in order and without a gap; none when there are none.
	Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error)
	// Recent is Read of what is in memory, which waits for nothing; none when the change after after is not there.
	Recent(after uint64, limit int) []alert.Change
	// Wait returns nil when Head is greater than after, and the context's error when that ends first.
	Wait(ctx context.Context, after uint64) error
}

// Options of a hub. What has a default says so; the rest is required.
type Options struct {
	Log Log
	// Life bounds what is done for many readers at once.
	Life context.Context //nolint:containedctx // it has the life of the hub, not of a call
	// Tenant whose alerts are sent.
	Tenant string
	// Encode makes the message of a change, without the watermark.
	Encode func(*alert.Change) *pb.StreamAlertsResponse
	// Resume makes the resume token of a position.
	Resume func(uint64) string
	// Watermark is called for every message that is sent, so it MUST be cheap.
	Watermark func() time.Time
	// Heartbeat is the longest that a reader hears nothing.
	Heartbeat time.Duration
	// Window is how many changes a reader of the live stream may be behind; 2,048 by default.
	Window int
	// MaxSubscribers and MaxPerClient bound the readers; 1,800, and 1,200 or MaxSubscribers where that is less, by default.
	MaxSubscribers, MaxPerClient int
	Registerer                   prometheus.Registerer
}

const (
	defaultWindow         = 2048
	defaultMaxSubscribers = 1800
	defaultMaxPerClient   = 1200
)

// Hub knows who reads.
type Hub struct {
	o       Options
	feed    feed
	metrics *metrics
	marked  atomic.Pointer[watermark]

	mu          sync.Mutex
	subscribers map[*Subscription]struct{}
	clients     map[string]int
}

// New makes a hub. It registers its metrics and fails when they are registered already.
func New(o Options) (*Hub, error) {
	o.Window = cmp.Or(o.Window, defaultWindow)
	o.MaxSubscribers = cmp.Or(o.MaxSubscribers, defaultMaxSubscribers)
	o.MaxPerClient = cmp.Or(o.MaxPerClient, min(o.MaxSubscribers, defaultMaxPerClient))
	if o.Heartbeat <= 0 || o.Window < 0 || o.MaxSubscribers < 0 || o.MaxPerClient < 0 {
		return nil, errors.New("fanout: heartbeat, window and limits have to be positive")
	}
	h := &Hub{o: o, subscribers: make(map[*Subscription]struct{}), clients: make(map[string]int)}
	h.feed = feed{hub: h, reads: make(chan struct{}, maxReads), most: maxKept, chunks: make(map[uint64]*chunk)}
	var err error
	h.metrics, err = newMetrics(o.Registerer, h.slowest)
	return h, err
}

// Request is what a reader wants.
type Request struct {
	// Client is who asks, for the limits; Protocol how, for the metrics.
	Client, Protocol string
	Filter           alert.Filter
	// After is the position after which to begin.
	After uint64
	// Until is the position at which to end; nil for never.
	Until *uint64
}

// Subscribe registers a reader, which MUST be closed. The error is a fault.
func (h *Hub) Subscribe(r Request) (*Subscription, error) {
	s := &Subscription{hub: h, request: r}
	s.position.Store(r.After)
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.subscribers); n >= h.o.MaxSubscribers {
		return nil, h.refuse("%d streams of alerts are open, which is the limit; end one, or try again later", n)
	}
	if n := h.clients[r.Client]; n >= h.o.MaxPerClient {
		return nil, h.refuse("this client has %d streams of alerts open, which is the limit for one; end one, or try again later", n)
	}
	h.subscribers[s] = struct{}{}
	h.clients[r.Client]++
	h.metrics.subscribers.WithLabelValues(r.Protocol).Inc()
	return s, nil
}

// retryWhenFull is when it makes sense to ask again for a stream.
const retryWhenFull = 5 * time.Second

func (h *Hub) refuse(format string, n int) error {
	h.metrics.refused.Inc()
	f := fault.New(fault.TooManySubscribers, format, n)
	f.RetryAfter = retryWhenFull
	return f
}

// Close ends what Subscribe began.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subscribers[s]; !ok {
		return
	}
	delete(h.subscribers, s)
	if h.clients[s.request.Client]--; h.clients[s.request.Client] == 0 {
		delete(h.clients, s.request.Client)
	}
	h.metrics.subscribers.WithLabelValues(s.request.Protocol).Dec()
}

// slowest is how many changes the slowest reader is behind.
func (h *Hub) slowest() float64 {
	head, lag := h.o.Log.Head(), uint64(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subscribers {
		if p := s.position.Load(); p < head {
			lag = max(lag, head-p)
		}
	}
	return float64(lag)
}

// watermark is one in the forms in which it stands in messages.
type watermark struct {
	at   time.Time
	wire mem.SliceBuffer
	json []byte
}

// mark is the watermark of now.
func (h *Hub) mark() *watermark {
	at := h.o.Watermark()
	if m := h.marked.Load(); m != nil && m.at.Equal(at) {
		return m
	}
	m := &watermark{at: at, json: []byte("null")}
	if !at.IsZero() {
		ts := timestamppb.New(at)
		// Neither fails for a time that a watermark can be; without one a message is a message, too.
		if wire, err := proto.Marshal(&pb.StreamAlertsResponse{Watermark: ts}); err == nil {
			m.wire = wire
		}
		if json, err := JSON.Marshal(ts); err == nil {
			m.json = json
		}
	}
	h.marked.Store(m)
	return m
}
