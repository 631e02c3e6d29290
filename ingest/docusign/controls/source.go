package controls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/event"
)

// manyGone is from how many objects on a list that is suddenly empty has to say so twice.
const manyGone = 3

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
	// Principals are the ids of the users whose authorizations are read, the first more often than the others; nil reads none.
	Principals func(ctx context.Context) (first, others []string, err error)
	// Member says whether a user may be a member of an account; nil when that is not known of anybody.
	Member func(account, user string) bool
	// Watch is told when a list that could be read before is lost, and when it is back; may be nil.
	Watch  rounds.Watch
	Now    func() time.Time
	Logger *slog.Logger
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
	// lists have each their own back-off and loss; grants only the back-off of the authorizations of one user each.
	lists, grants *rounds.Parts
	// problems are the failures that stand, by scope.
	problems map[string]problem
	// asked is when the authorizations of a user were last asked for, by scope.
	asked map[string]time.Time
	// organization as last known.
	organization string
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
	return newSource(o), nil
}

func newSource(o Options) *Source {
	parts := rounds.PartsOptions{Source: o.Origin.Source, Explain: Explain, Now: o.Now, Logger: o.Logger}
	s := &Source{o: o, emptied: map[string]bool{}, grants: rounds.NewParts(parts), problems: map[string]problem{}, asked: map[string]time.Time{}}
	parts.Watch = o.Watch
	s.lists = rounds.NewParts(parts)
	return s
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
