package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
)

// changesPage is how many changes a stream holds in memory at most.
const changesPage = 500

// StreamAlerts reads the log of changes from the asked position to its end and then goes on with what is appended:
// one way for what is past and for what is new, so there is no seam at which a change could be lost or come twice. It
// begins with a heartbeat, so that the reader knows at once that it is subscribed and has a token.
func (s *alertService) StreamAlerts(req *pb.StreamAlertsRequest, stream grpc.ServerStreamingServer[pb.StreamAlertsResponse]) error {
	if err := checkSpan(req.GetFilter()); err != nil {
		return err
	}
	if err := s.checkDetections(stream.Context(), req.GetFilter().GetDetections()); err != nil {
		return err
	}
	position, err := s.beginAfter(req.GetAfter())
	if err != nil {
		return err
	}
	ctx, cancel := endWith(stream.Context(), s.draining)
	defer cancel()
	sub := &subscription{alertService: s, filter: translate.AlertFilter(req.GetFilter()), position: position, stream: stream}
	err = sub.run(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; resume the stream after the last resumeToken")
		f.RetryAfter = time.Second
		return problem.WithMetadata(f, map[string]string{"resumeToken": s.log.Resume(sub.position)})
	}
	return err
}

// beginAfter is the position that a request asks for.
func (s *alertService) beginAfter(after string) (uint64, error) {
	switch after {
	case "":
		return s.changes.Head(), nil
	case "0":
		return 0, nil
	}
	position, err := s.log.ParseResume(after)
	if err != nil {
		return 0, err
	}
	if head := s.changes.Head(); position > head {
		return 0, fault.New(fault.InvalidResumeToken,
			"after: it lies beyond the end of the stream, which is change %d; was the database replaced?", head)
	}
	return position, nil
}

// subscription is one reader of the log.
type subscription struct {
	*alertService
	filter alert.Filter
	// position is the last change that was sent or passed over.
	position uint64
	stream   grpc.ServerStreamingServer[pb.StreamAlertsResponse]
	// beat is when the next heartbeat is due.
	beat time.Time
}

func (s *subscription) run(ctx context.Context) error {
	for {
		if !time.Now().Before(s.beat) {
			if err := s.send(&pb.StreamAlertsResponse{Change: pb.AlertChange_ALERT_CHANGE_HEARTBEAT}); err != nil {
				return err
			}
		}
		changes, err := s.changes.Read(ctx, s.position, changesPage)
		if err != nil {
			return fmt.Errorf("read the alert log after %d: %w", s.position, err)
		}
		for i := range changes {
			if err := s.forward(ctx, &changes[i]); err != nil {
				return err
			}
		}
		if len(changes) > 0 {
			continue
		}
		wait, cancel := context.WithDeadline(ctx, s.beat)
		err = s.changes.Wait(wait, s.position)
		expired := wait.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !expired:
			return fmt.Errorf("wait for the alert log after %d: %w", s.position, err)
		}
	}
}

// forward sends a change when the filter selects the alert as it is, or selected it before: a reader has to learn that an
// alert has left its filter.
func (s *subscription) forward(ctx context.Context, c *alert.Change) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if c.Sequence != s.position+1 {
		// Going on would lose a change without a word.
		return fmt.Errorf("the alert log gives change %d after %d; expected the next one", c.Sequence, s.position)
	}
	s.position = c.Sequence
	if c.Tenant != s.tenant || !s.filter.Match(&c.Alert) && !s.filter.MatchPrevious(c) {
		return nil
	}
	return s.send(&pb.StreamAlertsResponse{
		Change: translate.Change(c.Kind), Alert: translate.Alert(&c.Alert, s.guide(&c.Alert)),
	})
}

func (s *subscription) send(m *pb.StreamAlertsResponse) error {
	m.ResumeToken = s.log.Resume(s.position)
	m.Watermark = translate.Timestamp(s.watermark())
	s.beat = time.Now().Add(s.heartbeat)
	return s.stream.Send(m)
}
