package app_test

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
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
	w.datagrams = w.syslogUDP("syslog-udp")
	w.places = append(w.places, plain, encrypted, w.datagrams, w.webhook("webhook"), w.splunk("splunk"), w.sentinel("sentinel"), w.file("file"))
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

// errHeartbeat says that a record is no alert.
var errHeartbeat = errors.New("a heartbeat")

// readDocument reads the JSON of an alert, wherever it begins.
func readDocument(text string) (id string, sequence uint64, t told, err error) {
	var d exporters.Document
	if strings.Contains(text, `{"type":"heartbeat"`) {
		return "", 0, t, errHeartbeat
	}
	if !strings.HasPrefix(text, "{") { // behind a header
		text = text[max(strings.Index(text, `{"name":`), 0):]
	}
	err = json.Unmarshal([]byte(text), &d)
	if err == nil && d.Sequence == 0 && !strings.HasPrefix(d.Name, "alerts/sealwatch-test-") {
		err = errors.New("neither an alert nor a heartbeat")
	}
	return strings.TrimPrefix(d.Name, "alerts/"), d.Sequence, told{small("ALERT_STATE_", d.State), small("SEVERITY_", d.Severity), d.EventCount}, err
}

// readLEEF reads the attributes of LEEF 2.0 between ^.
func readLEEF(text string) (id string, sequence uint64, t told, err error) {
	if strings.Contains(text, "|sealwatch_heartbeat|") {
		return "", 0, t, errHeartbeat
	}
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
			switch id, sequence, t, err := read(string(message)); {
			case errors.Is(err, errHeartbeat):
			case err != nil:
				d.unreadable("%v in %q", err, message)
			default:
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

// syslogUDP is a receiver of datagrams that is well all the time, because nobody is told what does not arrive.
func (w *week) syslogUDP(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	receiver := exportertest.NewUDPReceiver(w, func(datagram []byte) (exportertest.Delivery, error) {
		switch id, sequence, t, err := readLEEF(string(datagram)); {
		case errors.Is(err, errHeartbeat):
		case err != nil:
			d.unreadable("%v in %q", err, datagram)
		default:
			d.arrived(id, sequence, t)
		}
		return exportertest.Delivery{}, nil
	})
	w.Cleanup(receiver.Close)
	d.settings.Syslog = &config.SyslogDestination{Address: receiver.Address(), Protocol: "udp", Format: "leef"}
	d.settings.MaxPerSecond = 20 // so that a system that allows small buffers alone drops nothing
	return d
}

// counted waits until everything that the service says it sent since it was started last has come to the receiver.
func (w *week) counted(d *destinationUnderTest) {
	w.Helper()
	sent, _ := strconv.Atoi(fmt.Sprint(w.s.get("/v1/destinations/" + d.name)["deliveredCount"]))
	if sent == 0 {
		w.Errorf("%s: nothing was sent since the last start; this tests nothing", d.name)
	}
	w.patient("everything that was sent arrives", func() []string {
		came := 0
		for _, a := range d.arrivals() {
			if a.life == w.life.Load() {
				came++
			}
		}
		if came >= sent {
			return nil
		}
		return []string{fmt.Sprintf("%s: %d came of %d", d.name, came, sent)}
	})
}
