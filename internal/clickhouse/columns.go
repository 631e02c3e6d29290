package clickhouse

import "github.com/ClickHouse/clickhouse-go/v2/lib/driver"

// columns fills a batch column by column, in the order of the statement; the first error sticks.
type columns struct {
	batch driver.Batch
	next  int
	err   error
}

// column appends get(row) of every row as the next column.
func column[R, V any](c *columns, rows []R, get func(*R) V) {
	if c.err != nil {
		return
	}
	values := make([]V, len(rows))
	for i := range rows {
		values[i] = get(&rows[i])
	}
	c.err = c.batch.Column(c.next).Append(values)
	c.next++
}
