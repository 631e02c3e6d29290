package app

import (
	"context"
	"sync"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// peoplePerCall bounds the states that the analysis takes in at once.
const peoplePerCall = 20_000

// peopleBook is the directory: the analysis takes it in, the database lists it.
type peopleBook struct {
	runner *analytics.Runner
	db     *clickhouse.DB
	tenant string
	// importing holds one delivery at a time, so that each is compared with what the one before left.
	importing sync.Mutex
}

// ImportPeople compares a delivery with what is stored, and applies it unless it is held or only to be looked at. What is cut
// short is completed by delivering again.
func (b *peopleBook) ImportPeople(ctx context.Context, d directory.Delivery) (directory.Outcome, error) {
	b.importing.Lock()
	defer b.importing.Unlock()
	d.Tenant = b.tenant
	for i := range d.Records {
		d.Records[i].Tenant, d.Records[i].Source = b.tenant, d.Source
	}
	history := directory.History{}
	err := b.db.PeopleOfSource(ctx, b.tenant, d.Source, nil, func(s *directory.State) error {
		history[s.DirectoryID] = append(history[s.DirectoryID], directory.MarkOf(s))
		return nil
	})
	if err != nil {
		return directory.Outcome{}, err
	}
	states, deleted, o := directory.Plan(&d, history)
	if o.Held || d.DryRun {
		return o, nil
	}
	for len(deleted) > 0 {
		n := min(len(deleted), keysPerCall)
		all, err := b.asTheyWere(ctx, &d, deleted[:n])
		if err != nil {
			return o, err
		}
		states = append(states, all...)
		deleted = deleted[n:]
	}
	for len(states) > 0 {
		n := min(len(states), peoplePerCall)
		if err := b.runner.KnowPeople(ctx, states[:n]); err != nil {
			return o, err
		}
		states = states[n:]
	}
	o.Applied = true
	return o, nil
}

// keysPerCall bounds the ids of one question to the database.
const keysPerCall = 4000

// asTheyWere are people who are deleted as of the delivery and otherwise what they were then.
func (b *peopleBook) asTheyWere(ctx context.Context, d *directory.Delivery, ids []string) ([]directory.State, error) {
	was := make(map[string]directory.State, len(ids))
	err := b.db.PeopleOfSource(ctx, b.tenant, d.Source, ids, func(s *directory.State) error {
		if !s.From.After(d.AsOf) {
			was[s.DirectoryID] = *s // the states come in order of time
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([]directory.State, 0, len(was))
	for _, id := range ids {
		if s, known := was[id]; known {
			s.Status, s.From = directory.StatusDeleted, d.AsOf
			all = append(all, s)
		}
	}
	return all, nil
}

// ListPeople lists states by source, person and time.
func (b *peopleBook) ListPeople(ctx context.Context, p directory.Page) ([]directory.State, error) {
	return b.db.ListPeople(ctx, b.tenant, p)
}
