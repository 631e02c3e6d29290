package hunting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// book keeps the saved hunts: those of people in the database, and those that come with Sealwatch.
type book struct {
	tenant  string
	store   Store
	shipped []hunt.Saved
	clock   func() time.Time
	// changing lets one change at a time see what there is.
	changing sync.Mutex
}

var huntID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Hunts are all saved hunts by id.
func (h *Hunting) Hunts(ctx context.Context) ([]hunt.Saved, error) { return h.book.all(ctx) }

func (b *book) all(ctx context.Context) ([]hunt.Saved, error) {
	stored, err := b.store.SavedHunts(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	// One that comes with a later version hides one of the same id: what documents name is what runs.
	stored = slices.DeleteFunc(stored, func(s hunt.Saved) bool {
		return slices.ContainsFunc(b.shipped, func(o hunt.Saved) bool { return o.ID == s.ID })
	})
	all := append(slices.Clone(b.shipped), stored...)
	slices.SortFunc(all, func(x, y hunt.Saved) int { return cmp.Compare(x.ID, y.ID) })
	return all, nil
}

// Hunt is one saved hunt, or fault.NotFound.
func (h *Hunting) Hunt(ctx context.Context, id string) (hunt.Saved, error) {
	return h.book.get(ctx, id)
}

func (b *book) get(ctx context.Context, id string) (hunt.Saved, error) {
	all, err := b.all(ctx)
	if err != nil {
		return hunt.Saved{}, err
	}
	for _, s := range all {
		if s.ID == id {
			return s, nil
		}
	}
	ids := make([]string, len(all))
	for i, s := range all {
		ids[i] = s.ID
	}
	const most = 40
	more := ""
	if len(ids) > most {
		more = fmt.Sprintf(" and %d more", len(ids)-most)
	}
	return hunt.Saved{}, fault.New(fault.NotFound, "there is no saved hunt %s%s; those that there are: %s%s", id, spelling.Hint(id, ids), strings.Join(ids[:min(len(ids), most)], ", "), more)
}

// CreateHunt saves a new hunt.
func (h *Hunting) CreateHunt(ctx context.Context, s hunt.Saved) (hunt.Saved, error) {
	if err := h.check(ctx, &s); err != nil {
		return s, err
	}
	b := h.book
	b.changing.Lock()
	defer b.changing.Unlock()
	if _, err := b.get(ctx, s.ID); err == nil {
		return s, fault.New(fault.InvalidArgument, "hunts/%s exists; expected an id that is not taken", s.ID)
	} else if !fault.Is(err, fault.NotFound) {
		return s, err
	}
	now := b.now()
	s.Tenant, s.Created, s.Updated, s.BuiltIn, s.Deleted = b.tenant, now, now, false, false
	// Above every revision that a deleted hunt of that id has had.
	before, err := b.store.HuntRevision(ctx, b.tenant, s.ID)
	if err != nil {
		return s, err
	}
	s.Revision = before + 1
	return s, h.keep(ctx, hunt.KindCreate, s)
}

// UpdateHunt puts a hunt in the place of the one of the same id. revision is the one that the caller has seen; 0 takes any.
func (h *Hunting) UpdateHunt(ctx context.Context, s hunt.Saved, revision uint64) (hunt.Saved, error) {
	if err := h.check(ctx, &s); err != nil {
		return s, err
	}
	b := h.book
	b.changing.Lock()
	defer b.changing.Unlock()
	old, err := b.mutable(ctx, s.ID, revision)
	if err != nil {
		return s, err
	}
	s.Tenant, s.Created, s.Updated, s.Revision = b.tenant, old.Created, b.now(), old.Revision+1
	s.BuiltIn, s.Deleted = false, false
	return s, h.keep(ctx, hunt.KindUpdate, s)
}

// DeleteHunt removes a hunt.
func (h *Hunting) DeleteHunt(ctx context.Context, id, author string) error {
	b := h.book
	b.changing.Lock()
	defer b.changing.Unlock()
	old, err := b.mutable(ctx, id, 0)
	if err != nil {
		return err
	}
	old.Deleted, old.Author, old.Updated = true, author, b.now()
	old.Revision++
	return h.keep(ctx, hunt.KindDelete, old)
}

// keep stores a change of a saved hunt with an entry in the audit, which is there also when the store failed.
func (h *Hunting) keep(ctx context.Context, kind hunt.Kind, s hunt.Saved) error {
	r := hunt.Record{Kind: kind, Tenant: h.o.Tenant, ID: newID(), Time: s.Updated, Author: s.Author, Via: hunt.ViaAPI, Saved: s.ID, Outcome: hunt.OK}
	for _, p := range s.Parameters {
		r.Parameters = append(r.Parameters, p.Name)
	}
	r.SQL, r.Cut = auditedStatement(s.SQL)
	err := h.o.Store.StoreHunt(ctx, s)
	if err != nil {
		r.Outcome, r.Error = hunt.Failed, "the database did not take it"
	}
	h.audit(ctx, r)
	return err
}

// now in the precision that is stored.
func (b *book) now() time.Time { return b.clock().UTC().Truncate(time.Millisecond) }

func (b *book) mutable(ctx context.Context, id string, revision uint64) (hunt.Saved, error) {
	old, err := b.get(ctx, id)
	switch {
	case err != nil:
		return old, err
	case old.BuiltIn:
		return old, fault.New(fault.InvalidArgument, "hunts/%s comes with Sealwatch and cannot be changed; save a copy under another id", id)
	case revision != 0 && revision != old.Revision:
		return old, fault.New(fault.InvalidArgument, "hunts/%s was changed meanwhile by %s: read it again; expected etag %d", id, old.Author, old.Revision)
	}
	return old, nil
}

// check completes a hunt by what its statement says, and refuses what could not run.
func (h *Hunting) check(ctx context.Context, s *hunt.Saved) error {
	if !huntID.MatchString(s.ID) {
		return fault.New(fault.InvalidArgument, "id: found %q, expected 1 to 63 lower-case letters, digits and hyphens, a letter first", s.ID)
	}
	if err := complete(s); err != nil {
		return err
	}
	return h.syntax(ctx, s.SQL)
}

// complete gives the parameters the types that the statement has.
func complete(s *hunt.Saved) error {
	said := map[string]hunt.Parameter{}
	for _, p := range s.Parameters {
		if _, twice := said[p.Name]; twice {
			return fault.New(fault.InvalidArgument, "parameters: %s is there twice", p.Name)
		}
		said[p.Name] = p
	}
	var all []hunt.Parameter
	for _, found := range embedded.Parameters(s.SQL) {
		p := said[found.Name]
		delete(said, found.Name)
		p.Name, p.Type = found.Name, found.Type
		all = append(all, p)
	}
	for name := range said {
		return fault.New(fault.InvalidArgument, "parameters: the statement has no {%s:Type}", name)
	}
	s.Parameters = all
	return nil
}

// syntax has the engine's own parser read a statement. It runs nothing.
func (h *Hunting) syntax(ctx context.Context, sql string) error {
	if h.o.Engine == nil {
		return fault.New(fault.HuntingOff, "hunting is off: %s", h.o.Off)
	}
	const parse = "SELECT formatQuerySingleLine({sql:String})"
	arguments := url.Values{"database": {h.o.Database}}
	for name, value := range embedded.Bind(parse, map[string]string{"sql": sql}) {
		arguments.Set(name, value)
	}
	answer, err := h.o.Engine.Run(ctx, parse, arguments)
	var said *hunt.Error
	if errors.As(err, &said) {
		text, _, _ := strings.Cut(said.Error(), ": In scope SELECT formatQuerySingleLine(")
		return hunt.ParseError(fmt.Sprintf("Code: %d. DB::Exception: %s (%s)", said.Code, text, said.Name), sql)
	}
	if err != nil {
		return fault.Unavailable(err)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}

// RunHunt runs a saved hunt; q has the values of its parameters and no statement.
func (h *Hunting) RunHunt(ctx context.Context, id string, q hunt.Query, sink hunt.Sink) error {
	s, err := h.book.get(ctx, id)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, p := range s.Parameters {
		value, given := q.Parameters[p.Name]
		switch {
		case given:
			values[p.Name] = value
		case p.Default != nil:
			values[p.Name] = *p.Default
		default:
			return fault.New(fault.InvalidArgument, "parameters: hunts/%s wants a value for %s (%s)", id, p.Name, cmp.Or(p.Description, p.Type))
		}
	}
	for name := range q.Parameters {
		if _, ok := values[name]; !ok {
			return fault.New(fault.InvalidArgument, "parameters: hunts/%s has no parameter %s; it has %s", id, name, names(s.Parameters))
		}
	}
	q.SQL, q.Parameters, q.Saved = s.SQL, values, id
	return h.Query(ctx, q, sink)
}

func names(all []hunt.Parameter) string {
	if len(all) == 0 {
		return "none"
	}
	var out []string
	for _, p := range all {
		out = append(out, p.Name)
	}
	return strings.Join(out, ", ")
}
