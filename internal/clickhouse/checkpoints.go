package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Checkpoint is how far a reader of a sequence has come.
type Checkpoint struct {
	// Position is the sequence up to which all is done.
	Position uint64
	// Cursor is where a source outside goes on, in its own words; empty where it has no meaning.
	Cursor string
	// Line is the event time up to which held events were released; zero where it has no meaning.
	Line time.Time
	// Version counts the times that the checkpoint was stored: StoreCheckpoints takes the one loaded last, plus one.
	Version uint64
}

// LoadCheckpoint returns the checkpoint of that name; found is false before the first StoreCheckpoints.
func (d *DB) LoadCheckpoint(ctx context.Context, name string) (c Checkpoint, found bool, err error) {
	all, err := d.LoadCheckpoints(ctx, []string{name})
	c, found = all[name]
	return c, found, err
}

// LoadCheckpoints returns those of the checkpoints that there are, by name.
func (d *DB) LoadCheckpoints(ctx context.Context, names []string) (map[string]Checkpoint, error) {
	all := make(map[string]Checkpoint, len(names))
	err := d.rows(ctx, "checkpoints_load", func(r driver.Rows) error {
		var name string
		var c Checkpoint
		if err := r.Scan(&name, &c.Position, &c.Cursor, &c.Line, &c.Version); err != nil {
			return err
		}
		if c.Line.Unix() == 0 {
			c.Line = time.Time{}
		}
		all[name] = c
		return nil
	}, list("names", names))
	return all, err
}

// StoreCheckpoints stores checkpoints together, each in the place of the one with a lower Version. Each name MUST have
// one writer, which counts Version up: a clock that jumps back then hides nothing.
func (d *DB) StoreCheckpoints(ctx context.Context, token string, all map[string]Checkpoint) error {
	at := now()
	return d.insert(ctx, "checkpoints_insert", token, func(b driver.Batch) error {
		for name, c := range all {
			line := c.Line
			if line.IsZero() {
				line = time.Unix(0, 0)
			}
			if err := b.Append(name, c.Position, c.Cursor, line.UTC(), at, c.Version); err != nil {
				return err
			}
		}
		return nil
	})
}
