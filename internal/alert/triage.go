package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// Comment is a remark by a person.
type Comment struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	// Time is filled in by the log when it is zero.
	Time time.Time `json:"time"`
}

// Triage is what people set; an evaluation changes it in one way only, see Reopen.
type Triage struct {
	// State is StateNew, StateInProgress or StateResolved.
	State string
	// Classification is one of the constants, or empty.
	Classification string
	// Reason is one that Reasons gives for the classification, or empty.
	Reason   string
	Assignee string
	Comments []Comment
	// Resolution is how the alert was when it was resolved; nil when it is not, or was by no person.
	Resolution *Resolution
}

// Resolution is how an alert was when a person resolved it: what grew since can be told.
type Resolution struct {
	By string `json:"by"`
	// At is filled in by the log when it is zero.
	At         time.Time `json:"at"`
	Severity   string    `json:"severity"`
	End        time.Time `json:"end"`
	EventCount uint64    `json:"eventCount"`
}

// Classifications.
const (
	TruePositive   = "true_positive"
	BenignPositive = "benign_positive"
	FalsePositive  = "false_positive"
)

// ReasonOther goes with every classification.
const ReasonOther = "other"

// reasons of each classification, in Defender's vocabulary.
var reasons = map[string][]string{
	TruePositive:   {"compromised_account", "malicious_user", "phishing", "multi_stage_attack", ReasonOther},
	BenignPositive: {"confirmed_with_user", "expected_activity", "security_test", "less_severe", ReasonOther},
	FalsePositive:  {"not_accurate", "not_of_interest", "too_many_similar", "not_enough_data", ReasonOther},
}

// Reasons of a classification, in the order in which they are shown; none for an empty one.
func Reasons(classification string) []string { return reasons[classification] }

// Resolve notes how the alert is now, when its state has become resolved, and forgets it when it no longer is. was is what
// people had made of it before.
func (a *Alert) Resolve(was *Triage, by string) {
	switch {
	case a.Triage.State != StateResolved:
		a.Triage.Resolution = nil
	case was.State != StateResolved:
		a.Triage.Resolution = &Resolution{By: by, Severity: a.Severity, End: a.End, EventCount: a.EventCount}
	}
}

// Reopen makes a resolved alert new again when what was found since is more than what the person judged: it is more severe,
// or, unless it was judged to be no attack, it goes on after the last event of then. The verdict and who works on it stay; a
// comment says why. What grows otherwise stays resolved, and Resolution tells how it was.
func (a *Alert) Reopen() bool {
	r := a.Triage.Resolution
	if a.Triage.State != StateResolved || r == nil || a.Retracted || len(a.SuppressedBy) > 0 {
		return false
	}
	var why string
	switch harmless := a.Triage.Classification == BenignPositive || a.Triage.Classification == FalsePositive; {
	case SeverityRank(a.Severity) > SeverityRank(r.Severity):
		why = fmt.Sprintf("its severity rose from %s to %s", r.Severity, a.Severity)
	case !harmless && a.End.After(r.End):
		why = fmt.Sprintf("it went on until %s, %d events instead of %d", a.End.UTC().Format(time.RFC3339), a.EventCount, r.EventCount)
	default:
		return false
	}
	text := "Reopened: after " + r.By + " had resolved it, " + why + "."
	a.Triage.State, a.Triage.Resolution = StateNew, nil
	a.Triage.Comments = append(slices.Clip(a.Triage.Comments), Comment{Author: ActorAnalysis, Text: text})
	return true
}

// ActorAnalysis is the actor of what the analysis does.
const ActorAnalysis = "analysis"

// Etag stands for what a person judges by: the finding, and what people made of it so far. New circumstances do not change it.
func (a *Alert) Etag() string {
	type judged struct {
		Finding
		Score string
		Triage
		Retracted bool
	}
	f := a.Finding
	score := fmt.Sprint(f.Score)
	f.Score = 0 // it may be no number, which JSON cannot hold
	if math.IsNaN(a.Score) {
		score = "nan"
	}
	// A struct of texts, numbers and times cannot fail to be JSON.
	b, _ := json.Marshal(judged{f, score, a.Triage, a.Retracted})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Stamp fills in the times that the log gives.
func (t *Triage) Stamp(at time.Time) {
	fresh := slices.IndexFunc(t.Comments, func(c Comment) bool { return c.Time.IsZero() })
	if fresh >= 0 {
		t.Comments = slices.Clone(t.Comments)
		for i := range t.Comments {
			if t.Comments[i].Time.IsZero() {
				t.Comments[i].Time = at
			}
		}
	}
	if r := t.Resolution; r != nil && r.At.IsZero() {
		stamped := *r
		stamped.At = at
		t.Resolution = &stamped
	}
}
