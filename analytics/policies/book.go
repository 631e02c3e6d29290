package policies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// MaxPolicies bounds how many there are: each is looked at in every round of the analysis.
const MaxPolicies = 200

// MaxDeleted bounds how many more are evaluated because late events may be of a time at which they were there: a round asks
// them nothing unless there are such events.
const MaxDeleted = 1000

// storePatience bounds the storing of a policy, which goes on when the caller goes away.
const storePatience = 30 * time.Second

// Store keeps policies; *clickhouse.DB is one.
type Store interface {
	Policies(ctx context.Context, tenant string) ([]policy.Stored, error)
	StorePolicies(ctx context.Context, tenant string, all []policy.Stored) error
	PolicyDays(ctx context.Context, tenant string, detections []string, since time.Time) (map[string][]policy.Day, error)
	PolicyValues(ctx context.Context, tenant string) (policy.Values, error)
}

// Analysis evaluates detections; *analytics.Runner is one.
type Analysis interface {
	Adopt(ctx context.Context, a analytics.Adoption) error
	// Room is the longest look-back and look-ahead together that events are kept for; bounded is false when they are kept for ever.
	Room() (most time.Duration, bounded bool)
	Evaluates(detection string) bool
	Watermark() time.Time
}

// Comparer backtests; *analytics.Backtester is one.
type Comparer interface {
	Compare(ctx context.Context, proposed analytics.Detection, present *analytics.Detection, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error
}

// Options for a Book.
type Options struct {
	Tenant   string
	Store    Store
	Analysis Analysis
	Clock    func() time.Time
	Logger   *slog.Logger
	// Known are the values that fields can have without a stored event or address that has them; all activities with them.
	Known policy.Values
	// Files are the policies of the configured folder, by the names of their files; nil when there is none.
	Files map[string]policy.Policy
}

// Book keeps the policies, and lets the analysis evaluate them.
type Book struct {
	o Options
	// changing is held while a policy is changed.
	changing sync.Mutex

	mu  sync.Mutex
	all map[string]policy.Stored
	// compiled are those that are not deleted, by id.
	compiled map[string]analytics.Detection
	// refused are those that cannot be evaluated, by id, with the reason.
	refused map[string]string
	// folder is what is wrong with the files now; empty when nothing is.
	folder string
}

// Open reads the policies, takes over what has changed in the files, and lets the analysis evaluate them.
func Open(ctx context.Context, o Options) (*Book, error) {
	b := &Book{o: o, all: map[string]policy.Stored{}, compiled: map[string]analytics.Detection{}, refused: map[string]string{}}
	stored, err := o.Store.Policies(ctx, o.Tenant)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	for _, s := range stored {
		b.all[s.ID] = s
	}
	changed, err := b.fromFiles()
	if err != nil {
		return nil, err
	}
	if err := b.acceptable(ctx, changed); err != nil {
		return nil, err
	}
	if len(changed) > 0 {
		if err := o.Store.StorePolicies(ctx, o.Tenant, changed); err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
	}
	for _, s := range changed {
		b.all[s.ID] = s
	}
	for _, id := range slices.Sorted(maps.Keys(b.all)) {
		s := b.all[id]
		if err := b.adopt(ctx, &s); err != nil {
			var refused *fault.Error
			if !errors.As(err, &refused) {
				return nil, err
			}
			// one of an earlier release, or from when events were kept for longer, must not keep the service from starting
			b.refused[id] = refused.Message
			o.Logger.ErrorContext(ctx, "a policy cannot be evaluated; its alerts stay as they are", slog.String("policy", id), slog.Any("error", err))
		} else if err := s.Validate(); err != nil && !s.Removed {
			o.Logger.WarnContext(ctx, "a policy of an earlier release would not be taken today; it is evaluated as before", slog.String("policy", id), slog.Any("error", err))
		}
	}
	return b, nil
}

func (b *Book) now() time.Time { return b.o.Clock().UTC().Truncate(time.Millisecond) }

func samePolicy(a, c *policy.Policy) bool {
	x, y := policy.Stored{Policy: *a}, policy.Stored{Policy: *c}
	return x.Etag() == y.Etag()
}

// next is the version of a policy that follows the one that there is.
func (b *Book) next(p *policy.Policy, author string) policy.Stored {
	old, known := b.all[p.ID]
	now := b.now()
	s := policy.Stored{Policy: *p, Version: old.Version + 1, Since: now, Created: now, Updated: now, Author: author}
	moved := !known || old.Removed || !p.EffectiveFrom.Equal(old.EffectiveFrom)
	if !p.EffectiveFrom.IsZero() && (moved || p.EffectiveFrom.After(now)) {
		s.Since = p.EffectiveFrom.UTC()
	}
	if known && !old.Removed {
		s.Created = old.Created
	}
	return s
}

// adopt lets the analysis evaluate a version.
func (b *Book) adopt(ctx context.Context, s *policy.Stored) error {
	d, err := b.evaluable(s)
	if err != nil && s.Removed {
		return nil // of an earlier release, and not evaluated since
	}
	if err != nil {
		return err
	}
	off := s.Disabled || s.Removed
	a := analytics.Adoption{Detection: d, Since: s.Since, Off: off, By: fmt.Sprintf("%s (policy version %d)", s.Author, s.Version)}
	if err := b.o.Analysis.Adopt(ctx, a); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.refused, s.ID)
	if s.Removed {
		delete(b.compiled, s.ID)
	} else {
		b.compiled[s.ID] = d
	}
	return nil
}

// evaluable makes the detection of a version, or says why it cannot be evaluated.
func (b *Book) evaluable(s *policy.Stored) (analytics.Detection, error) {
	d, err := Compile(&s.Policy)
	switch {
	case err != nil:
		return d, fault.New(fault.InvalidArgument, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	case s.Disabled || s.Removed:
		return d, nil
	}
	return d, b.kept(&s.Policy, &d)
}

// kept says whether events are kept for as long as a policy reads.
func (b *Book) kept(p *policy.Policy, d *analytics.Detection) error {
	most, bounded := b.o.Analysis.Room()
	if !bounded || d.LookBack+d.LookAhead <= most {
		return nil
	}
	days := func(t time.Duration) string { return strconv.FormatFloat(t.Hours()/24, 'f', 1, 64) }
	within, new := time.Duration(p.Condition.Within), d.LookBack-d.LookAhead
	if room := (most-new)/4 - slack; within > 0 && room >= time.Minute {
		return fault.New(fault.InvalidArgument, "condition.within: found %s, expected at most %s days: it reads the events of %s days around each, and retention.eventsDays keeps so many that %s can be read; take a shorter window, or keep events for longer",
			durationText(within), days(room), days(d.LookBack+d.LookAhead), days(most))
	}
	return fault.New(fault.InvalidArgument, "filter: days: it reads the events of %s days around each, and retention.eventsDays keeps so many that %s can be read; look less far back for what is new, or keep events for longer", days(d.LookBack+d.LookAhead), days(most))
}
