package translate

import (
	"strconv"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

// DestinationPrefix and LetterPrefix are what the names of destinations and dead letters begin with.
const (
	DestinationPrefix = "destinations/"
	LetterPrefix      = "deadLetters/"
)

// NoDestination is the error for a name that no destination has.
func NoDestination(name string) error {
	return fault.New(fault.NotFound, "no destination %q is configured; GET /v1/destinations lists those that are", name)
}

// Destination makes the message of a destination's state.
func Destination(d *status.Destination) *pb.Destination {
	return &pb.Destination{Name: DestinationPrefix + d.Name, Kind: d.Kind, State: d.State, PendingCount: float64(d.Pending), DeliveredCount: float64(d.Delivered), DeadLetterCount: float64(d.DeadLetters),
		HistoricalCount: float64(d.Historical),
		LastError: Text(d.LastError), LastSuccessTime: Timestamp(d.LastSuccess), NextAttemptTime: Timestamp(d.NextAttempt),
		OldestPendingTime: Timestamp(d.OldestPending), LastHeartbeatTime: Timestamp(d.LastHeartbeat), HeartbeatError: Text(d.HeartbeatError)}
}

var letterStates = map[string]pb.DeadLetter_State{status.LetterStands: pb.DeadLetter_STATE_STANDING, status.LetterReplay: pb.DeadLetter_STATE_REPLAYING, status.LetterDiscarded: pb.DeadLetter_STATE_DISCARDED}

// DeadLetter makes the message of a dead letter.
func DeadLetter(l *status.DeadLetter) *pb.DeadLetter {
	return &pb.DeadLetter{Name: LetterPrefix + l.Destination + "." + strconv.FormatUint(l.Sequence, 10), Destination: DestinationPrefix + l.Destination, Alert: AlertPrefix + l.AlertID, Reason: Text(l.Reason), State: letterStates[l.State],
		Author: Text(l.Author), CreateTime: Timestamp(l.First), UpdateTime: Timestamp(l.Time), Payload: Text(l.Payload)}
}
