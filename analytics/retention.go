package analytics

import (
	"fmt"
	"time"
)

// retentionMargin is what is kept beyond what the detections read, so that an alert can still change on the day of its
// last event.
const retentionMargin = 24 * time.Hour

// keep is the event time before which alerts stay as they are, because their events may have expired.
func (r *Runner) keep(lookBack time.Duration) time.Time {
	if r.o.Retention == 0 {
		return time.Time{}
	}
	return r.o.Clock().Add(-r.o.Retention).Add(lookBack)
}

// retains says whether events are kept for as long as a version of a detection reads: otherwise every alert of it would
// stay as it was first raised.
func (o *Options) retains(detection string, revision uint32, lookBack, lookAhead time.Duration) error {
	const day = 24 * time.Hour
	needed := lookBack + lookAhead + retentionMargin
	if o.Retention == 0 || o.Retention >= needed {
		return nil
	}
	which := detection
	if revision > 0 {
		which = fmt.Sprintf("%s (revision %d, which judges a part of what is kept)", detection, revision)
	}
	return fmt.Errorf("analytics: retention.eventsDays: found %d, expected at least %d, or 0 for ever: detection %s reads %.1f days before and %.1f days after an event; keep events for longer, or disable the detection",
		o.Retention/day, (needed+day-1)/day, which, lookBack.Hours()/24, lookAhead.Hours()/24)
}

// Room is the longest look-back and look-ahead together that events are kept for; bounded is false when they are kept for ever.
func (r *Runner) Room() (most time.Duration, bounded bool) {
	return r.o.Retention - retentionMargin, r.o.Retention > 0
}

// spent says that a detection finds nothing any more, and that all that it judged was before the time from which events are kept.
func (r *Runner) spent(l *lineage) bool {
	if present := l.present(); present == nil || !present.off() {
		return false
	}
	kept := r.keep(0)
	for i := range l.reigns {
		if v := &l.reigns[i]; !v.off() && v.to.After(kept) {
			return false
		}
	}
	return true
}

// retainsPresent checks the detections before anything is stored.
func (o *Options) retainsPresent() error {
	var longest *Detection
	for i := range o.Detections {
		if d := &o.Detections[i]; longest == nil || d.LookBack+d.LookAhead > longest.LookBack+longest.LookAhead {
			longest = d
		}
	}
	if longest == nil {
		return nil
	}
	return o.retains(longest.ID, 0, longest.LookBack, longest.LookAhead)
}

// retainsVersions checks the versions of the detections that still judge something of what is kept.
func (r *Runner) retainsVersions() error {
	kept := r.keep(0)
	for i := range r.o.Detections {
		id := r.o.Detections[i].ID
		for _, reign := range r.lineages[id].reigns {
			if v := reign.version; reign.to.After(kept) {
				if err := r.o.retains(id, v.Revision, v.LookBack, v.LookAhead); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
