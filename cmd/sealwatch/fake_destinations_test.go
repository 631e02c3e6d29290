package main

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// fakeDestinations has one that is paused, with 137 dead letters; one that refuses again when it is resumed; and one that takes everything
// then.
type fakeDestinations struct {
	sealwatchv1.UnimplementedDestinationServiceServer
	// asked counts how often a destination was looked at since it was resumed: an attempt takes a while.
	asked atomic.Int32
}

func (*fakeDestinations) ListDestinations(context.Context, *sealwatchv1.ListDestinationsRequest) (*sealwatchv1.ListDestinationsResponse, error) {
	return &sealwatchv1.ListDestinationsResponse{Destinations: []*sealwatchv1.Destination{{Name: "destinations/siem", Kind: "splunk", State: "paused", PendingCount: 7, DeadLetterCount: 137, LastError: "token \x1b disabled"}}}, nil
}

func (f *fakeDestinations) ResumeDestination(ctx context.Context, r *sealwatchv1.ResumeDestinationRequest) (*sealwatchv1.Destination, error) {
	f.asked.Store(0)
	return f.GetDestination(ctx, &sealwatchv1.GetDestinationRequest{Name: r.GetName()})
}

// GetDestination tells the outcome of an attempt at the third question: the first is that of the call that asks for it.
func (f *fakeDestinations) GetDestination(_ context.Context, r *sealwatchv1.GetDestinationRequest) (*sealwatchv1.Destination, error) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	d := &sealwatchv1.Destination{Name: r.GetName(), Kind: "splunk", State: "paused", PendingCount: 7, LastError: "token \x1b disabled", NextAttemptTime: timestamppb.New(at)}
	over := f.asked.Add(1) > 2
	switch name := strings.TrimPrefix(r.GetName(), "destinations/"); {
	case name == "mended" && over:
		d.State, d.PendingCount, d.LastError, d.NextAttemptTime = "ok", 0, "", nil
	case name == "broken" && over:
		d.NextAttemptTime = timestamppb.New(at.Add(5 * time.Minute))
	case name == "well":
		d.State, d.PendingCount, d.LastError, d.NextAttemptTime = "ok", 0, "", nil
	case name == "half":
		d.State, d.LastError, d.NextAttemptTime = "ok", "", nil
		d.Events = &sealwatchv1.EventForwarding{State: "paused", LastError: "no events", NextAttemptTime: timestamppb.New(at)}
		if over {
			d.Events.NextAttemptTime = timestamppb.New(at.Add(5 * time.Minute))
		}
	}
	return d, nil
}

func (*fakeDestinations) GetDeadLetter(_ context.Context, r *sealwatchv1.GetDeadLetterRequest) (*sealwatchv1.DeadLetter, error) {
	l := &sealwatchv1.DeadLetter{Name: r.GetName(), State: sealwatchv1.DeadLetter_STATE_STANDING}
	switch strings.TrimPrefix(r.GetName(), "deadLetters/") {
	case "siem.18":
		l.State = sealwatchv1.DeadLetter_STATE_REPLAYING
	case "siem.16", "siem.17", "well.1":
	default:
		return nil, status.Error(codes.NotFound, "no such dead letter")
	}
	return l, nil
}

func (*fakeDestinations) ReplayDeadLetter(_ context.Context, r *sealwatchv1.ReplayDeadLetterRequest) (*sealwatchv1.DeadLetter, error) {
	if r.GetName() == "deadLetters/siem.18" {
		return nil, status.Error(codes.Internal, "asked for again")
	}
	if r.GetName() == "deadLetters/siem.16" {
		return &sealwatchv1.DeadLetter{Name: r.GetName(), State: sealwatchv1.DeadLetter_STATE_DISCARDED, Reason: "the alert was retracted"}, nil
	}
	return &sealwatchv1.DeadLetter{Name: r.GetName(), State: sealwatchv1.DeadLetter_STATE_REPLAYING}, nil
}

func (*fakeDestinations) TestDestination(context.Context, *sealwatchv1.TestDestinationRequest) (*sealwatchv1.TestDestinationResponse, error) {
	return &sealwatchv1.TestDestinationResponse{Answer: "token disabled", AlertId: "sealwatch-test-1"}, nil
}

func (*fakeDestinations) DiscardDeadLetter(_ context.Context, r *sealwatchv1.DiscardDeadLetterRequest) (*sealwatchv1.DeadLetter, error) {
	if r.GetName() != "deadLetters/siem.17" || r.GetAuthor() != "ann" {
		return nil, status.Error(codes.NotFound, "no such dead letter")
	}
	return &sealwatchv1.DeadLetter{Name: r.GetName()}, nil
}

func (*fakeDestinations) BulkReplayDeadLetters(_ context.Context, r *sealwatchv1.BulkReplayDeadLettersRequest) (*sealwatchv1.BulkReplayDeadLettersResponse, error) {
	if r.GetDestination() == "destinations/well" {
		return &sealwatchv1.BulkReplayDeadLettersResponse{MatchedCount: 1}, nil
	}
	done := &sealwatchv1.BulkReplayDeadLettersResponse{MatchedCount: 137}
	if !r.GetValidateOnly() {
		if r.GetExpectedCount() != 137 || r.GetDestination() != "destinations/siem" {
			return nil, status.Error(codes.FailedPrecondition, "expectedCount: 137 was expected")
		}
		done.UpdatedCount = 137
	}
	return done, nil
}

func (*fakeDestinations) ListDeadLetters(context.Context, *sealwatchv1.ListDeadLettersRequest) (*sealwatchv1.ListDeadLettersResponse, error) {
	return &sealwatchv1.ListDeadLettersResponse{DeadLetters: []*sealwatchv1.DeadLetter{{Name: "deadLetters/siem.17", Reason: "no \x1b such index"}, {Name: "deadLetters/siem.18", Reason: strings.Repeat("long ", 100)}}}, nil
}
