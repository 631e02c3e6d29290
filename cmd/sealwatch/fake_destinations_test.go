package main

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// fakeDestinations has one that is paused, with 137 dead letters.
type fakeDestinations struct {
	sealwatchv1.UnimplementedDestinationServiceServer
}

func (fakeDestinations) ListDestinations(context.Context, *sealwatchv1.ListDestinationsRequest) (*sealwatchv1.ListDestinationsResponse, error) {
	return &sealwatchv1.ListDestinationsResponse{Destinations: []*sealwatchv1.Destination{{Name: "destinations/siem", Kind: "splunk", State: "paused", PendingCount: 7, DeadLetterCount: 137, LastError: "token \x1b disabled"}}}, nil
}

func (fakeDestinations) TestDestination(context.Context, *sealwatchv1.TestDestinationRequest) (*sealwatchv1.TestDestinationResponse, error) {
	return &sealwatchv1.TestDestinationResponse{Answer: "token disabled", AlertId: "sealwatch-test-1"}, nil
}

func (fakeDestinations) DiscardDeadLetter(_ context.Context, r *sealwatchv1.DiscardDeadLetterRequest) (*sealwatchv1.DeadLetter, error) {
	if r.GetName() != "deadLetters/siem.17" || r.GetAuthor() != "ann" {
		return nil, status.Error(codes.NotFound, "no such dead letter")
	}
	return &sealwatchv1.DeadLetter{Name: r.GetName()}, nil
}

func (fakeDestinations) BulkReplayDeadLetters(_ context.Context, r *sealwatchv1.BulkReplayDeadLettersRequest) (*sealwatchv1.BulkReplayDeadLettersResponse, error) {
	done := &sealwatchv1.BulkReplayDeadLettersResponse{MatchedCount: 137}
	if !r.GetValidateOnly() {
		if r.GetExpectedCount() != 137 || r.GetDestination() != "destinations/siem" {
			return nil, status.Error(codes.FailedPrecondition, "expectedCount: 137 was expected")
		}
		done.UpdatedCount = 137
	}
	return done, nil
}

func (fakeDestinations) ListDeadLetters(context.Context, *sealwatchv1.ListDeadLettersRequest) (*sealwatchv1.ListDeadLettersResponse, error) {
	return &sealwatchv1.ListDeadLettersResponse{DeadLetters: []*sealwatchv1.DeadLetter{{Name: "deadLetters/siem.17", Reason: "no \x1b such index"}, {Name: "deadLetters/siem.18", Reason: strings.Repeat("long ", 100)}}}, nil
}
