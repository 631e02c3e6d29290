package analytics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/timeline"
)

// TimelineStore is what Timelines read.
type TimelineStore interface {
	TimelineAccounts(ctx context.Context, tenant string, ids, emails, names []string, from, to time.Time) ([]timeline.Account, error)
	TimelineSteps(ctx context.Context, tenant string, users, emails []string, from, to, afterTime time.Time, afterID string, limit int) ([]timeline.Step, error)
	TimelineTraits(ctx context.Context, tenant string, users []string, from, to time.Time) ([]timeline.Trait, error)
	ListEvents(ctx context.Context, tenant string, f event.Filter, after event.Cursor, limit int, full bool) ([]event.Event, error)
	ListAlerts(ctx context.Context, tenant string, f alert.Filter, o alert.Order, head uint64, after alert.Cursor, limit int) ([]alert.Alert, int, error)
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
}

// Timelines tell what a user did around a time, and what was found about it.
type Timelines struct {
	tenant string
	store  TimelineStore
}

// NewTimelines reads from the store.
func NewTimelines(tenant string, store TimelineStore) *Timelines {
	return &Timelines{tenant: tenant, store: store}
}

// lookAround is how far before and after the span an account is looked for by its e-mail.
const lookAround = 90 * 24 * time.Hour

// Timeline returns a page. It fails with fault.NotFound when nobody of that name is known.
func (l *Timelines) Timeline(ctx context.Context, q timeline.Query) (timeline.Timeline, error) {
	who, err := l.who(ctx, q)
	if err != nil {
		return timeline.Timeline{}, err
	}
	t := timeline.Timeline{Who: who}
	if t.Entries, t.More, err = l.entries(ctx, q, &who); err != nil {
		return timeline.Timeline{}, err
	}
	if who.Person == nil && len(who.IDs) == 0 && len(t.Entries) == 0 && q.After == (timeline.Position{}) {
		return timeline.Timeline{}, unknown(q.User)
	}
	if q.After == (timeline.Position{}) {
		t.Traits, err = l.store.TimelineTraits(ctx, l.tenant, who.IDs, q.From, q.To)
	}
	return t, err
}

// who finds the accounts of a person: by the id, by the e-mail in the events, and by what the directory knows of either.
func (l *Timelines) who(ctx context.Context, q timeline.Query) (timeline.Who, error) {
	ids, emails, names := []string{}, []string{}, []string{}
	question := directory.Question{At: q.From.Add(q.To.Sub(q.From) / 2)}
	if strings.Contains(q.User, "@") {
		question.Email = strings.ToLower(q.User)
		emails = append(emails, question.Email)
	} else {
		question.SubjectID = q.User
		ids = append(ids, q.User)
		if name := alert.Plain(q.User); strings.Contains(name, " ") { // no id has one
			names = append(names, name)
			told, err := l.alertsNaming(ctx, name)
			if err != nil {
				return timeline.Who{}, err
			}
			ids = append(ids, told...)
			if len(told) > 0 {
				question.SubjectID = told[0]
			}
		}
	}
	answers, err := l.store.DirectoryAt(ctx, l.tenant, []directory.Question{question})
	if err != nil {
		return timeline.Who{}, fmt.Errorf("analytics: directory: %w", err)
	}
	w := timeline.Who{}
	for _, a := range answers {
		if !a.Known() {
			continue
		}
		w.Person = personOf(&a)
		w.Name = a.DisplayName
		ids = append(ids, a.DocuSignUserIDs...)
		for _, e := range a.Emails {
			emails = append(emails, strings.ToLower(e))
		}
	}
	accounts, err := l.store.TimelineAccounts(ctx, l.tenant, ids, emails, names, q.From.Add(-lookAround), q.To.Add(lookAround))
	if err != nil {
		return timeline.Who{}, err
	}
	for _, a := range accounts {
		ids = append(ids, a.ID)
		if a.Email != "" {
			emails = append(emails, strings.ToLower(a.Email))
		}
		if w.Name == "" {
			w.Name = a.Name
		}
	}
	// Somebody outside of the company has an e-mail and no account.
	if w.Person == nil && len(accounts) == 0 && question.Email == "" {
		return timeline.Who{}, unknown(q.User)
	}
	if len(names) > 0 { // it is no id
		ids = slices.DeleteFunc(ids, func(s string) bool { return s == q.User })
		if others := namesakes(ids, accounts, answers); len(others) > 1 {
			return timeline.Who{}, fault.New(fault.InvalidArgument, "%d users have the name %q; expected the id or the e-mail of one: %s", len(others), q.User, strings.Join(others, ", "))
		}
	}
	slices.Sort(ids)
	slices.Sort(emails)
	w.IDs, w.Emails = slices.Compact(ids), slices.Compact(emails)
	return w, nil
}

// namesakes are the users of one name: each with an id of its own, but for those who are one person for the directory.
func namesakes(ids []string, accounts []timeline.Account, answers []directory.Answer) []string {
	var all []string
	person := ""
	for _, id := range ids {
		same := slices.ContainsFunc(answers, func(a directory.Answer) bool {
			return slices.Contains(a.DocuSignUserIDs, id) || slices.ContainsFunc(accounts, func(c timeline.Account) bool {
				return c.ID == id && c.Email != "" && slices.ContainsFunc(a.Emails, func(e string) bool { return strings.EqualFold(e, c.Email) })
			})
		})
		switch {
		case same && person == "":
			person = id
			all = append(all, id)
		case !same && !slices.Contains(all, id):
			all = append(all, id)
		}
	}
	return all
}

// unknown says that there is nobody of a name.
func unknown(user string) error {
	return fault.New(fault.NotFound, "nobody acted as %q within 90 days of that time, no record of it names somebody so, and neither a directory nor an alert knows somebody of that name", user)
}

// mostNaming bounds the alerts by which somebody is looked for by name.
const mostNaming = 200

// alertsNaming are the users of whom an alert has the name, by the directory or by the events: of several, those of the newest alerts first.
func (l *Timelines) alertsNaming(ctx context.Context, name string) ([]string, error) {
	alerts, _, err := l.store.ListAlerts(ctx, l.tenant, alert.Filter{Users: []string{name}, SubjectTypes: []string{"user"}, States: append(slices.Clone(alert.OpenStates), alert.StateSuppressed)}, alert.Order{}, 0, alert.Cursor{}, mostNaming)
	if err != nil {
		return nil, fmt.Errorf("analytics: alerts about %q: %w", name, err)
	}
	var ids []string
	for i := range alerts {
		if id := alerts[i].Subject.ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// entries are the events and alerts of a page, and whether others follow.
func (l *Timelines) entries(ctx context.Context, q timeline.Query, who *timeline.Who) ([]timeline.Entry, bool, error) {
	afterID := q.After.ID
	if q.After.Alert { // all events of that time follow
		afterID = ""
	}
	steps, err := l.store.TimelineSteps(ctx, l.tenant, who.IDs, who.Emails, q.From, q.To, q.After.Time, afterID, q.Limit+1)
	if err != nil {
		return nil, false, err
	}
	all := make([]timeline.Entry, 0, len(steps))
	byID := make(map[string]int, len(steps))
	var wanted []string
	for _, s := range steps {
		byID[s.ID] = len(all)
		wanted = append(wanted, s.ID)
		all = append(all, timeline.Entry{Time: s.Time, Relation: s.Relation})
	}
	if len(wanted) > 0 {
		events, err := l.store.ListEvents(ctx, l.tenant, event.Filter{IDs: wanted, Start: q.From, End: q.To}, event.Cursor{}, len(wanted), false)
		if err != nil {
			return nil, false, err
		}
		for i := range events {
			if k, ok := byID[events[i].ID]; ok {
				all[k].Event = &events[i]
			}
		}
		// one that was set aside between the two questions
		all = slices.DeleteFunc(all, func(e timeline.Entry) bool { return e.Event == nil })
	}
	alerts, moreAlerts, err := l.alerts(ctx, q, who.IDs)
	if err != nil {
		return nil, false, err
	}
	for i := range alerts {
		e := timeline.Entry{Time: alerts[i].Start, Alert: &alerts[i]}
		if e.Time.Before(q.From) {
			e.Time = q.From
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b timeline.Entry) int { return comparePositions(a.Position(), b.Position()) })
	// Where not all was read of one of the two, what lies behind the last of those may not be all that is there.
	more := len(steps) > q.Limit || moreAlerts
	if len(steps) > q.Limit {
		last := steps[len(steps)-1].Time
		all = slices.DeleteFunc(all, func(e timeline.Entry) bool { return e.Alert != nil && e.Alert.Start.After(last) })
	}
	if moreAlerts {
		last := alerts[len(alerts)-1].Start
		all = slices.DeleteFunc(all, func(e timeline.Entry) bool { return e.Alert == nil && !e.Time.Before(last) })
	}
	if len(all) > q.Limit {
		return all[:q.Limit], true, nil
	}
	// One that was read may have been set aside since: then as many as the limit are here, and others follow all the same.
	return all, more && len(all) > 0, nil
}

// mostAlertBytes is about what is read of alerts for one page.
const mostAlertBytes = 3 << 20

// alerts are those about the users that follow the position, in their order, as many as a page takes at most, and whether others follow.
func (l *Timelines) alerts(ctx context.Context, q timeline.Query, users []string) (all []alert.Alert, more bool, err error) {
	if len(users) == 0 { // a filter without ids selects everybody
		return nil, false, nil
	}
	order, after := alert.Order{By: alert.OrderStart, Ascending: true}, alert.Cursor{}
	if q.After != (timeline.Position{}) {
		after = alert.Cursor{Key: order.Key(&alert.Alert{Finding: alert.Finding{Start: q.After.Time}}), ID: q.After.ID}
		if !q.After.Alert { // those of that time stand before its events: smaller than every id
			after.ID = "!"
		}
	}
	states := append(slices.Clone(alert.OpenStates), alert.StateSuppressed)
	filter := alert.Filter{SubjectIDs: users, SubjectTypes: []string{"user"}, States: states, Start: q.From, End: q.To}
	all, more, err = alert.Page(order, after, q.Limit+1, mostAlertBytes, func(after alert.Cursor, limit int) ([]alert.Alert, error) {
		step, _, err := l.store.ListAlerts(ctx, l.tenant, filter, order, 0, after, limit)
		return step, err
	})
	return all, more, err
}

// comparePositions orders entries: by time, alerts before events, then by id, that of alerts falling, as they are listed.
func comparePositions(a, b timeline.Position) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	if a.Alert != b.Alert {
		if a.Alert {
			return -1
		}
		return 1
	}
	if a.Alert {
		return strings.Compare(b.ID, a.ID)
	}
	return strings.Compare(a.ID, b.ID)
}

// personOf is what the directory says of somebody.
func personOf(a *directory.Answer) *alert.Person {
	p := &alert.Person{Source: a.Source, ID: a.DirectoryID, Status: a.Status, Since: a.Since, Kind: a.Kind, Role: a.Role, Groups: a.Groups}
	p.Name, p.Email = a.Named()
	completed(p, a.Others)
	return p
}
