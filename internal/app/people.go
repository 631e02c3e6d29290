package app

import (
	"cmp"
	"context"
	"log/slog"
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
	// holds tells people about deliveries that are held.
	holds *analytics.DirectoryWatch
	log   *slog.Logger
	// importing holds one delivery at a time, so that each is compared with what the one before left.
	importing sync.Mutex
	polled    polledDirectories
}

// confirmFile is how somebody lets a held file be applied.
const confirmFile = "sealwatch directory import --confirm, with the same file and options"

// ImportPeople compares a delivery with what is stored, and applies it unless it is held or only to be looked at. What is cut
// short is completed by delivering again.
func (b *peopleBook) ImportPeople(ctx context.Context, d directory.Delivery) (directory.Outcome, error) {
	o, err := b.take(ctx, d, func(directory.Outcome) bool { return false })
	switch {
	case err != nil || d.DryRun:
		return o, err
	case o.Held:
		err = b.tellHeld(ctx, &d, o, confirmFile)
	default:
		err = b.holds.Applied(ctx, d.Source, d.AsOf)
	}
	if err != nil { // what became of the delivery is right all the same
		b.log.WarnContext(ctx, "the alert about a held delivery of a directory cannot be written", slog.String("source", d.Source), slog.Any("error", err))
	}
	return o, nil
}

// take compares a delivery with what is stored and applies it; one that would be held, too, when it is allowed.
func (b *peopleBook) take(ctx context.Context, d directory.Delivery, allowed func(directory.Outcome) bool) (directory.Outcome, error) {
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
	o.Held = o.Held && !allowed(o)
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

// tellHeld raises the alert about a held delivery, with the names of some who would leave.
func (b *peopleBook) tellHeld(ctx context.Context, d *directory.Delivery, o directory.Outcome, confirm string) error {
	names := make(map[string]string, len(o.Leavers))
	err := b.db.PeopleOfSource(ctx, b.tenant, d.Source, o.Leavers, func(s *directory.State) error {
		names[s.DirectoryID] = cmp.Or(s.DisplayName, s.UserName)
		return nil
	})
	if err != nil {
		return err
	}
	held := analytics.HeldDelivery{Source: d.Source, At: d.AsOf, People: o.People, Left: o.Left, Limit: directory.HeldShare, Leavers: make([]string, len(o.Leavers)), Confirm: confirm}
	for i, id := range o.Leavers {
		held.Leavers[i] = cmp.Or(names[id], id)
	}
	return b.holds.Held(ctx, held)
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
