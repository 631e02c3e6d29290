package app

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// catalogue lists the detections: those in force with their versions, and those that are off with the reason.
type catalogue struct {
	detections []analytics.Detection
	off        []alert.Detection
	runner     *analytics.Runner
	// policies are evaluated, too.
	policies *policies.Book
	// polled says that there are sources which can be lost.
	polled bool
}

func (c catalogue) List() []alert.Detection {
	all := make([]alert.Detection, len(c.detections))
	for i := range c.detections {
		all[i] = c.detections[i].Describe()
		all[i].Versions = c.runner.Versions(all[i].ID)
	}
	for _, d := range c.policies.Detections() {
		o := d.Describe()
		o.Versions = c.runner.Versions(d.ID)
		if p, err := c.policies.Policy(strings.TrimPrefix(d.ID, policy.DetectionPrefix)); err == nil && p.Disabled {
			o.Off = "the policy is disabled"
		}
		all = append(all, o)
	}
	all = append(all, c.off...)
	access := analytics.DescribeSourceAccess()
	if !c.polled {
		access.Off = "no source is configured that Sealwatch reads by itself (sources), so that none can be lost"
	}
	all = append(all, access, analytics.DescribeDirectoryHold(), analytics.DescribeLimitReached())
	slices.SortFunc(all, func(a, b alert.Detection) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Former says whether an earlier release evaluated it.
func (c catalogue) Former(id string) bool { return len(c.runner.Versions(id)) > 0 }

// DetectionIDs are the ids under which alerts can be raised, in order.
func DetectionIDs() []string {
	all := []string{analytics.SourceAccess, analytics.DirectoryHold, analytics.LimitReached}
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		return all // every test would meet it
	}
	for _, d := range definitions {
		all = append(all, d.ID)
	}
	slices.Sort(all)
	return all
}

// switchedOff describes the detections that are not evaluated.
func switchedOff(cfg config.Config, definitions []analytics.Definition) ([]alert.Detection, error) {
	set := tuning(cfg)
	var all []alert.Detection
	for _, d := range definitions {
		t := set[d.ID]
		if !t.Disabled {
			continue
		}
		t.Disabled = false
		described, err := analytics.Tune([]analytics.Definition{d}, map[string]analytics.Tuning{d.ID: t})
		if err != nil {
			return nil, fmt.Errorf("detection %s, which is off: %w", d.ID, err)
		}
		o := described[0].Describe()
		o.Off = fmt.Sprintf("the configuration switches it off (analysis.detections.%s.enabled)", d.ID)
		if on := cfg.Analysis.Detections[d.ID].Enabled; d.ID == ownKeyDetection && (on == nil || *on) {
			o.Off = "nothing says which keys are Sealwatch's own and from which networks it uses them: a source of DocuSign Monitor with its egress does (sources.monitor[].egress)"
		}
		all = append(all, o)
	}
	return all, nil
}

// reasons are why detections are off, by id.
func reasons(off []alert.Detection) map[string]string {
	all := make(map[string]string, len(off))
	for _, d := range off {
		all[d.ID] = d.Off
	}
	return all
}
