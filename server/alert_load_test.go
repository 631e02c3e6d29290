package server_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
)

const (
	loadReaders = 1000
	loadStalled = loadReaders / 3
	// loadRounds of loadBurst changes each; the next begins when all who read have the last.
	loadRounds, loadBurst = 4, 16
	// loadReplaying begin with the first change when half of them are there.
	loadReplaying = 60
	// loadPerConnection is how many streams share a connection.
	loadPerConnection = 50
)

// TestAThousandReaders: a third of a thousand take nothing. The others get every change in order, about as fast as without
// those; the memory does not grow with what is sent; and the stalled are told what they missed when they read again. Beside both, others
// replay what is past and get every change once, before they go on with what is new.
func TestAThousandReaders(t *testing.T) {
	without, _ := load(t, loadReaders-loadStalled, 0, 0)
	with, grown := load(t, loadReaders-loadStalled, loadStalled, loadReplaying)
	t.Logf("%d changes to %d readers took %v, beside %d that are stalled and %d that replay %v; the heap grew by %d KiB meanwhile", loadRounds*loadBurst,
		loadReaders-loadStalled, without, loadStalled, loadReplaying, with, grown>>10)
	if ratio := float64(with) / float64(without); ratio > 4 {
		t.Errorf("beside stalled readers the others take %.1f times as long, want 4 at most", ratio)
	}
	// What was sent to the stalled alone would be over 90 MiB.
	if most := int64(8 << 20); grown > most {
		t.Errorf("the heap grew by %d bytes with what was sent, want %d at most", grown, most)
	}
}

// load runs readers, stalled ones and, from the half on, replaying ones on a server, and says how long the readers took for all and how much the heap grew from
// the second half's beginning to its end.
func load(t *testing.T, reading, stalled, replaying int) (took time.Duration, grown int64) {
	h := start(t, func(h *harness, o *server.Options) {
		h.changes = newChanges()
		// A reader is never further behind than a burst; a stalled one is, soon.
		o.Services.Changes, o.StreamWindow, o.Heartbeat, o.StreamStall = h.changes, loadBurst+8, time.Hour, time.Hour
	})
	// The stalled have connections of their own, whose windows do not grow with what others read there.
	decoding := grpc.WithDefaultCallOptions(grpc.ForceCodecV2(numbered{encoding.GetCodecV2(proto.Name)}))
	clients, idleClients, pastClients := connections(t, h, reading, decoding), connections(t, h, stalled, grpc.WithInitialWindowSize(1<<16)), connections(t, h, replaying, decoding)
	// Only the first reader that fails says why: the others are ended with it.
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	open := func(clients []pb.AlertServiceClient, i int, after string) grpc.ServerStreamingClient[pb.StreamAlertsResponse] {
		stream, err := clients[i%len(clients)].StreamAlerts(ctx, &pb.StreamAlertsRequest{After: after})
		if err == nil {
			_, err = stream.Recv() // the heartbeat: it is subscribed
		}
		if err != nil {
			t.Error(err)
			runtime.Goexit()
		}
		return stream
	}
	var (
		opened, readers sync.WaitGroup
		received        atomic.Int64
		idle            = make([]grpc.ServerStreamingClient[pb.StreamAlertsResponse], stalled)
		more            = make(chan struct{}, 1)
		past            = make([]grpc.ServerStreamingClient[pb.StreamAlertsResponse], replaying)
	)
	// all reads every change, in order and without a gap.
	all := func(kind string, i int, stream grpc.ServerStreamingClient[pb.StreamAlertsResponse], each func()) {
		for want := int64(1); want <= loadRounds*loadBurst; want++ {
			m, err := stream.Recv()
			if err != nil || m.GetAlert().GetSequence() != want {
				cancel(fmt.Errorf("%s %d got %v, %v, want change %d", kind, i, m, err, want))
				return
			}
			each()
		}
	}
	opened.Add(reading)
	for i := range reading {
		readers.Go(func() {
			var stream grpc.ServerStreamingClient[pb.StreamAlertsResponse]
			func() {
				defer opened.Done()
				stream = open(clients, i, "")
			}()
			all("reader", i, stream, func() {
				if received.Add(1)%int64(reading) == 0 {
					select {
					case more <- struct{}{}:
					default:
					}
				}
			})
		})
	}
	for i := range idle {
		opened.Go(func() { idle[i] = open(idleClients, i, "") })
	}
	opened.Wait()
	if t.Failed() {
		t.FailNow()
	}
	// Few parts, so that the test is not about decoding; many bytes, so that connections are soon full.
	a := storedAlert(1, alert.SeverityHigh, alert.StateNew)
	a.Evidence, a.EventIDs, a.Title = "", nil, strings.Repeat("Somebody did it again. ", 400)
	var before int64
	for round := range loadRounds {
		if round == loadRounds/2 {
			settle(t, h) // the stalled have what the connections hold
			before = heap()
			for i := range past {
				opened.Go(func() { past[i] = open(pastClients, i, "0") })
			}
			opened.Wait()
			for i, stream := range past {
				readers.Go(func() { all("replaying reader", i, stream, func() {}) })
			}
		}
		begun := time.Now()
		for range loadBurst {
			h.changes.append(change(alert.ChangeUpdated, alert.StateNew, a))
		}
		for received.Load() < int64((round+1)*loadBurst*reading) {
			select {
			case <-more:
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				t.Fatal(context.Cause(ctx))
			}
		}
		took += time.Since(begun)
	}
	readers.Wait()
	settle(t, h)
	grown = heap() - before
	if err := context.Cause(ctx); err != nil {
		t.Fatal(err)
	}
	told(t, idle)
	return took, grown
}

// told reads what the stalled have, up to where they are told that they missed the rest.
func told(t *testing.T, idle []grpc.ServerStreamingClient[pb.StreamAlertsResponse]) {
	t.Helper()
	for i, stream := range idle {
		last := int64(0)
		for {
			m, err := stream.Recv()
			if err != nil {
				t.Fatalf("stalled reader %d: %v", i, err)
			}
			if span := m.GetMissed(); span != nil {
				if span.GetAfter() != tokenOf(uint64(last)) || last+int64(span.GetCount()) != loadRounds*loadBurst {
					t.Fatalf("stalled reader %d is told of %v after change %d", i, span, last)
				}
				break
			}
			if s := m.GetAlert().GetSequence(); s != last+1 {
				t.Fatalf("stalled reader %d got change %d after %d", i, s, last)
			}
			last++
		}
	}
}

// numbered is a codec that reads the number of the change alone, so that a thousand readers are not a test of decoding.
type numbered struct{ encoding.CodecV2 }

func (numbered) Unmarshal(data mem.BufferSlice, v any) error {
	m := v.(*pb.StreamAlertsResponse)
	m.Reset()
	fields := (&pb.Alert{}).ProtoReflect().Descriptor().Fields()
	if a := field(data.Materialize(), 2); a != nil {
		n, size := protowire.ConsumeVarint(field(a, fields.ByName("sequence").Number()))
		if size < 0 {
			return protowire.ParseError(size)
		}
		m.Alert = &pb.Alert{Sequence: int64(n)}
	}
	return nil
}

// field is the content of a field of an encoded message; nil when it has none.
func field(b []byte, want protowire.Number) []byte {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		size := -1
		if n >= 0 {
			size = protowire.ConsumeFieldValue(number, kind, b[n:])
		}
		if size < 0 {
			return nil
		}
		if value := b[n : n+size]; number == want {
			if kind == protowire.BytesType {
				value, _ = protowire.ConsumeBytes(value)
			}
			return value
		}
		b = b[n+size:]
	}
	return nil
}

// connections are clients, enough for n streams.
func connections(t testing.TB, h *harness, n int, options ...grpc.DialOption) (list []pb.AlertServiceClient) {
	t.Helper()
	for range int(math.Ceil(float64(n) / loadPerConnection)) {
		conn, err := grpc.NewClient(h.Addresses().GRPC, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		list = append(list, pb.NewAlertServiceClient(conn))
	}
	return list
}

// heap is what is in use after collections: pools let go with the second.
func heap() int64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
