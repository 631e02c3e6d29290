package analytics

import (
	"context"
	"errors"
	"slices"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// SetTriage lets a person change the state, classification, assignee or comments of an alert. A retracted alert that was
// superseded is refused: its successor has them. When apply leaves it as it is, nothing is written.
func (l *Log) SetTriage(ctx context.Context, tenant, id, actor string, apply func(*alert.Triage) error) (alert.Alert, error) {
	return l.Work(ctx, tenant, id, actor, func(a *alert.Alert) error { return apply(&a.Triage) })
}

// Work is SetTriage for what also looks at the rest of the alert, of which apply MUST change only the Triage.
func (l *Log) Work(ctx context.Context, tenant, id, actor string, apply func(*alert.Alert) error) (alert.Alert, error) {
	var result alert.Alert
	var changes []alert.Change
	err := l.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
		a, err := l.store.GetAlert(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		c, err := worked(&a, actor, apply)
		if err != nil {
			return nil, err
		}
		if result = a; c != nil {
			changes = []alert.Change{*c}
		}
		return changes, nil
	})
	if err == nil && len(changes) > 0 {
		result = changes[0].Alert
	}
	return result, err
}

// worked is the change that apply makes; nil when it makes none.
func worked(a *alert.Alert, actor string, apply func(*alert.Alert) error) (*alert.Change, error) {
	if a.SupersededBy != "" {
		return nil, fault.New(fault.InvalidArgument, "alert %s was superseded by %s: change that one", a.ID, a.SupersededBy)
	}
	c := &alert.Change{Kind: alert.ChangeUpdated, Alert: *a}
	c.Follow(a)
	c.Triage.Comments = slices.Clone(a.Triage.Comments)
	if err := apply(&c.Alert); err != nil {
		return nil, err
	}
	c.Resolve(&a.Triage, actor)
	if sameTriage(a.Triage, c.Triage) {
		return nil, nil
	}
	c.Actor = actor
	return c, nil
}

// workBatch is how many alerts are changed by one entry of the log's writer, so that the analysis need not wait for all.
const workBatch = 500

// Skip says in WorkMany that an alert is to stay as it is.
var Skip = errors.New("this alert stays as it is") //nolint:revive,staticcheck // it is no failure

// WorkMany is Work for many alerts; one for which apply returns Skip is left alone, any other error ends it. It returns how
// many were changed, also with an error: what was changed before stays.
func (l *Log) WorkMany(ctx context.Context, tenant string, ids []string, actor string, apply func(*alert.Alert) error) (changed int, err error) {
	for part := range slices.Chunk(ids, workBatch) {
		var changes []alert.Change
		err := l.Update(ctx, func(ctx context.Context) ([]alert.Change, error) {
			found, err := l.store.AlertsByID(ctx, tenant, part)
			if err != nil {
				return nil, err
			}
			byID := make(map[string]*alert.Alert, len(found))
			for i := range found {
				byID[found[i].ID] = &found[i]
			}
			for _, id := range part {
				a := byID[id]
				if a == nil || a.SupersededBy != "" {
					continue
				}
				c, err := worked(a, actor, apply)
				if err != nil && !errors.Is(err, Skip) {
					return nil, err
				}
				if err == nil && c != nil {
					changes = append(changes, *c)
				}
			}
			return changes, nil
		})
		if err != nil {
			return changed, err
		}
		changed += len(changes)
	}
	return changed, nil
}
