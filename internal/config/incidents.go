package config

import (
	"fmt"
	"math"
	"time"
)

// Incidents says which alerts make an incident, and what counts how much in its score, which is the sum of the points below; docs/alerts.md
// explains it. A change groups all alerts anew at the next start.
type Incidents struct {
	// Longest pause between two alerts of one incident: 1m to 30d.
	Window time.Duration `yaml:"window" env:"WINDOW"`
	// How long after its first alert the last one of an incident can begin: the window to 365d.
	Longest time.Duration `yaml:"longest" env:"LONGEST"`
	// Points of the score.
	Weights IncidentWeights `yaml:"weights" envPrefix:"WEIGHTS_"`
}

// IncidentWeights are the points of an incident's score, each 0 to 1000. Alerts that people classified as benign or false count nothing.
type IncidentWeights struct {
	// For an alert that is informational.
	Informational float64 `yaml:"informational" env:"INFORMATIONAL"`
	// For an alert of low severity.
	Low float64 `yaml:"low" env:"LOW"`
	// For an alert of medium severity.
	Medium float64 `yaml:"medium" env:"MEDIUM"`
	// For an alert of high severity.
	High float64 `yaml:"high" env:"HIGH"`
	// For an alert that is critical.
	Critical float64 `yaml:"critical" env:"CRITICAL"`
	// Factors by which the points of the alerts of a detection are multiplied, by its id; 1 for those that are not named. File only.
	Detections map[string]float64 `yaml:"detections"`
	// The part for which each further alert of the same detection counts, 0 to 1.
	Repeat float64 `yaml:"repeat" env:"REPEAT"`
	// For each further detection, up to five.
	Variety float64 `yaml:"variety" env:"VARIETY"`
	// For each further user or address, up to five.
	Subject float64 `yaml:"subject" env:"SUBJECT"`
	// For an address that is new for the user.
	NewAddress float64 `yaml:"newAddress" env:"NEW_ADDRESS"`
	// For a network that is new for the user.
	NewNetwork float64 `yaml:"newNetwork" env:"NEW_NETWORK"`
	// For a device that is new for the user.
	NewDevice float64 `yaml:"newDevice" env:"NEW_DEVICE"`
	// For an administrator, by the role that the directory tells.
	Privilege float64 `yaml:"privilege" env:"PRIVILEGE"`
	// For each tenfold of events.
	Magnitude float64 `yaml:"magnitude" env:"MAGNITUDE"`
	// For an alert that people classified as true.
	Confirmed float64 `yaml:"confirmed" env:"CONFIRMED"`
}

func defaultIncidents() Incidents {
	return Incidents{Window: 24 * time.Hour, Longest: 7 * 24 * time.Hour, Weights: IncidentWeights{
		Informational: 1, Low: 5, Medium: 15, High: 40, Critical: 80, Repeat: 0.25, Variety: 10, Subject: 5,
		NewAddress: 2, NewNetwork: 6, NewDevice: 4, Privilege: 20, Magnitude: 2, Confirmed: 30,
	}}
}

func (c *Incidents) validate(p *problems) {
	if c.Window < time.Minute || c.Window > 720*time.Hour {
		p.add("incidents.window", c.Window, "1m to 30d")
	}
	if c.Longest < c.Window || c.Longest > 8760*time.Hour {
		p.add("incidents.longest", c.Longest, "incidents.window to 365d")
	}
	w := &c.Weights
	points := func(key string, v, most float64) {
		if math.IsNaN(v) || v < 0 || v > most {
			p.add("incidents.weights."+key, v, fmt.Sprintf("0 to %g", most))
		}
	}
	for _, v := range []struct {
		key   string
		value float64
	}{{"informational", w.Informational}, {"low", w.Low}, {"medium", w.Medium}, {"high", w.High}, {"critical", w.Critical}, {"variety", w.Variety}, {"subject", w.Subject},
		{"newAddress", w.NewAddress}, {"newNetwork", w.NewNetwork}, {"newDevice", w.NewDevice}, {"privilege", w.Privilege}, {"magnitude", w.Magnitude}, {"confirmed", w.Confirmed}} {
		points(v.key, v.value, 1000)
	}
	points("repeat", w.Repeat, 1)
	for id, v := range w.Detections {
		if !detectionPattern.MatchString(id) {
			p.add("incidents.weights.detections", id, "the id of a detection, such as impossible_travel")
		}
		points("detections."+id, v, 1000)
	}
}
