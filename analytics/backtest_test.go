package analytics_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// backtester is one for the world; slices make evaluations of about so many events.
func (w *world) backtester(slice uint64, store analytics.BacktestStore) *analytics.Backtester {
	w.t.Helper()
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := analytics.NewBacktester(analytics.BacktestOptions{Tenant: w.tenant, Definitions: definitions, Store: store,
		Clock: func() time.Time { w.ticking.Lock(); defer w.ticking.Unlock(); return w.now }, SliceEvents: slice, MaxMemory: 2 << 30 / 3, Tell: w.runner.Tell})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// run collects what a backtest says.
func backtest(t *testing.T, b *analytics.Backtester, q alert.BacktestRequest) (results map[string]alert.BacktestResult, steps int) {
	t.Helper()
	results = map[string]alert.BacktestResult{}
	fraction := 0.0
	err := b.Backtest(t.Context(), q, func(p alert.BacktestProgress) error {
		if p.Fraction < fraction || p.Fraction > 1 {
			t.Errorf("progress goes from %v to %v", fraction, p.Fraction)
		}
		fraction, steps = p.Fraction, steps+1
		return nil
	}, func(r alert.BacktestResult) error { results[r.Detection] = r; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return results, steps
}

// recorder keeps the findings that a backtest was given, the last version of each.
type recorder struct {
	*clickhouse.DB
	mu    sync.Mutex // a backtest evaluates several detections at once
	found map[string]alert.Finding
}

func (r *recorder) EachFinding(ctx context.Context, c clickhouse.Call, each func(alert.Finding) error) error {
	return r.DB.EachFinding(ctx, c, func(f alert.Finding) error {
		r.keep(f)
		return each(f)
	})
}

// keep replaces the version of a finding that has grown since.
func (r *recorder) keep(f alert.Finding) {
	f.Tenant = ""
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, known := r.found[f.AlertID()]; !known || f.EventCount >= old.EventCount {
		r.found[f.AlertID()] = f
	}
}

// longHistory has random weeks with quiet ones between, so that a backtest has several slices with findings across.
func longHistory(r *rand.Rand) []event.Event {
	var all []event.Event
	for week := range 4 {
		for _, e := range randomHistory(r) {
			e.ID = fmt.Sprint("w", week, "-", e.ID)
			e.Time = e.Time.AddDate(0, 0, 30*week)
			e.Arrival = e.Time
			e.IntegrationKey = []string{"", "", "app-1", "app-2"}[r.IntN(4)]
			all = append(all, e)
		}
	}
	return all
}

// TestBacktestFindsWhatTheAnalysisFound: the live analysis gets the events in batches; the backtest, in one slice and in
// many, has to find the same findings, to the last field, and count each once.
func TestBacktestFindsWhatTheAnalysisFound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	w := newWorld(t, "", nil)
	events := longHistory(r)
	// one that goes on for longer than a slice with all that it reads
	for i := range 4 * 24 * 12 {
		events = append(events, failuresOf("stubborn", time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC).Add(time.Duration(i)*5*time.Minute), 3)...)
	}
	for batch := range slices.Chunk(events, 2500) {
		w.add(batch...)
		w.drain()
	}
	stored := w.standing()
	if len(stored) < 20 {
		t.Fatalf("only %d findings: it tests little", len(stored))
	}
	want := make(map[string]alert.Finding)
	alerts := map[string]int{}
	for _, a := range stored {
		f := a.Finding
		f.Tenant = ""
		want[f.AlertID()] = f
		if len(a.SuppressedBy) == 0 {
			alerts[a.Detection]++
		}
	}
	head := w.log.Head()
	for _, slice := range []uint64{1_000_000, 300} {
		record := &recorder{DB: w.db, found: map[string]alert.Finding{}}
		results, steps := backtest(t, w.backtester(slice, record), alert.BacktestRequest{})
		t.Logf("slices of %d events: %d steps, %d findings", slice, steps, len(record.found))
		if diff := gocmp.Diff(want, record.found, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("slices of %d events: the backtest differs from the analysis (-stored +backtest):\n%s", slice, diff)
		}
		for id, n := range alerts {
			checkCounts(t, results[id], n)
		}
	}
	if w.log.Head() != head {
		t.Error("the backtest wrote alerts")
	}
}

// checkCounts wants the sums of a result with the settings in force to agree.
func checkCounts(t *testing.T, r alert.BacktestResult, alerts int) {
	t.Helper()
	var byDay, bySeverity, bySubject int
	for _, d := range r.Days {
		byDay += d.Alerts.Proposed
	}
	for _, s := range r.Severities {
		bySeverity += s.Alerts.Proposed
	}
	for _, s := range r.TopSubjects {
		bySubject += s.Alerts.Proposed
	}
	if want := (alert.Compared{Proposed: alerts, Present: alerts}); r.Alerts != want || byDay != alerts || bySeverity != alerts || bySubject != alerts || r.Added+r.Removed != 0 {
		t.Errorf("%s: %d alerts are stored, the backtest has %+v, %d by day, %d by severity, %d by subject, %d added, %d removed", r.Detection, alerts, r.Alerts, byDay, bySeverity, bySubject, r.Added, r.Removed)
	}
}

func failuresOf(user string, at time.Time, n int) []event.Event {
	var all []event.Event
	for i := range n {
		all = append(all, event.Event{Source: "test", ID: fmt.Sprint(user, at.Unix(), "-", i), Time: at.Add(time.Duration(i) * time.Second), Arrival: at, UserID: user,
			Activity: event.ActivityFailedLogon, IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"})
	}
	return all
}

// TestBacktestTriesOtherSettings: what changes is counted and shown, and values are checked.
func TestBacktestTriesOtherSettings(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w.add(slices.Concat(failuresOf("ann", at, 5), failuresOf("ann", at.AddDate(0, 0, 3), 12), failuresOf("bob", at.AddDate(0, 0, 3), 30), failuresOf("cid", at.AddDate(0, 0, 9), 30))...)
	b := w.backtester(0, w.db)
	q := alert.BacktestRequest{Detections: []string{"failed_logins"}, From: at.AddDate(0, 0, -1), To: at.AddDate(0, 0, 5), Settings: []alert.Setting{{Parameter: "threshold", Value: "20"}}}
	results, _ := backtest(t, b, q)
	r := results["failed_logins"]
	if r.Alerts != (alert.Compared{Proposed: 1, Present: 3}) || r.Removed != 2 || r.Added != 0 || r.Subjects != (alert.Compared{Proposed: 1, Present: 2}) {
		t.Errorf("got %+v", r)
	}
	if len(r.RemovedExamples) != 2 || r.RemovedExamples[0].Subject.ID != "ann" || r.RemovedExamples[0].Title == "" {
		t.Errorf("examples of what is removed: %+v", r.RemovedExamples)
	}
	want := []alert.DayCount{{Date: "2026-05-01", Alerts: alert.Compared{Present: 1}}, {Date: "2026-05-04", Alerts: alert.Compared{Proposed: 1, Present: 2}}}
	if diff := gocmp.Diff(want, r.Days); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	if len(r.Settings) != 1 || r.Settings[0].Detection != "failed_logins" || r.Settings[0].Value != "20" || r.Settings[0].Present == "20" {
		t.Errorf("settings %+v", r.Settings)
	}
}

func TestBacktestRefusesBadRequests(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	b := w.backtester(0, w.db)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		q     alert.BacktestRequest
		wants []string
	}{
		{alert.BacktestRequest{Settings: []alert.Setting{{Detection: "failed_logins", Parameter: "threshold", Value: "1"}}}, []string{"settings[0]: parameter threshold of failed_logins: 1: expected ", " to 1000 failures"}},
		{alert.BacktestRequest{Settings: []alert.Setting{{Parameter: "threshold", Value: "many"}}}, []string{`"many": expected a number of type UInt32`}},
		{alert.BacktestRequest{Settings: []alert.Setting{{Parameter: "nothing", Value: "1"}}}, []string{`there is no parameter "nothing"; expected one of `, "threshold"}},
		{alert.BacktestRequest{Detections: []string{"teleport"}}, []string{`there is no detection "teleport"; expected one of `, "impossible_travel"}},
		{alert.BacktestRequest{Detections: []string{"impossible_travel"}, Settings: []alert.Setting{{Detection: "failed_logins", Parameter: "threshold", Value: "5"}}}, []string{`"failed_logins" is not among those of this backtest`}},
		{alert.BacktestRequest{From: at, To: at}, []string{"endTime: ", "is not after startTime"}},
	} {
		err := b.Backtest(t.Context(), c.q, func(alert.BacktestProgress) error { return nil }, func(alert.BacktestResult) error { return nil })
		if !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%+v: error %v, expected an invalid argument", c.q, err)
			continue
		}
		for _, part := range c.wants {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q does not contain %q", err, part)
			}
		}
	}
}

// TestBacktestOfNoDetection: where all are disabled, a request that names none would be answered with nothing.
func TestBacktestOfNoDetection(t *testing.T) {
	b, err := analytics.NewBacktester(analytics.BacktestOptions{Definitions: []analytics.Definition{{ID: "d"}}, Tuning: map[string]analytics.Tuning{"d": {Disabled: true}}, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Backtest(t.Context(), alert.BacktestRequest{}, nil, nil)
	if !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "every detection is disabled") {
		t.Errorf("error %v", err)
	}
}

// TestBacktestSaysWhyItIsNothing: a detection that is off, one that saw nothing of what it needs, and a setting that is in
// force already are told, and what found something by itself has no note.
func TestBacktestSaysWhyItIsNothing(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w.add(failuresOf("ann", at, 30)...)
	w.add(event.Event{Source: "test", ID: "in", Time: at.Add(5 * time.Minute), Arrival: at, UserID: "ann", Activity: event.ActivityLogon, IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"})
	w.add(event.Event{Source: "test", ID: "logon", Time: at.AddDate(0, 1, 0), Arrival: at, UserID: "ann", Activity: event.ActivityLogon, IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"})
	definitions, err := analytics.LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	b, err := analytics.NewBacktester(analytics.BacktestOptions{Tenant: w.tenant, Definitions: definitions, Store: w.db, Clock: func() time.Time { return at.AddDate(1, 0, 0) },
		Tuning: map[string]analytics.Tuning{"recipient_declines": {Disabled: true}}, Off: map[string]string{"recipient_declines": "the configuration says so"}})
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"failed_logins", "recipient_declines", "docusign_alert"}
	may := alert.BacktestRequest{Detections: all, From: at.AddDate(0, 0, -1), To: at.AddDate(0, 0, 5)}
	week := may // a quiet day behind the failures
	week.From = at.AddDate(0, 0, 4)
	hours := may // all that there is lies in them
	hours.From, hours.To = at.Add(-time.Hour), at.Add(2*time.Hour)
	night, noon := hours, hours // a day before their ends is the first day with events, and before and after the first of them
	night.To, noon.To = at.Add(23*time.Hour), at.Add(24*time.Hour+time.Minute)
	june := may
	june.From, june.To = at.AddDate(0, 0, 20), at.AddDate(0, 2, 0)
	for _, c := range []struct {
		q         alert.BacktestRequest
		detection string
		notes     []string
	}{
		{may, "failed_logins", nil},
		{may, "recipient_declines", []string{"off, so that live it raises nothing, whatever is counted here: the configuration says so.", "no activity decline, so that finding nothing means nothing. The likeliest cause: no source of DocuSign Connect"}},
		{may, "docusign_alert", []string{"no activity docusign_alert, so that finding nothing means nothing. The likeliest cause: DocuSign Monitor raised no alert, which is as it should be."}},
		{june, "failed_logins", []string{"no activity failed_logon, so that finding nothing means nothing. The likeliest cause: single sign-on"}},
		{week, "failed_logins", []string{"There was little to find: in this time there is no event; in the seven days up to its end there is some, the last at 2026-05-01T12:05:00Z."}},
		{hours, "docusign_alert", []string{"There is no activity docusign_alert, and no event that is a day older than the end of this time: that is too little to say whether it is blind."}},
		{night, "docusign_alert", []string{"There is no activity docusign_alert, and no event that is a day older than the end of this time: that is too little to say whether it is blind."}},
		{noon, "docusign_alert", []string{"no activity docusign_alert, so that finding nothing means nothing. The likeliest cause: DocuSign Monitor raised no alert, which is as it should be."}},
		{alert.BacktestRequest{Detections: all, From: at.AddDate(1, 0, 0)}, "failed_logins", []string{"There is no event of this time: the last ones are of 2026-06-01."}},
		{alert.BacktestRequest{Detections: all, To: at.AddDate(0, 0, -30)}, "failed_logins", []string{"There is no event of this time: the first ones are of 2026-05-01."}},
	} {
		results, _ := backtest(t, b, c.q)
		got := results[c.detection].Notes
		if len(got) != len(c.notes) {
			t.Errorf("%s: notes %q, expected %q", c.detection, got, c.notes)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.notes[i]) {
				t.Errorf("%s: note %q does not say %q", c.detection, got[i], c.notes[i])
			}
		}
	}
	present := ""
	for i := range definitions {
		if definitions[i].ID == "failed_logins" {
			k := slices.IndexFunc(definitions[i].Parameters, func(p analytics.Parameter) bool { return p.Name == "threshold" })
			present = definitions[i].Parameters[k].Default
		}
	}
	same := may
	same.Settings = []alert.Setting{{Parameter: "threshold", Value: "0" + present}}
	results, _ := backtest(t, b, same)
	if r := results["failed_logins"]; len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "threshold is "+present+" already: there is no difference to try") || len(r.Settings) > 0 {
		t.Errorf("a setting as it is: %+v", r)
	}
}

// TestBacktestOfNothing has results without numbers.
func TestBacktestOfNothing(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	results, steps := backtest(t, w.backtester(0, w.db), alert.BacktestRequest{})
	if definitions, _ := analytics.LoadDefinitions(detections.Files); len(results) != len(definitions) || steps != 0 {
		t.Errorf("%d results after %d steps", len(results), steps)
	}
}

// TestBacktestEndsWithItsContext: also one that waits for its turn, after which the next one can run.
func TestBacktestEndsWithItsContext(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	w.add(failuresOf("ann", at, 9)...)
	b := w.backtester(0, w.db)
	q := alert.BacktestRequest{Detections: []string{"failed_logins"}}
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Backtest(ctx, q, func(alert.BacktestProgress) error {
		waiting, end := context.WithCancel(t.Context())
		end()
		if err := b.Backtest(waiting, q, nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("the one that waited ended with %v", err)
		}
		cancel()
		return ctx.Err()
	}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, expected that of the context", err)
	}
	if results, _ := backtest(t, b, q); results["failed_logins"].Alerts.Proposed != 1 {
		t.Errorf("afterwards: %v", maps.Keys(results))
	}
}
