package clickhouse

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/event"
)

// KnownEvent is what stands under an id.
type KnownEvent struct {
	ContentHash uint64
	Trust       uint8
}

// lookupChunk bounds the ids of one statement: a parameter of 10,000 elements costs 50 ms (measured).
const lookupChunk = 2000

// KnownEvents returns what stands under the ids; ids that are not stored are absent.
func (d *DB) KnownEvents(ctx context.Context, tenant string, ids []string) (map[string]KnownEvent, error) {
	known := make(map[string]KnownEvent)
	for len(ids) > 0 {
		n := min(len(ids), lookupChunk)
		err := d.rows(ctx, "events_known", func(r driver.Rows) error {
			var id string
			var k KnownEvent
			if err := r.Scan(&id, &k.ContentHash, &k.Trust); err != nil {
				return err
			}
			known[id] = k
			return nil
		}, named("tenant", tenant), list("ids", ids[:n]))
		if err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return known, nil
}

// ReplaceEvents puts each winner, which has a sequence of its own, in the place of the standing event with its id. It may be
// repeated after any failure: the losing record is kept before the winner comes, and the winner is stored before the
// loser goes, so that an interruption loses nothing; Settle finishes what was cut short.
func (d *DB) ReplaceEvents(ctx context.Context, token string, winners []event.Event) error {
	byTenant := make(map[string][]event.Event)
	for _, w := range winners {
		byTenant[w.Tenant] = append(byTenant[w.Tenant], w)
	}
	for tenant, group := range byTenant {
		ids, sequences := make([]string, len(group)), make([]uint64, len(group))
		for i := range group {
			ids[i], sequences[i] = group[i].ID, group[i].Sequence
		}
		args := []driver.NamedValue{named("tenant", tenant), list("ids", ids), named("winners", sequences)}
		if err := d.exec(ctx, "events_set_standing_aside", args...); err != nil {
			return err
		}
		if err := d.AppendEvents(ctx, token+"/"+tenant, group); err != nil {
			return err
		}
		if err := d.exec(ctx, "events_delete_losers", args...); err != nil {
			return err
		}
	}
	return nil
}

// Settle finishes the conflicts that an interruption cut short, and returns their number. It MUST run before the first
// insert of a process.
func (d *DB) Settle(ctx context.Context) (int, error) {
	type standing struct {
		ids     []string
		winners []uint64
	}
	unsettled := make(map[string]*standing)
	n := 0
	err := d.rows(ctx, "events_unsettled", func(r driver.Rows) error {
		var tenant, id string
		var winner uint64
		if err := r.Scan(&tenant, &id, &winner); err != nil {
			return err
		}
		s := unsettled[tenant]
		if s == nil {
			s = &standing{}
			unsettled[tenant] = s
		}
		s.ids, s.winners = append(s.ids, id), append(s.winners, winner)
		n++
		return nil
	})
	if err != nil {
		return 0, err
	}
	for tenant, s := range unsettled {
		if err := d.exec(ctx, "events_delete_losers", named("tenant", tenant), list("ids", s.ids), named("winners", s.winners)); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// LastEventSequence is the highest sequence of a stored event; 0 when there is none.
func (d *DB) LastEventSequence(ctx context.Context) (uint64, error) {
	var last uint64
	err := d.rows(ctx, "events_last_sequence", func(r driver.Rows) error { return r.Scan(&last) })
	return last, err
}

// DeleteEvents removes events by id, as expiry does by age.
func (d *DB) DeleteEvents(ctx context.Context, tenant string, ids []string) error {
	return d.exec(ctx, "events_delete_losers", named("tenant", tenant), list("ids", ids), named("winners", []uint64{}))
}
