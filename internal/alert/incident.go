package alert

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Member is what the grouping into incidents knows of an alert.
type Member struct {
	ID, Detection, Title, Severity, State, Classification string
	Subject                                               Subject
	Start, End                                            time.Time
	EventCount                                            uint64
	// Addresses that it tells of.
	Addresses []string
	// New are the kinds of Trait of which it has one that is new for the subject.
	New []string
	// Administrator is the role by which the subject is one; empty when it is none, or nobody knows.
	Administrator string
}

var administrator = regexp.MustCompile(`(?i)\badmin`)

// actors are the types of subjects about whom alerts belong together: who acts, and from where. What is acted on, such as an account or an
// envelope, has the alerts of many who have nothing to do with each other.
var actors = []string{"user", "integration", "address"}

// NewMember is an alert as the grouping sees it; false for one that belongs to no incident: it raises no alert, or is not about an actor.
func NewMember(a *Alert) (Member, bool) {
	if !slices.Contains(OpenStates, a.State()) || !slices.Contains(actors, a.Subject.Type) {
		return Member{}, false
	}
	m := Member{ID: a.ID, Detection: a.Detection, Title: a.ToldTitle(), Severity: a.Severity, State: a.State(), Classification: a.Triage.Classification, Subject: a.Subject,
		Start: a.Start, End: a.End, EventCount: a.EventCount, Addresses: a.addressesOfEvidence()}
	if m.Subject.Email == "" && m.Subject.DisplayName == "" {
		m.Subject.DisplayName = a.SubjectName()
	}
	if c := a.Context; c != nil {
		for _, t := range c.Traits {
			if t.New && !slices.Contains(m.New, t.Kind) {
				m.New = append(m.New, t.Kind)
			}
		}
		slices.Sort(m.New)
		if c.Directory != nil && administrator.MatchString(c.Directory.Role) {
			m.Administrator = c.Directory.Role
		}
	}
	return m, true
}

// harmless says that people judged the alert to be no attack.
func (m *Member) harmless() bool {
	return m.Classification == BenignPositive || m.Classification == FalsePositive
}

// Grouping says which alerts make an incident, and what counts how much.
type Grouping struct {
	// Window is the longest pause between two alerts of one incident, Longest how long after the first one the last can begin.
	Window, Longest time.Duration
	// Severity has the points of an alert, Detection a factor for them where it is not 1.
	Severity, Detection map[string]float64
	// Repeat is the part for which each further alert of the same detection counts.
	Repeat float64
	// Variety is for each further detection, Subject for each further user or address, Novelty by kind of Trait, Privilege for an
	// administrator, Magnitude for each tenfold of events, Confirmed for an alert that people judged to be an attack.
	Variety, Subject, Privilege, Magnitude, Confirmed float64
	Novelty                                           map[string]float64
	// Title is what people call a detection; nil or an empty answer leaves its id.
	Title func(detection string) string

	// looked counts, where a test asks for it, the pairs of alerts that were compared.
	looked *int
}

const (
	// mostCounted bounds how often a further detection, a further subject and a further alert of the same detection count, so that one
	// noisy rule or address does not outweigh everything.
	mostCounted = 5
	// mostContributions bounds the alerts that have a Contribution each; one has what the others add.
	mostContributions = 100
)

// Incident is a group of alerts that belong together. It follows from the set of the alerts alone.
type Incident struct {
	// ID is that of its first alert.
	ID       string
	Title    string
	Severity string
	State    string
	Score    float64
	// Contributions sum up to the score, in the order in which they count.
	Contributions []Contribution
	Start, End    time.Time
	EventCount    uint64
	// Alerts in order.
	Alerts []Member
	// Parts are what would be apart, were it not for an address that several of them tell of: one for each subject. There is one at least.
	Parts []Part
}

// Contribution is one summand of a score.
type Contribution struct {
	// Factor is severity, variety, subjects, novelty, privilege, magnitude or confirmed.
	Factor string
	Points float64
	// Reason in words; AlertID where it is one alert's.
	Reason, AlertID string
}

// Part is what an incident has about one subject.
type Part struct {
	Subject Subject
	Alerts  []string
}

// IncidentFilter selects incidents; its fields are joined by AND, the values of one field by OR.
type IncidentFilter struct {
	MinScore    float64
	MinSeverity string
	States      []string
	// Subjects by id or, in lower case, e-mail or name.
	Subjects []string
	// Start is the earliest End, inclusive; End the latest Start, exclusive; zero means unbounded.
	Start, End time.Time
}

// Match says whether the incident is selected.
func (f *IncidentFilter) Match(i *Incident) bool {
	return i.Score >= f.MinScore && SeverityRank(i.Severity) >= SeverityRank(f.MinSeverity) && in(f.States, i.State) &&
		(f.Start.IsZero() || !i.End.Before(f.Start)) && (f.End.IsZero() || i.Start.Before(f.End)) &&
		(len(f.Subjects) == 0 || slices.ContainsFunc(i.Parts, func(p Part) bool {
			return slices.Contains(f.Subjects, p.Subject.ID) || p.Subject.Email != "" && slices.Contains(f.Subjects, strings.ToLower(p.Subject.Email)) ||
				p.Subject.DisplayName != "" && slices.Contains(f.Subjects, Plain(p.Subject.DisplayName))
		}))
}

// Group makes the incidents of alerts, two or more each, in the order of their ids. Two alerts belong together when they are about the
// same subject, or one is about an address that the other tells of, and no more than the window lies between; and so on from
// alert to alert. The order of all is of no matter.
func (g *Grouping) Group(all []Member) []Incident {
	all = slices.Clone(all)
	slices.SortFunc(all, before)
	own, joined := newForest(len(all)), newForest(len(all))
	subjects := make(map[string][]int)
	for i := range all {
		subjects[key(&all[i])] = append(subjects[key(&all[i])], i)
	}
	for _, list := range subjects {
		g.chain(all, list, own, joined)
	}
	tellers := make(map[string][]int)
	for i := range all {
		for _, a := range all[i].Addresses {
			k := "address\x00" + a
			if len(subjects[k]) > 0 && key(&all[i]) != k {
				tellers[k] = append(tellers[k], i)
			}
		}
	}
	for k, list := range tellers {
		list = append(list, subjects[k]...)
		slices.Sort(list)
		g.meet(all, list, k, joined)
	}
	var incidents []Incident
	for _, list := range joined.sets() {
		for _, part := range g.cut(all, list) {
			if len(part) > 1 {
				incidents = append(incidents, g.incident(all, part, own))
			}
		}
	}
	slices.SortFunc(incidents, func(a, b Incident) int { return cmp.Compare(a.ID, b.ID) })
	return incidents
}

func before(a, b Member) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) }

func key(m *Member) string { return m.Subject.Type + "\x00" + m.Subject.ID }

// chain joins each of the alerts of one subject, in order, with those before it from whose end it is not too far.
func (g *Grouping) chain(all []Member, list []int, forests ...forest) {
	end := all[list[0]].End
	for n, i := range list[1:] {
		if !all[i].Start.After(end.Add(g.Window)) {
			for _, f := range forests {
				f.join(list[n], i)
			}
		}
		if all[i].End.After(end) {
			end = all[i].End
		}
	}
}

// meet joins the alerts about an address with those that tell of it. Two that only tell of it have nothing to do with each other.
//
// It goes through the list in order of time. Of either kind, reaching holds those that a later one of the other kind may still meet; once
// one has met them all they belong together, and the one that reaches farthest stands for them. So each is looked at twice at most.
func (g *Grouping) meet(all []Member, list []int, address string, f forest) {
	var reaching [2][]int
	for _, i := range list {
		kind := 0
		if key(&all[i]) == address {
			kind = 1
		}
		var farthest []int
		for _, k := range reaching[1-kind] {
			if g.looked != nil {
				*g.looked++
			}
			if all[i].Start.After(all[k].End.Add(g.Window)) {
				continue
			}
			f.join(k, i)
			if len(farthest) == 0 {
				farthest = []int{k}
			} else if all[k].End.After(all[farthest[0]].End) {
				farthest[0] = k
			}
		}
		reaching[1-kind] = farthest
		reaching[kind] = append(reaching[kind], i)
	}
}

// cut splits alerts in order where they go on for too long.
func (g *Grouping) cut(all []Member, list []int) (parts [][]int) {
	var current []int
	for _, i := range list {
		if len(current) > 0 && !all[i].Start.Before(all[current[0]].Start.Add(g.Longest)) {
			parts, current = append(parts, current), nil
		}
		current = append(current, i)
	}
	return append(parts, current)
}

func (g *Grouping) incident(all []Member, list []int, own forest) Incident {
	n := Incident{ID: all[list[0]].ID, Start: all[list[0]].Start}
	parts := make(map[int]int)
	states := make(map[string]int)
	for _, i := range list {
		m := all[i]
		n.Alerts = append(n.Alerts, m)
		n.EventCount += m.EventCount
		states[m.State]++
		if m.End.After(n.End) {
			n.End = m.End
		}
		if SeverityRank(m.Severity) > SeverityRank(n.Severity) {
			n.Severity = m.Severity
		}
		root := own.root(i)
		if _, known := parts[root]; !known {
			parts[root] = len(n.Parts)
			n.Parts = append(n.Parts, Part{Subject: m.Subject})
		}
		p := &n.Parts[parts[root]]
		p.Alerts = append(p.Alerts, m.ID)
	}
	switch {
	case states[StateNew] == len(list):
		n.State = StateNew
	case states[StateResolved] == len(list):
		n.State = StateResolved
	default:
		n.State = StateInProgress
	}
	n.Contributions = g.contributions(&n)
	for _, c := range n.Contributions {
		n.Score += c.Points
	}
	n.Score = rounded(n.Score)
	n.Title = g.title(&n)
	return n
}
