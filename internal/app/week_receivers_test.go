package app_test

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/splunk/splunktest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// receivers makes a destination of each kind.
func (w *week) receivers() {
	w.Helper()
	authority := exportertest.NewAuthority(w)
	certificate, key := authority.Issue("sender.example.com")
	secure := &tls.Config{Certificates: []tls.Certificate{authority.Pair("127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool, MinVersion: tls.VersionTLS12}
	plain := w.syslog("syslog-tcp", nil, readDocument)
	plain.settings.Syslog.Format = "json"
	encrypted := w.syslog("syslog-tls", secure, readLEEF)
	encrypted.settings.Syslog.Format, encrypted.settings.Syslog.Protocol = "leef", "tls"
	encrypted.settings.Syslog.TLS = config.SyslogTLS{CAFile: authority.File, CertFile: certificate, KeyFile: key}
	w.places = append(w.places, plain, encrypted, w.webhook("webhook"), w.splunk("splunk"), w.file("file"))
	w.pager = w.file("pager")
	w.pager.settings.Historical = false
	for _, d := range append(slices.Clone(w.places), w.pager) {
		w.cfg.Destinations = append(w.cfg.Destinations, d.settings)
	}
}

// destination is one that takes everything from the start.
func (w *week) destination(name string) *destinationUnderTest {
	nothing := func() {}
	return &destinationUnderTest{name: name, settings: config.Destination{Name: name, StartAt: "first", Historical: true}, life: w.life.Load, heal: nothing, forgive: nothing,
		disturb: func(*rand.Rand) string { return "" }, tests: map[string]bool{}, bad: map[string]map[uint64]bool{}}
}

// readDocument reads the JSON of an alert, wherever it begins.
func readDocument(text string) (id string, sequence uint64, t told, err error) {
	var d exporters.Document
	err = json.Unmarshal([]byte(text[max(strings.Index(text, `{"name":`), 0):]), &d)
	return strings.TrimPrefix(d.Name, "alerts/"), d.Sequence, told{small("ALERT_STATE_", d.State), small("SEVERITY_", d.Severity), d.EventCount}, err
}

// readLEEF reads the attributes of LEEF 2.0 between ^.
func readLEEF(text string) (id string, sequence uint64, t told, err error) {
	_, attributes, found := strings.Cut(text, "|x5E|")
	if !found {
		return "", 0, t, fmt.Errorf("no LEEF: %q", text)
	}
	of := map[string]string{}
	for _, a := range strings.Split(attributes, "^") {
		k, v, _ := strings.Cut(a, "=")
		of[k] = v
	}
	if sequence, err = strconv.ParseUint(of["sequence"], 10, 64); err == nil {
		t.events, err = strconv.ParseUint(cmp.Or(of["eventCount"], "0"), 10, 64)
	}
	t.state, t.severity = strings.ToLower(of["state"]), strings.ToLower(of["severity"])
	return of["alertId"], sequence, t, err
}

// gate lets a reader through or not.
type gate struct {
	mu   sync.Mutex
	open chan struct{}
}

func newGate() *gate { g := &gate{open: make(chan struct{})}; close(g.open); return g }

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) free() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	<-open
}

// syslog is a receiver of octet-counted messages.
func (w *week) syslog(name string, secure *tls.Config, read func(string) (string, uint64, told, error)) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	d.bestEffort = true
	stalled := newGate()
	var cutAfter atomic.Int64 // messages until a connection is cut, when above 0
	decode := func(r io.Reader, _ func(exportertest.Delivery)) error {
		for in := bufio.NewReader(r); ; {
			stalled.pass()
			var n int
			if _, err := fmt.Fscanf(in, "%d ", &n); err != nil {
				return nil // the end, or what was cut
			}
			message := make([]byte, n)
			if _, err := io.ReadFull(in, message); err != nil {
				return nil
			}
			if id, sequence, t, err := read(string(message)); err != nil {
				d.unreadable("%v in %q", err, message)
			} else {
				d.arrived(id, sequence, t)
			}
			if cutAfter.Add(-1) == 0 {
				return nil
			}
		}
	}
	receiver := exportertest.NewTLSReceiver(w, secure, decode)
	w.Cleanup(func() { stalled.free(); receiver.Close() })
	d.settings.Syslog = &config.SyslogDestination{Address: receiver.Address()}
	d.disturb = func(chance *rand.Rand) string {
		switch chance.IntN(6) {
		case 0:
			receiver.Behave(exportertest.Refuse)
			return "is down"
		case 1:
			receiver.Behave(exportertest.AcceptAndClose)
			return "closes each connection"
		case 2:
			receiver.Behave(exportertest.HalfClose)
			return "ends its direction"
		case 3:
			cutAfter.Store(1 + chance.Int64N(5))
			return "cuts a connection in the middle"
		case 4:
			stalled.shut()
			return "stalls"
		}
		return ""
	}
	d.heal = func() {
		cutAfter.Store(0)
		stalled.free()
		receiver.Behave(exportertest.None)
	}
	return d
}

// mischief answers requests in the place of a receiver.
type mischief struct {
	mu     sync.Mutex
	chance *rand.Rand
	quiet  chan struct{} // closed when what is stalled may end
}

// silence lasts until the receiver is well again.
func (m *mischief) silence() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.quiet
}

// speak ends the silence.
func (m *mischief) speak() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.quiet)
	m.quiet = make(chan struct{})
}

func (m *mischief) draw(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chance.IntN(n)
}

// capricious takes some requests and does something else with others.
func (m *mischief) capricious(take http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch m.draw(9) {
		case 0:
			swallow(r)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case 1:
			swallow(r)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			swallow(r)
			hangUp()
		case 3:
			take(&deaf{header: http.Header{}}, r) // it has everything, and nobody learns of it
			hangUp()
		case 4:
			swallow(r)
			select { // nobody answers
			case <-m.silence():
			case <-r.Context().Done():
			}
			hangUp()
		default:
			take(w, r)
		}
	}
}

func swallow(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

// hangUp cuts the connection.
func hangUp() {
	panic(http.ErrAbortHandler) //nolint:forbidigo // this is how net/http cuts a connection
}

// deaf keeps what is answered to itself.
type deaf struct{ header http.Header }

func (d *deaf) Header() http.Header         { return d.header }
func (d *deaf) Write(b []byte) (int, error) { return len(b), nil }
func (d *deaf) WriteHeader(int)             {}

// misbehaves gives a destination the faults of receivers that speak HTTP; rejections are the answers of one that refuses everybody.
func (w *week) misbehaves(d *destinationUnderTest, take http.HandlerFunc, rejections []http.HandlerFunc, receivers ...*exportertest.HTTPReceiver) {
	m := &mischief{chance: rand.New(rand.NewPCG(w.chance.Uint64(), 8)), quiet: make(chan struct{})}
	var down []*exportertest.HTTPReceiver
	heal := func() {
		m.speak()
		for _, r := range receivers {
			r.Answer(nil)
		}
		for _, r := range down {
			r.Behave(exportertest.None)
		}
		down = nil
	}
	w.Cleanup(func() {
		m.speak()
		for _, r := range receivers {
			r.Close()
		}
	})
	d.heal = heal
	d.disturb = func(chance *rand.Rand) string {
		heal()
		switch chance.IntN(7) {
		case 0:
			down = receivers[:1+chance.IntN(len(receivers))]
			for _, r := range down {
				r.Behave(exportertest.Refuse)
			}
			return fmt.Sprintf("is down (%d of %d)", len(down), len(receivers))
		case 1, 2, 3:
			for _, r := range receivers {
				r.Answer(m.capricious(take))
			}
			return "throttles, cuts, stalls and loses answers"
		case 4, 5:
			i := chance.IntN(len(rejections))
			for _, r := range receivers {
				r.Answer(rejections[i])
			}
			return fmt.Sprintf("refuses everybody (%d)", i)
		}
		return ""
	}
}

// rejection answers everybody so.
func rejection(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		swallow(r)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// webhook is a receiver of JSON arrays that refuses a request with something bad in it.
func (w *week) webhook(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	d.reason = "422"
	var forgiven atomic.Bool
	take := func(answer http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil
		}
		var all []json.RawMessage
		if err := json.Unmarshal(body, &all); err != nil {
			d.unreadable("%v in %s", err, body)
		}
		bad := !forgiven.Load() && bytes.Contains(body, []byte(badMark))
		for _, text := range all {
			id, sequence, t, err := readDocument(string(text))
			switch {
			case err != nil:
				d.unreadable("%v in %s", err, text)
			case !bad:
				d.arrived(id, sequence, t)
			case len(all) == 1:
				d.refuse(id, sequence)
			}
		}
		if bad {
			answer.WriteHeader(http.StatusUnprocessableEntity)
		}
		return nil
	}
	receiver := exportertest.NewHTTPReceiver(w, take)
	secret := filepath.Join(w.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret of thirty-two bytes ...!"), 0o600); err != nil {
		w.Fatal(err)
	}
	d.settings.Webhook = &config.WebhookDestination{URL: receiver.URL() + "/hook", CAFile: receiver.CAFile(), SecretFile: secret, Timeout: time.Second}
	w.misbehaves(d, receiver.Accept, []http.HandlerFunc{rejection(401, ""), rejection(403, ""), rejection(400, ""), rejection(404, "")}, receiver)
	d.forgive = func() { forgiven.Store(true) }
	return d
}

// splunk is two strict collectors with acknowledgements.
func (w *week) splunk(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	d.reason = "code 6"
	var servers []*splunktest.Server
	var receivers []*exportertest.HTTPReceiver
	handlers := map[string]http.HandlerFunc{}
	for range 2 {
		s := splunktest.NewHandler()
		s.Ack = true
		s.Refuse = func(e splunktest.Event) int {
			if !strings.Contains(string(e.Raw), badMark) {
				return 0
			}
			if id, sequence, err := indexed(e); err == nil {
				d.refuse(id, sequence)
			}
			return 6
		}
		r := exportertest.NewHTTPReceiver(w, func(answer http.ResponseWriter, r *http.Request) []exportertest.Delivery {
			for _, e := range s.Serve(answer, r) {
				id, sequence, err := indexed(e)
				var events uint64
				if err == nil {
					err = json.Unmarshal(e.Event["event_count"], &events)
				}
				if err != nil {
					d.unreadable("%v in %s", err, e.Raw)
				}
				d.arrived(id, sequence, told{strings.Trim(string(e.Event["status"]), `"`), strings.Trim(string(e.Event["severity"]), `"`), events})
			}
			return nil
		})
		servers, receivers = append(servers, s), append(receivers, r)
		handlers[r.Address()] = r.Accept
	}
	token := filepath.Join(w.TempDir(), "token")
	if err := os.WriteFile(token, []byte(splunktest.Token), 0o600); err != nil {
		w.Fatal(err)
	}
	d.settings.Splunk = &config.SplunkDestination{Collectors: []string{receivers[0].URL(), receivers[1].URL()}, TokenFile: token, CAFile: receivers[0].CAFile(), AckTimeout: 2 * time.Second}
	take := func(w http.ResponseWriter, r *http.Request) { handlers[r.Host](w, r) }
	w.misbehaves(d, take, []http.HandlerFunc{rejection(403, `{"text":"Invalid token","code":4}`), rejection(401, `{"text":"Token is required","code":2}`),
		rejection(400, `{"text":"Incorrect index","code":7,"invalid-event-number":1}`), rejection(503, `{"text":"Server is busy","code":9}`)}, receivers...)
	disturb := d.disturb
	d.disturb = func(chance *rand.Rand) string {
		fault := disturb(chance)
		if fault == "" {
			for _, s := range servers {
				s.Change(func(s *splunktest.Server) { s.Unacknowledged, s.DropAckReplies = chance.IntN(2), chance.IntN(2) })
			}
			return "loses acknowledgements"
		}
		return fault
	}
	d.forgive = func() {
		for _, s := range servers {
			s.Change(func(s *splunktest.Server) { s.Refuse = nil })
		}
	}
	return d
}

// indexed is which alert an event is about.
func indexed(e splunktest.Event) (id string, sequence uint64, err error) {
	sequence, err = strconv.ParseUint(fmt.Sprint(e.Fields["event_sequence"]), 10, 64)
	return fmt.Sprint(e.Fields["event_uid"]), sequence, err
}

// file is a file that becomes full now and then, and that another program moves away.
func (w *week) file(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	folder := w.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	d.settings.File = &config.FileDestination{Path: path, MaxBytes: 64 << 10}
	moves := 0
	d.disturb = func(chance *rand.Rand) string {
		if chance.IntN(2) == 0 || os.Rename(path, filepath.Join(folder, fmt.Sprintf("moved-%d", moves))) != nil {
			return ""
		}
		moves++
		return "is moved away"
	}
	d.collect = func() {
		came, err := readFolder(folder)
		if err != nil {
			d.unreadable("%v", err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.came = came
	}
	return d
}

// readFolder reads the lines of all files in the order in which they were written; a last line without its end is left out.
func readFolder(folder string) (all []arrival, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	type written struct {
		name string
		at   time.Time
	}
	var files []written
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // rotated meanwhile
		}
		files = append(files, written{e.Name(), info.ModTime()})
	}
	slices.SortFunc(files, func(a, b written) int { return a.at.Compare(b.at) })
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(folder, f.name))
		if err != nil {
			continue
		}
		lines := strings.Split(string(text), "\n")
		for _, line := range lines[:len(lines)-1] {
			id, sequence, t, err := readDocument(line)
			if err != nil {
				return all, fmt.Errorf("%s: %w in %q", f.name, err, line)
			}
			all = append(all, arrival{id, sequence, t, int64(len(all))}) // nobody knows of which process it is
		}
	}
	return all, nil
}
