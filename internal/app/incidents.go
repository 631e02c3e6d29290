package app

import (
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/config"
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
