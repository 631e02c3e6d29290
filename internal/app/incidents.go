package app

import (
	"strings"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// grouping is what the configuration says about incidents.
func grouping(c config.Incidents) alert.Grouping {
	w := &c.Weights
	return alert.Grouping{
		Window: c.Window, Longest: c.Longest, Detection: w.Detections, Repeat: w.Repeat, Variety: w.Variety, Subject: w.Subject, Privilege: w.Privilege, Magnitude: w.Magnitude, Confirmed: w.Confirmed,
		Severity: map[string]float64{alert.SeverityInformational: w.Informational, alert.SeverityLow: w.Low, alert.SeverityMedium: w.Medium, alert.SeverityHigh: w.High, alert.SeverityCritical: w.Critical},
		Novelty:  map[string]float64{alert.TraitAddress: w.NewAddress, alert.TraitNetwork: w.NewNetwork, alert.TraitDevice: w.NewDevice},
	}
}

// titles are what people call the detections and policies.
func titles(all, off []alert.Detection, book *policies.Book) func(id string) string {
	of := map[string]string{}
	for _, list := range [][]alert.Detection{all, off} {
		for i := range list {
			of[list[i].ID] = list[i].Title
		}
	}
	return func(id string) string {
		if name, ok := strings.CutPrefix(id, policy.DetectionPrefix); ok && book != nil {
			return book.Name(name)
		}
		return of[id]
	}
}

// described are the detections that run, with those about Sealwatch itself.
func described(all []analytics.Detection) []alert.Detection {
	out := []alert.Detection{analytics.DescribeSourceAccess(), analytics.DescribeDirectoryHold()}
	for i := range all {
		out = append(out, all[i].Describe())
	}
	return out
}
