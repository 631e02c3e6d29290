package poll_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is where the clock of every test begins.
var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// clock is one for DocuSign and Sealwatch; it moves when somebody sleeps.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is DocuSign on one side and a store on the other.
type world struct {
	t      *testing.T
	clock  *clock
	server *docusigntest.Server
	store  *store
	watch  *watch
	// options of the pollers that follow.
	options    poll.Options
	generation string
	// organization is configured; empty has it looked up.
	organization string
	idle         time.Duration
	poller       *poll.Poller
	sleeps       []time.Duration
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: start}, store: &store{events: map[string]int{}}, watch: &watch{}, generation: poll.V3, idle: 5 * time.Second}
	w.server = docusigntest.New(t)
	w.server.Change(func(s *docusigntest.Server) { s.Now = w.clock.Now })
	w.options = poll.Options{Name: "monitor/default/main", Origin: event.Origin{Tenant: "default", Source: "monitor/main", Trust: 100},
		Ingester: w.store, Positions: w.store, Rejects: w.store, Watch: w.watch, Now: w.clock.Now}
	return w
}

// until runs a new poller until a condition holds, which is looked at whenever the poller rests; most is how long it may
// take by the clock.
func (w *world) until(most time.Duration, done func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	end := w.clock.Now().Add(most)
	o := w.options
	late := false
	o.Sleep = func(ctx context.Context, d time.Duration) error {
		w.sleeps = append(w.sleeps, d)
		if late = w.clock.Now().After(end); late || done() {
			cancel()
			return ctx.Err()
		}
		w.clock.add(d)
		return nil
	}
	w.store.mu.Lock()
	w.store.kill = cancel
	w.store.mu.Unlock()
	roots := w.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := docusign.New(docusign.Options{Environment: w.server.Environment(w.t), IntegrationKey: docusigntest.IntegrationKey, UserID: docusigntest.UserID,
		Key: w.server.Key, Transport: docusign.NewTransport(roots), Now: w.clock.Now, IdleTimeout: w.idle})
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	if o.Pages, err = poll.NewStream(client, w.generation, w.organization, slog.New(slog.DiscardHandler)); err != nil {
		w.t.Fatal(err)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if w.poller, err = poll.New(o); err != nil {
		w.t.Fatal(err)
	}
	w.poller.Run(ctx)
	if late {
		w.t.Fatalf("after %s: %+v, %d events, calls %v", most, *w.poller.Status().Polling, len(w.store.events), tail(w.server.Calls("")))
	}
}

func tail[T any](all []T) []T { return all[max(0, len(all)-10):] }

// atEnd says that the source is read to its end.
func (w *world) atEnd() bool { return w.poller.Status().Polling.State == status.PollingCurrent }

// fill adds records e0, e1, ... that happened and were taken in one a second, the last one before.
func (w *world) fill(n int, before time.Time) {
	for i := range n {
		at := before.Add(-time.Duration(n-i) * time.Second)
		w.server.Add(at, docusigntest.Record(fmt.Sprintf("e%d", i), at))
	}
}

// whole checks that e0 to en are stored, each once.
func (w *world) whole(n int) {
	w.t.Helper()
	if len(w.store.events) != n {
		w.t.Errorf("%d events are stored, expected %d", len(w.store.events), n)
	}
	for i := range n {
		if w.store.events[fmt.Sprintf("e%d", i)] == 0 {
			w.t.Errorf("e%d is lost", i)
			return
		}
	}
}

// streamCalls are the calls of pages.
func (w *world) streamCalls() []docusigntest.Call {
	if w.generation == poll.V2 {
		return w.server.Calls(docusigntest.PathV2)
	}
	return w.server.Calls(docusigntest.PathV3)
}

// store takes records in as the pipeline does, and keeps the rest.
type store struct {
	mu sync.Mutex
	// events counts how often each id came.
	events    map[string]int
	position  poll.Position
	stored    bool
	rejected  []poll.Rejected
	steps     []string
	failures  int
	killStore bool
	kill      func()
}

func (s *store) Ingest(_ context.Context, o event.Origin, batch []event.Submission) (event.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failures > 0 {
		s.failures--
		return event.Receipt{}, errors.New("the database does not answer")
	}
	if o.Tenant != "default" || o.Source != "monitor/main" {
		return event.Receipt{}, fmt.Errorf("origin %v", o)
	}
	s.steps = append(s.steps, "events")
	var r event.Receipt
	for i, one := range batch {
		rec, err := monitor.Decode(one.JSON)
		var bad *monitor.FieldError
		switch {
		case errors.As(err, &bad):
			r.Rejected++
			r.Rejections = append(r.Rejections, event.Rejection{Index: i, EventID: bad.EventID, Field: bad.Field, Problem: bad.Problem})
		case s.events[rec.EventID] > 0:
			r.Duplicates++
			s.events[rec.EventID]++
		default:
			r.Accepted++
			s.events[rec.EventID]++
		}
	}
	return r, nil
}

func (s *store) LoadPosition(context.Context, string) (poll.Position, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.position, s.stored, nil
}

func (s *store) StorePosition(_ context.Context, name string, p poll.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != "monitor/default/main" {
		return fmt.Errorf("name %q", name)
	}
	if s.killStore { // the process dies between the events and the cursor
		s.killStore = false
		s.kill()
		return context.Canceled
	}
	s.steps = append(s.steps, "cursor "+p.Cursor)
	s.position, s.stored = p, true
	return nil
}

func (s *store) KeepRejected(_ context.Context, all []poll.Rejected) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, "rejected")
	s.rejected = append(s.rejected, all...)
	return nil
}

// watch notes what it is told.
type watch struct {
	failures int
	news     []string
	lost     []poll.Loss
}

func (w *watch) Lost(_ context.Context, l poll.Loss) error {
	if w.failures > 0 {
		w.failures--
		return errors.New("the alert log does not answer")
	}
	w.news = append(w.news, l.Kind)
	w.lost = append(w.lost, l)
	return nil
}

func (w *watch) Restored(_ context.Context, source string, _ time.Time) error {
	w.news = append(w.news, "restored "+source)
	return nil
}
