package analytics

import (
	"errors"
	"slices"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// grown returns the findings anchored in a period, the end excluded, each with its whole length. call evaluates the
// subjects, all when there are none. A finding that goes on beyond the end may go on beyond what was read; it is asked for
// again until it does not grow.
func grown(p period, call func(p period, subjects []string, each func(alert.Finding)) error) ([]alert.Finding, error) {
	var all []alert.Finding
	at := map[string]int{}
	err := call(p, nil, func(f alert.Finding) {
		at[f.AlertID()] = len(all)
		all = append(all, f)
	})
	for reach := p.to; err == nil; {
		var growing []string
		last := reach
		for i := range all {
			if f := &all[i]; !f.End.Before(reach) {
				growing = append(growing, f.Subject.ID)
				if f.End.After(last) {
					last = f.End
				}
			}
		}
		if len(growing) == 0 {
			break
		}
		reach = last.Add(tick)
		slices.Sort(growing)
		for group := range slices.Chunk(slices.Compact(growing), maxSubjects) {
			err = errors.Join(err, call(period{p.from, reach}, group, func(f alert.Finding) {
				if i, known := at[f.AlertID()]; known {
					all[i] = f
				}
			}))
		}
	}
	return all, err
}
