package controls

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

// pendingPrefix of a scope marks the changes that were about to be stored as events.
const pendingPrefix = "pending/"

// date stores which changes were noticed when, before their events are. One that was noticed already, by a look that did not come to its
// end, keeps that time: its event is the same one again, and not another one with the same id.
func (s *Source) date(ctx context.Context, in scope, records []event.Record, pending State, at time.Time) (State, error) {
	noticed := map[string]time.Time{}
	if pending.JSON != "" {
		if err := json.Unmarshal([]byte(pending.JSON), &noticed); err != nil {
			s.o.Logger.WarnContext(ctx, "when changes were first noticed cannot be read", slog.String("scope", in.name), slog.Any("error", err))
		}
	}
	next := make(map[string]time.Time, len(records))
	same := len(noticed) == len(records)
	for i := range records {
		r := &records[i]
		first, known := noticed[r.EventID]
		if !known {
			first, same = at, false
		}
		if next[r.EventID] = first; first.Equal(at) {
			continue
		}
		data := decoded(string(r.Data))
		data["NoticedAt"] = first.Format(time.RFC3339)
		r.Data = []byte(canonical(data))
		if r.Timestamp.Equal(at) {
			r.Timestamp = first
		}
	}
	if same {
		return pending, nil
	}
	text := canonical(next)
	pending = State{Scope: pendingPrefix + in.name, Kind: in.kind, Account: in.account, JSON: text, Seen: at, Version: pending.Version + 1}
	if err := s.o.States.StoreStates(ctx, s.o.Origin.Source, []State{pending}); err != nil {
		return pending, fmt.Errorf("changes of %s cannot be noted: %w", plural[in.kind], err)
	}
	return pending, nil
}

// tell makes events durable, and keeps those that cannot be stored as one.
func (s *Source) tell(ctx context.Context, in scope, records []event.Record, at time.Time) error {
	batch := make([]event.Submission, len(records))
	for i := range records {
		batch[i].Record = &records[i]
	}
	receipt, err := s.o.Ingester.Ingest(ctx, s.o.Origin, batch)
	if err != nil {
		return fmt.Errorf("changes of %s cannot be stored: %w", plural[in.kind], err)
	}
	rejected := make([]Rejected, 0, len(receipt.Rejections))
	for _, r := range receipt.Rejections {
		s.o.Logger.ErrorContext(ctx, "the change of a control cannot be stored as an event and is kept among the rejected records", slog.String("event", r.EventID), slog.String("field", r.Field), slog.String("problem", r.Problem))
		one := Rejected{Origin: s.o.Origin, EventID: r.EventID, Field: r.Field, Problem: r.Problem, Time: at}
		if r.Index >= 0 && r.Index < len(records) {
			one.EventID, one.Raw = records[r.Index].EventID, records[r.Index].Data
		}
		rejected = append(rejected, one)
	}
	if len(rejected) > 0 {
		if err := s.o.Rejects.KeepRejected(ctx, rejected); err != nil {
			return fmt.Errorf("changes of %s that cannot be events cannot be kept: %w", plural[in.kind], err)
		}
	}
	s.o.Logger.InfoContext(ctx, "controls have changed", slog.String("kind", in.kind), slog.String("scope", in.name), slog.Int("changes", len(records)))
	return nil
}
