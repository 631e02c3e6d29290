package controls

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/event"
)

const (
	// manyGone is from how many objects on a list that is suddenly empty has to say so twice.
	manyGone = 3
	// principalsPerRound are asked for the authorizations that they have granted: a call each.
	principalsPerRound = 200
)

// Options of a Source. Origin, Asker, Organization, Ingester, Rejects and States are needed.
type Options struct {
	// Origin of the events.
	Origin event.Origin
	Asker  *docusign.Asker
	// Organization says whose controls they are.
	Organization func(ctx context.Context) (string, error)
	// Accounts to read; all that the user is a member of when empty.
	Accounts []string
	Ingester Ingester
	Rejects  Rejects
	States   States
	// Retention is how long events are kept; 0 for ever. No event is dated before it.
	Retention time.Duration
	// Principals are the ids of the users whose authorizations are read: the first in each round, the others in turn; nil reads none.
	Principals func(ctx context.Context) (first, others []string, err error)
	Now        func() time.Time
	Logger     *slog.Logger
}

// Ingester stores records.
type Ingester interface {
	// Ingest returns when every record is durable or named in the receipt's rejections.
	Ingest(ctx context.Context, o event.Origin, batch []event.Submission) (event.Receipt, error)
}

// Rejected is a change that cannot be stored as an event.
type Rejected struct {
	Origin                  event.Origin
	EventID, Field, Problem string
	// Raw is the change, without secrets.
	Raw  []byte
	Time time.Time
}

// Rejects keep what cannot be stored, to be looked at by people.
type Rejects interface {
	KeepRejected(ctx context.Context, all []Rejected) error
}

// States keep what was last seen.
type States interface {
	LoadStates(ctx context.Context, source string) ([]State, error)
	// StoreStates puts each in the place of one with a lower Version.
	StoreStates(ctx context.Context, source string, all []State) error
}

// Source reads the controls of one organisation.
type Source struct {
	o Options
	// emptied are scopes that were found empty once.
	emptied map[string]bool
	// next is where in the list of principals the next round begins.
	next int
}

// New makes a Source.
func New(o Options) (*Source, error) {
	if o.Origin.Source == "" || o.Origin.Tenant == "" || o.Asker == nil || o.Organization == nil || o.Ingester == nil || o.Rejects == nil || o.States == nil {
		return nil, errors.New("controls: an Origin, an Asker, an Organization, an Ingester, Rejects and States are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Source{o: o, emptied: map[string]bool{}}, nil
}

// Explain says what kind of failure an error of a round is.
func Explain(err error) rounds.Failure {
	var e *docusign.Error
	if !errors.As(err, &e) {
		return rounds.Failure{Kind: "storage"}
	}
	return rounds.Failure{Kind: string(e.Kind), Refused: e.Kind.LosesAccess(), RetryAfter: e.RetryAfter}
}

// known is what was last seen, by scope and object; marks are when each scope was last read.
type known struct {
	objects map[string]map[string]State
	marks   map[string]State
	// pending are the changes of each scope whose events were about to be stored.
	pending map[string]State
}

// since is when a list, or for the authorizations of one more user any list of the account, was first read: what came later is news. It is
// zero when nothing was read before.
func (k known) since(in scope) time.Time {
	first := func(mark State) time.Time {
		at, err := time.Parse(time.RFC3339Nano, mark.JSON)
		if err != nil {
			at = mark.Seen
		}
		return at
	}
	if mark := k.marks[in.name]; mark.Version > 0 {
		return first(mark)
	}
	var earliest time.Time
	for _, mark := range k.marks {
		if at := first(mark); in.kind == Authorization && mark.Account == in.account && (earliest.IsZero() || at.Before(earliest)) {
			earliest = at
		}
	}
	return earliest
}

// Round reads every control once. The events of a list are durable before what was seen is stored. A list that cannot be read does not
// keep the others from being read; one that could be read before and is refused is an error, for somebody has taken the sight away.
func (s *Source) Round(ctx context.Context) (warnings []string, err error) {
	all, err := s.o.States.LoadStates(ctx, s.o.Origin.Source)
	if err != nil {
		return nil, fmt.Errorf("controls as last seen cannot be read: %w", err)
	}
	was := known{map[string]map[string]State{}, map[string]State{}, map[string]State{}}
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
	scopes, warnings, err := s.scopes(ctx)
	if err != nil {
		return nil, err
	}
	var failures []error
	refusals := map[string][]string{}
	for _, in := range scopes {
		err := s.look(ctx, in, was)
		var e *docusign.Error
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.As(err, &e): // the database
			return nil, err
		case was.marks[in.name].Version > 0 && (in.kind != Authorization || !e.Kind.LosesAccess()):
			failures = append(failures, fmt.Errorf("%s of %s, which could be read before: %w", plural[in.kind], cmp.Or(in.account, in.organization), err))
		case e.Kind.LosesAccess() || e.Kind == docusign.KindRequest:
			where := cmp.Or(in.account, "the organisation")
			if !slices.Contains(refusals[where], plural[in.kind]) {
				refusals[where] = append(refusals[where], plural[in.kind])
			}
		default:
			failures = append(failures, fmt.Errorf("%s of %s: %w", plural[in.kind], cmp.Or(in.account, in.organization), err))
		}
	}
	for _, where := range slices.Sorted(maps.Keys(refusals)) {
		warnings = append(warnings, fmt.Sprintf("changes of these controls of %s are not seen, because DocuSign does not let the user read them or the account does not have them: %s", where, strings.Join(refusals[where], ", ")))
	}
	return warnings, errors.Join(failures...)
}

// Try reads every control once and stores nothing; it returns what there is, in words.
func Try(ctx context.Context, asker *docusign.Asker, organization string, accounts []string) (found string, warnings []string, err error) {
	s := &Source{o: Options{Asker: asker, Accounts: accounts, Organization: func(context.Context) (string, error) { return organization, nil }}}
	scopes, warnings, err := s.scopes(ctx)
	if err != nil {
		return "", nil, err
	}
	counts := map[string]int{}
	refusals := map[string]bool{}
	for _, in := range scopes {
		now, err := in.read(ctx)
		var e *docusign.Error
		switch {
		case err == nil:
			counts[plural[in.kind]] += len(now)
		case errors.As(err, &e) && (e.Kind.LosesAccess() || e.Kind == docusign.KindRequest):
			refusals[fmt.Sprintf("%s of %s cannot be read: %v", plural[in.kind], cmp.Or(in.account, "the organisation"), err)] = true
		default:
			return "", nil, err
		}
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%d %s", counts[kind], kind))
	}
	if len(all) == 0 {
		all = []string{"nothing can be read"}
	}
	return strings.Join(all, ", "), append(warnings, slices.Sorted(maps.Keys(refusals))...), nil
}

// scopes are the lists that this round reads.
func (s *Source) scopes(ctx context.Context) (all []scope, warnings []string, err error) {
	r := reading{s.o.Asker}
	accounts, err := s.o.Asker.Accounts(ctx)
	if err != nil {
		return nil, nil, err
	}
	organization, err := s.o.Organization(ctx)
	if err != nil {
		return nil, nil, err
	}
	var wanted []docusign.Account
	for _, a := range accounts {
		named := slices.ContainsFunc(s.o.Accounts, func(id string) bool { return strings.EqualFold(id, a.ID) })
		if len(s.o.Accounts) > 0 && !named || len(s.o.Accounts) == 0 && organization != "" && a.Organization != "" && !strings.EqualFold(a.Organization, organization) {
			continue
		}
		wanted = append(wanted, a)
		all = append(all, r.ofAccount(a)...)
	}
	if len(wanted) == 0 {
		warnings = append(warnings, "the reading user is a member of none of the accounts, so that their controls are not seen: make it an administrator of the accounts")
	}
	if organization != "" {
		all = append(all, r.ofOrganization(organization)...)
	}
	principals, err := s.principals(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range wanted {
		for _, p := range principals {
			all = append(all, r.authorizations(a, p))
		}
	}
	return all, warnings, nil
}

// principals are those whose turn it is.
func (s *Source) principals(ctx context.Context) ([]string, error) {
	if s.o.Principals == nil {
		return nil, nil
	}
	first, others, err := s.o.Principals(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(first)
	slices.Sort(others)
	first = first[:min(len(first), principalsPerRound/2)]
	room := principalsPerRound - len(first)
	if len(others) <= room {
		return append(first, others...), nil
	}
	if s.next >= len(others) {
		s.next = 0
	}
	some := others[s.next:min(len(others), s.next+room)]
	s.next += len(some)
	return append(first, some...), nil
}

// look reads one list, makes the events of what is new durable, and then stores what was seen.
func (s *Source) look(ctx context.Context, in scope, was known) error {
	now, err := in.read(ctx)
	if err != nil {
		return err
	}
	at := s.o.Now().UTC().Truncate(time.Millisecond)
	standing := 0
	for _, st := range was.objects[in.name] {
		if !st.Removed {
			standing++
		}
	}
	if len(now) == 0 && standing >= manyGone && !s.emptied[in.name] {
		s.emptied[in.name] = true
		return &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the list of %s is suddenly empty, which held %d; it is believed when it is so twice", plural[in.kind], standing)}
	}
	delete(s.emptied, in.name)
	mark := was.marks[in.name]
	states, records := s.compare(in, now, was.objects[in.name], was.since(in), mark.Seen, at)
	pending := was.pending[in.name]
	if len(records) > 0 {
		if pending, err = s.date(ctx, in, records, pending, at); err != nil {
			return err
		}
		if err := s.tell(ctx, in, records, at); err != nil {
			return err
		}
	}
	since := mark.JSON
	if mark.Version == 0 {
		since = at.Format(time.RFC3339Nano)
	}
	states = append(states, State{Scope: in.name, Kind: in.kind, Account: in.account, JSON: since, Seen: at, Version: mark.Version + 1})
	if pending.JSON != "" {
		pending.JSON, pending.Version = "", pending.Version+1
		states = append(states, pending)
	}
	if err := s.o.States.StoreStates(ctx, s.o.Origin.Source, states); err != nil {
		return fmt.Errorf("%s as seen now cannot be stored: %w", plural[in.kind], err)
	}
	return nil
}
