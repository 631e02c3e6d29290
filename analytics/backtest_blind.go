package analytics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/status"
)

const (
	// blindDays is how long there has to be none of what a detection needs before that is no quiet hour but a fault, as in its status.
	blindDays = 7 * 24 * time.Hour
	// blindLeast is the history, up to the end of what is asked about, without which nothing is said of why something is missing.
	blindLeast = 24 * time.Hour
)

// blindness says, of trials that found nothing at all, what there was none of that the detection needs: finding nothing means nothing then.
// The events are counted once, and only where something found nothing.
type blindness struct {
	b        *Backtester
	from, to time.Time
	// first is the first day with events; zero when there are none.
	first   time.Time
	counted bool
	// seen is of the time that is asked about, around of that and what is before it, seven days at least.
	seen, around map[clickhouse.Input]clickhouse.InputCount
	// young says that no event is older than blindLeast before the end.
	young   bool
	unknown []status.UnknownActivity
}

func (w *blindness) count(ctx context.Context) (err error) {
	if w.counted || w.from.IsZero() || w.to.IsZero() {
		return nil
	}
	counts := func(from, to time.Time) map[clickhouse.Input]clickhouse.InputCount {
		if err != nil {
			return nil
		}
		var seen map[clickhouse.Input]clickhouse.InputCount
		seen, err = w.b.o.Store.InputCounts(ctx, w.b.o.Tenant, from.Add(-tick), to.Add(-tick))
		return seen
	}
	since := w.from
	w.seen = counts(w.from, w.to)
	w.around = w.seen
	if before := w.to.Add(-blindDays); before.Before(since) {
		since = before
		w.around = counts(since, w.to)
	}
	switch limit := w.to.Add(-blindLeast); {
	case w.first.IsZero() || !w.first.Before(limit):
		w.young = true
	case limit.Before(w.first.Add(day)): // some of the first day is older, perhaps without events
		w.young = counts(w.first, limit)[clickhouse.Input{Kind: "event"}].Events == 0
	}
	if err == nil {
		w.unknown, err = w.b.o.Store.UnknownActivities(ctx, since)
	}
	if err != nil {
		return fmt.Errorf("inputs of the backtest: %w", err)
	}
	w.counted = true
	return nil
}

func (w *blindness) notes(ctx context.Context, d *Detection) (notes []string, err error) {
	if !w.from.IsZero() && !w.to.IsZero() && !w.from.Before(w.to) {
		if !w.from.After(w.first) { // only the end was given
			return []string{fmt.Sprintf("There is no event of this time: the first ones are of %s.", w.first.UTC().Format(time.DateOnly))}, nil
		}
		return []string{fmt.Sprintf("There is no event of this time: the last ones are of %s.", w.to.Add(-tick).UTC().Format(time.DateOnly))}, nil
	}
	if err := w.count(ctx); err != nil {
		return nil, err
	}
	var missing, unsure, quiet []string
	cause, last := "", time.Time{}
	around := d.InputsSeen(w.around, w.unknown)
	for k, i := range d.InputsSeen(w.seen, w.unknown) { // the same inputs, in the same order
		switch {
		case len(i.LikelyCauses) == 0:
		case len(around[k].LikelyCauses) == 0:
			quiet = append(quiet, i.Name)
			if around[k].Last.After(last) {
				last = around[k].Last
			}
		case w.young && len(w.unknown) == 0 && !loaded(i.Name) && w.around[clickhouse.Input{Kind: "event"}].Events > 0:
			unsure = append(unsure, i.Name)
		default:
			missing, cause = append(missing, i.Name), cmp.Or(cause, around[k].LikelyCauses[0])
		}
	}
	if len(missing) > 0 {
		span := "in this time"
		if w.from.After(w.to.Add(-blindDays)) {
			span = "in the seven days up to its end"
		}
		notes = append(notes, fmt.Sprintf("It is blind: %s there is no %s, so that finding nothing means nothing. The likeliest cause: %s.", span, lacks(missing), cause))
	}
	if len(unsure) > 0 {
		notes = append(notes, fmt.Sprintf("There is no %s, and no event that is a day older than the end of this time: that is too little to say whether it is blind.", lacks(unsure)))
	}
	if len(quiet) > 0 {
		text := fmt.Sprintf("There was little to find: in this time there is no %s; in the seven days up to its end there is some", lacks(quiet))
		if !last.IsZero() {
			text += ", the last at " + last.UTC().Format(time.RFC3339)
		}
		notes = append(notes, text+".")
	}
	return notes, nil
}

// lacks names what there is none of; where there is no event, there is nothing else either.
func lacks(inputs []string) string {
	if event := inputName(clickhouse.Input{Kind: "event"}); slices.Contains(inputs, event) {
		return event
	}
	return strings.Join(inputs, ", no ")
}

// loaded says that an input is what somebody loads, and no kind of event that comes or does not.
func loaded(name string) bool {
	return name == inputName(clickhouse.Input{Kind: "ranges"}) || name == inputName(clickhouse.Input{Kind: "directory"})
}
