package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// suppressionPrefix is before the id of an exception where an alert says why it is suppressed.
const suppressionPrefix = "exception:"

// saySuppressed waits until the alert is suppressed of which an exception was made, and says how many alerts the exception suppresses then.
func (p *process) saySuppressed(ctx context.Context, conn *grpc.ClientConn, e *sealwatchv1.Exception, wait time.Duration) error {
	client := sealwatchv1.NewAlertServiceClient(conn)
	reason := suppressionPrefix + strings.TrimPrefix(e.GetName(), exceptionPrefix)
	deadline := time.After(wait)
	for {
		a, err := client.GetAlert(ctx, &sealwatchv1.GetAlertRequest{Name: e.GetAlert()})
		if err != nil {
			return err
		}
		if slices.Contains(a.GetSuppressedBy(), reason) {
			break
		}
		if a.GetSeverity() > e.GetMaxSeverity() {
			p.print("not suppressed: the alert itself, which is more severe")
			return nil
		}
		select {
		case <-deadline:
			p.print("what it suppresses follows; sealwatch alerts list --state suppressed --detection %s shows it", e.GetDetection())
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	n := 0
	request := &sealwatchv1.ListAlertsRequest{PageSize: 1000, Filter: &sealwatchv1.AlertFilter{Detections: []string{e.GetDetection()}, States: []sealwatchv1.AlertState{sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED}}}
	for {
		page, err := client.ListAlerts(ctx, request)
		if err != nil {
			return err
		}
		for _, a := range page.GetAlerts() {
			if slices.Contains(a.GetSuppressedBy(), reason) {
				n++
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	id := exceptionID(e)
	p.print("suppressed by it so far: %s; sealwatch exceptions delete %s takes it back", plural(n, "alert"), id[:min(len(id), 8)])
	return nil
}
