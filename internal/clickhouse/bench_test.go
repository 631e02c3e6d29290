package clickhouse_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// batchOf makes events of 200 users with ids that no other batch has.
func batchOf(n int, sequence *uint64) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		*sequence++
		events[i] = sample(uuid.NewString(), *sequence)
		events[i].UserID = fmt.Sprint("user-", i%200)
	}
	return events
}

// BenchmarkAppendEvents is the durable insert alone: what the ingest is measured against.
func BenchmarkAppendEvents(b *testing.B) {
	for _, n := range []int{1, 1000, 10_000} {
		b.Run(fmt.Sprint("batch=", n), func(b *testing.B) {
			db := testkit.Database(b)
			var sequence uint64
			batch := batchOf(n, &sequence)
			for i := 0; b.Loop(); i++ {
				if err := db.AppendEvents(b.Context(), fmt.Sprint("t", i), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkKnownEvents looks new ids up in histories of two sizes.
func BenchmarkKnownEvents(b *testing.B) {
	for _, history := range []int{100_000, 1_000_000} {
		db := testkit.Database(b)
		var sequence uint64
		for range history / 50_000 {
			if err := db.AppendEvents(b.Context(), fmt.Sprint("t", sequence), batchOf(50_000, &sequence)); err != nil {
				b.Fatal(err)
			}
		}
		ids := make([]string, 1000)
		b.Run(fmt.Sprint("history=", history), func(b *testing.B) {
			for b.Loop() {
				for i := range ids {
					ids[i] = uuid.NewString()
				}
				if _, err := db.KnownEvents(b.Context(), "default", ids); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
