package clickhouse

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// AddDeadLetters stores dead letters; storing one again is harmless. Of one that is there already, the later Time counts.
func (d *DB) AddDeadLetters(ctx context.Context, token string, letters []status.DeadLetter) error {
	return d.insert(ctx, "dead_letters_insert", token, func(b driver.Batch) error {
		for _, l := range letters {
			first := l.First
			if first.IsZero() {
				first = l.Time
			}
			if err := b.Append(l.Destination, l.Sequence, l.AlertID, l.Reason, l.Time.UTC(), first.UTC(), l.State, l.Author, l.Payload); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountDeadLetters of a destination: those that stand or wait to be sent again.
func (d *DB) CountDeadLetters(ctx context.Context, destination string) (uint64, error) {
	var n uint64
	err := d.rows(ctx, "dead_letters_count", func(r driver.Rows) error { return r.Scan(&n) }, named("destination", destination))
	return n, err
}

// DeadLetters returns letters by destination and sequence.
func (d *DB) DeadLetters(ctx context.Context, q status.DeadLetterQuery) ([]status.DeadLetter, error) {
	return d.letters(ctx, q, "")
}

// Replays returns the letters of a destination that wait to be sent again, by sequence.
func (d *DB) Replays(ctx context.Context, destination string, limit int) ([]status.DeadLetter, error) {
	return d.letters(ctx, status.DeadLetterQuery{Destination: destination, Limit: limit, Full: true}, status.LetterReplay)
}

func (d *DB) letters(ctx context.Context, q status.DeadLetterQuery, state string) ([]status.DeadLetter, error) {
	return d.scanLetters(ctx, "dead_letters_list", named("destination", q.Destination), named("alert", q.AlertID), named("state", state), named("after_destination", q.AfterDestination),
		named("after_sequence", q.AfterSequence), named("limit", uint32(q.Limit)), named("full", q.Full)) //nolint:gosec // a page
}

// GetDeadLetter returns a letter that stands or waits to be sent again, or fault.NotFound.
func (d *DB) GetDeadLetter(ctx context.Context, destination string, sequence uint64) (status.DeadLetter, error) {
	all, err := d.scanLetters(ctx, "dead_letters_get", named("destination", destination), named("sequence", sequence))
	if err != nil {
		return status.DeadLetter{}, err
	}
	if len(all) == 0 {
		return status.DeadLetter{}, fault.New(fault.NotFound, "destination %q has no dead letter %d; it may have been sent again or discarded meanwhile", destination, sequence)
	}
	return all[0], nil
}

func (d *DB) scanLetters(ctx context.Context, query string, args ...driver.NamedValue) ([]status.DeadLetter, error) {
	var all []status.DeadLetter
	err := d.rows(ctx, query, func(r driver.Rows) error {
		var l status.DeadLetter
		err := r.Scan(&l.Destination, &l.Sequence, &l.AlertID, &l.Reason, &l.Time, &l.First, &l.State, &l.Author, &l.Payload)
		all = append(all, l)
		return err
	}, args...)
	return all, err
}
