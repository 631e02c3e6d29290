package main

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// TestTailSaysWhatHappened: each thing that can happen to an alert reads otherwise.
func TestTailSaysWhatHappened(t *testing.T) {
	type fields = []*sealwatchv1.AlertFieldChange
	updated := sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED
	resolved := &sealwatchv1.Alert{State: sealwatchv1.AlertState_ALERT_STATE_RESOLVED, Classification: sealwatchv1.AlertClassification_ALERT_CLASSIFICATION_FALSE_POSITIVE}
	suppressed := &sealwatchv1.Alert{State: sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED, SuppressedBy: []string{"shared_egress", "exception:c2d3f728-fc3e-47ce-82f0-872a52609141"}}
	open := &sealwatchv1.Alert{State: sealwatchv1.AlertState_ALERT_STATE_NEW}
	for want, c := range map[string]client.Change{
		"created":    {Kind: sealwatchv1.AlertChange_ALERT_CHANGE_CREATED, Alert: open, Actor: "analysis"},
		"updated":    {Kind: updated, Alert: open, Actor: "analysis"},
		"more known": {Kind: sealwatchv1.AlertChange_ALERT_CHANGE_DESCRIBED, Alert: open, Actor: "analysis"},
		"retracted":  {Kind: sealwatchv1.AlertChange_ALERT_CHANGE_RETRACTED, Alert: open, Fields: fields{{Field: "state", Before: "new", After: "retracted"}}, Actor: "analysis"},
		"suppressed by shared_egress, exception c2d3f728": {Kind: updated, Alert: suppressed, Fields: fields{{Field: "state", Before: "new", After: "suppressed"}, {Field: "suppressedBy", After: "exception"}}, Actor: "analysis"},
		"no longer suppressed":                            {Kind: updated, Alert: open, Fields: fields{{Field: "state", Before: "suppressed", After: "new"}}, Actor: "analysis"},
		"resolved false_positive by ann; comment ann: no": {Kind: updated, Alert: resolved, Actor: "ann",
			Fields: fields{{Field: "state", Before: "new", After: "resolved"}, {Field: "classification", After: "false_positive"}, {Field: "comments", After: "ann: no"}}},
		"reopened by ann":                 {Kind: updated, Alert: open, Actor: "ann", Fields: fields{{Field: "state", Before: "resolved", After: "new"}, {Field: "classification", Before: "false_positive"}}},
		"assigned bob by ann":             {Kind: updated, Alert: resolved, Actor: "ann", Fields: fields{{Field: "assignee", After: "bob"}}},
		"in progress, assigned bob by bo": {Kind: updated, Alert: open, Actor: "bo", Fields: fields{{Field: "state", Before: "new", After: "in_progress"}, {Field: "assignee", After: "bob"}}},
		"assigned to nobody by ann":       {Kind: updated, Alert: open, Actor: "ann", Fields: fields{{Field: "assignee", Before: "bob"}}},
		"judged false_positive by ann":    {Kind: updated, Alert: resolved, Actor: "ann", Fields: fields{{Field: "classification", After: "false_positive"}}},
		"comment ann: hm":                 {Kind: updated, Alert: open, Actor: "ann", Fields: fields{{Field: "comments", After: "ann: hm"}}},
		"severity low → high":             {Kind: updated, Alert: open, Actor: "analysis", Fields: fields{{Field: "severity", Before: "low", After: "high"}}},
	} {
		if got := happened(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestAssignLeavesTheState: of what is resolved; otherwise it says whether somebody works on it.
func TestAssignLeavesTheState(t *testing.T) {
	for _, c := range []struct {
		nobody     bool
		was, wants sealwatchv1.AlertState
	}{
		{false, sealwatchv1.AlertState_ALERT_STATE_NEW, sealwatchv1.AlertState_ALERT_STATE_IN_PROGRESS},
		{false, sealwatchv1.AlertState_ALERT_STATE_RESOLVED, sealwatchv1.AlertState_ALERT_STATE_RESOLVED},
		{true, sealwatchv1.AlertState_ALERT_STATE_RESOLVED, sealwatchv1.AlertState_ALERT_STATE_RESOLVED},
		{true, sealwatchv1.AlertState_ALERT_STATE_IN_PROGRESS, sealwatchv1.AlertState_ALERT_STATE_NEW},
		{false, sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED, sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED},
	} {
		f := &fake{alerts: fakeAlerts(1)}
		f.alerts[0].State = c.was
		args := []string{"alerts", "assign", "--addr", f.serve(t), alertID(f.alerts[0]), "--author", "ann"}
		if c.nobody {
			args = append(args, "--nobody")
		} else {
			args = append(args, "--to", "bob")
		}
		code, out, errs := invoke(t, t.Context(), &process{}, args...)
		want := alertID(f.alerts[0]) + "  " + stateName(c.wants) + "  "
		if !c.nobody {
			want += "bob  "
		}
		if code != 0 || len(out) < len(want) || out[:len(want)] != want {
			t.Errorf("%+v: %d %s%s, want %s", c, code, out, errs, want)
		}
		said := map[sealwatchv1.AlertState]string{sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED: "it stays suppressed", sealwatchv1.AlertState_ALERT_STATE_RESOLVED: "it stays resolved"}[c.was]
		if c.nobody {
			said = ""
		}
		if !strings.Contains(errs, said) || said == "" && errs != "" {
			t.Errorf("%+v: said %q, want %q", c, errs, said)
		}
	}
}
