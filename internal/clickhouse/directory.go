package clickhouse

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// directoryBlock bounds the rows of one insert.
const directoryBlock = 20_000

// AddPeople stores states of people, each in the place of one with the same tenant, source, person and beginning. It MUST
// not run twice at once.
func (d *DB) AddPeople(ctx context.Context, states []directory.State) error {
	var version uint64
	if err := d.rows(ctx, "directory_version", func(r driver.Rows) error { return r.Scan(&version) }); err != nil {
		return err
	}
	for len(states) > 0 {
		n := min(len(states), directoryBlock)
		if err := d.addPeople(ctx, states[:n], version+1); err != nil {
			return err
		}
		states = states[n:]
	}
	return nil
}

// addPeople stores the keys first: a key without a state finds nobody, a state without its keys is never found.
func (d *DB) addPeople(ctx context.Context, states []directory.State, version uint64) error {
	err := d.insert(ctx, "directory_keys_insert", uuid.NewString(), func(b driver.Batch) error {
		for i := range states {
			s := &states[i]
			for _, key := range s.Keys() {
				if err := b.Append(s.Tenant, key, s.Source, s.DirectoryID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	at := now()
	return d.insert(ctx, "directory_insert", uuid.NewString(), func(b driver.Batch) error {
		for i := range states {
			s := &states[i]
			if err := b.Append(s.Tenant, s.Source, s.DirectoryID, bound(s.From, always), s.Status, s.Kind, s.UserName, s.DisplayName,
				some(s.Emails), some(s.DocuSignUserIDs), some(s.Groups), s.Role, s.Removed, at, version); err != nil {
				return err
			}
		}
		return nil
	})
}

// some is the list, never nil.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// people runs a statement that returns states.
func (d *DB) people(ctx context.Context, name, tenant string, each func(*directory.State) error, args ...driver.NamedValue) error {
	return d.rows(ctx, name, func(r driver.Rows) error {
		s := directory.State{Tenant: tenant}
		if err := r.Scan(&s.Source, &s.DirectoryID, &s.From, &s.To, &s.Status, &s.Kind, &s.UserName, &s.DisplayName, &s.Emails, &s.DocuSignUserIDs, &s.Groups, &s.Role); err != nil {
			return err
		}
		if s.From.Equal(always) {
			s.From = time.Time{}
		}
		if s.To.Equal(never) {
			s.To = time.Time{}
		}
		return each(&s)
	}, append(args, named("tenant", tenant))...)
}

// PeopleOfSource hands over every state of a source by person and time, or those of some persons; an error of each ends it.
func (d *DB) PeopleOfSource(ctx context.Context, tenant, source string, ids []string, each func(*directory.State) error) error {
	return d.people(ctx, "directory_source", tenant, each, named("source", source), list("ids", ids))
}

// DirectoryAt answers for each question who stood behind the DocuSign user at that time; the answer to a question about
// somebody whom the directory does not know is not Known.
func (d *DB) DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error) {
	keys := map[string]bool{}
	for _, q := range questions {
		keys[q.SubjectID], keys[strings.ToLower(q.Email)] = true, true
	}
	var wanted []string
	for k := range keys {
		// what no directory can have is not asked for: parameters travel in the address of a request, and records may have a megabyte
		if k != "" && len(k) <= directory.MaxText {
			wanted = append(wanted, k)
		}
	}
	answers := make([]directory.Answer, len(questions))
	if len(wanted) == 0 {
		return answers, nil
	}
	var states []directory.State
	err := d.people(ctx, "directory_related", tenant, func(s *directory.State) error {
		states = append(states, *s)
		return nil
	}, list("keys", wanted))
	if err != nil {
		return nil, err
	}
	who := directory.NewResolver(states)
	for i, q := range questions {
		answers[i] = who.Resolve(q)
	}
	return answers, nil
}

// IndexLeavers completes what the detections find leavers by; after AddPeople, and before anybody is looked at again.
func (d *DB) IndexLeavers(ctx context.Context, tenant string) error {
	return d.exec(ctx, "directory_leavers_fill", named("tenant", tenant))
}

// PersonChange is that something was said of a person, from a time on.
type PersonChange struct {
	From time.Time
	Keys []string
	// Version orders the calls of AddPeople.
	Version uint64
}

// PeopleChanges returns what was said of people after a version, by From.
func (d *DB) PeopleChanges(ctx context.Context, tenant string, after uint64) ([]PersonChange, error) {
	var all []PersonChange
	err := d.rows(ctx, "directory_since", func(r driver.Rows) error {
		var c PersonChange
		err := r.Scan(&c.From, &c.Keys, &c.Version)
		all = append(all, c)
		return err
	}, named("tenant", tenant), named("after", after))
	return all, err
}

// UsersOfPeople returns the users with events since a time who may be people with one of the keys (addresses and DocuSign
// user ids), now or at some time, or somebody who shares a key with them.
func (d *DB) UsersOfPeople(ctx context.Context, tenant string, keys []string, since time.Time) ([]Span, error) {
	var all []Span
	err := d.rows(ctx, "directory_subjects", func(r driver.Rows) error {
		var s Span
		err := r.Scan(&s.Type, &s.ID, &s.First, &s.Last)
		all = append(all, s)
		return err
	}, named("tenant", tenant), list("keys", keys), named("from", momentOr(since, earliest)))
	return all, err
}

// ListPeople returns states by source, person and time.
func (d *DB) ListPeople(ctx context.Context, tenant string, p directory.Page) ([]directory.State, error) {
	var all []directory.State
	err := d.people(ctx, "directory_list", tenant, func(s *directory.State) error {
		all = append(all, *s)
		return nil
	}, list("sources", p.Sources), list("statuses", p.Statuses), list("keys", p.Keys), named("at", millis(p.At)),
		named("after_source", p.After.Source), named("after_id", p.After.DirectoryID), named("after_from", millis(p.After.From)), named("limit", uint32(p.Limit)))
	return all, err
}

// millis formats a time for a parameter of type DateTime64(3, 'UTC'); the zero time is 1970.
func millis(t time.Time) string {
	return bound(t, always).Format("2006-01-02 15:04:05.000")
}
