package controls

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// problem is a list that cannot be read.
type problem struct {
	in  scope
	err *docusign.Error
	// before says that it could be read before.
	before bool
}

// absent says that the account does not have the list or the user may not read it.
func (p problem) absent() bool {
	return p.err.Kind.LosesAccess() || p.err.Kind == docusign.KindRequest
}

// Round reads every control once, those first that were not read for longest. The events of a list are durable before what was seen is
// stored. A list that cannot be read is a warning, is asked for again after a pause of its own, and is a loss of its own when it could be
// read before, for somebody may have taken the sight away. The round fails when nothing could be read, or the call budget is used up.
func (s *Source) Round(ctx context.Context) (warnings []string, err error) {
	was, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	scopes, warnings, err := s.scopes(ctx, was)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(scopes, func(a, b scope) int { return was.marks[a.name].Seen.Compare(was.marks[b.name].Seen) })
	read, waiting, failures := map[string]bool{}, false, []error(nil)
	for _, in := range scopes {
		parts := s.lists
		if in.kind == Authorization {
			parts = s.grants
			s.asked[in.name] = s.o.Now()
		}
		if !parts.Due(in.name) || !s.grants.Due(in.name) {
			waiting = true
			continue
		}
		mark := was.marks[in.name]
		err := s.look(ctx, in, was)
		var e *docusign.Error
		switch {
		case err == nil:
			parts.Read(ctx, in.name)
			s.grants.Read(ctx, in.name)
			read[in.group()] = true
			delete(s.problems, in.name)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.As(err, &e): // the database
			return nil, err
		case e.Kind == docusign.KindThrottled:
			return nil, err
		default:
			if errors.Is(err, errTooLarge) {
				parts = s.grants // a limit of Sealwatch's own is no loss
			}
			parts.Failed(ctx, in.name, in.title(), mark.Seen, err)
			s.problems[in.name] = problem{in: in, err: e, before: mark.Version > 0}
			failures = append(failures, fmt.Errorf("%s: %w", in.title(), err))
		}
	}
	s.watchGrants(ctx, was, read, scopes)
	if len(read) == 0 && (len(failures) > 0 || waiting) {
		s.lists.Retry()
		s.grants.Retry()
		for _, name := range slices.Sorted(maps.Keys(s.problems)) {
			if len(failures) == 0 {
				failures = append(failures, fmt.Errorf("%s: %w", s.problems[name].in.title(), s.problems[name].err))
			}
		}
		return nil, errors.Join(failures...)
	}
	return append(warnings, s.warnings(read)...), nil
}

// load reads what was last seen.
func (s *Source) load(ctx context.Context) (was known, err error) {
	all, err := s.o.States.LoadStates(ctx, s.o.Origin.Source)
	if err != nil {
		return was, fmt.Errorf("controls as last seen cannot be read: %w", err)
	}
	was = known{map[string]map[string]State{}, map[string]State{}, map[string]State{}}
	for _, st := range all {
		if scope, is := strings.CutPrefix(st.Scope, pendingPrefix); is {
			was.pending[scope] = st
			continue
		}
		if st.Object == "" {
			was.marks[st.Scope] = st
			continue
		}
		if was.objects[st.Scope] == nil {
			was.objects[st.Scope] = map[string]State{}
		}
		was.objects[st.Scope][st.Object] = st
	}
	return was, nil
}

// watchGrants tells of the authorizations of each account as a whole: one user who may not be asked any more is none.
func (s *Source) watchGrants(ctx context.Context, was known, read map[string]bool, scopes []scope) {
	done := map[string]bool{}
	for _, in := range scopes {
		group := in.group()
		if in.kind != Authorization || done[group] {
			continue
		}
		switch p, failed := s.problems[in.name]; {
		case read[group]:
			s.lists.Read(ctx, group)
			done[group] = true
		case failed:
			mark := State{}
			for _, m := range was.marks {
				if m.Kind == Authorization && m.Account == in.account && m.Seen.After(mark.Seen) {
					mark = m
				}
			}
			s.lists.Failed(ctx, group, in.title(), mark.Seen, p.err)
			done[group] = true
		}
	}
}

// warnings say which lists are not read.
func (s *Source) warnings(read map[string]bool) (out []string) {
	refusals, grants := map[string][]string{}, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(s.problems)) {
		p := s.problems[name]
		where := cmp.Or(p.in.account, "the organisation")
		switch {
		case p.in.kind == Authorization && !p.absent():
			if grants[where]++; grants[where] == 1 {
				out = append(out, fmt.Sprintf("%s of some users cannot be read: %v", p.in.title(), p.err))
			}
		case p.in.kind == Authorization && read[p.in.group()]: // one who may not be asked
		case p.in.kind != Authorization && p.before:
			out = append(out, fmt.Sprintf("%s, which could be read before, cannot be read: %v", p.in.title(), p.err))
		case p.absent():
			if !slices.Contains(refusals[where], plural[p.in.kind]) {
				refusals[where] = append(refusals[where], plural[p.in.kind])
			}
		default:
			out = append(out, fmt.Sprintf("%s cannot be read: %v", p.in.title(), p.err))
		}
	}
	for _, where := range slices.Sorted(maps.Keys(refusals)) {
		out = append(out, fmt.Sprintf("changes of these controls of %s are not seen, because DocuSign does not let the user read them or the account does not have them: %s", where, strings.Join(refusals[where], ", ")))
	}
	return out
}
