package exportertest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

//go:embed testdata/alerts.json
var goldenFindings []byte

// GoldenChange is a change from which every format has a golden file.
type GoldenChange struct {
	// Name of the file, without an extension.
	Name string
	alert.Change
}

// Golden are one alert of each detection, with the evidence that its view returned for one of its tests, one of a policy, and what
// can happen to an alert afterwards: grown, triaged by a person, retracted. They are the same at every call, and nobody else's.
func Golden() ([]GoldenChange, error) {
	var findings []struct {
		alert.Finding
		Evidence json.RawMessage
		Context  *alert.Context
	}
	if err := json.Unmarshal(goldenFindings, &findings); err != nil {
		return nil, err
	}
	var all []GoldenChange
	add := func(name string, c alert.Change) {
		c.Sequence = uint64(len(all)) + 1
		all = append(all, GoldenChange{Name: name, Change: c})
	}
	of := map[string]alert.Change{}
	for i := range findings {
		f := findings[i].Finding
		var evidence bytes.Buffer // as the engine writes it
		if err := json.Compact(&evidence, findings[i].Evidence); err != nil {
			return nil, err
		}
		f.Tenant, f.Evidence = "acme", evidence.String()
		at := f.End.Add(1500 * time.Millisecond)
		c := alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: f.AlertID(), Finding: f, Context: findings[i].Context, Created: at, Updated: at, Actor: alert.ActorAnalysis}}
		of[f.Detection] = c
		add(f.Detection, c)
	}
	next := func(detection string) alert.Change {
		c := of[detection]
		before := c.Alert
		c.Follow(&before)
		c.Kind, c.Updated = alert.ChangeUpdated, c.Updated.Add(10*time.Minute)
		return c
	}
	grown := next("failed_logins")
	grown.EventCount, grown.End, grown.Severity = 27, grown.End.Add(5*time.Minute), alert.SeverityCritical
	add("updated", grown)
	triaged := next("terminated_user")
	triaged.Actor = "ana@example.com"
	triaged.Triage = alert.Triage{State: alert.StateResolved, Classification: alert.TruePositive, Reason: "compromised_account", Assignee: "ana@example.com",
		Comments: []alert.Comment{{Author: "ana@example.com", Text: "stays here", Time: triaged.Updated}}}
	add("resolved", triaged)
	assigned := next("unusual_admin")
	assigned.Actor = "ana@example.com"
	assigned.Triage = alert.Triage{State: alert.StateInProgress, Assignee: "ana@example.com"}
	add("assigned", assigned)
	retracted := next("impossible_travel")
	retracted.Kind, retracted.Retracted, retracted.SupersededBy = alert.ChangeRetracted, true, of["infrequent_country"].ID
	add("retracted", retracted)
	return all, nil
}
