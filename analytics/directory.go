package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// keysPerCall bounds the addresses and ids of one question to the database.
const keysPerCall = 4000

// KnowPeople takes in what people were from when on, and lets the analysis look again at the DocuSign users concerned. It
// returns when both are durable.
func (r *Runner) KnowPeople(ctx context.Context, states []directory.State) error {
	for i := range states {
		s := &states[i]
		if s.Tenant != r.o.Tenant {
			return fmt.Errorf("analytics: person %s of source %s is of tenant %q, expected %q", s.DirectoryID, s.Source, s.Tenant, r.o.Tenant)
		}
		if err := s.Validate(); err != nil {
			return fmt.Errorf("analytics: person %s of source %s: %w", s.DirectoryID, s.Source, err)
		}
	}
	r.knowing.Lock()
	defer r.knowing.Unlock()
	if len(states) > 0 {
		if err := r.o.Store.AddPeople(ctx, states); err != nil {
			return fmt.Errorf("analytics: people: %w", err)
		}
	}
	return r.recheckPeople(ctx)
}

// recheckPeople asks for a look at everybody of whom something was said since it was last done: also what an earlier
// call stored that came no further.
func (r *Runner) recheckPeople(ctx context.Context) error {
	name := "directory/" + r.o.Tenant
	done, _, err := r.o.Store.LoadCheckpoint(ctx, name)
	if err != nil {
		return fmt.Errorf("analytics: directory: %w", err)
	}
	changes, err := r.o.Store.PeopleChanges(ctx, r.o.Tenant, done.Position)
	if err != nil {
		return fmt.Errorf("analytics: directory: %w", err)
	}
	if len(changes) == 0 {
		return nil
	}
	if err := r.o.Store.IndexLeavers(ctx, r.o.Tenant); err != nil {
		return fmt.Errorf("analytics: leavers: %w", err)
	}
	for len(changes) > 0 {
		// by From, so that people of whom something old is said do not make others' past be read
		var keys []string
		since, n := changes[0].From, 0
		for n < len(changes) && len(keys) < keysPerCall {
			keys = append(keys, changes[n].Keys...)
			done.Position = max(done.Position, changes[n].Version)
			n++
		}
		changes = changes[n:]
		if err := r.recheckUsers(ctx, keys, since); err != nil {
			return err
		}
	}
	done.Version++
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{name: done}); err != nil {
		return fmt.Errorf("analytics: directory: %w", err)
	}
	return nil
}

func (r *Runner) recheckUsers(ctx context.Context, keys []string, since time.Time) error {
	users, err := r.o.Store.UsersOfPeople(ctx, r.o.Tenant, keys, since)
	if err != nil {
		return fmt.Errorf("analytics: users of people: %w", err)
	}
	again := make([]clickhouse.Recheck, len(users))
	for i, u := range users {
		again[i] = clickhouse.Recheck{Subject: u.Subject, First: u.First, Last: u.Last, Reason: ReasonDirectory}
	}
	return r.Recheck(ctx, again)
}
