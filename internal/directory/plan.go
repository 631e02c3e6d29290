package directory

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// Record is what a delivery says of a person. Its From is set when the delivery dates the state itself.
type Record struct {
	State
	// Hired is when the person came, Left when the person left; zero where it is not said. They date a state that has no From:
	// Hired the first one that is active, Left the first one that is not.
	Hired, Left time.Time
	// Gone says nothing but that the person was deleted; the rest is as it was before.
	Gone bool
	// Was says that somebody of whom the first news is that the person has left was active from Hired until then.
	Was bool
	// Line of the file, from 1, on which it begins; 0 when it comes from none.
	Line int
}

// Delivery is what a source says at a time.
type Delivery struct {
	Tenant, Source string
	// AsOf is the time at which the source said it: changes that have no date of their own begin then.
	AsOf    time.Time
	Records []Record
	// Full says that people who are not in it are deleted.
	Full bool
	// Present are ids of people who are there and of whom nothing else could be read: they are not missing.
	Present []string
	// DryRun says to plan only, Confirm to apply also what would be held.
	DryRun, Confirm bool
}

// Outcome says what a delivery changes.
type Outcome struct {
	// People is how many of the source were active before.
	People int
	// New people, Changed ones, those of whom nothing new is said, and those who were active and no longer are.
	New, Changed, Unchanged, Left int
	// Leaving are the ids of all who left, sorted; Leavers at most maxLeavers of them.
	Leaving, Leavers []string
	// States is how many states were, or would be, added.
	States int
	// Unmatched are the records that take back a state which there is not: they change nothing.
	Unmatched []Unmatched
	// Held says that it is not applied because too many have left: more than HeldShare of the people.
	Held bool
	// Applied says that it was.
	Applied bool
}

// Unmatched is a record that takes back a state which there is not.
type Unmatched struct {
	// Index is the record's place in the delivery, from 0.
	Index       int
	DirectoryID string
	From        time.Time
	// States are the beginnings of the states that there are, in order, maxStates at most; the zero time is always.
	States []time.Time
}

// maxStates is how many states of a person an Unmatched names, the latest ones.
const maxStates = 10

// maxLeavers is how many of those who leave an Outcome names.
const maxLeavers = 20

// HeldShare is the share of the people, in percent, of whom more must not leave by one delivery without a confirmation: that
// is rather an error of the source.
const HeldShare = 5

// Mark is a stored state in short.
type Mark struct {
	From   time.Time
	Status string
	Sum    [16]byte
}

// MarkOf shortens a state.
func MarkOf(s *State) Mark {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q %q %q", s.Status, s.Kind, s.UserName, s.DisplayName, s.Role, s.Emails, s.DocuSignUserIDs, s.Groups))
	return Mark{From: s.From, Status: s.Status, Sum: [16]byte(sum[:16])}
}

// History is the states of a source by person, in order of time.
type History map[string][]Mark

// at is the state at a time; nil before the first.
func (h History) at(id string, t time.Time) *Mark {
	marks := h[id]
	for i := len(marks) - 1; i >= 0; i-- {
		if !marks[i].From.After(t) {
			return &marks[i]
		}
	}
	return nil
}

// put adds a state in the place of one with the same beginning.
func (h History) put(id string, m Mark) {
	i, found := slices.BinarySearchFunc(h[id], m, func(a, b Mark) int { return a.From.Compare(b.From) })
	if found {
		h[id][i] = m
	} else {
		h[id] = slices.Insert(h[id], i, m)
	}
}

// Plan is what a delivery adds: whole states, and ids of people who are deleted as of the delivery and otherwise as they
// were. It changes the history.
func Plan(d *Delivery, h History) (states []State, deleted []string, o Outcome) {
	was := make(map[string]string, len(h)) // status before
	for id := range h {
		if m := h.at(id, d.AsOf); m != nil {
			was[id] = m.Status
			if m.Status == StatusActive {
				o.People++
			}
		}
	}
	// what is dated comes first, so that what is not says how it is after all of that
	order := make([]int, len(d.Records))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &d.Records[i], &d.Records[j]
		return cmp.Or(last(a.From.IsZero(), b.From.IsZero()), a.From.Compare(b.From))
	})
	p := planner{d: d, h: h}
	seen, changed := map[string]bool{}, map[string]bool{}
	for _, i := range order {
		r := &d.Records[i]
		before := len(p.states) + len(p.deleted)
		p.plan(r)
		if r.Removed && len(p.states) == before-len(p.deleted) {
			u := Unmatched{Index: i, DirectoryID: r.DirectoryID, From: r.From}
			for _, m := range h[r.DirectoryID][max(0, len(h[r.DirectoryID])-maxStates):] {
				u.States = append(u.States, m.From)
			}
			o.Unmatched = append(o.Unmatched, u)
		}
		seen[r.DirectoryID] = true
		changed[r.DirectoryID] = changed[r.DirectoryID] || len(p.states)+len(p.deleted) > before
	}
	for _, id := range d.Present {
		seen[id] = true
	}
	if d.Full {
		var missing []string
		for id, status := range was {
			if !seen[id] && status != StatusDeleted {
				missing = append(missing, id)
			}
		}
		slices.Sort(missing)
		for _, id := range missing {
			p.delete(id)
			changed[id] = true
		}
	}
	for id := range seen {
		switch {
		case !changed[id]:
			o.Unchanged++
		case was[id] == "":
			o.New++
		}
	}
	for id, is := range changed {
		if !is || was[id] == "" {
			continue
		}
		o.Changed++
		if m := h.at(id, d.AsOf); was[id] == StatusActive && (m == nil || m.Status != StatusActive) {
			o.Left++
			o.Leaving = append(o.Leaving, id)
		}
	}
	slices.Sort(o.Leaving)
	o.Leavers = o.Leaving[:min(len(o.Leaving), maxLeavers):min(len(o.Leaving), maxLeavers)]
	o.States = len(p.states) + len(p.deleted)
	o.Held = o.Left > 1 && o.Left*100 > o.People*HeldShare && !d.Confirm
	return p.states, p.deleted, o
}

type planner struct {
	d       *Delivery
	h       History
	states  []State
	deleted []string
}

func (p *planner) add(s State, from time.Time) {
	s.From = from
	p.states = append(p.states, s)
	p.h.put(s.DirectoryID, MarkOf(&s))
}

// delete lets a person be deleted as of the delivery.
func (p *planner) delete(id string) {
	p.deleted = append(p.deleted, id)
	p.h.put(id, Mark{From: p.d.AsOf, Status: StatusDeleted})
}

func (p *planner) plan(r *Record) {
	id, m := r.DirectoryID, MarkOf(&r.State)
	switch {
	case r.Gone:
		if now := p.h.at(id, p.d.AsOf); now != nil && now.Status != StatusDeleted {
			p.delete(id)
		}
		return
	case r.Removed:
		if i := slices.IndexFunc(p.h[id], func(m Mark) bool { return m.From.Equal(r.From) || m.From.IsZero() && r.From.Equal(Earliest) }); i >= 0 {
			p.states = append(p.states, r.State)
			p.h[id] = slices.Delete(p.h[id], i, i+1)
		}
		return
	case !r.From.IsZero():
		if then := p.h.at(id, r.From); then == nil || then.Sum != m.Sum {
			p.add(r.State, r.From)
		}
		return
	}
	if left := earlier(r.Left, p.d.AsOf); r.Was && r.Status != StatusActive && len(p.h[id]) == 0 && !r.Hired.IsZero() && r.Hired.Before(left) {
		was := r.State
		was.Status = StatusActive
		p.add(was, r.Hired)
	}
	if r.Status != StatusActive && !r.Left.IsZero() && !r.Left.After(p.d.AsOf) {
		if then := p.h.at(id, r.Left); then == nil || then.Status == StatusActive {
			p.add(r.State, r.Left)
		}
	}
	now := p.h.at(id, p.d.AsOf)
	switch {
	case now != nil && now.Sum == m.Sum:
	case now == nil && r.Status == StatusActive:
		p.add(r.State, r.Hired)
	default:
		p.add(r.State, p.d.AsOf)
	}
}

// earlier is t unless it is not set or after other.
func earlier(t, other time.Time) time.Time {
	if t.IsZero() || t.After(other) {
		return other
	}
	return t
}
