package analytics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// DeskStore is what a Desk reads.
type DeskStore interface {
	GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error)
	AlertsByID(ctx context.Context, tenant string, ids []string) ([]alert.Alert, error)
	AlertIDs(ctx context.Context, tenant string, f alert.Filter, head uint64, limit int) ([]string, error)
	AlertVersions(ctx context.Context, tenant, id string, before uint64, limit int) ([]alert.Change, error)
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
}

// Desk is where people work on alerts. What they do goes through the Log, as what the analysis does.
type Desk struct {
	tenant string
	store  DeskStore
	log    *Log
}

// NewDesk writes through the log.
func NewDesk(tenant string, store DeskStore, log *Log) *Desk {
	return &Desk{tenant: tenant, store: store, log: log}
}

// UpdateAlert does the work on one alert and returns it as it is then. It fails with fault.Conflict when the alert is not the one
// that was judged, and with fault.InvalidArgument when the work cannot be done, or the author judges an alert about themselves.
func (d *Desk) UpdateAlert(ctx context.Context, id, author string, w alert.Work) (alert.Alert, error) {
	if w.Judges() {
		a, err := d.store.GetAlert(ctx, d.tenant, id)
		if err != nil {
			return alert.Alert{}, err
		}
		own, err := areAbout(ctx, d.store, d.tenant, []alert.Alert{a}, author)
		if err != nil {
			return alert.Alert{}, err
		}
		if own[0] {
			return alert.Alert{}, fault.New(fault.InvalidArgument, "author: %s is whom the alert is about; somebody else has to judge it", author)
		}
	}
	return d.log.Work(ctx, d.tenant, id, author, func(a *alert.Alert) error {
		if w.Etag != "" && w.Etag != a.Etag() {
			return fault.New(fault.Conflict, "alert.etag: alert %s has changed since it was read; read it again", id)
		}
		if err := w.Apply(a, author); err != nil {
			return fault.New(fault.InvalidArgument, "alert.%s", err)
		}
		return nil
	})
}

// UpdateAlerts does the work on all alerts that the filter selects, and counts those to which it cannot be done. Nothing is done, with
// fault.CountMismatch and the true number, when they are not as many as expected. Where it breaks off, the error says what was done.
func (d *Desk) UpdateAlerts(ctx context.Context, q alert.BulkWork) (alert.BulkResult, error) {
	var r alert.BulkResult
	if err := q.Work.Check(); err != nil {
		return r, fault.New(fault.InvalidArgument, "alert.%s", err)
	}
	// Alerts that come after this are not among them: nobody has seen them.
	ids, err := d.store.AlertIDs(ctx, d.tenant, q.Filter, d.log.Head(), alert.MostWork+1)
	if err != nil {
		return r, err
	}
	if len(ids) > alert.MostWork {
		return r, fault.New(fault.InvalidArgument, "filter: it selects more than %d alerts; expected a narrower one", alert.MostWork)
	}
	switch r.Matched = len(ids); {
	case q.Expected != nil && *q.Expected != r.Matched:
		return r, fault.New(fault.CountMismatch, "expectedCount: found %d, but the filter selects %d; nothing was changed", *q.Expected, r.Matched)
	case q.DryRun:
		return r, nil
	case q.Expected == nil && r.Matched > alert.UncountedWork:
		return r, fault.New(fault.CountMismatch, "expectedCount: not given, and the filter selects %d alerts; to change more than %d, repeat their number. Nothing was changed", r.Matched, alert.UncountedWork)
	}
	own, err := d.own(ctx, &q, ids)
	if err != nil {
		return r, err
	}
	left := make(map[string]bool, len(ids))
	for _, id := range ids {
		left[id] = true
	}
	r.Updated, err = d.log.WorkMany(ctx, d.tenant, ids, q.Author, func(a *alert.Alert) error {
		delete(left, a.ID)
		var refusal *alert.Refusal
		switch {
		case !q.Filter.Match(a):
			r.Skip(alert.RefusedChanged, a.ID)
		case own[a.ID]:
			r.Skip(alert.RefusedOwn, a.ID)
		default:
			err := q.Work.Apply(a, q.Author)
			if !errors.As(err, &refusal) {
				return err
			}
			r.Skip(refusal.Why, a.ID)
		}
		return Skip
	})
	if err != nil {
		return r, brokenOff(err, &r)
	}
	for _, id := range ids {
		if left[id] { // another took its place
			r.Skip(alert.RefusedChanged, id)
		}
	}
	return r, nil
}

// own are the alerts that the author must not judge, where it is judged.
func (d *Desk) own(ctx context.Context, q *alert.BulkWork, ids []string) (map[string]bool, error) {
	own := map[string]bool{}
	if !q.Work.Judges() {
		return own, nil
	}
	for part := range slices.Chunk(ids, workBatch) {
		some, err := d.store.AlertsByID(ctx, d.tenant, part)
		if err != nil {
			return nil, err
		}
		about, err := areAbout(ctx, d.store, d.tenant, some, q.Author)
		if err != nil {
			return nil, err
		}
		for i := range some {
			own[some[i].ID] = about[i]
		}
	}
	return own, nil
}

// brokenOff adds to the error what was done before it.
func brokenOff(err error, r *alert.BulkResult) error {
	if r.Updated == 0 {
		return err
	}
	done := fmt.Sprintf("broken off when %d of %d alerts had been changed, which they stay; ask again for the rest, with its number", r.Updated, r.Matched)
	var f *fault.Error
	if !errors.As(err, &f) {
		return fmt.Errorf("%s: %w", done, err)
	}
	told := *f
	if told.Message = done + ": " + f.Message; f.Reason == fault.StorageUnavailable {
		told.Message = done + ": the database does not answer"
	}
	return &told
}

// AlertHistory returns up to limit versions of an alert before a sequence, the newest first, with what is another in each; the
// remarks, the evidence and the context themselves are left out. It fails
// with fault.NotFound when there is no such alert.
func (d *Desk) AlertHistory(ctx context.Context, id string, before uint64, limit int) ([]alert.Version, error) {
	var all []alert.Version
	for len(all) < limit {
		n := min(historyBatch, limit-len(all))
		changes, err := d.store.AlertVersions(ctx, d.tenant, id, before, n+1)
		if err != nil {
			return nil, err
		}
		some := alert.History(changes)
		some = some[:min(len(some), n)]
		for i := range some {
			v := &some[i]
			before = v.Sequence
			v.Triage.Comments, v.Evidence, v.Context, v.EventIDs = nil, "", nil, nil
		}
		all = append(all, some...)
		if len(changes) <= n {
			break
		}
	}
	if len(all) == 0 {
		_, err := d.store.GetAlert(ctx, d.tenant, id)
		return nil, err
	}
	return all, nil
}

// historyBatch is how many versions of an alert are read at once: each has all of its remarks.
const historyBatch = 20

// people answers who stood behind a user.
type people interface {
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
}

// areAbout says of each alert whether a person is whom it is about, by any name that is known.
func areAbout(ctx context.Context, store people, tenant string, all []alert.Alert, person string) ([]bool, error) {
	names := make([][]string, len(all))
	var questions []directory.Question
	var asked []int
	for i := range all {
		s := &all[i].Subject
		names[i] = []string{s.ID, s.Email, s.DisplayName}
		if s.Type == "user" {
			questions, asked = append(questions, directory.Question{SubjectID: s.ID, Email: s.Email, At: all[i].Anchor}), append(asked, i)
		}
	}
	if len(questions) > 0 {
		answers, err := store.DirectoryAt(ctx, tenant, questions)
		if err != nil {
			return nil, fmt.Errorf("analytics: directory: %w", err)
		}
		for k, p := range answers {
			i := asked[k]
			names[i] = append(append(append(names[i], p.Emails...), p.DocuSignUserIDs...), p.UserName, p.DisplayName)
		}
	}
	person = strings.TrimSpace(person)
	about := make([]bool, len(all))
	for i := range all {
		about[i] = slices.ContainsFunc(names[i], func(n string) bool { return n != "" && strings.EqualFold(n, person) })
	}
	return about, nil
}
