package policies

import (
	"cmp"
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
	"github.com/sealwatch/sealwatch/internal/spelling"
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

// fromFiles are the new versions of what the files say otherwise than before.
func (b *Book) fromFiles() ([]policy.Stored, error) {
	var changed []policy.Stored
	var problems []error
	from := make(map[string]string)
	for _, file := range slices.Sorted(maps.Keys(b.o.Files)) {
		p := b.o.Files[file]
		if other, twice := from[p.ID]; twice {
			problems = append(problems, fmt.Errorf("policies.folder: %s: id: %s is that of %s, too", file, p.ID, other))
			continue
		}
		from[p.ID] = file
		if err := p.Validate(); err != nil {
			problems = append(problems, fmt.Errorf("policies.folder: %s: %s", file, strings.ReplaceAll(err.Error(), "\n", "; ")))
			continue
		}
		old, known := b.all[p.ID]
		if known && !old.Removed && old.File == "" {
			problems = append(problems, fmt.Errorf("policies.folder: %s: id: %s is that of a policy that was saved over the API; expected another one, or that one deleted", file, p.ID))
			continue
		}
		next := b.next(&p, "file "+file)
		next.File = file
		if known && !old.Removed && old.File == file && samePolicy(&old.Policy, &p) {
			continue
		}
		changed = append(changed, next)
	}
	saved := 0
	for _, s := range b.all {
		if s.File == "" && !s.Removed {
			saved++
		}
	}
	if n := len(b.o.Files); n > 0 && saved+n > MaxPolicies {
		problems = append(problems, fmt.Errorf("policies.folder: found %d files beside %d policies that were saved over the API, expected %d in all at most", n, saved, MaxPolicies))
	}
	for id, s := range b.all {
		if s.File != "" && !s.Removed && from[id] == "" {
			gone := b.next(&s.Policy, "file "+s.File)
			gone.File, gone.Removed, gone.Since = s.File, true, b.now()
			changed = append(changed, gone)
		}
	}
	return changed, errors.Join(problems...)
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

// Refusal is why a policy is not evaluated, or not as its file says now; empty when it is, or is off.
func (b *Book) Refusal(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused[id] == "" && b.all[id].File != "" {
		return b.folder
	}
	return b.refused[id]
}

// Problem is what is wrong with the policies as a whole; empty when nothing is.
func (b *Book) Problem() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	problem := b.folder
	for _, id := range slices.Sorted(maps.Keys(b.refused)) {
		problem = cmp.Or(problem, "policy "+id+" is not evaluated: "+b.refused[id])
	}
	return problem
}

func (b *Book) compiledAs(id string) *analytics.Detection {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d, ok := b.compiled[id]; ok {
		return &d
	}
	return nil
}

// Detections are those of the policies that are there, by id, disabled ones with them.
func (b *Book) Detections() []analytics.Detection {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]analytics.Detection, 0, len(b.compiled))
	for _, id := range slices.Sorted(maps.Keys(b.compiled)) {
		all = append(all, b.compiled[id])
	}
	return all
}

// Policies are all that are not deleted, by id.
func (b *Book) Policies() []policy.Stored {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []policy.Stored
	for _, s := range b.all {
		if !s.Removed {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y policy.Stored) int { return cmp.Compare(x.ID, y.ID) })
	return all
}

// Policy returns one, or fault.NotFound.
func (b *Book) Policy(id string) (policy.Stored, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.all[id]; ok && !s.Removed {
		return s, nil
	}
	var there []string
	for name, s := range b.all {
		if !s.Removed {
			there = append(there, name)
		}
	}
	slices.Sort(there)
	return policy.Stored{}, fault.New(fault.NotFound, "there is no policy %q%s", id, spelling.Instead(id, there))
}

// Name is what people call the policy, or called it before it was deleted; empty when there never was one.
func (b *Book) Name(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[id].Name
}

// Create saves a new policy. It returns when it is durable and evaluated; what is wrong with it comes back as fault.InvalidArgument.
func (b *Book) Create(ctx context.Context, p policy.Policy, author string) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, err := b.created(&p, author)
	if err != nil {
		return s, err
	}
	return b.save(ctx, s)
}

// TryCreate does everything that Create does but save.
func (b *Book) TryCreate(p policy.Policy, author string) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, err := b.created(&p, author)
	if err == nil {
		_, err = b.evaluable(&s)
	}
	return s, err
}

// created is the first version of a policy, or why it is not taken.
func (b *Book) created(p *policy.Policy, author string) (policy.Stored, error) {
	if _, err := b.Policy(p.ID); err == nil {
		return policy.Stored{}, fault.New(fault.AlreadyExists, "there is a policy %q; change it, or take another id", p.ID)
	}
	if n := len(b.Policies()); n >= MaxPolicies {
		return policy.Stored{}, fault.New(fault.InvalidArgument, "there are %d policies, which is the most; delete one first", n)
	}
	if n := b.lingering(p.ID); n >= MaxDeleted {
		return policy.Stored{}, fault.New(fault.InvalidArgument, "%d deleted policies still judge late events of the time when they were there, which is the most; take the id of one of them, or change a policy instead of making another", n)
	}
	if err := refusal(p); err != nil {
		return policy.Stored{}, err
	}
	return b.next(p, author), nil
}

// refusal is why a policy is not taken that is newly written.
func refusal(p *policy.Policy) error {
	if err := p.Validate(); err != nil {
		return fault.New(fault.InvalidArgument, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

// lingering counts the deleted policies other than that with the id which are still evaluated.
func (b *Book) lingering(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, s := range b.all {
		if s.Removed && s.ID != id && b.o.Analysis.Evaluates(s.DetectionID()) {
			n++
		}
	}
	return n
}

// changeable returns the policy when it may be changed by whoever knows the etag.
func (b *Book) changeable(id, etag string) (policy.Stored, error) {
	s, err := b.Policy(id)
	switch {
	case err != nil:
		return s, err
	case s.File != "":
		return s, fault.New(fault.ReadOnly, "policy %s comes from the file %s of policies.folder; change it there", id, s.File)
	case etag != "" && etag != s.Etag():
		return s, fault.New(fault.Conflict, "policy %s was changed by %s at %s; read it again", id, s.Author, s.Updated.Format(time.RFC3339))
	}
	return s, nil
}

// Update puts what change makes of a policy in its place. Nobody else changes it meanwhile.
func (b *Book) Update(ctx context.Context, id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, same, err := b.updated(id, etag, author, change)
	if err != nil || same {
		return s, err
	}
	return b.save(ctx, s)
}

// TryUpdate does everything that Update does but save.
func (b *Book) TryUpdate(id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, same, err := b.updated(id, etag, author, change)
	if err == nil && !same {
		_, err = b.evaluable(&s)
	}
	return s, err
}

// updated is the next version of a policy, or why it is not taken; same says that it is the one that there is.
func (b *Book) updated(id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (s policy.Stored, same bool, err error) {
	old, err := b.changeable(id, etag)
	if err != nil {
		return old, false, err
	}
	p, err := change(old)
	if err != nil {
		return old, false, err
	}
	p.ID = id
	if samePolicy(&old.Policy, &p) {
		return old, true, nil
	}
	if err := refusal(&p); err != nil {
		return old, false, err
	}
	return b.next(&p, author), false, nil
}

// Delete removes a policy; its alerts stay.
func (b *Book) Delete(ctx context.Context, id, etag, author string) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, err := b.changeable(id, etag)
	if err != nil {
		return err
	}
	gone := b.next(&s.Policy, author)
	gone.Removed, gone.Since = true, b.now()
	_, err = b.save(ctx, gone)
	return err
}

// save stores a version and lets it be evaluated. What cannot be evaluated is refused before anything is stored; a deletion never is.
func (b *Book) save(ctx context.Context, s policy.Stored) (policy.Stored, error) {
	if _, err := b.evaluable(&s); err != nil && !s.Removed {
		return s, err
	}
	// whoever asked may go away; what is begun is finished
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	if err := b.o.Store.StorePolicies(ctx, b.o.Tenant, []policy.Stored{s}); err != nil {
		return s, fmt.Errorf("policies: %w", err)
	}
	b.mu.Lock()
	b.all[s.ID] = s
	b.mu.Unlock()
	if err := b.adopt(ctx, &s); err != nil {
		return s, fmt.Errorf("policies: policy %s is stored, and could not be taken into the analysis; the next start tries again: %w", s.ID, err)
	}
	return s, nil
}
