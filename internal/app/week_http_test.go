package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/splunk"
	"github.com/sealwatch/sealwatch/exporters/splunk/splunktest"
	"github.com/sealwatch/sealwatch/internal/config"
)

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
	panic(http.ErrAbortHandler) // this is how net/http cuts a connection
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

const patienceOfWebhook = 2 * time.Second

// webhook is a receiver of JSON arrays that refuses a request with something bad in it.
func (w *week) webhook(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	d.reason = "422"
	events := d.forwards(w.world.badEvents, config.DestinationEvents{Presets: []string{"authentication"}}, func(e map[string]any) bool {
		return ofActivity(e, "logon", "failed_logon", "logoff", "lockout", "recipient_authentication")
	})
	events.lost = map[int64]int{}
	var forgiven atomic.Bool
	take := func(answer http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		life, begin := d.life(), time.Now()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil
		}
		var all []json.RawMessage
		if err := json.Unmarshal(body, &all); err != nil {
			d.unreadable("%v in %s", err, body)
		}
		if len(all) > 0 && isEvent(all[0]) {
			taken := events.take(d, answer, all, forgiven.Load(), life)
			if _, unheard := answer.(*deaf); !taken || (unheard || r.Context().Err() != nil || time.Since(begin) > patienceOfWebhook/4) {
				events.loses(life) // perhaps; or what was taken last is sent once more
			}
			return nil
		}
		bad := !forgiven.Load() && bytes.Contains(body, []byte(badMark))
		for _, text := range all {
			id, sequence, t, err := readDocument(string(text))
			switch {
			case errors.Is(err, errHeartbeat):
			case err != nil:
				d.unreadable("%v in %s", err, text)
			case !bad:
				d.arrived(id, sequence, t)
			case bytes.Contains(text, []byte(badMark)):
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
	d.settings.Webhook = &config.WebhookDestination{URL: receiver.URL() + "/hook", CAFile: receiver.CAFile(), SecretFile: secret, Timeout: patienceOfWebhook}
	refusing := func(status int) http.HandlerFunc {
		return func(answer http.ResponseWriter, r *http.Request) {
			rejection(status, "")(answer, r)
			events.loses(d.life()) // what was taken last may be sent once more
		}
	}
	w.misbehaves(d, receiver.Accept, []http.HandlerFunc{refusing(401), refusing(403), refusing(400), refusing(404)}, receiver)
	disturb := d.disturb
	d.disturb = func(chance *rand.Rand) string {
		fault := disturb(chance)
		if strings.HasPrefix(fault, "is down") { // what was under way may have been taken
			events.loses(d.life())
		}
		return fault
	}
	d.forgive = func() { forgiven.Store(true) }
	return d
}

// splunk is two strict collectors with acknowledgements.
func (w *week) splunk(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	d.reason = "code 6"
	events := d.forwards(w.world.badEvents, config.DestinationEvents{Presets: []string{"authentication", "administration"}, Activities: []string{"download"}, Outcome: "success"}, func(e map[string]any) bool {
		return (ofActivity(e, "logon", "logoff", "lockout", "recipient_authentication", "download") || e["administrative"] == true) && !strings.HasPrefix(strings.ToLower(fmt.Sprint(e["result"])), "fail")
	})
	var servers []*splunktest.Server
	var receivers []*exportertest.HTTPReceiver
	handlers := map[string]http.HandlerFunc{}
	for range 2 {
		s := splunktest.NewHandler()
		s.Ack = true
		s.Refuse = func(e splunktest.Event) int {
			if e.Sourcetype == splunk.EventSourcetype {
				if id, _, err := indexed(e); err != nil || !events.bad[id] {
					return 0
				} else {
					events.refuse(id)
				}
				return 6
			}
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
				if e.Sourcetype == splunk.HeartbeatSourcetype {
					continue
				}
				id, sequence, err := indexed(e)
				if err == nil && e.Sourcetype == splunk.EventSourcetype {
					events.arrived(id, sequence, d.life())
					continue
				}
				var count uint64
				if err == nil {
					err = json.Unmarshal(e.Event["event_count"], &count)
				}
				if err != nil {
					d.unreadable("%v in %s", err, e.Raw)
				}
				d.arrived(id, sequence, told{strings.Trim(string(e.Event["status"]), `"`), strings.Trim(string(e.Event["severity"]), `"`), count})
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
