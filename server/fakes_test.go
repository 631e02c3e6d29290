package server_test

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
	"github.com/sealwatch/sealwatch/server"
)

const tenant = "acme"

// secret stands in causes that no client may see.
const secret = "hunter2"

var epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// ingester keeps ids. Some ids make it misbehave: see act.
type ingester struct {
	mu       sync.Mutex
	known    map[string]string
	sequence uint64
	origins  []event.Origin
	busy     int
	calls    int
	most     int
	// gate, when set, holds every call until it is closed or sent to.
	gate chan struct{}
}

func (g *ingester) Ingest(ctx context.Context, o event.Origin, submissions []event.Submission) (event.Receipt, error) {
	g.mu.Lock()
	g.calls++
	g.most = max(g.most, g.calls)
	gate := g.gate
	g.mu.Unlock()
	defer func() { g.mu.Lock(); g.calls--; g.mu.Unlock() }()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return event.Receipt{}, ctx.Err()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.origins = append(g.origins, o)
	var r event.Receipt
	for i, s := range submissions {
		id, content, err := idOf(s)
		if err != nil {
			r.Rejected++
			r.Rejections = append(r.Rejections, event.Rejection{Index: i, Field: "eventId", Problem: err.Error()})
			continue
		}
		if err := g.act(id); err != nil {
			return event.Receipt{}, err
		}
		switch was, ok := g.known[id]; {
		case !ok:
			g.known[id] = content
			g.sequence++
			r.Accepted++
		case was == content:
			r.Duplicates++
		default:
			r.Conflicts++
		}
	}
	r.LastSequence = g.sequence
	return r, nil
}

// underWay is how many calls there are now, and how many there were at most.
func (g *ingester) underWay() (now, most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls, g.most
}

// await returns when so many calls are under way.
func (g *ingester) await(n int) {
	for {
		if now, _ := g.underWay(); now >= n {
			return
		}
		runtime.Gosched()
	}
}

func (g *ingester) act(id string) error {
	switch id {
	case "panic":
		panic("the ingester panics with " + secret)
	case "defect":
		return errors.New("a defect that knows " + secret)
	case "down":
		return fault.Unavailable(errors.New("dial tcp: " + secret))
	case "full":
		return &fault.Error{Reason: fault.QueueFull, Message: "the queue is full", RetryAfter: 2 * time.Second}
	case "busy":
		// Full twice, then not: what a patient caller never sees.
		if g.busy++; g.busy < 3 {
			return &fault.Error{Reason: fault.QueueFull, Message: "the queue is full", RetryAfter: time.Millisecond}
		}
	}
	return nil
}

func idOf(s event.Submission) (id, content string, err error) {
	if s.Record != nil {
		return s.Record.EventID, fmt.Sprint(*s.Record), nil
	}
	var m struct {
		EventID string `json:"eventId"`
	}
	if err := json.Unmarshal(s.JSON, &m); err != nil {
		return "", "", fmt.Errorf("the record is no JSON object: %w", err)
	}
	if m.EventID == "" {
		return "", "", errors.New("eventId is missing; expected a GUID")
	}
	return m.EventID, string(s.JSON), nil
}

// split is a small splitter: a page, an array or a sequence of values, gzip by its magic; a value that is no object is
// a bad record.
func split(r io.Reader) server.RecordReader {
	b := bufio.NewReader(r)
	if magic, _ := b.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return &records{err: err}
		}
		return &records{dec: json.NewDecoder(z)}
	}
	return &records{dec: json.NewDecoder(b)}
}

type records struct {
	dec    *json.Decoder
	queue  []json.RawMessage
	next   int
	cursor string
	err    error
}

func (r *records) Next() (server.RawRecord, error) {
	for len(r.queue) == 0 {
		if r.err != nil {
			return server.RawRecord{}, r.err
		}
		var v json.RawMessage
		if err := r.dec.Decode(&v); err != nil {
			if !errors.Is(err, io.EOF) {
				err = fmt.Errorf("broken JSON: %w", err)
			}
			r.err = err
			continue
		}
		var page struct {
			Data, ResultData []json.RawMessage
			EndCursor        string
		}
		switch {
		case json.Unmarshal(v, &r.queue) == nil:
		case json.Unmarshal(v, &page) == nil && (page.Data != nil || page.ResultData != nil):
			r.queue, r.cursor = append(page.Data, page.ResultData...), page.EndCursor
		default:
			r.queue = []json.RawMessage{v}
		}
	}
	v := r.queue[0]
	r.queue = r.queue[1:]
	r.next++
	if !strings.HasPrefix(string(v), "{") {
		return server.RawRecord{}, &server.BadRecord{Index: r.next - 1, Line: 1, Problem: "expected a JSON object"}
	}
	return server.RawRecord{Index: r.next - 1, Line: 1, JSON: v}, nil
}

func (r *records) EndCursor() string { return r.cursor }

// events is a list of events, newest first.
type events []event.Event

func (l events) GetEvent(_ context.Context, tenant, id string) (event.Event, error) {
	for _, e := range l {
		if e.Tenant == tenant && e.ID == id {
			return e, nil
		}
	}
	return event.Event{}, fault.New(fault.NotFound, "there is no event %q", id)
}

func (l events) ListEvents(_ context.Context, tenant string, f event.Filter, after event.Cursor, limit int, full bool) ([]event.Event, error) {
	var out []event.Event
	for _, e := range l {
		past := after != (event.Cursor{}) && (e.Time.After(after.Time) || e.Time.Equal(after.Time) && e.ID >= after.ID)
		if e.Tenant != tenant || past || len(f.Activities) > 0 && !slices.Contains(f.Activities, e.Activity) {
			continue
		}
		if !full {
			e.Raw = ""
		}
		if out = append(out, e); len(out) == limit {
			break
		}
	}
	return out, nil
}

// alerts is a list of alerts, newest first.
type alerts []alert.Alert

func (l alerts) GetAlert(_ context.Context, tenant, id string) (alert.Alert, error) {
	for _, a := range l {
		if a.Tenant == tenant && a.ID == id {
			return a, nil
		}
	}
	return alert.Alert{}, fault.New(fault.NotFound, "there is no alert %q", id)
}

func (l alerts) ListAlerts(_ context.Context, tenant string, f alert.Filter, o alert.Order, _ uint64, after alert.Cursor, limit int) ([]alert.Alert, int, error) {
	var out []alert.Alert
	total := 0
	l = slices.Clone(l)
	slices.SortStableFunc(l, func(a, b alert.Alert) int { return cmp.Or(cmp.Compare(o.Key(&b), o.Key(&a)), cmp.Compare(b.ID, a.ID)) })
	for _, a := range l {
		if a.Tenant != tenant || !f.Match(&a) {
			continue
		}
		total++
		if !after.Before(o.Key(&a), a.ID) && len(out) < limit {
			out = append(out, a)
		}
	}
	return out, total, nil
}

// changes is a log in memory.
type changes struct {
	mu   sync.Mutex
	log  []alert.Change
	more chan struct{}
	// largest is the largest page that was asked for.
	largest int
	// waits counts those that wait for more than there is.
	waits int
	// expired are how many of the first changes are no longer retained.
	expired uint64
}

func (c *changes) Oldest(ctx context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.log) == 0 {
		return 0, ctx.Err()
	}
	return c.expired + 1, ctx.Err()
}

func (c *changes) FirstSince(ctx context.Context, at time.Time) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.log[c.expired:] {
		if v := &c.log[c.expired+uint64(i)]; !v.Updated.Before(at) {
			return v.Sequence, ctx.Err()
		}
	}
	return 0, ctx.Err()
}

func newChanges(list ...alert.Change) *changes {
	c := &changes{more: make(chan struct{})}
	for _, v := range list {
		c.append(v)
	}
	return c
}

func (c *changes) append(v alert.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v.Sequence = uint64(len(c.log) + 1)
	c.log = append(c.log, v)
	close(c.more)
	c.more = make(chan struct{})
}

// largestPage is the most that was asked for at once.
func (c *changes) largestPage() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.largest
}

func (c *changes) Head() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint64(len(c.log))
}

func (c *changes) Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.largest = max(c.largest, limit)
	rest := c.log[min(after, uint64(len(c.log))):]
	return slices.Clone(rest[:min(limit, len(rest))]), ctx.Err()
}

// waitedFor says whether somebody waits, or has waited, for more than there was.
func (c *changes) waitedFor() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waits > 0
}

// Recent has nothing in memory.
func (c *changes) Recent(uint64, int) []alert.Change { return nil }

func (c *changes) Wait(ctx context.Context, after uint64) error {
	for {
		c.mu.Lock()
		head, more := uint64(len(c.log)), c.more
		if head > after {
			c.mu.Unlock()
			return nil
		}
		c.waits++
		c.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type detections []alert.Detection

func (d detections) List() []alert.Detection { return d }

func (d detections) Former(id string) bool { return id == "former" }

type system struct {
	status.System
	err error
}

func (s *system) Status(context.Context) (status.System, error) { return s.System, s.err }

// inputs are there for one detection and lacking for the others.
type inputs struct{}

func (inputs) Inputs(_ context.Context, detection string) ([]status.Input, error) {
	if detection == "failed_logins" {
		return []status.Input{{Name: "event", Events: 9, Last: epoch}, {Name: "activity failed_logon", Events: 4, Last: epoch}}, nil
	}
	return []status.Input{{Name: "event", Events: 9, Last: epoch}, {Name: "place of kind user", LikelyCauses: []string{"no location"}}}, nil
}

// backtester counts by what it is asked for.
type backtester struct{}

func (backtester) Backtest(ctx context.Context, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error {
	for _, s := range q.Settings {
		if s.Value == "hang" {
			if err := progress(alert.BacktestProgress{}); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}
		if s.Value == "0" {
			return fault.New(fault.InvalidArgument, "settings[0]: parameter %s: 0: expected 2 to 1000 failures", s.Parameter)
		}
	}
	for i, id := range q.Detections {
		if err := progress(alert.BacktestProgress{Detection: id, Fraction: float64(i+1) / float64(len(q.Detections)), Reached: epoch, Alerts: 2}); err != nil {
			return err
		}
		subject := alert.Subject{Type: "user", ID: "u1", Email: "ada@example.com"}
		err := result(alert.BacktestResult{Detection: id, From: q.From, To: q.To, Notes: []string{"It is off: live it raises nothing."}, Settings: []alert.Setting{{Detection: id, Parameter: "p", Value: "1", Present: "2"}},
			Alerts: alert.Compared{Proposed: 2, Present: 3}, Removed: 1, Days: []alert.DayCount{{Date: "2026-08-01", Alerts: alert.Compared{Proposed: 2, Present: 3}}},
			TopSubjects:     []alert.SubjectCount{{Subject: subject, Alerts: alert.Compared{Proposed: 2, Present: 3}}},
			Suppressions:    []alert.SuppressionCount{{Reason: "known_vpn", Description: "A known VPN.", Findings: alert.Compared{Present: 1}}},
			RemovedExamples: []alert.Finding{{Title: "Ada was in two places", Subject: subject, Severity: alert.SeverityHigh, Start: epoch, End: epoch}}})
		if err != nil {
			return err
		}
	}
	return nil
}
