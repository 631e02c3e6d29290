package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestExceptionCovers: nothing but the findings of its detection, up to its severity, within its time, that have no other value of each
// of its attributes.
func TestExceptionCovers(t *testing.T) {
	base := alert.Exception{Detection: "d", Attributes: map[string][]string{"ipAddress": {"192.0.2.1", "192.0.2.2"}}, MaxSeverity: alert.SeverityMedium, From: noon, To: noon.Add(time.Hour)}
	for _, c := range []struct {
		name   string
		except func(*alert.Exception)
		find   func(*alert.Finding)
		have   []string
		whole  bool
		want   bool
	}{
		{"one of its values", nil, nil, []string{"192.0.2.1"}, true, true},
		{"all of its values", nil, nil, []string{"192.0.2.1", "192.0.2.2"}, true, true},
		{"one value more", nil, nil, []string{"192.0.2.1", "192.0.2.3"}, true, false},
		{"no value", nil, nil, nil, true, false},
		{"values that are not known whole", nil, nil, []string{"192.0.2.1"}, false, false},
		{"another detection", nil, func(f *alert.Finding) { f.Detection = "e" }, []string{"192.0.2.1"}, true, false},
		{"a higher severity", nil, func(f *alert.Finding) { f.Severity = alert.SeverityHigh }, []string{"192.0.2.1"}, true, false},
		{"a lower severity", nil, func(f *alert.Finding) { f.Severity = alert.SeverityLow }, []string{"192.0.2.1"}, true, true},
		{"at its end", nil, func(f *alert.Finding) { f.Anchor = noon.Add(time.Hour) }, []string{"192.0.2.1"}, true, false},
		{"before its begin", nil, func(f *alert.Finding) { f.Anchor = noon.Add(-time.Nanosecond) }, []string{"192.0.2.1"}, true, false},
		{"taken back", func(e *alert.Exception) { e.Removed = true }, nil, []string{"192.0.2.1"}, true, false},
		{"another subject", func(e *alert.Exception) { e.Subject = about("user", "u") }, func(f *alert.Finding) { f.Subject = about("user", "v") }, []string{"192.0.2.1"}, true, false},
		{"an address of the same id", func(e *alert.Exception) { e.Subject = about("user", "u") }, func(f *alert.Finding) { f.Subject = about("address", "u") }, []string{"192.0.2.1"}, true, false},
		{"its subject", func(e *alert.Exception) { e.Subject = about("user", "u") }, nil, []string{"192.0.2.1"}, true, true},
		{"neither a subject nor an attribute", func(e *alert.Exception) { e.Attributes = nil }, nil, nil, true, false},
	} {
		e, f := base, alert.Finding{Detection: "d", Severity: alert.SeverityMedium, Anchor: noon, Subject: about("user", "u")}
		if c.except != nil {
			c.except(&e)
		}
		if c.find != nil {
			c.find(&f)
		}
		if got := e.Covers(&f, func(string) ([]string, bool) { return c.have, c.whole }); got != c.want {
			t.Errorf("%s: covered %v, want %v", c.name, got, c.want)
		}
	}
}

func TestReasonsGoWithTheirClassification(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		name       string
		standing   alert.Triage
		work       alert.Work
		want, says string
	}{
		{"a verdict with its reason", alert.Triage{}, alert.Work{Classification: text(alert.TruePositive), Reason: text("phishing")}, "true_positive phishing", ""},
		{"a reason alone", alert.Triage{}, alert.Work{Reason: text("phishing")}, "", "without a classification"},
		{"a reason of another verdict", alert.Triage{Classification: alert.FalsePositive}, alert.Work{Reason: text("phishing")}, "", "does not go with false_positive"},
		{"another verdict takes the reason along", alert.Triage{Classification: alert.TruePositive, Reason: "phishing"}, alert.Work{Classification: text(alert.FalsePositive)}, "false_positive ", ""},
		{"other stays with another verdict", alert.Triage{Classification: alert.TruePositive, Reason: alert.ReasonOther}, alert.Work{Classification: text(alert.FalsePositive)}, "false_positive other", ""},
		{"a verdict that is taken back", alert.Triage{Classification: alert.TruePositive, Reason: "phishing"}, alert.Work{Classification: text("")}, " ", ""},
		{"one remark too many", alert.Triage{Comments: make([]alert.Comment, alert.MaxComments)}, alert.Work{Comment: "x"}, "", "which is the most"},
	} {
		a := alert.Alert{Triage: c.standing}
		err := c.work.Apply(&a, "ann")
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %q", c.name, err, c.says)
			}
		case err != nil || a.Triage.Classification+" "+a.Triage.Reason != c.want:
			t.Errorf("%s: %q %q, %v, want %q", c.name, a.Triage.Classification, a.Triage.Reason, err, c.want)
		}
	}
}
