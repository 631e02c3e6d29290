package ingest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
)

// nullStore takes everything and keeps nothing.
type nullStore struct{}

func (nullStore) Known(context.Context, string, []string) (map[string]Known, error) { return nil, nil }
func (nullStore) Append(context.Context, string, []event.Event) error               { return nil }
func (nullStore) SetAside(context.Context, string, []event.Event) error             { return nil }
func (nullStore) Replace(context.Context, string, []event.Event) error              { return nil }
func (nullStore) LastSequence(context.Context) (uint64, error)                      { return 0, nil }

// batchOf makes records of the usual size: a thousand users, addresses and a handful of user agents.
func batchOf(n int, typed bool) []event.Submission {
	out := make([]event.Submission, n)
	for i := range out {
		json := fmt.Appendf(nil, `{"timestamp":"2024-07-07T16:20:%02d.%07dZ","eventId":"18f39c7c-1111-1111-1111-%012x","site":"DEMO","accountId":"93a15559-1111-1111-1111-683ea233c123","organizationId":"","userId":"fc8d7d8c-1111-1111-1111-%012x","integratorKey":"","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36","userAgentClientInfo":{"os":{"family":"Windows","version":{"major":"10"}},"browser":{"family":"Chrome","version":{"patch":"0","major":"126","minor":"0"}},"device":{"model":"","family":"Other","brand":""}},"browser":"Chrome 126","os":"Windows 10","device":"Other","ipAddress":"192.0.2.%d","ipAddressLocation":{"country":"india","city":"mumbai","latitude":19.08,"state":"maharashtra","longitude":72.88},"latitude":19.08,"longitude":72.88,"country":"india","state":"maharashtra","city":"mumbai","object":"Envelope","action":"Created","property":"","field":"","result":"","source":"Web","referencedUserId":"","affectedUserId":"","proxyStatus":"","proxyType":"","proxyLevel":"","data":{"EnvelopeId":"7d3d1d7a-1111-1111-1111-%012x"}}`,
			i%60, i, i, i%1000, 100+i%20, i%256, i)
		if !typed {
			out[i].JSON = json
			continue
		}
		r, err := monitor.Decode(json)
		if err != nil {
			panic(err)
		}
		r.Raw, r.ClientInfo = nil, nil
		out[i].Record = &r
	}
	return out
}

func BenchmarkIngest(b *testing.B) {
	for _, typed := range []bool{false, true} {
		for _, size := range []int{1000, 10000} {
			b.Run(fmt.Sprintf("typed=%v/batch=%d", typed, size), func(b *testing.B) {
				p := newTestPipeline(b, nullStore{}, nil)
				batch := batchOf(size, typed)
				b.ReportAllocs()
				for b.Loop() {
					var callers sync.WaitGroup
					for range 2 {
						callers.Go(func() {
							if _, err := p.Ingest(context.Background(), origin, batch); err != nil {
								b.Error(err)
							}
						})
					}
					callers.Wait()
				}
				b.ReportMetric(float64(2*size*b.N)/b.Elapsed().Seconds(), "events/s")
				if err := p.Close(context.Background()); err != nil {
					b.Error(err)
				}
			})
		}
	}
}

func BenchmarkStages(b *testing.B) {
	json := batchOf(1, false)[0].JSON
	r, err := monitor.Decode(json)
	if err != nil {
		b.Fatal(err)
	}
	n := normaliser(b)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(json)))
		for b.Loop() {
			_, _ = monitor.Decode(json)
		}
	})
	b.Run("normalise", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n.Event(r, origin, time.Time{})
		}
	})
	b.Run("hash", func(b *testing.B) {
		for b.Loop() {
			contentHash(&r)
		}
	})
}
