package server_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// hunter answers as the statement says, and keeps hunts.
type hunter struct {
	mu    sync.Mutex
	saved map[string]hunt.Saved
}

func newHunter() *hunter {
	zero := "0"
	return &hunter{saved: map[string]hunt.Saved{"built-in": {ID: "built-in", Title: "One", SQL: "SELECT {n:UInt8}", BuiltIn: true, Author: "sealwatch",
		Parameters: []hunt.Parameter{{Name: "n", Type: "UInt8", Description: "a number", Default: &zero}}}}}
}

func (h *hunter) Query(_ context.Context, q hunt.Query, sink hunt.Sink) error {
	switch q.SQL {
	case "syntax":
		return &hunt.Error{Code: 62, Name: "SYNTAX_ERROR", Text: "failed at position 3", Position: 3, Line: 1, Column: 3}
	case "refused":
		return &hunt.Error{Code: 164, Name: "READONLY", Text: "may only read"}
	case "slow":
		return &hunt.Error{Code: 159, Name: "TIMEOUT_EXCEEDED", Text: "took too long"}
	case "crowded":
		return &fault.Error{Reason: fault.TooManyHunts, Message: "4 hunts are running", RetryAfter: time.Second}
	case "off":
		return fault.New(fault.HuntingOff, "hunting is off: a server is used")
	case "stopped":
		return &hunt.Error{Code: 394, Name: "QUERY_WAS_CANCELLED", Text: "stopped"}
	}
	if q.Format != "" {
		if err := sink.Data([]byte("PAR1" + q.Format)); err != nil {
			return err
		}
		return sink.Summary(hunt.Summary{Rows: 1, Bytes: 11})
	}
	if err := sink.Progress(hunt.Progress{ReadRows: 10, ReadBytes: 100, TotalRows: 20, Memory: 1 << 20, Elapsed: time.Second}); err != nil {
		return err
	}
	if err := sink.Columns([]hunt.Column{{Name: "sql", Type: "String"}, {Name: "n", Type: "UInt64"}, {Name: "x", Type: "Nullable(Float64)"}}); err != nil {
		return err
	}
	text, err := json.Marshal([]any{q.SQL + " by " + q.Author, "18446744073709551615", nil})
	if err != nil {
		return err
	}
	if err := sink.Rows([]json.RawMessage{text, json.RawMessage(`[["a"], "1", 1.5]`)}); err != nil {
		return err
	}
	if q.SQL == "late" {
		return &hunt.Error{Code: 395, Name: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", Text: "the end"}
	}
	return sink.Summary(hunt.Summary{Rows: 2, Bytes: 40, ReadRows: 20, ReadBytes: 200, Elapsed: 2 * time.Second, Truncated: hunt.ByRows, Limits: q.Limits})
}

func (h *hunter) RunHunt(ctx context.Context, id string, q hunt.Query, sink hunt.Sink) error {
	s, err := h.Hunt(ctx, id)
	if err != nil {
		return err
	}
	q.SQL = s.SQL + " with " + q.Parameters["n"]
	return h.Query(ctx, q, sink)
}

func (h *hunter) Hunts(context.Context) ([]hunt.Saved, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []hunt.Saved
	for _, id := range slices.Sorted(maps.Keys(h.saved)) {
		all = append(all, h.saved[id])
	}
	return all, nil
}

func (h *hunter) Hunt(_ context.Context, id string) (hunt.Saved, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.saved[id]
	if !ok {
		return s, fault.New(fault.NotFound, "there is no saved hunt %s", id)
	}
	return s, nil
}

func (h *hunter) CreateHunt(_ context.Context, s hunt.Saved) (hunt.Saved, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.SQL == "syntax" {
		return s, &hunt.Error{Code: 62, Name: "SYNTAX_ERROR", Text: "failed at position 3", Position: 3, Line: 1, Column: 3}
	}
	s.Created, s.Updated, s.Revision = epoch, epoch, 1
	h.saved[s.ID] = s
	return s, nil
}

func (h *hunter) UpdateHunt(_ context.Context, s hunt.Saved, revision uint64) (hunt.Saved, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old, ok := h.saved[s.ID]
	switch {
	case !ok:
		return s, fault.New(fault.NotFound, "there is no saved hunt %s", s.ID)
	case revision != 0 && revision != old.Revision:
		return s, fault.New(fault.InvalidArgument, "hunts/%s was changed meanwhile", s.ID)
	}
	s.Created, s.Updated, s.Revision = old.Created, epoch, old.Revision+1
	h.saved[s.ID] = s
	return s, nil
}

func (h *hunter) DeleteHunt(_ context.Context, id, _ string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.saved[id]; !ok {
		return fault.New(fault.NotFound, "there is no saved hunt %s", id)
	}
	delete(h.saved, id)
	return nil
}
