package analytics

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

const (
	// ReasonPlaces is of rechecks of subjects whose events lie elsewhere, or on the network of somebody else, than before.
	ReasonPlaces = "places"
	// reasonPlacing is of those that are to follow when the events have been put there. By itself it asks for nothing.
	reasonPlacing = "places, to follow"
)

func (r *Runner) placesName() string { return "places/" + r.o.Tenant }

// placedName is of the checkpoint with the version of the ranges up to which the events are where they say.
func (r *Runner) placedName() string { return "placed/" + r.o.Tenant }

// placeEvents puts the stored events where the operator's ranges say that were said or taken back since it was last done, and asks for a
// look at everybody whose findings may change by it. Whom it concerns is stored before the first event is put anywhere, because nobody
// can say it afterwards. What is cut short is finished by the next call: the ranges are asked for from the same version until all is
// done. r.placing is held.
func (r *Runner) placeEvents(ctx context.Context) error {
	placed, last, err := r.takePlaces(ctx)
	if err != nil || last == 0 {
		return err
	}
	after := placed.Position
	misplaced, err := r.o.Store.Misplaced(ctx, r.o.Tenant)
	if err != nil {
		return fmt.Errorf("analytics: places: %w", err)
	}
	if misplaced > 0 {
		concerned, err := r.concernedByPlaces(ctx, after)
		if err != nil {
			return fmt.Errorf("analytics: places: %w", err)
		}
		if err := r.Recheck(ctx, concerned); err != nil {
			return err
		}
		begun := time.Now()
		if err := r.o.Store.PlaceEvents(ctx, r.o.Tenant); err != nil {
			return fmt.Errorf("analytics: places: %w", err)
		}
		r.log.InfoContext(ctx, "events were put where the operator's ranges say", slog.Uint64("events", misplaced), slog.Duration("took", time.Since(begun)))
	}
	done, _, err := r.o.Store.LoadCheckpoint(ctx, r.placesName())
	if err != nil {
		return fmt.Errorf("analytics: places: %w", err)
	}
	due, err := r.o.Store.PendingRechecks(ctx, r.o.Tenant, reasonPlacing, done.Position)
	if err != nil {
		return fmt.Errorf("analytics: places: %w", err)
	}
	placed.Position = last
	placed.Version++
	finished := map[string]clickhouse.Checkpoint{r.placedName(): placed}
	if len(due) > 0 {
		done.Position = due[len(due)-1].Sequence
		done.Version++
		finished[r.placesName()] = done
		for i := range due {
			due[i].Reason = ReasonPlaces
		}
		if err := r.Recheck(ctx, due); err != nil {
			return err
		}
	}
	if err := r.o.Store.StoreCheckpoints(ctx, uuid.NewString(), finished); err != nil {
		return fmt.Errorf("analytics: places: %w", err)
	}
	return nil
}

// takePlaces lets events that come in and the dictionary know what the ranges say, both the same: nothing is said meanwhile. It returns up to
// where that was done for stored events, and the version of the last range; 0 when there is nothing to do.
func (r *Runner) takePlaces(ctx context.Context) (placed clickhouse.Checkpoint, last uint64, err error) {
	r.knowing.Lock()
	defer r.knowing.Unlock()
	if err := r.recheckRanges(ctx); err != nil {
		return placed, 0, err
	}
	placed, last, err = r.placesDue(ctx)
	if err != nil || last == 0 {
		return placed, 0, err
	}
	if r.o.Place != nil { // first, so that what is stored from now on needs no putting
		if err := r.o.Place(ctx); err != nil {
			return placed, 0, fmt.Errorf("analytics: places: %w", err)
		}
	}
	if err := r.o.Store.RebuildPlacements(ctx); err != nil {
		return placed, 0, fmt.Errorf("analytics: places: %w", err)
	}
	return placed, last, nil
}

func (r *Runner) placesDue(ctx context.Context) (placed clickhouse.Checkpoint, last uint64, err error) {
	placed, _, err = r.o.Store.LoadCheckpoint(ctx, r.placedName())
	if err != nil {
		return placed, 0, fmt.Errorf("analytics: places: %w", err)
	}
	changed, err := r.o.Store.PlacesChanged(ctx, r.o.Tenant, placed.Position)
	if err != nil || !changed {
		return placed, 0, err
	}
	last, err = r.o.Store.RangesChanged(ctx, r.o.Tenant, placed.Position)
	if err != nil {
		return placed, 0, fmt.Errorf("analytics: places: %w", err)
	}
	return placed, last, nil
}

// concernedByPlaces are the subjects at the addresses, and those whose findings depend on where these were before: each version is asked.
func (r *Runner) concernedByPlaces(ctx context.Context, after uint64) ([]clickhouse.Recheck, error) {
	spans, err := r.o.Store.SubjectsOfPlaces(ctx, r.o.Tenant, after)
	if err != nil || len(spans) == 0 {
		return nil, err
	}
	var all []clickhouse.Recheck
	add := func(detection string, spans []clickhouse.Span) {
		for _, s := range spans {
			all = append(all, clickhouse.Recheck{Detection: detection, Subject: s.Subject, First: s.First, Last: s.Last, Reason: reasonPlacing})
		}
	}
	add("", spans)
	for _, d := range r.quickestFirst() {
		l := r.lineage(d.ID)
		for k := range l.reigns {
			others, err := r.affectedByPlaces(ctx, &l.reigns[k], spans, r.line())
			if err != nil {
				return nil, fmt.Errorf("detection %s: %w", d.ID, err)
			}
			add(d.ID, others)
		}
	}
	return all, nil
}

// affectedByPlaces are the other subjects whom the spans concern as the events lie now.
func (r *Runner) affectedByPlaces(ctx context.Context, v *reign, spans []clickhouse.Span, line time.Time) ([]clickhouse.Span, error) {
	inputs := slices.DeleteFunc(slices.Clone(spans), func(s clickhouse.Span) bool { return !v.reached(s.First, s.Last) })
	if v.Affected == "" || len(inputs) == 0 {
		return nil, nil
	}
	return r.affected(ctx, v.version, inputs, line)
}

// asksPlaces adds what a detection has to look at because the events of the spans were put elsewhere: what it would look at if they were
// new. Which kinds of events they are is not known, so all are taken for inputs.
func (r *Runner) asksPlaces(ctx context.Context, d *Detection, periods map[clickhouse.Subject]period, spans []clickhouse.Span, line time.Time) error {
	if len(spans) == 0 {
		return nil
	}
	l := r.lineage(d.ID)
	for i := range l.reigns {
		v := &l.reigns[i]
		others, err := r.affectedByPlaces(ctx, v, spans, line)
		if err != nil {
			return err
		}
		own := slices.DeleteFunc(slices.Clone(spans), func(s clickhouse.Span) bool {
			return !v.reached(s.First, s.Last) || slices.Contains(v.inputs.Named, s.Type)
		})
		concerned(periods, v.version, append(own, others...))
	}
	return nil
}
