package poll

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
)

const (
	// batchRecords is how many records are handed over at once: no more than a receipt can list rejections.
	batchRecords = 1000
	// maxShown bounds the rejections that one line of the log names.
	maxShown = 5
)

// take makes the records of a page durable, and returns the time in the middle of those that lie not ahead of the clock. It
// passes the error of the page on, or returns that of ctx.
func (p *Poller) take(ctx context.Context, records [][]byte, broken error) (middle time.Time, err error) {
	arrival := p.o.Now()
	var times []time.Time
	for from := 0; from < len(records); from += batchRecords {
		batch := records[from:min(from+batchRecords, len(records))]
		rejected := p.oversized(batch, arrival)
		good := batch
		if len(rejected) > 0 {
			good = within(batch)
		}
		if len(good) > 0 {
			var receipt event.Receipt
			err := p.insist(ctx, "the records cannot be stored", func(ctx context.Context) (err error) {
				receipt, err = p.o.Ingester.Ingest(ctx, p.o.Origin, submissions(good))
				return err
			})
			if err != nil {
				return middle, err
			}
			for _, r := range receipt.Rejections {
				rejected = append(rejected, Rejected{Origin: p.o.Origin, EventID: r.EventID, Field: r.Field, Problem: r.Problem, Raw: good[r.Index], Time: arrival})
			}
		}
		if err := p.reject(ctx, rejected); err != nil {
			return middle, err
		}
		for _, raw := range good {
			if r, err := monitor.Decode(raw); err == nil && !r.Timestamp.After(arrival) {
				times = append(times, r.Timestamp)
			}
		}
	}
	if len(times) > 0 {
		slices.SortFunc(times, time.Time.Compare)
		middle = times[(len(times)-1)/2]
	}
	return middle, broken
}

// oversized are the records that are too large for an event; the beginning of each is kept.
func (p *Poller) oversized(batch [][]byte, arrival time.Time) (all []Rejected) {
	for _, raw := range batch {
		if len(raw) > monitor.DefaultMaxRecordBytes {
			all = append(all, Rejected{Origin: p.o.Origin, Raw: raw[:monitor.DefaultMaxRecordBytes], Time: arrival,
				Problem: fmt.Sprintf("found a record of %d bytes, expected at most %d; its beginning is kept", len(raw), monitor.DefaultMaxRecordBytes)})
		}
	}
	return all
}

func within(batch [][]byte) (all [][]byte) {
	for _, raw := range batch {
		if len(raw) <= monitor.DefaultMaxRecordBytes {
			all = append(all, raw)
		}
	}
	return all
}

// reject keeps and names the records that cannot be stored; the page goes on.
func (p *Poller) reject(ctx context.Context, all []Rejected) error {
	if len(all) == 0 {
		return nil
	}
	if err := p.insist(ctx, "records that cannot be read cannot be kept", func(ctx context.Context) error { return p.o.Rejects.KeepRejected(ctx, all) }); err != nil {
		return err
	}
	var shown []string
	for _, r := range all[:min(len(all), maxShown)] {
		name := r.Problem
		if r.Field != "" {
			name = r.Field + ": " + name
		}
		if r.EventID != "" {
			name = fmt.Sprintf("event %q: %s", r.EventID, name)
		}
		shown = append(shown, name)
	}
	p.log.WarnContext(ctx, "records cannot be stored as events; they are kept in rejected_records", slog.Int("records", len(all)), slog.Any("first", shown))
	return nil
}
