package analytics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	mistyped "github.com/sealwatch/sealwatch/internal/spelling"
)

// everyOne is the tuning with nothing disabled.
func everyOne(tuning map[string]Tuning) map[string]Tuning {
	all := maps.Clone(tuning)
	for id, t := range all {
		t.Disabled = false
		all[id] = t
	}
	return all
}

// trial is one detection of a backtest.
type trial struct {
	present, proposed Detection
	changed           []alert.Setting
	// notes are for the reader of its result.
	notes  []string
	slices []slice
	// differs says that present is evaluated beside proposed; absent that there is no present one.
	differs, absent bool
	// from is the first anchor that counts; where days have a limit, what comes before it on its day is evaluated, too.
	from time.Time
	// limits count the alerts of each day.
	limits [2]dayLimit
	// subjects are all about whom there can be findings; none when that was not asked, and then all are looked at.
	subjects []string
}

// trials are the detections that are asked for with their settings.
func (b *Backtester) trials(q alert.BacktestRequest) ([]trial, error) {
	var all []trial
	var problems []string
	for _, d := range b.all() {
		if len(q.Detections) == 0 && !b.o.Tuning[d.ID].Disabled || slices.Contains(q.Detections, d.ID) {
			proposed := d
			proposed.Values = maps.Clone(d.Values)
			all = append(all, trial{present: d, proposed: proposed})
		}
	}
	for _, id := range q.Detections {
		if !slices.ContainsFunc(b.all(), func(d Detection) bool { return d.ID == id }) {
			problems = append(problems, fmt.Sprintf("detections: there is no detection %q%s", id, mistyped.Instead(id, b.ids())))
		}
	}
	if len(q.Detections) == 0 && len(all) == 0 {
		problems = append(problems, "detections: every detection is disabled, and none is named; a disabled one can be")
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.To.After(q.From) {
		problems = append(problems, fmt.Sprintf("endTime: %s is not after startTime %s", q.To.Format(time.RFC3339), q.From.Format(time.RFC3339)))
	}
	for i, s := range q.Settings {
		for _, problem := range set(all, s) {
			problems = append(problems, fmt.Sprintf("settings[%d]: %s", i, problem))
		}
	}
	if len(problems) > 0 {
		return nil, fault.New(fault.InvalidArgument, "%s", strings.Join(problems, "; "))
	}
	for i := range all {
		for _, p := range all[i].present.Parameters {
			if is, was := all[i].proposed.Values[p.Name], all[i].present.Values[p.Name]; !p.same(is, was) {
				all[i].differs = true
				all[i].changed = append(all[i].changed, alert.Setting{Detection: all[i].present.ID, Parameter: p.Name, Value: p.text(is), Present: p.text(was)})
			}
		}
		all[i].notes = b.notesBefore(&all[i], q.Settings)
	}
	return all, nil
}

func (b *Backtester) ids() []string {
	var all []string
	for _, d := range b.all() {
		all = append(all, d.ID)
	}
	return all
}

// all are the detections that can be tried.
func (b *Backtester) all() []Detection {
	if b.o.Adopted == nil {
		return b.present
	}
	return slices.Concat(b.present, b.o.Adopted())
}

// set puts a setting into the detections that it names and says what is wrong with it.
func set(all []trial, s alert.Setting) (problems []string) {
	named, known := false, false
	for i := range all {
		d := &all[i].proposed
		if s.Detection != "" && s.Detection != d.ID {
			continue
		}
		named = true
		k := parameterNamed(d.Parameters, s.Parameter)
		if k < 0 {
			continue
		}
		known = true
		name := d.Parameters[k].Name
		value, err := d.Parameters[k].read(s.Parameter, s.Value)
		if err != nil {
			problems = append(problems, fmt.Sprintf("parameter %s of %s: %v", s.Parameter, d.ID, err))
			continue
		}
		d.Values[name] = value
	}
	switch {
	case !named:
		problems = append(problems, fmt.Sprintf("detection %q is not among those of this backtest", s.Detection))
	case !known:
		problems = append(problems, fmt.Sprintf("there is no parameter %q%s; expected one of %s", s.Parameter, mistyped.Hint(s.Parameter, parameters(all, s.Detection)), strings.Join(parameters(all, s.Detection), ", ")))
	}
	return problems
}

// parameters are the names that a setting may have.
func parameters(all []trial, detection string) []string {
	var names []string
	for i := range all {
		for _, p := range all[i].present.Parameters {
			if detection == "" || detection == all[i].present.ID {
				names = append(names, p.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
