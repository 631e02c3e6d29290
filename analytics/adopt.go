package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// adoptPatience bounds how long a detection is taken in when whoever asked for it has gone away, or the engine does not answer.
const adoptPatience = 30 * time.Second

// Adoption is a detection that is taken in, or changed, while the analysis runs.
type Adoption struct {
	Detection Detection
	// Since is the event time from which it judges.
	Since time.Time
	// Off says that it finds nothing from then on. What it found before stays, and late events of that time are still judged.
	Off bool
	// By says who made it so; the same text for the same change, so that it is made once, whatever the service does in between.
	By string
}

// CatchUp evaluates until nothing is behind. It is for those who do not Run.
func (r *Runner) CatchUp(ctx context.Context) error {
	if err := r.finishPlacing(ctx); err != nil {
		return err
	}
	for r.behind() {
		if !r.round(ctx) {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fmt.Errorf("analytics: a round failed: %s", r.Status().LastError)
		}
	}
	return nil
}

// active are the detections that are evaluated. The caller MUST NOT change the list.
func (r *Runner) active() []*Detection {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.detections
}

// wider says whether some of the detections are about accounts or envelopes.
func (r *Runner) wider() bool {
	return slices.ContainsFunc(r.active(), func(d *Detection) bool {
		return slices.Contains(d.Subjects, "account") || slices.Contains(d.Subjects, "envelope")
	})
}

// Adopt takes a detection in, or puts it in the place of the one with its id. It returns when that is durable; what it judges of
// the stored events follows with the next rounds. Called again with the same, it finishes what was cut short.
func (r *Runner) Adopt(ctx context.Context, a Adoption) error {
	r.adopting.Lock()
	defer r.adopting.Unlock()
	// a caller that goes away must not leave a part of it
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), adoptPatience)
	defer cancel()
	d := a.Detection
	if a.Off && r.lineage(d.ID) == nil {
		return nil // it never was on
	}
	if !a.Off {
		if err := r.o.retains(d.ID, 0, d.LookBack, d.LookAhead); err != nil {
			return fault.New(fault.InvalidArgument, "%s", err)
		}
	}
	logic, err := d.logic()
	if err != nil {
		return fmt.Errorf("analytics: detection %s: %w", d.ID, err)
	}
	if a.Off {
		logic = alert.Logic{LookBack: d.LookBack, LookAhead: d.LookAhead, Subjects: d.Subjects, Inputs: "{}"}
	} else if err := r.o.Store.DefineDetections(ctx, []clickhouse.View{d.view()}); err != nil {
		return fmt.Errorf("analytics: detection %s: %w", d.ID, err)
	}
	if err := r.begin(ctx, d.ID); err != nil {
		return err
	}
	if len(d.Inputs.Matches) > 0 {
		if err := r.beginFollowing(ctx, d.ID); err != nil {
			return err
		}
	}
	added, err := r.addVersion(ctx, d.ID, logic, a)
	if err != nil {
		return err
	}
	r.mu.Lock()
	all := slices.DeleteFunc(slices.Clone(r.detections), func(o *Detection) bool { return o.ID == d.ID })
	r.detections = append(all, &d)
	r.mu.Unlock()
	if added != nil {
		return r.recheckVersions(ctx, []alert.DetectionVersion{*added})
	}
	return nil
}

// retireSpent stops evaluating what finds nothing any more, and of which nothing that is kept can change an alert. Versions and alerts
// stay; one that is taken in again goes on where it stopped. It MUST run between rounds.
func (r *Runner) retireSpent(ctx context.Context) {
	for _, d := range r.active() {
		l := r.lineage(d.ID)
		if !r.spent(l) || !r.adopting.TryLock() {
			continue
		}
		l = r.lineage(d.ID)
		r.mu.Lock()
		// what was alerted under another version may still have to be taken back
		done := r.spent(l) && r.state[d.ID].rechecked.Position >= r.asked.Load()
		if done {
			r.detections = slices.DeleteFunc(slices.Clone(r.detections), func(o *Detection) bool { return o.ID == d.ID })
			delete(r.state, d.ID)
		}
		r.mu.Unlock()
		if done {
			views := []string{d.ID}
			for i := range l.versions {
				views = append(views, viewOf(&l.versions[i]))
			}
			if err := r.o.Store.DropDetections(ctx, views); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "analysis: the views of a detection that is not evaluated any more stay until the next start", slog.String("detection", d.ID), slog.Any("error", err))
			}
		}
		r.adopting.Unlock()
	}
}

// Evaluates says whether a detection is evaluated, be it for late events of a time when it was on.
func (r *Runner) Evaluates(id string) bool {
	return slices.ContainsFunc(r.active(), func(d *Detection) bool { return d.ID == id })
}

// begin reads how far a detection has come. One that was never evaluated begins with what comes now: what is stored is looked at
// by the recheck of its version.
func (r *Runner) begin(ctx context.Context, id string) error {
	r.mu.Lock()
	known := r.state[id] != nil
	r.mu.Unlock()
	if known {
		return nil
	}
	reached, err := r.o.Store.LoadCheckpoints(ctx, []string{r.checkpointName(id), r.recheckName(id), r.followName(id)})
	if err != nil {
		return fmt.Errorf("analytics: detection %s: %w", id, err)
	}
	at, found := reached[r.checkpointName(id)]
	again, foundAgain := reached[r.recheckName(id)]
	fresh := make(map[string]clickhouse.Checkpoint)
	if !found {
		at = clickhouse.Checkpoint{Position: r.head.Load(), Line: r.line(), Version: 1}
		fresh[r.checkpointName(id)] = at
	}
	if !foundAgain {
		again = clickhouse.Checkpoint{Position: r.asked.Load(), Line: r.line(), Version: 1}
		fresh[r.recheckName(id)] = again
	}
	if len(fresh) > 0 {
		if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), fresh); err != nil {
			return fmt.Errorf("analytics: detection %s: %w", id, err)
		}
	}
	r.mu.Lock()
	r.state[id] = &progress{Checkpoint: at, rechecked: again, followed: reached[r.followName(id)]}
	r.mu.Unlock()
	return nil
}

// beginFollowing lets a detection follow the alerts that it reads, from here on where it never did: it has not judged by them yet. It MUST be
// done before a version of it that reads them can be evaluated.
func (r *Runner) beginFollowing(ctx context.Context, id string) error {
	r.mu.Lock()
	known := r.state[id].followed.Version > 0
	r.mu.Unlock()
	if known {
		return nil
	}
	at := clickhouse.Checkpoint{Position: r.o.Log.Head(), Version: 1}
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{r.followName(id): at}); err != nil {
		return fmt.Errorf("analytics: detection %s: %w", id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state[id] == nil {
		return nil
	}
	r.state[id].followed = at
	return nil
}

// addVersion makes the version that a change asks for, unless it is there. What a new release makes of the same is another version
// from now on.
func (r *Runner) addVersion(ctx context.Context, id string, logic alert.Logic, a Adoption) (*alert.DetectionVersion, error) {
	l := r.lineage(id)
	if l == nil {
		l = &lineage{}
	}
	made := slices.ContainsFunc(l.versions, func(v version) bool { return v.MadeBy == a.By })
	present := l.present()
	v := alert.DetectionVersion{Detection: id, Revision: l.revision(), ValidFrom: a.Since.UTC().Truncate(tick), ValidTo: forever, Logic: logic, MadeBy: a.By, MadeAt: r.line().Truncate(time.Millisecond)}
	switch {
	case made && present != nil && present.Hash() == logic.Hash():
		return nil, nil
	case made:
		v.ValidFrom, v.MadeBy = r.line().Truncate(tick), ByConfiguration
	case present == nil && logic.SQL == "": // it never was on
		return nil, nil
	}
	all := []alert.DetectionVersion{v}
	for i := range l.versions {
		all = append(all, l.versions[i].DetectionVersion)
	}
	next, err := newLineage(all)
	if err != nil {
		return nil, fmt.Errorf("analytics: detection %s: %w", id, err)
	}
	if err := r.o.Store.AddDetectionVersions(ctx, r.o.Tenant, []alert.DetectionVersion{v}); err != nil {
		return nil, fmt.Errorf("analytics: versions of the detections: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lineages[id] = next
	return &v, nil
}
