package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var origin = event.Origin{Tenant: "t", Source: "test", Trust: 1}

func records(ids ...string) (out []event.Submission) {
	for _, id := range ids {
		out = append(out, event.Submission{JSON: fmt.Appendf(nil, `{"timestamp":"2024-06-30T07:08:06Z","eventId":%q}`, id)})
	}
	return out
}

func closeNow(t *testing.T, p *Pipeline) {
	t.Helper()
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// stopped is a store whose calls wait until go is called.
func stopped() (s *fakeStore, goOn func()) {
	s = newFakeStore()
	s.gate = make(chan struct{})
	return s, func() { close(s.gate) }
}

func (s *fakeStore) count(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// busy puts one record on its way, and returns when the writer has it.
func busy(t *testing.T, p *Pipeline) (wait func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := p.Ingest(context.Background(), origin, records("busy"))
		done <- err
	}()
	for rows, waiting := 0, 0; rows != 1 || waiting != 0; {
		rows, _ = p.writer.queue.size()
		p.writer.queue.mu.Lock()
		waiting = len(p.writer.queue.waiting)
		p.writer.queue.mu.Unlock()
	}
	return func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestGroupCommit(t *testing.T) {
	store, goOn := stopped()
	var commits []Commit
	p := newTestPipeline(t, store, func(o *Options) { o.Committed = func(c Commit) { commits = append(commits, c) } })
	wait := busy(t, p)
	var callers sync.WaitGroup
	for i := range 10 {
		callers.Go(func() {
			r, err := p.Ingest(context.Background(), origin, records(fmt.Sprint("a", i), fmt.Sprint("b", i), "same"))
			if err != nil || r.Accepted+r.Duplicates != 3 || r.LastSequence != 22 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	for rows := 0; rows < 31; {
		rows, _ = p.writer.queue.size()
	}
	goOn()
	callers.Wait()
	wait()
	closeNow(t, p)
	at := time.Date(2024, 6, 30, 7, 8, 6, 0, time.UTC)
	if diff := cmp.Diff([]Commit{{1, 1, at}, {22, 21, at}}, commits); diff != "" {
		t.Errorf("commits (-want +got):\n%s", diff)
	}
	if n := store.count("append"); n != 2 {
		t.Errorf("%d appends, want one for all that waited", n)
	}
	store.check(t)
}

func TestQueueFull(t *testing.T) {
	store, goOn := stopped()
	p := newTestPipeline(t, store, func(o *Options) { o.QueueRows = 2 })
	wait := busy(t, p)
	_, err := p.Ingest(context.Background(), origin, records("a", "b"))
	var f *fault.Error
	if !errors.As(err, &f) || f.Reason != fault.QueueFull || f.RetryAfter <= 0 || !strings.Contains(f.Message, "1 events of") {
		t.Errorf("got %v", err)
	}
	goOn()
	wait()
	if r, err := p.Ingest(context.Background(), origin, records("a", "b", "c")); err != nil || r.Accepted != 3 {
		t.Errorf("a batch over the bound, alone: %+v, %v", r, err)
	}
	closeNow(t, p)
	if _, err := p.Ingest(context.Background(), origin, records("d")); !fault.Is(err, fault.ShuttingDown) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCallerGoes(t *testing.T) {
	store, goOn := stopped()
	p := newTestPipeline(t, store, nil)
	wait := busy(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := p.Ingest(ctx, origin, records("gone"))
		done <- err
	}()
	for rows := 0; rows != 2; {
		rows, _ = p.writer.queue.size()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if rows, bytes := p.writer.queue.size(); rows != 1 || bytes <= 0 {
		t.Errorf("%d rows of %d bytes wait, want what the writer has", rows, bytes)
	}
	goOn()
	wait()
	closeNow(t, p)
	if len(store.rows) != 1 {
		t.Errorf("%d events, want the other's only", len(store.rows))
	}
	if rows, bytes := p.writer.queue.size(); rows != 0 || bytes != 0 {
		t.Errorf("%d rows of %d bytes wait", rows, bytes)
	}
}

func TestTakenBatchIsFinished(t *testing.T) {
	store := newFakeStore()
	ctx, cancel := context.WithCancel(context.Background())
	failures := 0
	store.next = func(operation string) mishap {
		if operation != "append" || failures == 5 {
			return works
		}
		failures++
		cancel()
		return unavailable
	}
	p := newTestPipeline(t, store, nil)
	if _, err := p.Ingest(ctx, origin, records("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	closeNow(t, p)
	if len(store.rows) != 1 || failures != 5 {
		t.Errorf("%d events after %d failures", len(store.rows), failures)
	}
}

func TestLookUpIsGivenUpWhenNobodyWaits(t *testing.T) {
	store := newFakeStore()
	ctx, cancel := context.WithCancel(context.Background())
	store.next = func(string) mishap { cancel(); return unavailable }
	p := newTestPipeline(t, store, nil)
	if _, err := p.Ingest(ctx, origin, records("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	closeNow(t, p) // would wait for ever otherwise
}

func TestCloseGivesUp(t *testing.T) {
	store := newFakeStore()
	tried := make(chan struct{}, 1000000)
	store.next = func(string) mishap { tried <- struct{}{}; return unavailable }
	p := newTestPipeline(t, store, nil)
	done := make(chan error, 1)
	go func() {
		_, err := p.Ingest(context.Background(), origin, records("a"))
		done <- err
	}()
	<-tried
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	if err := <-done; !fault.Is(err, fault.ShuttingDown) || !strings.Contains(err.Error(), "send them again") {
		t.Errorf("Ingest: %v", err)
	}
}

func TestRefusedRecords(t *testing.T) {
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint("e", i))
	}
	for name, tt := range map[string]struct {
		poison   map[string]error
		batch    []string
		accepted int
		rejected map[int]string
		fails    bool
	}{
		"among others":          {map[string]error{"e7": fault.New(fault.InvalidArgument, "found a tab"), "e93": fault.New(fault.InvalidArgument, "found a tab")}, ids, 98, map[int]string{7: "found a tab", 93: "found a tab"}, false},
		"alone, by the store":   {map[string]error{"e7": errRefused}, []string{"e7"}, 0, nil, true},
		"alone, by the record":  {map[string]error{"e7": fault.New(fault.InvalidArgument, "found a tab")}, []string{"e7"}, 0, map[int]string{0: "found a tab"}, false},
		"a store that is wrong": {map[string]error{}, ids, 0, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore()
			store.poison = tt.poison
			if len(tt.poison) == 0 {
				for _, id := range ids {
					store.poison[id] = errRefused
				}
			}
			p := newTestPipeline(t, store, nil)
			r, err := p.Ingest(context.Background(), origin, records(tt.batch...))
			if (err != nil) != tt.fails || err != nil && !errors.Is(err, errRefused) {
				t.Fatalf("got %v", err)
			}
			got := map[int]string{}
			for _, j := range r.Rejections {
				got[j.Index] = j.Problem
				if j.EventID != tt.batch[j.Index] {
					t.Errorf("rejection %d names %s", j.Index, j.EventID)
				}
			}
			if r.Accepted != tt.accepted || r.Rejected != len(tt.rejected) || len(tt.rejected) > 0 && !cmp.Equal(got, tt.rejected) {
				t.Errorf("got %+v", r)
			}
			if r, err := p.Ingest(context.Background(), origin, records("next")); err != nil || r.LastSequence != uint64(tt.accepted)+1 {
				t.Errorf("the next record: %+v, %v", r, err)
			}
			closeNow(t, p)
			store.check(t)
		})
	}
}

func TestSourcesAndMetrics(t *testing.T) {
	store := newFakeStore()
	reg := prometheus.NewRegistry()
	now := time.Date(2024, 6, 30, 7, 10, 0, 0, time.UTC)
	p := newTestPipeline(t, store, func(o *Options) { o.Registerer, o.Now = reg, func() time.Time { return now } })
	ahead := event.Submission{JSON: []byte(`{"timestamp":"2024-06-30T07:20:00.0000001Z","eventId":"ahead"}`)}
	conflict := event.Submission{JSON: []byte(`{"timestamp":"2024-06-30T07:08:06Z","eventId":"a","site":"other"}`)}
	batch := append(records("a", "a", "b"), ahead, conflict, event.Submission{}, event.Submission{JSON: []byte(`{"eventId":"c"}`)})
	r, err := p.Ingest(context.Background(), origin, batch)
	if err != nil {
		t.Fatal(err)
	}
	want := event.Receipt{Accepted: 3, Duplicates: 1, Conflicts: 1, Rejected: 2, Held: 1, LastSequence: 3, Rejections: []event.Rejection{
		{Index: 5, Problem: "found nothing, expected a Monitor record as a JSON object"},
		{Index: 6, EventID: "c", Field: "timestamp", Problem: "not there, expected the time of the event"}}}
	if r.Duplicates == 0 { // which of the two records of "a" wins depends on their hashes
		want.Duplicates, want.Conflicts = 0, 2
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s := p.Sources()
	if len(s) != 1 || s[0].Name != "test" || s[0].Accepted != 3 || s[0].Rejected != 2 || !s[0].LastArrival.Equal(now) || s[0].Lag != 114*time.Second {
		t.Errorf("sources: %+v", s)
	}
	closeNow(t, p)
	if n := testutil.ToFloat64(p.metrics.records.WithLabelValues("test", "accepted")); n != 3 {
		t.Errorf("%v accepted", n)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("metrics: %v, %v", problems, err)
	}
	if n, err := testutil.GatherAndCount(reg); err != nil || n < 8 {
		t.Errorf("%d metrics, %v", n, err)
	}
}

func TestManyRejections(t *testing.T) {
	p := newTestPipeline(t, newFakeStore(), nil)
	batch := make([]event.Submission, 3*MaxRejections)
	r, err := p.Ingest(context.Background(), origin, append(batch, records("a")...))
	if err != nil || r.Rejected != len(batch) || len(r.Rejections) != MaxRejections || r.Accepted != 1 {
		t.Errorf("%d rejected, %d listed, %d accepted, %v", r.Rejected, len(r.Rejections), r.Accepted, err)
	}
	for i, j := range r.Rejections {
		if j.Index != i {
			t.Fatalf("rejection %d has index %d", i, j.Index)
		}
	}
	if r, err := p.Ingest(context.Background(), origin, nil); err != nil || r.Accepted+r.Rejected != 0 {
		t.Errorf("no records: %+v, %v", r, err)
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a pipeline without a store")
	}
	closeNow(t, p)
}
