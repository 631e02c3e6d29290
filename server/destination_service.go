package server

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/status"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Destinations are where alerts are sent to, with what their receivers refused. A destination that there is not is fault.NotFound.
type Destinations interface {
	// Destinations returns the state of all.
	Destinations() []status.Destination
	// ResumeDestination has one that waits after a failure tried at once, and returns its state before.
	ResumeDestination(ctx context.Context, name string) (status.Destination, error)
	// TestDestination sends a test and returns its id, and why the receiver did not take it: empty when it did.
	TestDestination(ctx context.Context, name string) (id, refusal string, err error)
	// DeadLetters returns letters that stand or wait to be sent again, by destination and sequence.
	DeadLetters(ctx context.Context, q status.DeadLetterQuery) ([]status.DeadLetter, error)
	// GetDeadLetter returns one whole, or fault.NotFound.
	GetDeadLetter(ctx context.Context, destination string, sequence uint64) (status.DeadLetter, error)
	// MoveDeadLetters returns how many the work selects, how many were moved, and how many were given up because there is nothing to send
	// (status.LetterNeedless), when that is durable. fault.CountMismatch says that they
	// are not as many as expected, fault.NotFound that there is no such destination or letter.
	MoveDeadLetters(ctx context.Context, w status.DeadLetterWork) (matched, moved, needless int, err error)
}

type destinationService struct {
	pb.UnimplementedDestinationServiceServer
	destinations Destinations
	tenant       string
	logger       *slog.Logger
}

func (s *destinationService) ListDestinations(context.Context, *pb.ListDestinationsRequest) (*pb.ListDestinationsResponse, error) {
	resp := &pb.ListDestinationsResponse{}
	for _, d := range s.destinations.Destinations() {
		resp.Destinations = append(resp.Destinations, translate.Destination(&d))
	}
	return resp, nil
}

func (s *destinationService) GetDestination(_ context.Context, req *pb.GetDestinationRequest) (*pb.Destination, error) {
	name := strings.TrimPrefix(req.GetName(), translate.DestinationPrefix)
	var there []string
	for _, d := range s.destinations.Destinations() {
		if d.Name == name {
			return translate.Destination(&d), nil
		}
		there = append(there, d.Name)
	}
	return nil, status.NoDestination(name, there)
}

func (s *destinationService) ResumeDestination(ctx context.Context, req *pb.ResumeDestinationRequest) (*pb.Destination, error) {
	d, err := s.destinations.ResumeDestination(ctx, strings.TrimPrefix(req.GetName(), translate.DestinationPrefix))
	if err != nil {
		return nil, err
	}
	return translate.Destination(&d), nil
}

func (s *destinationService) TestDestination(ctx context.Context, req *pb.TestDestinationRequest) (*pb.TestDestinationResponse, error) {
	id, refusal, err := s.destinations.TestDestination(ctx, strings.TrimPrefix(req.GetName(), translate.DestinationPrefix))
	if err != nil {
		return nil, err
	}
	return &pb.TestDestinationResponse{Accepted: refusal == "", Answer: translate.Text(refusal), AlertId: id}, nil
}

func (s *destinationService) ListDeadLetters(ctx context.Context, req *pb.ListDeadLettersRequest) (*pb.ListDeadLettersResponse, error) {
	query, err := token.NewQuery("dead letters", s.tenant, &pb.ListDeadLettersRequest{Destination: req.GetDestination(), Alert: req.GetAlert()})
	if err != nil {
		return nil, err
	}
	after, _, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pageSize(req.GetPageSize())
	q := status.DeadLetterQuery{Destination: strings.TrimPrefix(req.GetDestination(), translate.DestinationPrefix), AlertID: strings.TrimPrefix(req.GetAlert(), translate.AlertPrefix),
		AfterDestination: after.ID, AfterSequence: after.Head, Limit: size + 1}
	list, err := s.destinations.DeadLetters(ctx, q)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListDeadLettersResponse{}
	for i := range list[:min(len(list), size)] {
		resp.DeadLetters = append(resp.DeadLetters, translate.DeadLetter(&list[i]))
	}
	resp.DeadLetters = resp.DeadLetters[:fitting(resp.GetDeadLetters())]
	if n := len(resp.GetDeadLetters()); n < len(list) {
		resp.NextPageToken, err = query.Encode(token.Page{ID: list[n-1].Destination, Head: list[n-1].Sequence})
	}
	return resp, err
}

func (s *destinationService) GetDeadLetter(ctx context.Context, req *pb.GetDeadLetterRequest) (*pb.DeadLetter, error) {
	destination, sequence, err := letterName(req.GetName())
	if err != nil {
		return nil, err
	}
	l, err := s.destinations.GetDeadLetter(ctx, destination, sequence)
	if err != nil {
		return nil, err
	}
	return translate.DeadLetter(&l), nil
}

func (s *destinationService) ReplayDeadLetter(ctx context.Context, req *pb.ReplayDeadLetterRequest) (*pb.DeadLetter, error) {
	return s.moveOne(ctx, req.GetName(), req.GetAuthor(), status.LetterReplay)
}

func (s *destinationService) DiscardDeadLetter(ctx context.Context, req *pb.DiscardDeadLetterRequest) (*pb.DeadLetter, error) {
	return s.moveOne(ctx, req.GetName(), req.GetAuthor(), status.LetterDiscarded)
}

// moveOne returns the letter as it is asked to be; it may have gone already.
func (s *destinationService) moveOne(ctx context.Context, name, author, state string) (*pb.DeadLetter, error) {
	destination, sequence, err := letterName(name)
	if err != nil {
		return nil, err
	}
	l, err := s.destinations.GetDeadLetter(ctx, destination, sequence)
	if err != nil {
		return nil, err
	}
	author = caller(ctx, author)
	_, needless, err := s.move(ctx, status.DeadLetterWork{Destination: destination, Sequence: sequence, State: state, Author: author}, new(int32))
	if err != nil {
		return nil, err
	}
	if needless > 0 {
		state, l.Reason = status.LetterDiscarded, status.LetterNeedless
	}
	l.State, l.Author, l.Payload = state, author, ""
	return translate.DeadLetter(&l), nil
}

func (s *destinationService) BulkReplayDeadLetters(ctx context.Context, req *pb.BulkReplayDeadLettersRequest) (*pb.BulkReplayDeadLettersResponse, error) {
	resp := &pb.BulkReplayDeadLettersResponse{}
	w := letterWork(ctx, req)
	w.State = status.LetterReplay
	var err error
	resp.UpdatedCount, resp.DiscardedCount, err = s.move(ctx, w, &resp.MatchedCount)
	return resp, err
}

func (s *destinationService) BulkDiscardDeadLetters(ctx context.Context, req *pb.BulkDiscardDeadLettersRequest) (*pb.BulkDiscardDeadLettersResponse, error) {
	resp := &pb.BulkDiscardDeadLettersResponse{}
	w := letterWork(ctx, req)
	w.State = status.LetterDiscarded
	var err error
	resp.UpdatedCount, _, err = s.move(ctx, w, &resp.MatchedCount)
	return resp, err
}

// letterSelection is what the two bulk requests have in common.
type letterSelection interface {
	GetDestination() string
	GetAlert() string
	GetAuthor() string
	GetValidateOnly() bool
	GetExpectedCount() int32
}

func letterWork(ctx context.Context, req letterSelection) status.DeadLetterWork {
	w := status.DeadLetterWork{Destination: strings.TrimPrefix(req.GetDestination(), translate.DestinationPrefix), AlertID: strings.TrimPrefix(req.GetAlert(), translate.AlertPrefix),
		Author: caller(ctx, req.GetAuthor()), DryRun: req.GetValidateOnly()}
	var given *int32
	switch r := req.(type) {
	case *pb.BulkReplayDeadLettersRequest:
		given = r.ExpectedCount
	case *pb.BulkDiscardDeadLettersRequest:
		given = r.ExpectedCount
	}
	if given != nil {
		n := int(*given)
		w.Expected = &n
	}
	return w
}

func (s *destinationService) move(ctx context.Context, w status.DeadLetterWork, matched *int32) (updated, needless int32, err error) {
	n, moved, gone, err := s.destinations.MoveDeadLetters(ctx, w)
	if moved > 0 {
		s.logger.LogAttrs(ctx, slog.LevelInfo, "dead letters were worked on", slog.String("destination", w.Destination), slog.String("state", w.State), slog.Int("letters", moved), slog.String("author", w.Author))
	}
	*matched = translate.Count(n)
	return translate.Count(moved), translate.Count(gone), err
}

// letterName takes a name apart that validation let through.
func letterName(name string) (destination string, sequence uint64, err error) {
	destination, number, _ := strings.Cut(strings.TrimPrefix(name, translate.LetterPrefix), ".")
	if rest, ok := strings.CutPrefix(number, "events."); ok {
		destination, number = destination+"/events", rest
	}
	if sequence, err = strconv.ParseUint(number, 10, 63); err != nil {
		const expected = "expected a number up to 9223372036854775807 as its last part"
		return "", 0, problem.Invalid("name: "+expected, problem.Violation{Field: "name", Description: expected})
	}
	return destination, sequence, nil
}
