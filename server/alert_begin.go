package server

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/peer"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
)

// subscribe checks a request and registers its reader, who MUST be closed.
func (s *alertService) subscribe(ctx context.Context, req *pb.StreamAlertsRequest, client, protocol string) (*fanout.Subscription, error) {
	if len(req.GetFilter().GetIncidents()) > 0 {
		const expected = "expected none: which alerts belong to an incident changes with others that are not in the stream"
		return nil, problem.Invalid("filter.incidents: "+expected, problem.Violation{Field: "filter.incidents", Description: expected})
	}
	filter, err := s.filter(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	r := fanout.Request{Client: client, Protocol: protocol, Filter: filter}
	if r.After, err = s.beginAfter(ctx, req); err != nil {
		return nil, err
	}
	if req.GetUntil() != "" {
		until, err := s.position("until", req.GetUntil())
		if err != nil {
			return nil, err
		}
		if until < r.After {
			return nil, problem.Invalid(fmt.Sprintf("until: it is change %d, before that after which the stream begins, %d", until, r.After),
				problem.Violation{Field: "until", Description: "expected a resumeToken that lies behind after"})
		}
		r.Until = &until
	}
	return s.hub.Subscribe(r)
}

// peerOf is whose limit a stream counts for: the machine that it goes to.
func peerOf(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok {
		return host(p.Addr.String())
	}
	return ""
}

// host of an address; all of it when it has no port.
func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return address
}

// beginAfter is the position that a request asks for.
func (s *alertService) beginAfter(ctx context.Context, req *pb.StreamAlertsRequest) (uint64, error) {
	after := req.GetAfter()
	// Before the question, so that what is appended meanwhile is sent.
	head := s.changes.Head()
	if req.GetSince() != nil {
		if after != "" {
			return 0, problem.Invalid("since and after are both set; expected one of them, not both",
				problem.Violation{Field: "since", Description: "expected since or after, not both"})
		}
		if req.GetSince().CheckValid() != nil {
			const expected = "expected a time from 0001-01-01 to 9999-12-31"
			return 0, problem.Invalid("since: "+expected, problem.Violation{Field: "since", Description: expected})
		}
		at := translate.Time(req.GetSince())
		if at.After(lastTime) {
			return head, nil
		}
		first, err := s.changes.FirstSince(ctx, latest(at, firstTime))
		if err != nil || first == 0 || first > head {
			return head, err
		}
		return first - 1, nil
	}
	if after == "" {
		return head, nil
	}
	position := uint64(0)
	if after != "0" {
		var err error
		if position, err = s.position("after", after); err != nil {
			return 0, err
		}
	}
	if position >= head {
		return position, nil
	}
	oldest, err := s.oldest.get(ctx, s.changes)
	if err != nil {
		return 0, err
	}
	switch begin := max(oldest, 1) - 1; {
	case position >= begin:
		return position, nil
	case after == "0":
		return begin, nil
	default:
		return 0, problem.WithMetadata(fault.New(fault.ResumeTokenExpired,
			"after: what follows it is no longer retained: it is change %d, and the oldest that there is is change %d; begin after %q, or \"0\", and %d changes are lost to this reader",
			position, oldest, s.log.Resume(begin), begin-position), map[string]string{"earliest": s.log.Resume(begin), "lost": strconv.FormatUint(begin-position, 10)})
	}
}

// firstTime and lastTime bound the times that changes can have.
var (
	firstTime = time.Unix(0, 0).UTC()
	lastTime  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// position reads a token.
func (s *alertService) position(field, token string) (uint64, error) {
	position, err := s.log.ParseResume(field, token)
	if err != nil {
		return 0, err
	}
	if head := s.changes.Head(); position > head {
		return 0, fault.New(fault.InvalidResumeToken,
			"%s: it lies beyond the end of the stream, which is change %d; was the database replaced?", field, head)
	}
	return position, nil
}

// oldestFor is how long the beginning of the log is believed: it moves on once in a month at most, and after a restart a
// thousand readers resume at once.
const oldestFor = 10 * time.Second

// oldestChange is the beginning of the log.
type oldestChange struct {
	mu       sync.Mutex
	sequence uint64
	read     time.Time
}

func (o *oldestChange) get(ctx context.Context, log ChangeLog) (uint64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.read) < oldestFor {
		return o.sequence, nil
	}
	sequence, err := log.Oldest(ctx)
	if err == nil {
		o.sequence, o.read = sequence, time.Now()
	}
	return sequence, err
}
