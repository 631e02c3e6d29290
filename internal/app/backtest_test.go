package app_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// TestBacktestOfASimulatedHistory plays weeks of a made-up organisation in, the way every event comes, and asks for a
// backtest with the settings in force: it has to count what the analysis has stored.
func TestBacktestOfASimulatedHistory(t *testing.T) {
	s := run(t, settings(t))
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -60)
	g, err := simulate.New(simulate.Options{Seed: 5, Users: 25, Start: start, End: start.AddDate(0, 0, 55), Attacks: simulate.Kinds(), AttacksPerDay: 2, Late: 0.05, Repeats: 0.02})
	if err != nil {
		t.Fatal(err)
	}
	var body strings.Builder
	if _, err := g.Write(&body, "ndjson"); err != nil {
		t.Fatal(err)
	}
	s.importBody(body.String())
	s.settled()

	stored := map[string]*sealwatchv1.BacktestCount{}
	alerts := sealwatchv1.NewAlertServiceClient(s.conn)
	count := func(state sealwatchv1.AlertState, add func(*sealwatchv1.BacktestCount)) {
		request := &sealwatchv1.ListAlertsRequest{PageSize: 1000, Filter: &sealwatchv1.AlertFilter{States: []sealwatchv1.AlertState{state}}}
		for {
			page, err := alerts.ListAlerts(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.GetAlerts() {
				if stored[a.GetDetection()] == nil {
					stored[a.GetDetection()] = &sealwatchv1.BacktestCount{}
				}
				add(stored[a.GetDetection()])
			}
			if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
				return
			}
		}
	}
	// proposed holds the alerts here, present the suppressed findings.
	count(sealwatchv1.AlertState_ALERT_STATE_NEW, func(c *sealwatchv1.BacktestCount) { c.Proposed++ })
	count(sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED, func(c *sealwatchv1.BacktestCount) { c.Present++ })
	if len(stored) == 0 {
		t.Fatal("nothing was found: it tests nothing")
	}

	stream, err := sealwatchv1.NewDetectionServiceClient(s.conn).Backtest(t.Context(), &sealwatchv1.BacktestRequest{})
	if err != nil {
		t.Fatal(err)
	}
	results, fraction := 0, 0.0
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := m.GetProgress(); p != nil {
			fraction = p.GetFraction()
			continue
		}
		results++
		r := m.GetResult()
		want := stored[r.GetDetection()]
		if r.GetAlerts().GetProposed() != want.GetProposed() || r.GetSuppressed().GetProposed() != want.GetPresent() {
			t.Errorf("%s: %d alerts and %d suppressed findings are stored, the backtest has %d and %d", r.GetDetection(),
				want.GetProposed(), want.GetPresent(), r.GetAlerts().GetProposed(), r.GetSuppressed().GetProposed())
		}
		t.Logf("%s: %d alerts, %d suppressed", r.GetDetection(), want.GetProposed(), want.GetPresent())
	}
	listed := 0
	for _, one := range s.get("/v1/detections?pageSize=100")["detections"].([]any) {
		// what is off is listed, and what is about Sealwatch itself has no view
		d := one.(map[string]any)
		switch d["name"] {
		case "detections/source_access", "detections/directory_hold", "detections/limit_reached":
			continue
		}
		if d["status"].(map[string]any)["state"] != "DETECTION_STATE_OFF" {
			listed++
		}
	}
	if results != listed || fraction != 1 {
		t.Errorf("%d results for %d detections, the last progress is %v", results, listed, fraction)
	}
}
