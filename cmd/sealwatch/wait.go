package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// statusInterval is how often the status is asked for.
const statusInterval = 200 * time.Millisecond

// waitForAnalysis returns when every detection has been through the events up to a sequence and none is pending. The
// service may be away for as long as patience.
func (p *process) waitForAnalysis(ctx context.Context, conn *grpc.ClientConn, sequence int64, patience time.Duration) error {
	client := sealwatchv1.NewSystemServiceClient(conn)
	answered, said := time.Now(), ""
	defer func() { p.clear(said) }()
	for {
		call, cancel := context.WithTimeout(ctx, 10*time.Second)
		s, err := client.GetStatus(call, &sealwatchv1.GetStatusRequest{})
		cancel()
		a := s.GetAnalysis()
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && a.GetAnalyzedSequence() >= sequence && a.GetPendingEvents() == 0:
			return nil
		case err == nil:
			answered = time.Now()
			p.clear(said)
			said = p.note(waiting(a, sequence))
		case !passing(err) || time.Since(answered) > patience:
			return fmt.Errorf("waiting for the analysis: %w", err)
		}
		select {
		case <-time.After(statusInterval):
		case <-ctx.Done():
		}
	}
}

// waiting says what is being waited for.
func waiting(a *sealwatchv1.AnalysisStatus, sequence int64) string {
	s := "analysing: " + numbered(int(a.GetPendingEvents()), "event", "events") + " pending"
	if behind := sequence - a.GetAnalyzedSequence(); behind > 0 {
		s += fmt.Sprintf(", %d behind", behind)
	}
	if a.GetPlacing() {
		s += ", putting events where the ranges say"
	}
	if a.GetLastError() != "" {
		s += "; last error: " + a.GetLastError()
	}
	return s
}

// passing says whether an error may be gone the next time.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.ResourceExhausted:
		return true
	}
	return false
}
