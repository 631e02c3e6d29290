package translate

import (
	"strconv"
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/status"
)

// DestinationPrefix and LetterPrefix are what the names of destinations and dead letters begin with.
const (
	DestinationPrefix = "destinations/"
	LetterPrefix      = "deadLetters/"
)

// Destination makes the message of a destination's state.
func Destination(d *status.Destination) *pb.Destination {
	m := &pb.Destination{Name: DestinationPrefix + d.Name, Kind: d.Kind, State: d.State, PendingCount: float64(d.Pending), DeliveredCount: float64(d.Delivered), DeadLetterCount: float64(d.DeadLetters),
		HistoricalCount: float64(d.Historical),
		LastError:       Text(d.LastError), LastSuccessTime: Timestamp(d.LastSuccess), NextAttemptTime: Timestamp(d.NextAttempt),
		OldestPendingTime: Timestamp(d.OldestPending), LastHeartbeatTime: Timestamp(d.LastHeartbeat), HeartbeatError: Text(d.HeartbeatError)}
	m.Events = forwarding(d.Events)
	return m
}

func forwarding(e *status.Destination) *pb.EventForwarding {
	if e == nil {
		return nil
	}
	return &pb.EventForwarding{State: e.State, PendingCount: float64(e.Pending), DeliveredCount: float64(e.Delivered), DeadLetterCount: float64(e.DeadLetters), LastError: Text(e.LastError),
		LastSuccessTime: Timestamp(e.LastSuccess), NextAttemptTime: Timestamp(e.NextAttempt), OldestPendingTime: Timestamp(e.OldestPending)}
}

var letterStates = map[string]pb.DeadLetter_State{status.LetterStands: pb.DeadLetter_STATE_STANDING, status.LetterReplay: pb.DeadLetter_STATE_REPLAYING, status.LetterDiscarded: pb.DeadLetter_STATE_DISCARDED}

// DeadLetter makes the message of a dead letter.
func DeadLetter(l *status.DeadLetter) *pb.DeadLetter {
	m := &pb.DeadLetter{Name: LetterPrefix + strings.ReplaceAll(l.Destination, "/", ".") + "." + strconv.FormatUint(l.Sequence, 10), Destination: DestinationPrefix + l.Destination, Reason: Text(l.Reason), State: letterStates[l.State],
		Author: Text(l.Author), CreateTime: Timestamp(l.First), UpdateTime: Timestamp(l.Time), Payload: Text(l.Payload)}
	if strings.HasSuffix(l.Destination, "/events") {
		m.Event = EventName(l.AlertID)
	} else {
		m.Alert = AlertPrefix + l.AlertID
	}
	return m
}
