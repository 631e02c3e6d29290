package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Input is a kind of event that a detection can need.
type Input struct {
	// Kind is event (Name is empty then), activity, place, administrative, integration, ranges or directory (Name is yes). Of the
	// ranges those that stand, and of the directory the states are counted, all of them, and the newest is by when it was said.
	Kind, Name string
}

// InputCount is how many events of a kind there are, and the event time of the newest.
type InputCount struct {
	Events uint64
	Last   time.Time
}

// InputCounts counts the events after from up to to by kind; what has none is left out.
func (d *DB) InputCounts(ctx context.Context, tenant string, from, to time.Time) (map[Input]InputCount, error) {
	all := map[Input]InputCount{}
	err := d.rows(ctx, "events_inputs", func(r driver.Rows) error {
		var i Input
		var c InputCount
		err := r.Scan(&i.Kind, &i.Name, &c.Events, &c.Last)
		all[i] = c
		return err
	}, named("tenant", tenant), named("from", moment(from)), named("to", moment(to)))
	return all, err
}
