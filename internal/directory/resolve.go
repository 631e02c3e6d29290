package directory

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Question asks who stood behind a DocuSign user at a time.
type Question struct {
	// SubjectID is the user's id at DocuSign, Email the address of the user; either may be empty.
	SubjectID, Email string
	At               time.Time
}

// Ways by which a person is found.
const (
	ByDocuSignID = "docusign_user_id"
	ByEmail      = "email"
)

// Answer is the state of the person at that time.
type Answer struct {
	// State is the zero State when the directory does not know anybody. Its Groups are those of all sources.
	State
	// Since is the beginning of the stretch in which the person has been active, on leave, or gone (disabled or deleted).
	Since time.Time
	// MatchedBy is ByDocuSignID or ByEmail, Alias the id or the address that matched.
	MatchedBy, Alias string
	// Others are what the other sources say of the person.
	Others []Answer
}

// Known says whether the directory knows somebody.
func (a *Answer) Known() bool { return a.DirectoryID != "" }

// Named is what the person is called and the address that they have: what the first source does not say is taken from the others.
func (a *Answer) Named() (name, email string) {
	for _, one := range append([]Answer{*a}, a.Others...) {
		name = cmp.Or(name, one.DisplayName)
		if email == "" && len(one.Emails) > 0 {
			email = one.Emails[0]
		}
	}
	return name, email
}

// life is a person with all states in order of time.
type life struct {
	states []State
	ids    []string
}

// at is the index of the state at a time, -1 before the first.
func (l *life) at(t time.Time) int {
	found := -1
	for i := range l.states {
		if !l.states[i].From.After(t) {
			found = i
		}
	}
	return found
}

// stretch of a status: to be deleted after being disabled is no news.
func stretch(status string) string {
	if status == StatusDisabled {
		return StatusDeleted
	}
	return status
}

// since is the beginning of the stretch to which state i belongs.
func (l *life) since(i int) time.Time {
	for i > 0 && stretch(l.states[i-1].Status) == stretch(l.states[i].Status) {
		i--
	}
	return l.states[i].From
}

// emails are the addresses at state i: those of the state, and for somebody who is not active also all earlier ones,
// which directories take from leavers.
func (l *life) emails(i int) []string {
	all := slices.Clone(l.states[i].Emails)
	if l.states[i].Status != StatusActive {
		for j := range i {
			all = append(all, l.states[j].Emails...)
		}
	}
	return all
}

// Resolver answers questions from the states of the persons concerned.
type Resolver struct {
	lives []life
	// byKey are the lives that had an id or an address at some time, in ascending order.
	byKey map[string][]int
}

// NewResolver takes states of one tenant, in any order. Which persons are concerned by a question: everybody with one of
// its keys, and everybody who shares a key with one of them.
func NewResolver(states []State) *Resolver {
	sorted := slices.Clone(states)
	slices.SortFunc(sorted, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.DirectoryID, b.DirectoryID), a.From.Compare(b.From))
	})
	r := &Resolver{byKey: map[string][]int{}}
	for _, s := range sorted {
		if s.Removed {
			continue
		}
		n := len(r.lives)
		if n == 0 || r.lives[n-1].states[0].Source != s.Source || r.lives[n-1].states[0].DirectoryID != s.DirectoryID {
			r.lives = append(r.lives, life{})
			n++
		}
		l := &r.lives[n-1]
		if k := len(l.states); k > 0 {
			l.states[k-1].To = s.From
		}
		l.states = append(l.states, s)
		l.ids = append(l.ids, s.DocuSignUserIDs...)
		for _, key := range s.Keys() {
			if had := r.byKey[key]; len(had) == 0 || had[len(had)-1] != len(r.lives)-1 {
				r.byKey[key] = append(had, len(r.lives)-1)
			}
		}
	}
	return r
}

// candidate is a person who may be the one.
type candidate struct {
	*life
	i     int
	mine  bool
	alias string
}

func (c *candidate) state() *State { return &c.states[c.i] }
func (c *candidate) active() bool  { return c.state().Status == StatusActive }

// Resolve says who it was. A DocuSign user id decides before an address; of several persons with one address the active
// one, else the one with the latest state. A person found by the id who is gone has come back under another entry when
// that entry has one of the addresses, is active, began after the person had gone and names no DocuSign user itself.
func (r *Resolver) Resolve(q Question) Answer {
	bySource := map[string][]candidate{}
	var aliases []string
	if q.Email != "" {
		aliases = append(aliases, strings.ToLower(q.Email))
	}
	for _, n := range r.byKey[q.SubjectID] {
		l := &r.lives[n]
		if i := l.at(q.At); i >= 0 && q.SubjectID != "" && slices.Contains(l.ids, q.SubjectID) {
			bySource[l.states[i].Source] = append(bySource[l.states[i].Source], candidate{l, i, true, q.SubjectID})
			aliases = append(aliases, l.emails(i)...)
		}
	}
	for _, n := range r.having(aliases) {
		l := &r.lives[n]
		i := l.at(q.At)
		if i < 0 || q.SubjectID != "" && slices.Contains(l.ids, q.SubjectID) {
			continue
		}
		emails := l.emails(i)
		if k := slices.IndexFunc(aliases, func(a string) bool { return slices.Contains(emails, a) }); k >= 0 {
			bySource[l.states[i].Source] = append(bySource[l.states[i].Source], candidate{l, i, false, aliases[k]})
		}
	}
	var all []Answer
	for _, candidates := range bySource {
		all = append(all, winner(candidates).answer())
	}
	if len(all) == 0 {
		return Answer{}
	}
	slices.SortFunc(all, func(a, b Answer) int {
		return cmp.Or(last(a.Source == SourceDocuSign, b.Source == SourceDocuSign), last(a.MatchedBy != ByDocuSignID, b.MatchedBy != ByDocuSignID),
			last(a.Status != StatusActive, b.Status != StatusActive), b.From.Compare(a.From), cmp.Compare(a.Source, b.Source))
	})
	first := all[0]
	first.Others = all[1:]
	for _, o := range first.Others {
		first.Groups = tidy(append(slices.Clone(first.Groups), o.Groups...), func(g string) string { return g })
	}
	return first
}

// having are the lives that had one of the addresses at some time.
func (r *Resolver) having(aliases []string) []int {
	var all []int
	for _, a := range aliases {
		all = append(all, r.byKey[a]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// last orders what is true behind what is not.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// winner is the candidate of one source who it was: by rank, then by the latest state.
func winner(all []candidate) *candidate {
	var gone *candidate // the latest who is found by the id and not active
	for k := range all {
		if c := &all[k]; c.mine && !c.active() && (gone == nil || later(c, gone)) {
			gone = c
		}
	}
	rank := func(c *candidate) int {
		switch {
		case c.mine && c.active():
			return 5
		case c.active() && gone != nil && len(c.ids) == 0 && !c.states[0].From.Before(gone.since(gone.i)):
			return 4
		case c.mine:
			return 3
		case c.active():
			return 2
		}
		return 1
	}
	best := &all[0]
	for k := range all {
		if c := &all[k]; cmp.Compare(rank(c), rank(best)) > 0 || rank(c) == rank(best) && later(c, best) {
			best = c
		}
	}
	return best
}

// later says whether the state of a began after that of b; the smaller id of the directory among equals.
func later(a, b *candidate) bool {
	return cmp.Or(a.state().From.Compare(b.state().From), cmp.Compare(b.state().DirectoryID, a.state().DirectoryID)) > 0
}

func (c *candidate) answer() Answer {
	a := Answer{State: *c.state(), Since: c.since(c.i), MatchedBy: ByEmail, Alias: c.alias}
	if c.mine {
		a.MatchedBy = ByDocuSignID
	}
	return a
}
