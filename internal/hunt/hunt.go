// Package hunt holds what a hunt is: a statement in SQL that somebody asks, what it may cost, and what came of it. It imports the
// standard library only.
package hunt

import (
	"encoding/json"
	"time"
)

// Ways by which a hunt comes in.
const (
	ViaAPI        = "api"
	ViaClickHouse = "clickhouse"
)

// Query is a statement with the values of its parameters.
type Query struct {
	SQL string
	// Parameters are the values of {name:Type} by name, as text in the form of ClickHouse's HTTP interface before escaping.
	Parameters map[string]string
	// Limits that are lower than the service's; 0 leaves those.
	Limits Limits
	// Format of ClickHouse in which the result is wanted as bytes; empty is rows.
	Format string
	// Author is who says to ask.
	Author string
	// Via is the way by which it came.
	Via string
	// Saved is the id of the saved hunt that is run; empty for a statement of its own.
	Saved string
}

// Limits of one hunt; 0 is none.
type Limits struct {
	Duration time.Duration
	// Rows and Bytes of the result.
	Rows, Bytes uint64
	// ReadRows and ReadBytes from tables.
	ReadRows, ReadBytes uint64
	// Memory of the query in the engine, in bytes.
	Memory uint64
}

// Within lowers each limit to the most that is allowed.
func (l Limits) Within(most Limits) Limits {
	return Limits{
		Duration: lower(l.Duration, most.Duration), Rows: lower(l.Rows, most.Rows), Bytes: lower(l.Bytes, most.Bytes),
		ReadRows: lower(l.ReadRows, most.ReadRows), ReadBytes: lower(l.ReadBytes, most.ReadBytes), Memory: lower(l.Memory, most.Memory),
	}
}

func lower[T ~int64 | ~uint64](wish, most T) T {
	if wish <= 0 || most > 0 && wish > most {
		return most
	}
	return wish
}

// Column of a result.
type Column struct{ Name, Type string }

// Progress of a query that runs.
type Progress struct {
	// ReadRows and ReadBytes from tables so far; TotalRows is what the engine believes there is to read, 0 when it does not know.
	ReadRows, ReadBytes, TotalRows uint64
	// Memory that it takes now, in bytes.
	Memory  uint64
	Elapsed time.Duration
}

// Truncation says why a result is not whole.
type Truncation string

// Truncations.
const (
	Whole  Truncation = ""
	ByRows Truncation = "rows"
	BySize Truncation = "bytes"
)

// Summary ends a result.
type Summary struct {
	// Rows and Bytes of the result.
	Rows, Bytes uint64
	// ReadRows and ReadBytes from tables.
	ReadRows, ReadBytes uint64
	Elapsed             time.Duration
	Truncated           Truncation
	// Limits that were in force.
	Limits Limits
}

// Sink takes a result: columns first, then rows, or data when a format was asked for; progress between them, and a summary at the end.
// It is never called twice at a time; an error of its ends the hunt.
type Sink interface {
	Columns([]Column) error
	// Rows are a JSON array each; they are gone when it returns.
	Rows([]json.RawMessage) error
	Data([]byte) error
	Progress(Progress) error
	Summary(Summary) error
}

// Outcome of a hunt, as the audit has it.
type Outcome string

// Outcomes.
const (
	OK        Outcome = "ok"
	Truncated Outcome = "truncated"
	Failed    Outcome = "failed"
	Refused   Outcome = "refused"
	Cancelled Outcome = "cancelled"
)

// Kind of an entry of the audit.
type Kind string

// Kinds.
const (
	KindHunt   Kind = "hunt"
	KindCreate Kind = "hunt_create"
	KindUpdate Kind = "hunt_update"
	KindDelete Kind = "hunt_delete"
)

// Record is what the audit keeps of a hunt, or of a change of a saved one.
type Record struct {
	// Kind is KindHunt where it is left out.
	Kind   Kind
	Tenant string
	ID     string
	Time   time.Time
	Author string
	Via    string
	Saved  string
	SQL    string
	// Cut says that the statement was longer than what is kept of it.
	Cut bool
	// Parameters by name; their values are not kept.
	Parameters []string
	Summary    Summary
	Outcome    Outcome
	// Error without values; empty when there was none.
	Error string
}

// Error is what the engine has against a statement.
type Error struct {
	// Code and Name are ClickHouse's, such as 62 and SYNTAX_ERROR.
	Code int
	Name string
	// Text says what is wrong.
	Text string
	// Position is the byte in the statement, from 1, and Line and Column the same in lines and characters; 0 when it is not known.
	Position, Line, Column int
}

// Error is the text.
func (e *Error) Error() string { return e.Text }
