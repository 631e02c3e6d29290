// Package hunting answers questions in SQL: it lets a statement through to the engine's read-only user, bounds what it may cost, passes the
// result on while it comes, and keeps of each who asked what. What the API and ClickHouse's own clients ask goes one way.
package hunting

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"crypto/rand"

	"github.com/sealwatch/sealwatch/internal/clickhouse/reader"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// Engine runs a statement as the user who may only read. What it has against one is a *hunt.Error.
type Engine interface {
	Run(ctx context.Context, sql string, arguments url.Values) (*reader.Answer, error)
}

// Store keeps the audit and the saved hunts, and sees what runs.
type Store interface {
	// HuntProgress is how far the query with a mark has come; false when none runs.
	HuntProgress(ctx context.Context, mark string) (hunt.Progress, bool, error)
	// RecordHunt keeps a hunt in the audit.
	RecordHunt(ctx context.Context, h hunt.Record) error
	// SavedHunts are the tenant's, by id.
	SavedHunts(ctx context.Context, tenant string) ([]hunt.Saved, error)
	// HuntRevision is the highest revision that a hunt of an id has had, deleted or not; 0 when there was none.
	HuntRevision(ctx context.Context, tenant, id string) (uint64, error)
	// StoreHunt stores a revision of a hunt; the highest one counts.
	StoreHunt(ctx context.Context, h hunt.Saved) error
}

// Options of the service; Engine may be nil, and Off then says why nobody can hunt.
type Options struct {
	Tenant   string
	Database string
	Engine   Engine
	Off      string
	Store    Store
	// Limits are the most that a hunt may ask for.
	Limits hunt.Limits
	// Concurrency is the number of hunts at the same time; Patience how long another one waits for a place, ten seconds by default.
	Concurrency int
	Patience    time.Duration
	// ProgressInterval is how often a hunt that runs tells its progress; half a second by default.
	ProgressInterval time.Duration
	// Stall is how long a reader may take nothing, twenty seconds by default; Grace how long beyond the limit on its duration a hunt may
	// last because its reader is slow, ten seconds by default.
	Stall, Grace time.Duration
	Clock        func() time.Time
	Logger       *slog.Logger
}

// Hunting is the service.
type Hunting struct {
	o     Options
	slots *slots
	wide  *wide
	book  *book
}

// New makes the service.
func New(o Options) (*Hunting, error) {
	o.Concurrency, o.Patience, o.ProgressInterval = cmp.Or(o.Concurrency, 4), cmp.Or(o.Patience, 10*time.Second), cmp.Or(o.ProgressInterval, 500*time.Millisecond)
	shipped, err := loadShipped()
	if err != nil {
		return nil, err
	}
	return &Hunting{o: o, slots: newSlots(o.Concurrency, o.Patience), wide: newWide(), book: &book{tenant: o.Tenant, store: o.Store, shipped: shipped, clock: o.Clock}}, nil
}

// newID is the id of a hunt: 128 random bits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return hex.EncodeToString(b[:])
}

// MaxStatementBytes bounds a statement.
const MaxStatementBytes = 1 << 20

// Query runs a statement and gives the result to a sink. What the engine has against it is a *hunt.Error.
func (h *Hunting) Query(ctx context.Context, q hunt.Query, sink hunt.Sink) error {
	if h.o.Engine == nil {
		return fault.New(fault.HuntingOff, "hunting is off: %s", h.o.Off)
	}
	run := &run{Hunting: h, query: q, id: newID(), limits: q.Limits.Within(h.o.Limits), began: h.o.Clock(), sink: sink}
	var cut func()
	if c, ok := sink.(Cutter); ok {
		cut = c.Cut
	}
	err := run.placed(ctx, cut, run.through)
	h.audit(ctx, run.record(err))
	return err
}

// audit keeps a hunt. The caller may be gone; the entry is made nevertheless.
func (h *Hunting) audit(ctx context.Context, r hunt.Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	level, err := slog.LevelInfo, h.o.Store.RecordHunt(ctx, r)
	attributes := []slog.Attr{
		slog.String("hunt", r.ID), slog.String("kind", string(cmp.Or(r.Kind, hunt.KindHunt))), slog.String("author", r.Author), slog.String("via", r.Via), slog.String("outcome", string(r.Outcome)),
		slog.Uint64("rows", r.Summary.Rows), slog.Duration("took", r.Summary.Elapsed),
	}
	if err != nil {
		level = slog.LevelError
		attributes = append(attributes, slog.Any("audit_error", err))
	}
	what := "a hunt ended"
	if r.Kind != "" && r.Kind != hunt.KindHunt {
		what = "a saved hunt was changed"
	}
	h.o.Logger.LogAttrs(ctx, level, what, attributes...)
}

// outcome says how a hunt ended.
func outcome(err error, truncated hunt.Truncation) hunt.Outcome {
	var e *hunt.Error
	switch {
	case err == nil && truncated != hunt.Whole:
		return hunt.Truncated
	case err == nil:
		return hunt.OK
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), fault.Is(err, fault.ReaderStalled):
		return hunt.Cancelled
	case errors.As(err, &e) && e.Refused():
		return hunt.Refused
	case errors.As(err, &e) && e.Ended():
		return hunt.Cancelled
	}
	return hunt.Failed
}
