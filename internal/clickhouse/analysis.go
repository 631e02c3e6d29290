package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/visible"
)

// Subject is whom or what a finding can be about.
type Subject struct {
	// Type is user, address, integration or organization: the account, for events that name none of the others.
	Type, ID string
}

// Span is what changed for one subject: event times from First to Last, with the classes and the kinds of place seen.
type Span struct {
	Subject
	First, Last            time.Time
	Activities, PlaceKinds []string
	// Administrative says whether some of the events act on the account.
	Administrative bool
}

// SpanQuery says since when: events with a sequence after After up to Upto that are not held when the clock is at Line,
// and, with Release, events up to After that were held and that the clock has reached since Released.
type SpanQuery struct {
	Tenant         string
	After, Upto    uint64
	Release        bool
	Released, Line time.Time
	// Wider counts an event for its account and its envelope, too.
	Wider bool
}

// ChangedSpans returns what changed; an event counts for its user, its address and its integration. A subject may come
// twice.
func (d *DB) ChangedSpans(ctx context.Context, q SpanQuery) ([]Span, error) {
	var all []Span
	each := func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last, &s.Activities, &s.PlaceKinds, &s.Administrative)
		all = append(all, s)
		return err
	}
	args := []driver.NamedValue{named("tenant", q.Tenant), named("after", q.After), named("line", moment(q.Line)), named("wider", q.Wider)}
	if q.Upto > q.After {
		if err := d.rows(ctx, "analysis_spans", each, append(args, named("upto", q.Upto))...); err != nil {
			return nil, err
		}
	}
	if q.Release && q.Released.Before(q.Line) {
		if err := d.rows(ctx, "analysis_released", each, append(args, named("released", momentOr(q.Released, earliest)))...); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	typeName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\([A-Za-z0-9, ']*\))?$`)
)

// Argument is a value for a parameter of a view; one of type Array(String) is a JSON array.
type Argument struct {
	Name, Type, Value string
}

const listType = "Array(String)"

// ParseList reads the value of an Argument of type Array(String).
func ParseList(value string) ([]string, error) {
	var all []string
	if err := json.Unmarshal([]byte(value), &all); err != nil || all == nil {
		return nil, fmt.Errorf(`%q: expected a list in JSON such as ["one", "two"]`, value)
	}
	return all, nil
}

// bind is the argument as a parameter of a statement.
func (a Argument) bind() (driver.NamedValue, error) {
	if a.Type != listType {
		return named(a.Name, a.Value), nil
	}
	all, err := ParseList(a.Value)
	return list(a.Name, all), err
}

// literal is the argument as SQL.
func (a Argument) literal() (string, error) {
	if a.Type != listType {
		return Quote(a.Value), nil
	}
	all, err := ParseList(a.Value)
	for i := range all {
		all[i] = Quote(all[i])
	}
	return "[" + strings.Join(all, ", ") + "]", err
}

// Call is an evaluation of a detection.
type Call struct {
	Detection string
	// Text is the body of the detection's base view. It is run as it stands, with the parameters bound: the same as a call
	// of the view, which would be analysed twice.
	Text     string
	Tenant   string
	From, To time.Time
	// Line is the clock, which held events wait for; zero holds none.
	Line time.Time
	// Known is until when the call knows events, by event time; later ones are as if they were not stored. Zero knows all.
	// It is a filter of the engine's own, so that the text is the one that runs otherwise: PREWHERE reads tables only, and
	// not what one would put in their place.
	Known time.Time
	// Subjects to evaluate; empty means all.
	Subjects []string
	// Arguments are the tuning values.
	Arguments []Argument
	// MaxMemory is the most memory of the evaluation, in bytes; 0 is as much as any statement may have.
	MaxMemory uint64
}

// Findings evaluates a detection.
func (d *DB) Findings(ctx context.Context, c Call) ([]alert.Finding, error) {
	var all []alert.Finding
	err := d.EachFinding(ctx, c, func(f alert.Finding) error {
		all = append(all, f)
		return nil
	})
	return all, err
}

// EachFinding evaluates a detection and hands over one finding after the other, by anchor, subject and key; an error of
// each ends it.
func (d *DB) EachFinding(ctx context.Context, c Call, each func(alert.Finding) error) error {
	args := []driver.NamedValue{named("tenant", c.Tenant), named("from", moment(c.From)), named("to", moment(c.To)), list("subjects", c.Subjects), named("line", momentOr(c.Line, latest))}
	for _, a := range c.Arguments {
		bound, err := a.bind()
		if err != nil {
			return fmt.Errorf("clickhouse: parameter %s of detection %s: %w", a.Name, c.Detection, err)
		}
		args = append(args, bound)
	}
	sql := strings.Replace(statement("findings"), "/* detection */", c.Text, 1)
	return d.query(c.limited(ctx), "detection "+c.Detection, sql, func(r driver.Rows) error {
		f := alert.Finding{Tenant: c.Tenant, Detection: c.Detection}
		if err := r.Scan(&f.Subject.Type, &f.Subject.ID, &f.Subject.Email, &f.Subject.DisplayName, &f.Key, &f.Anchor, &f.Start, &f.End,
			&f.EventIDs, &f.EventCount, &f.Score, &f.Severity, &f.Title, &f.Evidence, &f.SuppressedBy); err != nil {
			return err
		}
		// A title goes into terminals, mails and tickets of others, and holds words of records.
		f.Title = visible.Text(f.Title)
		return each(f)
	}, args...)
}

// limited gives the statement the settings of the call.
func (c *Call) limited(ctx context.Context) context.Context {
	settings := clickhouse.Settings{}
	if !c.Known.IsZero() {
		settings["additional_table_filters"] = knownUntil(c.Known)
	}
	if c.MaxMemory > 0 {
		settings["max_memory_usage"] = c.MaxMemory
	}
	if len(settings) == 0 {
		return ctx
	}
	return clickhouse.Context(ctx, clickhouse.WithSettings(settings))
}

// knownUntil leaves out the events after a time.
func knownUntil(t time.Time) string {
	return "{'events': 'ts <= toDateTime64(\\'" + moment(t) + "\\', 7, \\'UTC\\')'}"
}

// Candidates runs a detection's candidates.sql, the Text of the call: about which of the subjects it can have findings.
func (d *DB) Candidates(ctx context.Context, c Call) ([]string, error) {
	var all []string
	args := []driver.NamedValue{named("tenant", c.Tenant), named("from", moment(c.From)), named("to", moment(c.To)), list("subjects", c.Subjects), named("line", momentOr(c.Line, latest))}
	for _, a := range c.Arguments {
		args = append(args, named(a.Name, a.Value))
	}
	err := d.query(c.limited(ctx), "candidates of "+c.Detection, c.Text, func(r driver.Rows) error {
		var id string
		err := r.Scan(&id)
		all = append(all, id)
		return err
	}, args...)
	return all, err
}

// Quote writes s as a string literal of SQL. It serves view definitions, which bind nothing, and statements that are
// shown to people; what Sealwatch runs with values of users binds them.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// Affected runs a detection's affected.sql: of which subjects else the findings may change when the given ones have new
// events from first to last. Arguments are the tuning values; those that the text does not name are not sent.
func (d *DB) Affected(ctx context.Context, detection, text, tenant string, changed map[string][]string, first, last, line time.Time, arguments []Argument) ([]Span, error) {
	args := []driver.NamedValue{named("tenant", tenant), named("from", moment(first)), named("to", moment(last)),
		list("users", changed["user"]), list("addresses", changed["address"]), list("integrations", changed["integration"]), named("line", moment(line))}
	for _, a := range arguments {
		if strings.Contains(text, "{"+a.Name+":") {
			args = append(args, named(a.Name, a.Value))
		}
	}
	var all []Span
	err := d.query(ctx, "affected by "+detection, text, func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last)
		all = append(all, s)
		return err
	}, args...)
	return all, err
}

// EarliestHeld is the earliest event time of what is held when the clock is at line; zero when there is none.
func (d *DB) EarliestHeld(ctx context.Context, tenant string, line time.Time) (time.Time, error) {
	var n uint64
	var earliest time.Time
	err := d.rows(ctx, "analysis_earliest_held", func(r driver.Rows) error { return r.Scan(&n, &earliest) }, named("tenant", tenant), named("line", moment(line)))
	if n == 0 {
		earliest = time.Time{}
	}
	return earliest, err
}
