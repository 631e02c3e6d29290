package translate

import (
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Status makes the message of the status.
func Status(s *status.System) *pb.SystemStatus {
	m := &pb.SystemStatus{
		Version:   &pb.VersionInfo{Version: s.Version, Commit: s.Commit, GoVersion: s.GoVersion},
		StartTime: Timestamp(s.Start),
		Engine: &pb.EngineStatus{
			Kind:          s.Engine.Kind,
			State:         s.Engine.State,
			Version:       s.Engine.Version,
			Address:       s.Engine.Address,
			Restarts:      Count(s.Engine.Restarts),
			Confinement:   s.Engine.Confinement,
			SchemaVersion: Count(s.Engine.SchemaVersion),
			EventsStored:  float64(s.Engine.EventsStored),
		},
		Analysis: &pb.AnalysisStatus{
			PendingEvents:    Count(s.Analysis.Pending),
			HeldEvents:       Count(s.Analysis.Held),
			Watermark:        Timestamp(s.Analysis.Watermark),
			AnalyzedSequence: int64Of(s.Analysis.Sequence),
			Conflicts:        float64(s.Analysis.Conflicts),
			LastError:        Text(s.Analysis.LastError),
			Placing:          s.Analysis.Placing,
		},
	}
	for _, v := range s.Limited {
		m.LimitedPolicies = append(m.LimitedPolicies, &pb.LimitedPolicy{Policy: PolicyPrefix + v.ID, Title: Text(v.Title), Limit: Count(v.Limit), Days: PolicyStatus(v.Days).GetDays()})
	}
	for _, v := range s.Sources {
		m.Sources = append(m.Sources, &pb.SourceStatus{
			Source:          Text(v.Name),
			LastArrivalTime: Timestamp(v.LastArrival),
			LastEventTime:   Timestamp(v.LastEvent),
			Lag:             durationpb.New(v.Lag),
			Accepted:        float64(v.Accepted),
			Duplicates:      float64(v.Duplicates),
			Conflicts:       float64(v.Conflicts),
			Rejected:        float64(v.Rejected),
			Polling:         polling(v.Polling),
			Receiving:       receiving(v.Receiving),
		})
	}
	for _, v := range s.Destinations {
		m.Destinations = append(m.Destinations, &pb.DestinationStatus{
			Destination:     Text(v.Name),
			Kind:            v.Kind,
			State:           v.State,
			Pending:         float64(v.Pending),
			Delivered:       float64(v.Delivered),
			DeadLetters:     float64(v.DeadLetters),
			Historical:      float64(v.Historical),
			LastError:       Text(v.LastError),
			LastSuccessTime: Timestamp(v.LastSuccess),
			NextAttemptTime: Timestamp(v.NextAttempt),

			Events:            forwarding(v.Events),
			LastHeartbeatTime: Timestamp(v.LastHeartbeat),
			HeartbeatError:    Text(v.HeartbeatError),
		})
	}
	for _, v := range s.UnknownActivities {
		m.UnknownActivities = append(m.UnknownActivities, &pb.UnknownActivity{
			Object: Text(v.Object), Action: Text(v.Action), Events: float64(v.Events), LastEventTime: Timestamp(v.Last),
		})
	}
	for i := range s.Feeds {
		m.Feeds = append(m.Feeds, Feed(&s.Feeds[i]))
	}
	m.Geo = geo(&s.Geo)
	return m
}

// polling is nil where records are brought.
func polling(p *status.Polling) *pb.PollingStatus {
	if p == nil {
		return nil
	}
	m := &pb.PollingStatus{
		State:           p.State,
		LastSuccessTime: Timestamp(p.LastSuccess),
		NextAttemptTime: Timestamp(p.NextAttempt),
		Behind:          durationpb.New(p.Behind),
		Calls:           float64(p.Calls),
		RemainingCalls:  int32(max(-1, min(p.Remaining, math.MaxInt32))),
		LastError:       Text(p.LastError),
	}
	for _, w := range p.Warnings {
		m.Warnings = append(m.Warnings, Text(w))
	}
	for _, kind := range slices.Sorted(maps.Keys(p.Errors)) {
		m.Errors = append(m.Errors, &pb.PollingErrors{Kind: Text(kind), Failures: float64(p.Errors[kind])})
	}
	return m
}

// receiving is nil where records are not delivered by another service.
func receiving(r *status.Receiving) *pb.ReceivingStatus {
	if r == nil {
		return nil
	}
	return &pb.ReceivingStatus{
		Deliveries:      float64(r.Deliveries),
		Kept:            float64(r.Kept),
		Failures:        float64(r.Failures),
		LastSuccessTime: Timestamp(r.LastSuccess),
		LastError:       Text(r.LastError),
		Refused:         float64(r.Refused),
		LastRefusalTime: Timestamp(r.LastRefusal),
		RefusalReason:   Text(r.RefusalReason),
	}
}
