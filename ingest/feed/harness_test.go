package feed

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is where the clock of every test begins.
var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// publisher serves one list over TLS.
type publisher struct {
	*httptest.Server
	mu      sync.Mutex
	text    string
	version int
	// answer takes the place of the list, once each.
	answer []http.HandlerFunc
	calls  []*http.Request
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{}
	p.Server = httptest.NewTLSServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, r)
	if len(p.answer) > 0 {
		next := p.answer[0]
		p.answer = p.answer[1:]
		next(w, r)
		return
	}
	tag := fmt.Sprintf("%q", fmt.Sprint("v", p.version))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write([]byte(p.text))
}

// publish puts a list in the place of the one before.
func (p *publisher) publish(lines ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text, p.version = strings.Join(lines, "\n")+"\n", p.version+1
}

func (p *publisher) once(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = append(p.answer, h)
}

func (p *publisher) seen() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// book keeps ranges as the database does: one for each network and beginning.
type book struct {
	mu      sync.Mutex
	ranges  map[string]intelligence.Range
	failing int
}

func (b *book) SourceRanges(context.Context, string) ([]intelligence.Range, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []intelligence.Range
	for _, r := range b.ranges {
		all = append(all, r)
	}
	return all, nil
}

func (b *book) Know(_ context.Context, all []intelligence.Range) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failing > 0 {
		b.failing--
		return errors.New("the database does not answer")
	}
	for _, r := range all {
		b.ranges[r.Prefix.String()+" "+r.From.String()] = r
	}
	return nil
}

// at says which of the addresses are known at a time.
func (b *book) at(t time.Time, addresses ...string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var known []string
	for _, a := range addresses {
		for _, r := range b.ranges {
			if r.Prefix.Contains(netip.MustParseAddr(a)) && !r.From.After(t) && (r.To.IsZero() || t.Before(r.To)) {
				known = append(known, a)
			}
		}
	}
	return strings.Join(known, " ")
}

// states keeps texts.
type states struct {
	mu      sync.Mutex
	all     map[string]string
	failing int
}

func (s *states) LoadState(_ context.Context, feed string) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing > 0 {
		s.failing--
		return "", false, errors.New("the database does not answer")
	}
	text, found := s.all[feed]
	return text, found, nil
}

func (s *states) StoreState(_ context.Context, feed, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[feed] = text
	return nil
}

// world is a publisher on one side and a book on the other.
type world struct {
	t       *testing.T
	p       *publisher
	book    *book
	states  *states
	options Options
	mu      sync.Mutex
	now     time.Time
	feed    *Feed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, p: newPublisher(t), book: &book{ranges: map[string]intelligence.Range{}}, states: &states{all: map[string]string{}}, now: start}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.p.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	w.options = Options{Says: Says{Tenant: "default", Source: "tor", Category: "risky", Tags: []string{"tor"}, Confidence: 90, Before: time.Hour}, URL: w.p.URL + "/list?key=hidden",
		Format: FormatPlain, CAFile: ca, AllowPrivate: true, Interval: time.Hour, Book: w.book, States: w.states, Now: w.clock}
	w.restart()
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// restart makes the feed anew, as a new process does.
func (w *world) restart() {
	w.t.Helper()
	o := w.options
	o.Registerer = prometheus.NewRegistry()
	f, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.feed != nil {
		w.feed.fetcher.close()
	}
	w.t.Cleanup(f.fetcher.close)
	if err := f.begin(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.feed = f
}

// fetch makes one scheduled attempt.
func (w *world) fetch() error {
	return w.feed.attempt(w.t.Context(), false)
}

// asked asks the feed, and lets it answer as Run does.
func (w *world) asked(what func(*Feed, context.Context) error) error {
	answer := make(chan error)
	go func() { answer <- what(w.feed, w.t.Context()) }()
	for {
		select {
		case err := <-answer:
			return err
		case <-w.feed.wake:
			w.feed.answer(w.t.Context())
		}
	}
}

// taken makes one attempt that has to go well.
func (w *world) taken() {
	w.t.Helper()
	if err := w.fetch(); err != nil {
		w.t.Fatal(err)
	}
}

// many are n addresses.
func many(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("192.0.2.%d", i)
	}
	return all
}
