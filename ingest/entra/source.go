package entra

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	people "github.com/sealwatch/sealwatch/ingest/directory"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/directory"
)

const (
	// maxPeople bounds a tenant: more than a delivery can have.
	maxPeople = 250_000
	// manyChanges are so many that reading everybody costs fewer calls.
	manyChanges = 5000
	// wholeAfter is how old the last reading of everybody may be; wholeWithLeaves where a date of leaving may have come, which
	// the delta does not tell.
	wholeAfter      = 24 * time.Hour
	wholeWithLeaves = 6 * time.Hour
	// maxShown bounds the people that one line of the log names.
	maxShown = 5
)

// Options of a Source. Name, Client, People and Positions are needed.
type Options struct {
	// Name is the source of the directory, and the position is kept under Position.
	Name, Position string
	Client         *Client
	// Groups are the object ids of those whose members are told.
	Groups []string
	// LeaveDates asks for employeeLeaveDateTime, which needs a permission of its own.
	LeaveDates bool
	People     People
	Positions  Positions
	// Watch is told when a group that could be read before is lost, and when it is back; may be nil.
	Watch  rounds.Watch
	Now    func() time.Time
	Logger *slog.Logger
}

// People take deliveries in.
type People interface {
	// Deliver returns when what it applied is durable. A delivery that is held is delivered again.
	Deliver(ctx context.Context, d directory.Delivery) (directory.Outcome, error)
	// Groups of everybody of the source who is there now, by id.
	Groups(ctx context.Context, source string) (map[string][]string, error)
}

// Positions keep how far a source was read.
type Positions interface {
	// Load returns an empty text before the first Store.
	Load(ctx context.Context, name string) (string, error)
	Store(ctx context.Context, name, position string) error
}

// Source reads one tenant.
type Source struct {
	o  Options
	in reading
	// parts are the groups.
	parts *rounds.Parts

	// groups of everybody as last delivered; nil before the first delivery of this process.
	groups map[string][]string
	// since is when those who left without a date were first seen to be gone, while their delivery is held.
	since map[string]time.Time
}

// New makes a Source.
func New(o Options) (*Source, error) {
	if o.Name == "" || o.Position == "" || o.Client == nil || o.People == nil || o.Positions == nil {
		return nil, errors.New("entra: a Name, a Position, a Client, People and Positions are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Source{o: o, in: reading{o.Client, o.LeaveDates}, since: map[string]time.Time{},
		parts: rounds.NewParts(rounds.PartsOptions{Source: "directory/" + o.Name, Explain: Explain, Watch: o.Watch, Now: o.Now, Logger: o.Logger})}, nil
}

// position is how far the tenant was read: the address of the delta, and what it was asked for with.
type position struct {
	Delta    string   `json:"delta"`
	Selected string   `json:"selected"`
	Groups   []string `json:"groups"`
	// Names of the groups by id, as last read.
	Names map[string]string `json:"names,omitempty"`
	// Whole is when everybody was last read.
	Whole time.Time `json:"whole"`
}

// Round reads what is new and delivers it. The position is stored when that is durable.
func (s *Source) Round(ctx context.Context) (warnings []string, err error) {
	text, err := s.o.Positions.Load(ctx, s.o.Position)
	if err != nil {
		return nil, err
	}
	var at position
	if text != "" {
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			s.o.Logger.WarnContext(ctx, "the position cannot be read; everybody is read anew", slog.Any("error", err))
		}
	}
	groups, names, kept, err := s.memberships(ctx, &at)
	if err != nil {
		return nil, err
	}
	wanted := slices.Sorted(slices.Values(s.o.Groups))
	// another question, or the position is of another tenant's service
	now := s.o.Now().UTC()
	oldest := now.Add(-wholeAfter)
	if s.o.LeaveDates {
		oldest = now.Add(-wholeWithLeaves)
	}
	anew := at.Whole.Before(oldest) || at.Delta == "" || at.Selected != s.in.selected() || !slices.Equal(at.Groups, wanted) || !s.in.own(at.Delta)
	var d *delivery
	if !anew {
		d, err = s.changed(ctx, at.Delta, groups)
		var e *Error
		if anew = errors.As(err, &e) && e.Kind == KindResync || errors.Is(err, errMany); anew {
			s.o.Logger.InfoContext(ctx, "everybody is read anew", slog.Any("cause", err))
		} else if err != nil {
			return nil, err
		}
	}
	if anew {
		if d, err = s.all(ctx, groups); err != nil {
			return nil, err
		}
	}
	next := position{Delta: d.link, Selected: s.in.selected(), Groups: wanted, Names: names, Whole: at.Whole}
	if d.Full {
		next.Whole = now
	}
	warnings, err = s.deliver(ctx, d, next, text, groups)
	return append(kept, warnings...), err
}

// deliver hands a delivery over and stores the position behind it.
func (s *Source) deliver(ctx context.Context, d *delivery, next position, stored string, groups map[string][]string) (warnings []string, err error) {
	d.AsOf = s.o.Now().UTC().Truncate(time.Millisecond)
	if d.bad > 0 {
		warnings = append(warnings, fmt.Sprintf("%d people of the directory %s cannot be read and stay as they were, the first: %s", d.bad, s.o.Name, d.problem))
	}
	if len(d.Records) > 0 || d.Full {
		s.date(d)
		o, err := s.o.People.Deliver(ctx, d.Delivery)
		switch {
		case err != nil:
			return nil, fmt.Errorf("people of the directory %s cannot be stored: %w", s.o.Name, err)
		case o.Held:
			s.remember(d)
			return append(warnings, fmt.Sprintf("a delivery of the directory %s is held: %d of %d active people would leave; if they have left, run: sealwatch directory confirm %s --left %d", s.o.Name, o.Left, o.People, s.o.Name, o.Left)), nil
		}
		s.o.Logger.InfoContext(ctx, "people were delivered", slog.Bool("full", d.Full), slog.Int("new", o.New), slog.Int("changed", o.Changed), slog.Int("left", o.Left), slog.Int("unchanged", o.Unchanged))
	}
	clear(s.since)
	s.groups = groups
	text, err := json.Marshal(next)
	if err != nil || string(text) == stored {
		return warnings, err
	}
	return warnings, s.o.Positions.Store(ctx, s.o.Position, string(text))
}

// remember notes when those of a held delivery were first seen to be gone.
func (s *Source) remember(d *delivery) {
	for i := range d.Records {
		if r := &d.Records[i]; r.Status != directory.StatusActive && r.Left.IsZero() {
			if _, known := s.since[r.DirectoryID]; !known {
				s.since[r.DirectoryID] = d.AsOf
			}
		}
	}
}

// date gives those who left without a date the time at which that was first seen.
func (s *Source) date(d *delivery) {
	for i := range d.Records {
		if r := &d.Records[i]; r.Status != directory.StatusActive && r.Left.IsZero() && !s.since[r.DirectoryID].IsZero() {
			r.Left = s.since[r.DirectoryID]
		}
	}
}

// memberships are the names of the configured groups of everybody who is in one, and those of the groups by id. The members of a group
// that is refused, because somebody has deleted it for example, stay as they are stored: that is a warning and a loss of its own.
func (s *Source) memberships(ctx context.Context, at *position) (all map[string][]string, names map[string]string, warnings []string, err error) {
	all, names = map[string][]string{}, map[string]string{}
	var missing []string
	for _, id := range s.o.Groups {
		name, members, err := s.in.group(ctx, id)
		var e *Error
		switch part := "groups/" + id; {
		case err == nil:
			s.parts.Read(ctx, part)
		case errors.As(err, &e) && (e.Kind == KindGroup || e.Kind == KindPermission || e.Kind == KindNotFound):
			var since time.Time
			if was := at.Names[id]; was != "" {
				names[id], missing, since = was, append(missing, was), at.Whole
			}
			s.parts.Failed(ctx, part, fmt.Sprintf("the group %s of the directory %s", cmp.Or(at.Names[id], id), s.o.Name), since, err)
			warnings = append(warnings, fmt.Sprintf("the members of the group %s cannot be read and stay as they were: %v", cmp.Or(at.Names[id], id), err))
			continue
		default:
			return nil, nil, nil, err
		}
		names[id] = name
		for _, m := range members {
			all[m] = append(all[m], name)
		}
	}
	if len(missing) > 0 {
		was, err := s.o.People.Groups(ctx, s.o.Name)
		if err != nil {
			return nil, nil, nil, err
		}
		for id, of := range was {
			for _, name := range missing {
				if slices.Contains(of, name) {
					all[id] = append(all[id], name)
				}
			}
		}
	}
	for id, names := range all {
		slices.Sort(names)
		all[id] = slices.Compact(names)
	}
	return all, names, warnings, nil
}

// delivery in the making.
type delivery struct {
	directory.Delivery
	link    string
	source  *Source
	groups  map[string][]string
	bad     int
	problem string
}

func (s *Source) begin(groups map[string][]string) *delivery {
	return &delivery{Delivery: directory.Delivery{Source: s.o.Name}, source: s, groups: groups}
}

// add reads people. One who cannot be read stays as he was; those who were named before are named anew.
func (d *delivery) add(all []json.RawMessage) error {
	for _, raw := range all {
		r, err := people.Parse(raw, 1, people.Options{Source: d.Source, AsOf: d.source.o.Now()})
		if err != nil {
			var one *people.RecordError
			if !errors.As(err, &one) {
				return err
			}
			d.refuse(raw, one)
			continue
		}
		r.Groups = d.groups[r.DirectoryID]
		r.Normalise()
		if d.Records = append(d.Records, r); len(d.Records) > maxPeople {
			return &Error{Kind: KindRequest, Message: fmt.Sprintf("the tenant has more than %d people, deleted ones included, which is more than one directory can have", maxPeople)}
		}
	}
	return nil
}

func (d *delivery) refuse(raw json.RawMessage, err *people.RecordError) {
	var h head
	if json.Unmarshal(raw, &h) == nil && h.ID != "" {
		d.Present = append(d.Present, h.ID)
	}
	if d.bad++; d.bad == 1 {
		what := *err
		what.Line = 0
		d.problem = clean(fmt.Sprintf("person %q: %s: %s", cmp.Or(what.ID, h.ID), what.Field, what.Problem))
	}
	if d.bad <= maxShown {
		d.source.o.Logger.Warn("a person of the directory cannot be read and stays as before", slog.String("person", clean(cmp.Or(err.ID, h.ID))), slog.Any("error", err))
	}
}

// all reads everybody and those who were deleted lately, as a snapshot. The delta is read first: what changes while the rest
// is read comes again with the next round.
func (s *Source) all(ctx context.Context, groups map[string][]string) (*delivery, error) {
	d := s.begin(groups)
	d.Full = true
	removed := map[string]int{} // ids, with how many people had been read before
	link, err := s.in.changes(ctx, "", func(all []json.RawMessage) error {
		for _, raw := range all {
			var h head
			if err := json.Unmarshal(raw, &h); err != nil || h.ID == "" {
				return &Error{Kind: KindResponse, Message: "a person of the delta has no id", Err: err}
			}
			if h.Removed != nil {
				removed[h.ID] = len(d.Records)
			} else if s.o.LeaveDates {
				continue // they are read beside it
			} else if err := d.add([]json.RawMessage{raw}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.link = link
	d.last(removed)
	if s.o.LeaveDates { // the delta does not have them
		if err := s.in.everybody(ctx, d.add); err != nil {
			return nil, err
		}
	}
	return d, s.in.deleted(ctx, d.add)
}

// last keeps the last word on each person: a delta may name somebody more than once, and take a person back.
func (d *delivery) last(removed map[string]int) {
	seen := make(map[string]bool, len(d.Records))
	for i := len(d.Records) - 1; i >= 0; i-- {
		id := d.Records[i].DirectoryID
		if at, gone := removed[id]; seen[id] || gone && i < at {
			d.Records[i].DirectoryID = ""
		}
		seen[id] = true
	}
	d.Records = slices.DeleteFunc(d.Records, func(r directory.Record) bool { return r.DirectoryID == "" })
}

// errMany says that so many changed that everybody is read instead.
var errMany = errors.New("entra: so many people changed that everybody is read")

// changed reads those who changed since the delta. A delta names those who changed, and not always all that they are, so
// that they are read.
func (s *Source) changed(ctx context.Context, link string, groups map[string][]string) (*delivery, error) {
	d := s.begin(groups)
	changed, removed := map[string]bool{}, map[string]bool{}
	link, err := s.in.changes(ctx, link, func(all []json.RawMessage) error {
		for _, raw := range all {
			var h head
			if err := json.Unmarshal(raw, &h); err != nil || h.ID == "" {
				return &Error{Kind: KindResponse, Message: "a person of the delta has no id", Err: err}
			}
			delete(changed, h.ID)
			delete(removed, h.ID)
			if h.Removed != nil {
				removed[h.ID] = true
			} else {
				changed[h.ID] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.link = link
	was := s.groups
	if was == nil {
		if was, err = s.o.People.Groups(ctx, s.o.Name); err != nil {
			return nil, err
		}
	}
	for id := range was {
		if !slices.Equal(was[id], groups[id]) && !removed[id] {
			changed[id] = true
		}
	}
	for id := range groups {
		if !slices.Equal(was[id], groups[id]) && !removed[id] {
			changed[id] = true
		}
	}
	if len(changed) > manyChanges {
		return nil, errMany
	}
	if err := s.in.users(ctx, slices.Sorted(maps.Keys(changed)), d.add); err != nil {
		return nil, err
	}
	return d, s.leavers(ctx, d, removed)
}

// leavers adds those who were deleted, with the date where Entra still has it.
func (s *Source) leavers(ctx context.Context, d *delivery, removed map[string]bool) error {
	if len(removed) == 0 {
		return nil
	}
	err := s.in.deleted(ctx, func(all []json.RawMessage) error {
		for _, raw := range all {
			var h head
			if json.Unmarshal(raw, &h) != nil || !removed[h.ID] {
				continue
			}
			delete(removed, h.ID)
			if err := d.add([]json.RawMessage{raw}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(removed)) { // purged, so that nothing but that is known
		d.Records = append(d.Records, directory.Record{State: directory.State{Source: s.o.Name, DirectoryID: id, Status: directory.StatusDeleted, Kind: directory.KindPerson}, Gone: true})
	}
	return nil
}
