package analytics

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

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// exceptionRecheck begins the reason of the recheck for an exception.
const exceptionRecheck = "exception "

// exceptionPatience bounds the storing of an exception with its recheck, which go on when the caller goes away.
const exceptionPatience = 30 * time.Second

// except adds to the finding the exceptions that cover it, in the order of their ids.
func except(all []alert.Exception, attributes map[string]Attribute, f *alert.Finding) {
	var read *evidence
	values := func(name string) ([]string, bool) {
		a, known := attributes[name]
		if !known {
			return nil, false
		}
		if read == nil {
			e := readEvidence(f.Evidence)
			read = &e
		}
		return read.values(a)
	}
	var ids []string
	for i := range all {
		if all[i].Covers(f, values) {
			ids = append(ids, all[i].ID)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		f.SuppressedBy = append(slices.Clip(f.SuppressedBy), alert.ExceptionReason+id)
	}
}

// ExceptionsOf a detection, removed ones too. The caller MUST NOT change them.
func (r *Runner) ExceptionsOf(detection string) []alert.Exception {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.exceptions[detection]
}

// excepted are the findings with the exceptions that cover them now.
func (r *Runner) excepted(ctx context.Context, detection string, findings []alert.Finding) ([]alert.Finding, error) {
	all := r.ExceptionsOf(detection)
	if len(all) == 0 {
		return findings, nil
	}
	l := r.lineage(detection)
	findings = slices.Clone(findings)
	for i := range findings {
		if v := l.at(findings[i].Anchor); v != nil {
			except(all, v.attributes, &findings[i])
		}
	}
	return findings, takeOwn(ctx, r.o.Store, r.o.Tenant, all, findings)
}

// setException puts an exception into the place of the one with its id. unasked says that its recheck is to be asked for.
func (r *Runner) setException(e alert.Exception, unasked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if unasked {
		r.unasked[e.ID] = exceptionReason(&e)
	}
	all := slices.DeleteFunc(slices.Clone(r.exceptions[e.Detection]), func(o alert.Exception) bool { return o.ID == e.ID })
	r.exceptions = maps.Clone(r.exceptions)
	r.exceptions[e.Detection] = append(all, e)
}

// loadExceptions reads all exceptions, and asks for the rechecks that an earlier process did not come to ask for.
func (r *Runner) loadExceptions(ctx context.Context) error {
	all, err := r.o.Store.Exceptions(ctx, r.o.Tenant)
	if err != nil {
		return fmt.Errorf("analytics: exceptions: %w", err)
	}
	asked, err := r.o.Store.RecheckReasons(ctx, r.o.Tenant, exceptionRecheck)
	if err != nil {
		return fmt.Errorf("analytics: rechecks: %w", err)
	}
	for _, e := range all {
		r.setException(e, !asked[[2]string{e.Detection, exceptionReason(&e)}])
	}
	return r.askExceptions(ctx)
}

// askExceptions asks for the rechecks that are still to be asked for. What fails is tried again by the next round, and by
// the next process.
func (r *Runner) askExceptions(ctx context.Context) error {
	r.mu.Lock()
	unasked := maps.Clone(r.unasked)
	r.mu.Unlock()
	var all error
	for id, reason := range unasked {
		e, err := r.GetException(ctx, id)
		if err == nil {
			err = r.recheckException(ctx, &e)
		}
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		r.mu.Lock()
		if r.unasked[id] == reason { // otherwise it was taken back meanwhile
			delete(r.unasked, id)
		}
		r.mu.Unlock()
	}
	return all
}

// putException stores an exception and lets it take effect. From the storing on it is in force, whoever still waits for it:
// the recheck follows from it, and when it cannot be asked for now, the rounds do so.
func (r *Runner) putException(ctx context.Context, e alert.Exception) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exceptionPatience)
	defer cancel()
	if err := r.o.Store.StoreException(ctx, e); err != nil {
		return fmt.Errorf("analytics: exception: %w", err)
	}
	r.setException(e, true)
	if err := r.askExceptions(ctx); err != nil {
		r.log.WarnContext(ctx, "analysis: an exception is stored, and who it covers cannot be looked at yet; it is tried again", slog.String("exception", e.ID), slog.Any("error", err))
	}
	return nil
}

func exceptionReason(e *alert.Exception) string {
	if e.Removed {
		return exceptionRecheck + e.ID + " removed"
	}
	return exceptionRecheck + e.ID
}

// recheckException lets the analysis look again at everybody with an alert that the exception covers, or has covered. The
// exception MUST be in force before: what is evaluated meanwhile takes it into account.
func (r *Runner) recheckException(ctx context.Context, e *alert.Exception) error {
	l := r.lineage(e.Detection)
	if l == nil {
		return nil // nothing evaluates it any more
	}
	standing, err := r.o.Store.AlertsAnchored(ctx, r.o.Tenant, e.Detection, e.From, e.To)
	if err != nil {
		return fmt.Errorf("analytics: alerts of exception %s: %w", e.ID, err)
	}
	probes, only := make([]alert.Finding, len(standing)), []alert.Exception{*e}
	for i := range standing {
		probes[i] = standing[i].Finding
		probes[i].SuppressedBy = nil
		if v := l.at(standing[i].Anchor); v != nil {
			except(only, v.attributes, &probes[i])
		}
	}
	if err := takeOwn(ctx, r.o.Store, r.o.Tenant, only, probes); err != nil {
		return fmt.Errorf("analytics: %w", err)
	}
	var again []clickhouse.Recheck
	for i := range standing {
		a := &standing[i]
		was := slices.Contains(a.SuppressedBy, alert.ExceptionReason+e.ID)
		if a.ID == e.AlertID || !a.Retracted && was != (len(probes[i].SuppressedBy) > 0) {
			again = append(again, clickhouse.Recheck{Detection: e.Detection, Subject: subjectOf(a.Subject), First: a.Anchor, Last: a.Anchor, Reason: exceptionReason(e)})
		}
	}
	return r.Recheck(ctx, again)
}

// CreateException makes an exception of an alert and asks for a recheck of what it covers. It returns when both are
// durable; the alerts follow with the next rounds. What is wrong with the request comes back as fault.InvalidArgument.
func (r *Runner) CreateException(ctx context.Context, q alert.ExceptionRequest) (alert.Exception, error) {
	r.excepting.Lock()
	defer r.excepting.Unlock()
	a, err := r.o.Store.GetAlert(ctx, r.o.Tenant, q.AlertID)
	if err != nil {
		return alert.Exception{}, err
	}
	now := r.line().Truncate(time.Millisecond)
	e := alert.Exception{ID: uuid.NewString(), Tenant: r.o.Tenant, Detection: a.Detection, AlertID: a.ID, Attributes: map[string][]string{},
		MaxSeverity: cmp.Or(q.MaxSeverity, a.Severity), From: r.exceptedFrom(&a), To: q.Expires.UTC().Truncate(tick), Classification: q.Classification, Reason: q.Reason, Author: q.Author, Created: now}
	if err := errors.Join(r.exceptable(&a, &e, now), r.take(&a, &e, q.Attributes)); err != nil {
		return alert.Exception{}, fault.New(fault.InvalidArgument, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	own, err := areAbout(ctx, r.o.Store, r.o.Tenant, []alert.Alert{a}, q.Author)
	if err != nil {
		return alert.Exception{}, err
	}
	if own[0] {
		return alert.Exception{}, fault.New(fault.InvalidArgument, "author: %s is whom the alert is about; somebody else has to judge it", q.Author)
	}
	if err := r.putException(ctx, e); err != nil {
		return alert.Exception{}, err
	}
	return e, nil
}

// exceptionLead is how far before its alert's anchor an exception begins at least.
const exceptionLead = 24 * time.Hour

// exceptedFrom is when an exception of the alert begins. An event that arrives late can move the alert's anchor back, and the
// exception is to cover it still.
func (r *Runner) exceptedFrom(a *alert.Alert) time.Time {
	lead := exceptionLead
	if l := r.lineage(a.Detection); l != nil {
		if v := l.at(a.Anchor); v != nil {
			lead = max(lead, v.LookAhead)
		}
	}
	return a.Anchor.Add(-lead)
}

// exceptable says why there can be no such exception of the alert.
func (r *Runner) exceptable(a *alert.Alert, e *alert.Exception, now time.Time) error {
	switch {
	case a.SupersededBy != "":
		return fmt.Errorf("alert: %s was superseded by %s; take that one", a.ID, a.SupersededBy)
	case a.Retracted:
		return fmt.Errorf("alert: %s was withdrawn; there is nothing to make an exception of", a.ID)
	case r.lineage(a.Detection) == nil:
		return fmt.Errorf("alert: %s looks at no events, or is gone; no exception can be made of its alerts", a.Detection)
	}
	var problems []error
	if rank := alert.SeverityRank(e.MaxSeverity); rank == 0 || rank > alert.SeverityRank(a.Severity) {
		problems = append(problems, fmt.Errorf("maxSeverity: %s is above %s, which the alert has", e.MaxSeverity, a.Severity))
	}
	if !e.To.After(a.Anchor) {
		problems = append(problems, fmt.Errorf("expireTime: %s is not after the alert's first event at %s", e.To.Format(time.RFC3339), a.Anchor.Format(time.RFC3339)))
	}
	if last := now.Add(alert.LongestException); e.To.After(last) {
		problems = append(problems, fmt.Errorf("expireTime: %s is more than 90 days from now; expected %s or earlier", e.To.Format(time.RFC3339), last.Format(time.RFC3339)))
	}
	return errors.Join(problems...)
}

// take takes the named attributes of the alert into the exception.
func (r *Runner) take(a *alert.Alert, e *alert.Exception, names []string) error {
	l := r.lineage(a.Detection)
	if l == nil {
		return nil // said already
	}
	v := l.at(a.Anchor)
	if v == nil {
		return fmt.Errorf("alert: no version of %s is in force at %s", a.Detection, a.Anchor.Format(time.RFC3339))
	}
	read := readEvidence(a.Evidence)
	possible := []string{alert.SubjectAttribute}
	for _, name := range slices.Sorted(maps.Keys(v.attributes)) {
		if _, complete := read.values(v.attributes[name]); complete {
			possible = append(possible, name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("attributes: none is named; expected one or more of %s", strings.Join(possible, ", "))
	}
	for i, name := range names {
		if !slices.Contains(possible, name) {
			return fmt.Errorf("attributes[%d]: the alert has no %q that is known whole; expected one of %s", i, name, strings.Join(possible, ", "))
		}
		if name == alert.SubjectAttribute {
			e.Subject = a.Subject
			continue
		}
		values, _ := read.values(v.attributes[name])
		slices.Sort(values)
		e.Attributes[name] = values
	}
	return nil
}

// DeleteException takes an exception back and asks for a recheck of what it covered.
func (r *Runner) DeleteException(ctx context.Context, id, author string) error {
	r.excepting.Lock()
	defer r.excepting.Unlock()
	e, err := r.GetException(ctx, id)
	if err != nil {
		return err
	}
	if e.Removed {
		return nil
	}
	e.Removed, e.RemovedBy, e.RemovedAt = true, author, r.line().Truncate(time.Millisecond)
	return r.putException(ctx, e)
}

// GetException returns an exception, removed or not, or fault.NotFound.
func (r *Runner) GetException(_ context.Context, id string) (alert.Exception, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, all := range r.exceptions {
		for _, e := range all {
			if e.ID == id {
				return e, nil
			}
		}
	}
	return alert.Exception{}, fault.New(fault.NotFound, "there is no exception %q", id)
}

// ListExceptions returns all exceptions of the detections, of all when none is given, the newest first.
func (r *Runner) ListExceptions(_ context.Context, detections []string, removed bool) ([]alert.Exception, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []alert.Exception
	for id, all := range r.exceptions {
		if len(detections) > 0 && !slices.Contains(detections, id) {
			continue
		}
		for _, e := range all {
			if removed || !e.Removed {
				list = append(list, e)
			}
		}
	}
	slices.SortFunc(list, func(a, b alert.Exception) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID)) })
	return list, nil
}
