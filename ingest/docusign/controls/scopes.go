package controls

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// grantsPerRound are the users and accounts whose authorizations a round asks for: a call each.
const grantsPerRound = 200

// scopes are the lists that this round reads.
func (s *Source) scopes(ctx context.Context, was known) (all []scope, warnings []string, err error) {
	r := reading{asker: s.o.Asker}
	accounts, err := s.o.Asker.Accounts(ctx)
	if err != nil {
		return nil, nil, err
	}
	warnings, err = s.find(ctx, was)
	if err != nil {
		return nil, nil, err
	}
	var wanted []docusign.Account
	for _, a := range accounts {
		if ours(a, s.o.Accounts, s.organization) {
			wanted = append(wanted, a)
			all = append(all, r.ofAccount(a)...)
		}
	}
	if len(wanted) == 0 {
		warnings = append(warnings, noAccount)
	}
	if s.organization != "" {
		all = append(all, r.ofOrganization(s.organization)...)
	}
	standing := map[string]bool{}
	for _, in := range all {
		standing[in.name] = true
	}
	grants, err := s.granted(ctx, r, wanted, was, standing)
	if err != nil {
		return nil, nil, err
	}
	for name := range s.problems {
		if !standing[name] {
			delete(s.problems, name)
		}
	}
	return append(all, grants...), warnings, nil
}

const noAccount = "the reading user is a member of none of the accounts, so that their controls are not seen: make it an administrator of the accounts"

// ours says whether the controls of an account are read.
func ours(a docusign.Account, named []string, organization string) bool {
	if len(named) > 0 {
		return slices.ContainsFunc(named, func(id string) bool { return strings.EqualFold(id, a.ID) })
	}
	return organization == "" || a.Organization == "" || strings.EqualFold(a.Organization, organization)
}

// find asks whose controls they are. While that is refused the organisation stays as it was; the accounts are read all the same.
func (s *Source) find(ctx context.Context, was known) (warnings []string, err error) {
	const part = "organization"
	id, err := s.o.Organization(ctx)
	var e *docusign.Error
	switch {
	case err == nil:
		s.organization = id
		s.lists.Read(ctx, part)
	case errors.As(err, &e) && e.Kind.LosesAccess():
		var since time.Time
		for _, mark := range was.marks {
			if mark.Account == "" && mark.Seen.After(since) {
				since = mark.Seen
			}
		}
		s.lists.Failed(ctx, part, "the organisation of DocuSign", since, err)
		return []string{fmt.Sprintf("the organisation cannot be looked up, so that of identity providers and domains only what was known is read: %v", err)}, nil
	default:
		return nil, err
	}
	return nil, nil
}

// granted are the authorizations whose turn it is: those that were not asked for longest, half of them of the first principals as long as
// there are enough of the others. All that are wanted are put into standing.
func (s *Source) granted(ctx context.Context, r reading, accounts []docusign.Account, was known, standing map[string]bool) ([]scope, error) {
	if s.o.Principals == nil {
		return nil, nil
	}
	first, others, err := s.o.Principals(ctx)
	if err != nil {
		return nil, err
	}
	last := func(in scope) time.Time {
		if at := s.asked[in.name]; at.After(was.marks[in.name].Seen) {
			return at
		}
		return was.marks[in.name].Seen
	}
	waiting := func(users []string) (all []scope) {
		for _, a := range accounts {
			for _, u := range users {
				if s.o.Member != nil && !s.o.Member(a.ID, u) {
					continue
				}
				in := r.authorizations(a, u)
				if standing[in.name] = true; s.grants.Due(in.name) {
					all = append(all, in)
				}
			}
		}
		slices.SortFunc(all, func(a, b scope) int { return cmp.Or(last(a).Compare(last(b)), cmp.Compare(a.name, b.name)) })
		return all
	}
	one, two := waiting(first), waiting(others)
	for name := range s.asked {
		if !standing[name] {
			delete(s.asked, name)
		}
	}
	n := min(len(one), max(grantsPerRound/2, grantsPerRound-len(two)))
	return append(one[:n:n], two[:min(len(two), grantsPerRound-n)]...), nil
}
