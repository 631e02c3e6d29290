package alert

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Filter selects alerts; its fields are joined by AND, the values of one field by OR. An empty field selects all.
type Filter struct {
	IDs, Detections []string
	// IDPrefixes are beginnings of ids: with IDs, an alert is selected by either.
	IDPrefixes []string
	// MinSeverity leaves out what is less severe; empty means any.
	MinSeverity string
	Severities  []string
	// States to include; new, in progress and resolved when empty.
	States []string
	// Classifications, Reasons and Assignees may hold "": no verdict, no reason, nobody. Assignees in lower case.
	Classifications, Reasons, Assignees []string
	SubjectIDs, SubjectTypes            []string
	// SubjectEmails in lower case.
	SubjectEmails []string
	// Users about one of whom the alert is, by id, e-mail or name as the events and the directory have it: made by Plain.
	Users []string
	// Addresses that the alert tells of, one of them in one of these. Countries by ISO code, Networks in lower case by name or by the number of
	// the autonomous system.
	Addresses           []netip.Prefix
	Countries, Networks []string
	// SuppressedBy are reasons, one of which the alert has.
	SuppressedBy []string
	// Text stands somewhere in the title, with names or with ids, in upper or lower case.
	Text string
	// MinScore and MaxScore are inclusive; nil is unbounded.
	MinScore, MaxScore *float64
	// MinEvents and MaxEvents are inclusive; a MaxEvents of 0 is unbounded.
	MinEvents, MaxEvents uint64
	// Commented says whether it has comments; nil means either.
	Commented *bool
	// Start is the earliest End of an alert, inclusive; End the latest Start, exclusive; zero means unbounded.
	Start, End time.Time
	// First, Last, Created and Updated bound Alert.Start, End, Created and Updated.
	First, Last, Created, Updated Between
}

// Between is a span of time: From inclusive, To exclusive, zero means unbounded.
type Between struct{ From, To time.Time }

func (b Between) contains(t time.Time) bool {
	return (b.From.IsZero() || !t.Before(b.From)) && (b.To.IsZero() || t.Before(b.To))
}

// OpenStates are the states that a Filter without States selects.
var OpenStates = []string{StateNew, StateInProgress, StateResolved}

// AllSeverities that the filter lets through.
func (f *Filter) AllSeverities() []string {
	all := SeveritiesFrom(f.MinSeverity)
	if len(f.Severities) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !slices.Contains(f.Severities, s) })
}

// Match says whether the alert is selected.
func (f *Filter) Match(a *Alert) bool {
	states := f.States
	if len(states) == 0 {
		states = OpenStates
	}
	t := &a.Triage
	return in(states, a.State()) && SeverityRank(a.Severity) >= SeverityRank(f.MinSeverity) && in(f.Severities, a.Severity) &&
		f.Names(a.ID) && in(f.Detections, a.Detection) && in(f.SubjectIDs, a.Subject.ID) && in(f.SubjectTypes, a.Subject.Type) && in(f.SubjectEmails, strings.ToLower(a.Subject.Email)) &&
		in(f.Classifications, t.Classification) && in(f.Reasons, t.Reason) && in(f.Assignees, strings.ToLower(t.Assignee)) &&
		(len(f.SuppressedBy) == 0 || slices.ContainsFunc(a.SuppressedBy, func(r string) bool { return slices.Contains(f.SuppressedBy, r) })) &&
		(f.Text == "" || strings.Contains(strings.ToLower(a.Title), strings.ToLower(f.Text)) || strings.Contains(strings.ToLower(a.ToldTitle()), strings.ToLower(f.Text))) &&
		f.matchUsers(a) &&
		(f.MinScore == nil || a.Score >= *f.MinScore) && (f.MaxScore == nil || a.Score <= *f.MaxScore) &&
		a.EventCount >= f.MinEvents && (f.MaxEvents == 0 || a.EventCount <= f.MaxEvents) &&
		(f.Commented == nil || *f.Commented == (len(t.Comments) > 0)) &&
		(f.Start.IsZero() || !a.End.Before(f.Start)) && (f.End.IsZero() || a.Start.Before(f.End)) &&
		f.First.contains(a.Start) && f.Last.contains(a.End) && f.Created.contains(a.Created) && f.Updated.contains(a.Updated) && f.matchFacets(a)
}

// Names says whether the filter names an alert of that id, or none at all.
func (f *Filter) Names(id string) bool {
	return len(f.IDs)+len(f.IDPrefixes) == 0 || slices.Contains(f.IDs, id) || slices.ContainsFunc(f.IDPrefixes, func(p string) bool { return strings.HasPrefix(id, p) })
}

func in(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }

// Faceted says whether the filter asks what an alert tells of.
func (f *Filter) Faceted() bool {
	return len(f.Addresses)+len(f.Countries)+len(f.Networks) > 0
}

func (f *Filter) matchUsers(a *Alert) bool {
	return len(f.Users) == 0 || slices.Contains(f.Users, strings.ToLower(a.Subject.ID)) || slices.ContainsFunc(a.SubjectNames(), func(s string) bool { return slices.Contains(f.Users, s) })
}

func (f *Filter) matchFacets(a *Alert) bool {
	if !f.Faceted() {
		return true
	}
	have := a.Facets()
	some := func(wanted, have []string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(have, func(s string) bool { return slices.Contains(wanted, s) })
	}
	for i := range have.Networks {
		have.Networks[i] = strings.ToLower(have.Networks[i])
	}
	return some(f.Countries, have.Countries) && some(f.Networks, have.Networks) && (len(f.Addresses) == 0 || slices.ContainsFunc(have.Addresses, func(s string) bool {
		address, err := netip.ParseAddr(s)
		return err == nil && slices.ContainsFunc(f.Addresses, func(p netip.Prefix) bool { return p.Contains(address) })
	}))
}

// MatchPrevious says whether the alert was selected before the change; it was not when the change created it. What the change
// does not tell of counts as it is now.
func (f *Filter) MatchPrevious(c *Change) bool {
	if c.PreviousState == "" {
		return false
	}
	before := c.Alert
	before.Severity, before.Start, before.End = c.PreviousSeverity, c.PreviousStart, c.PreviousEnd
	wanted := *f
	if p := c.Previous; p != nil {
		before.Title, before.EventCount = p.Title, p.EventCount
		before.Triage.Classification, before.Triage.Reason, before.Triage.Assignee, before.Triage.Comments = p.Classification, p.Reason, p.Assignee, nil
		if p.Commented {
			before.Triage.Comments = []Comment{{}}
		}
		if len(wanted.SuppressedBy) > 0 && !slices.ContainsFunc(p.SuppressedBy, func(r string) bool { return slices.Contains(wanted.SuppressedBy, r) }) {
			return false
		}
	}
	wanted.SuppressedBy = nil
	before.Retracted, before.SuppressedBy, before.Triage.State = false, nil, c.PreviousState
	return wanted.Match(&before)
}

// SeveritiesFrom are the severities from the given one upwards; all when it is empty.
func SeveritiesFrom(min string) []string {
	return severities[max(0, SeverityRank(min)-1):]
}

// Orders in which alerts are listed.
const (
	OrderEnd        = "end_time"
	OrderStart      = "start_time"
	OrderCreated    = "create_time"
	OrderUpdated    = "update_time"
	OrderSeverity   = "severity"
	OrderScore      = "score"
	OrderEventCount = "event_count"
)

// Orders are all of them.
var Orders = []string{OrderEnd, OrderStart, OrderCreated, OrderUpdated, OrderSeverity, OrderScore, OrderEventCount}

// Order is how alerts are listed; the zero one is the latest End first. Among equals the greater id comes first.
type Order struct {
	// By is one of Orders; empty is OrderEnd.
	By        string
	Ascending bool
}

// Key of an alert: those with greater keys come first.
func (o Order) Key(a *Alert) int64 {
	var key int64
	switch o.By {
	case OrderStart:
		key = a.Start.UnixNano()
	case OrderCreated:
		key = a.Created.UnixNano()
	case OrderUpdated:
		key = a.Updated.UnixNano()
	case OrderSeverity:
		key = int64(SeverityRank(a.Severity))
	case OrderEventCount:
		key = int64(min(a.EventCount, math.MaxInt64)) //nolint:gosec // bounded on this line
	case OrderScore:
		if key = int64(math.Float64bits(a.Score)); key < 0 { //nolint:gosec // the bits are wanted
			key ^= math.MaxInt64
		}
	default:
		key = a.End.UnixNano()
	}
	if o.Ascending {
		return ^key
	}
	return key
}

// Cursor is a position in a list of alerts: the alert after which the next page begins; the zero one is the beginning.
type Cursor struct {
	// Key by the list's order.
	Key int64
	ID  string
}

// Before says whether the alert with that key and id stands on a page before, so that it is not to come again.
func (c Cursor) Before(key int64, id string) bool {
	return c.ID != "" && (key > c.Key || key == c.Key && id >= c.ID)
}
