package fanout

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is a log of changes that hold nothing but their number.
type counted struct {
	head  atomic.Uint64
	reads atomic.Int64
	fail  atomic.Bool
	// fails are the reads that fail before one does not.
	fails atomic.Int64
	// kept are how many of the last changes are in memory; slow, where there is one, holds up reads of the others.
	kept uint64
	slow chan struct{}
}

func (c *counted) Head() uint64 { return c.head.Load() }

func (c *counted) Read(ctx context.Context, after uint64, limit int) (list []alert.Change, err error) {
	c.reads.Add(1)
	if c.slow != nil {
		select {
		case <-c.slow:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if c.fail.Load() || c.fails.Add(-1) >= 0 {
		return nil, errors.New("the database does not answer")
	}
	for s := after + 1; s <= c.Head() && len(list) < limit; s++ {
		list = append(list, alert.Change{Alert: alert.Alert{Sequence: s}})
	}
	return list, ctx.Err()
}

func (c *counted) Recent(after uint64, limit int) (list []alert.Change) {
	head := c.Head()
	if after+c.kept < head {
		return nil
	}
	for s := after + 1; s <= head && len(list) < limit; s++ {
		list = append(list, alert.Change{Alert: alert.Alert{Sequence: s}})
	}
	return list
}

func (c *counted) Wait(ctx context.Context, _ uint64) error {
	<-ctx.Done()
	return ctx.Err()
}

func newFeed(t interface{ Fatal(...any) }, log Log, most int) *feed {
	h, err := New(Options{Log: log, Life: context.Background(), Heartbeat: time.Second, Registerer: prometheus.NewRegistry(),
		Encode: func(*alert.Change) *pb.StreamAlertsResponse { return &pb.StreamAlertsResponse{} }})
	if err != nil {
		t.Fatal(err)
	}
	h.feed.most = most
	return &h.feed
}

// check says whether what a feed keeps is what it counts, and within its bound but for one chunk.
func (f *feed) check() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := 0
	for n, c := range f.chunks {
		sum += c.bytes
		if c.begin < n*chunkSize || c.begin+uint64(len(c.messages)) > (n+1)*chunkSize {
			return "a chunk holds what is not its part of the log"
		}
	}
	switch {
	case sum != f.kept:
		return "the bytes of the chunks are not those that are counted"
	case f.kept > f.most && len(f.chunks) > 1:
		return "more is kept than may be"
	}
	return ""
}

// TestFeed reads at random positions while the log grows, with much too little room, from many goroutines.
func TestFeed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		log := &counted{kept: rapid.SampledFrom([]uint64{0, 3, 50, 700}).Draw(r, "in memory")}
		log.head.Store(rapid.Uint64Range(0, 2000).Draw(r, "head"))
		f := newFeed(r, log, rapid.IntRange(1, 10).Draw(r, "room")*chunkSize*sizeOf(&alert.Change{})/2)
		seed := rapid.Uint64().Draw(r, "seed")
		var wg sync.WaitGroup
		problems := make(chan string, 100)
		for i := range rapid.IntRange(1, 4).Draw(r, "readers") {
			wg.Go(func() {
				random, out := rand.New(rand.NewPCG(seed, uint64(i))), make([]*Message, 16)
				position := random.Uint64N(log.Head() + 1)
				for range 60 {
					if random.IntN(8) == 0 {
						position = random.Uint64N(log.Head() + 1)
					}
					if random.IntN(3) == 0 {
						log.head.Add(random.Uint64N(40))
					}
					head := log.Head()
					n, err := f.next(context.Background(), position, head, out)
					if err != nil || n == 0 && position < head {
						problems <- "nothing follows, or an error"
						return
					}
					for _, m := range out[:n] {
						if position++; m.Change.Sequence != position || position > head {
							problems <- "another change than the next"
							return
						}
					}
				}
			})
		}
		wg.Wait()
		close(problems)
		for p := range problems {
			r.Error(p)
		}
		if p := f.check(); p != "" {
			r.Error(p)
		}
	})
}

// TestReadOnce: many who want the same part of the log make one read of it.
func TestReadOnce(t *testing.T) {
	log := &counted{}
	log.head.Store(10 * chunkSize)
	f := newFeed(t, log, maxKept)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for position, out := uint64(0), make([]*Message, 16); position < log.Head(); {
				n, err := f.next(context.Background(), position, log.Head(), out)
				if err != nil {
					t.Error(err)
					return
				}
				position += uint64(n)
			}
		})
	}
	wg.Wait()
	if n := log.reads.Load(); n != 10 {
		t.Errorf("%d reads of ten chunks by fifty readers", n)
	}
}

// TestReadFails: who waited for it learns of it, and the next one reads again.
func TestReadFails(t *testing.T) {
	log := &counted{}
	log.head.Store(5)
	log.fail.Store(true)
	f, out := newFeed(t, log, maxKept), make([]*Message, 16)
	if _, err := f.next(context.Background(), 2, 5, out); err == nil || !strings.Contains(err.Error(), "after 2") {
		t.Errorf("got %v", err)
	}
	log.fail.Store(false)
	if n, err := f.next(context.Background(), 2, 5, out); n != 3 || err != nil || out[0].Change.Sequence != 3 {
		t.Errorf("got %d changes, %v", n, err)
	}
}

// lying is a log that says that it is longer than it is.
type lying struct{ *counted }

func (l lying) Head() uint64 { return l.counted.Head() + 1 }

func TestNothingWhereSomethingShouldBe(t *testing.T) {
	log := lying{&counted{}}
	log.head.Store(3)
	if _, err := newFeed(t, log, maxKept).next(context.Background(), 3, 4, make([]*Message, 16)); err == nil || !strings.Contains(err.Error(), "nothing after 3") {
		t.Errorf("got %v: it would be asked for again and again", err)
	}
}

// TestLiveBesideReplays: who replays waits for the database, one after the other, also within the chunk that grows; what is new waits for none of them.
func TestLiveBesideReplays(t *testing.T) {
	log := &counted{kept: 10, slow: make(chan struct{})}
	log.head.Store(20*chunkSize + 100)
	f := newFeed(t, log, maxKept)
	var replays sync.WaitGroup
	for i := range uint64(21) { // the last one in the chunk of what is new
		replays.Go(func() {
			if n, err := f.next(context.Background(), i*chunkSize, log.Head(), make([]*Message, 16)); n == 0 || err != nil {
				t.Errorf("a replay has %d changes, %v", n, err)
			}
		})
	}
	for log.reads.Load() < maxReads {
		time.Sleep(time.Millisecond)
	}
	for range 5 {
		position := log.head.Add(3) - 3
		read := make(chan []*Message)
		go func() {
			out := make([]*Message, 16)
			n, err := f.next(context.Background(), position, log.Head(), out)
			if err != nil {
				t.Error(err)
			}
			read <- out[:n]
		}()
		select {
		case got := <-read:
			if len(got) != 3 || got[0].Change.Sequence != position+1 {
				t.Errorf("after %d come %d changes", position, len(got))
			}
		case <-time.After(time.Minute):
			t.Fatal("what is new waits for the database")
		}
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.next(gone, 5*chunkSize, log.Head(), make([]*Message, 16)); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader who is gone: %v", err)
	}
	close(log.slow)
	replays.Wait()
	if p := f.check(); p != "" {
		t.Error(p)
	}
}

// TestReadTriedAgain: a read that fails once ends nobody.
func TestReadTriedAgain(t *testing.T) {
	log := &counted{}
	log.head.Store(5)
	log.fails.Store(2)
	if n, err := newFeed(t, log, maxKept).next(context.Background(), 2, 5, make([]*Message, 16)); n != 3 || err != nil {
		t.Errorf("got %d changes, %v", n, err)
	}
}

// TestManyAtTheEnd: while a reader makes messages of what is in memory, another's read of the database brings in the same
// part. Nobody gets a gap, a repetition or a panic.
func TestManyAtTheEnd(t *testing.T) {
	const readers, rounds, burst = 64, 200, 16
	for _, kept := range []uint64{0, 3, burst} {
		log := &counted{kept: kept}
		f := newFeed(t, log, maxKept)
		for round := range uint64(rounds) {
			// All want the same at once, of a log that has just grown.
			log.head.Add(burst)
			var all sync.WaitGroup
			for range readers {
				all.Go(func() {
					out := make([]*Message, burst)
					for at := round * burst; at < log.Head(); {
						n, err := f.next(t.Context(), at, log.Head(), out)
						if err != nil || n == 0 {
							t.Errorf("%d messages after %d, %v", n, at, err)
							return
						}
						for _, m := range out[:n] {
							if at++; m.Change.Sequence != at {
								t.Errorf("change %d, want %d", m.Change.Sequence, at)
								return
							}
						}
					}
				})
			}
			all.Wait()
		}
	}
}
