package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// AppendChanges stores changes of alerts as one part: all of them or none. Their sequences MUST follow the last stored
// one without a gap. The token rule is that of AppendEvents.
func (d *DB) AppendChanges(ctx context.Context, token string, changes []alert.Change) error {
	if len(changes) == 0 {
		return nil
	}
	return d.insert(ctx, "alerts_insert", token, func(b driver.Batch) error {
		for i := range changes {
			c := &changes[i]
			comments, err := json.Marshal(c.Triage.Comments)
			if err != nil {
				return fmt.Errorf("comments of alert %s: %w", c.ID, err)
			}
			state := c.Triage.State
			if state == "" {
				state = alert.StateNew
			}
			resolution, err := optional(c.Triage.Resolution)
			if err != nil {
				return fmt.Errorf("resolution of alert %s: %w", c.ID, err)
			}
			previous, err := optional(c.Previous)
			if err != nil {
				return fmt.Errorf("what alert %s was before: %w", c.ID, err)
			}
			contextText, err := marshalContext(c.Context)
			if err != nil {
				return fmt.Errorf("context of alert %s: %w", c.ID, err)
			}
			err = b.Append(c.Sequence, c.Tenant, c.ID, c.Kind, c.PreviousState, c.PreviousSeverity, orZero(c.PreviousStart), orZero(c.PreviousEnd), c.Actor, c.Updated, c.Created, c.Detection, c.Subject.Type, c.Subject.ID, c.Subject.Email, c.Subject.DisplayName,
				c.Key, c.Anchor, c.Start, c.End, c.EventIDs, c.EventCount, c.Score, c.Severity, c.Title, c.Evidence, contextText, c.SuppressedBy,
				c.Retracted, c.SupersededBy, state, c.Triage.Classification, c.Triage.Assignee, string(comments), c.Triage.Reason, resolution, previous, c.ToldTitle(), c.SubjectNames())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// optional is v as JSON; empty for nil.
func optional[T any](v *T) (string, error) {
	if v == nil {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func readOptional[T any](s string) (*T, error) {
	if s == "" {
		return nil, nil
	}
	v := new(T)
	return v, json.Unmarshal([]byte(s), v)
}

// orZero is t as a column holds it: no time is 1970.
func orZero(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t
}

func scanChange(r driver.Rows) (alert.Change, error) {
	var c alert.Change
	var comments, contextText, resolution, previous string
	err := r.Scan(&c.Sequence, &c.Tenant, &c.ID, &c.Kind, &c.PreviousState, &c.PreviousSeverity, &c.PreviousStart, &c.PreviousEnd, &c.Actor, &c.Updated, &c.Created, &c.Detection, &c.Subject.Type, &c.Subject.ID, &c.Subject.Email, &c.Subject.DisplayName,
		&c.Key, &c.Anchor, &c.Start, &c.End, &c.EventIDs, &c.EventCount, &c.Score, &c.Severity, &c.Title, &c.Evidence, &contextText, &c.SuppressedBy,
		&c.Retracted, &c.SupersededBy, &c.Triage.State, &c.Triage.Classification, &c.Triage.Assignee, &comments, &c.Triage.Reason, &resolution, &previous)
	if err != nil {
		return c, err
	}
	if c.PreviousState == "" {
		c.PreviousStart, c.PreviousEnd = time.Time{}, time.Time{}
	}
	if err := json.Unmarshal([]byte(comments), &c.Triage.Comments); err != nil {
		return c, fmt.Errorf("comments of alert %s: %w", c.ID, err)
	}
	if c.Triage.Resolution, err = readOptional[alert.Resolution](resolution); err != nil {
		return c, fmt.Errorf("resolution of alert %s: %w", c.ID, err)
	}
	if c.Previous, err = readOptional[alert.Previous](previous); err != nil {
		return c, fmt.Errorf("what alert %s was before: %w", c.ID, err)
	}
	if c.Context, err = unmarshalContext(contextText); err != nil {
		return c, fmt.Errorf("context of alert %s: %w", c.ID, err)
	}
	return c, nil
}

func (d *DB) changes(ctx context.Context, name string, args ...driver.NamedValue) ([]alert.Change, error) {
	var all []alert.Change
	err := d.rows(ctx, name, func(r driver.Rows) error {
		c, err := scanChange(r)
		all = append(all, c)
		return err
	}, args...)
	return all, err
}

// ReadChanges returns up to limit changes after the sequence, in order and without a gap.
func (d *DB) ReadChanges(ctx context.Context, after uint64, limit int) ([]alert.Change, error) {
	return d.changes(ctx, "alerts_read", named("after", after), named("limit", uint32(limit)))
}

// LastChange is the sequence of the last change; 0 before the first.
func (d *DB) LastChange(ctx context.Context) (uint64, error) {
	var last uint64
	err := d.rows(ctx, "alerts_last_sequence", func(r driver.Rows) error { return r.Scan(&last) })
	return last, err
}

// OldestChange is the sequence of the first change that is stored; 0 when there is none.
func (d *DB) OldestChange(ctx context.Context) (uint64, error) {
	var oldest uint64
	err := d.rows(ctx, "alerts_oldest_sequence", func(r driver.Rows) error { return r.Scan(&oldest) })
	return oldest, err
}

// FirstChangeSince is the sequence of the first change that was made at that time or later; 0 when there is none.
func (d *DB) FirstChangeSince(ctx context.Context, at time.Time) (uint64, error) {
	var first uint64
	err := d.rows(ctx, "alerts_since", func(r driver.Rows) error { return r.Scan(&first) }, named("at", moment(at)))
	return first, err
}

// GetAlert returns the newest version of an alert, or fault.NotFound.
func (d *DB) GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error) {
	found, err := d.changes(ctx, "alerts_get", named("tenant", tenant), named("id", id))
	if err != nil {
		return alert.Alert{}, err
	}
	if len(found) == 0 {
		return alert.Alert{}, fault.New(fault.NotFound, "no alert %q", id)
	}
	return found[0].Alert, nil
}

// AlertsOfSubjects returns the newest version of every alert of a detection about the subjects, retracted and
// suppressed ones included.
func (d *DB) AlertsOfSubjects(ctx context.Context, tenant, detection string, subjects []string) ([]alert.Alert, error) {
	found, err := d.changes(ctx, "alerts_of_subjects", named("tenant", tenant), named("detection", detection), list("subjects", subjects))
	all := make([]alert.Alert, len(found))
	for i := range found {
		all[i] = found[i].Alert
	}
	return all, err
}

// AlertsAnchored returns the newest version of every alert of a detection whose anchor lies from from (inclusive) to to
// (exclusive), retracted and suppressed ones included.
func (d *DB) AlertsAnchored(ctx context.Context, tenant, detection string, from, to time.Time) ([]alert.Alert, error) {
	found, err := d.changes(ctx, "alerts_anchored", named("tenant", tenant), named("detection", detection), named("from", moment(from)), named("to", moment(to)))
	all := make([]alert.Alert, len(found))
	for i := range found {
		all[i] = found[i].Alert
	}
	return all, err
}

// AlertsRanked returns the first findings of a detection, by anchor, subject and key, with their anchors from from (inclusive) to
// to (exclusive), that nothing but its limit of a day suppresses.
func (d *DB) AlertsRanked(ctx context.Context, tenant, detection string, from, to time.Time, limit int) ([]alert.Alert, error) {
	found, err := d.changes(ctx, "alerts_ranked", named("tenant", tenant), named("detection", detection), named("from", moment(from)), named("to", moment(to)), named("limit", uint32(limit)))
	all := make([]alert.Alert, len(found))
	for i := range found {
		all[i] = found[i].Alert
	}
	return all, err
}

// Beyond is what is known of findings that are no alerts because of their detection's limit of a day.
type Beyond struct {
	Count int
	// First is the anchor of the first of them, by anchor, subject and key; Severity and Evidence are its.
	First              time.Time
	Severity, Evidence string
}

// AlertsBeyond says what of a detection is beyond its limit, with anchors from from (inclusive) to to (exclusive).
func (d *DB) AlertsBeyond(ctx context.Context, tenant, detection string, from, to time.Time) (b Beyond, err error) {
	err = d.rows(ctx, "alerts_beyond", func(r driver.Rows) error {
		var n uint64
		err := r.Scan(&n, &b.First, &b.Severity, &b.Evidence)
		b.Count = int(n)
		return err
	}, named("tenant", tenant), named("detection", detection), named("from", moment(from)), named("to", moment(to)))
	return b, err
}

// AlertsByID returns the newest version of each of the alerts that there are, in no order.
func (d *DB) AlertsByID(ctx context.Context, tenant string, ids []string) ([]alert.Alert, error) {
	found, err := d.changes(ctx, "alerts_by_id", named("tenant", tenant), list("ids", ids))
	all := make([]alert.Alert, len(found))
	for i := range found {
		all[i] = found[i].Alert
	}
	return all, err
}

// NewestChanges returns the newest version up to a change of each of the alerts that there are, in no order.
func (d *DB) NewestChanges(ctx context.Context, tenant string, ids []string, upTo uint64) ([]alert.Change, error) {
	return d.changes(ctx, "alerts_newest", named("tenant", tenant), list("ids", ids), named("upTo", upTo))
}

// ActiveAlerts counts the alerts of each detection that are neither retracted nor suppressed.
func (d *DB) ActiveAlerts(ctx context.Context, tenant string) (map[string]uint64, error) {
	active := make(map[string]uint64)
	err := d.rows(ctx, "alerts_active", func(r driver.Rows) error {
		var id string
		var n uint64
		err := r.Scan(&id, &n)
		active[id] = n
		return err
	}, named("tenant", tenant))
	return active, err
}

// now is the time of a version, to the precision of the column.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
