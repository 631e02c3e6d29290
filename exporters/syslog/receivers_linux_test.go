package syslog_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/exporters/syslog"
)

// ways are the transports in which a real receiver is sent to.
var ways = []struct {
	name    string
	options syslog.Options
}{
	{"tcp", syslog.Options{}}, {"lf", syslog.Options{Framing: syslog.LF}}, {"tls", syslog.Options{Protocol: syslog.TLS}}, {"udp", syslog.Options{Protocol: syslog.UDP}},
}

// run delivers a log to the daemon.
func (d *daemon) run(log *exportertest.Log) (stop func()) {
	d.t.Helper()
	o := d.options
	o.Logger = slog.New(slog.DiscardHandler)
	x, err := syslog.New(o)
	if err != nil {
		d.t.Fatal(err)
	}
	store := exportertest.NewStore()
	runner, err := exporters.NewRunner(exporters.Options{Name: "real", Exporter: x, Log: log, Cursors: store, DeadLetters: store, Deliveries: store,
		Start: exporters.Start{FromFirst: true}, RetryMin: time.Millisecond, RetryMax: 100 * time.Millisecond, PausedInterval: 100 * time.Millisecond, KeepInterval: 50 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- runner.Run(context.Background()) }()
	return func() {
		d.t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := runner.Stop(ctx); err != nil {
			d.t.Error(err)
		}
		if err := <-done; err != nil {
			d.t.Error(err)
		}
		if n, err := store.CountDeadLetters(ctx, "real"); n != 0 || err != nil {
			d.t.Errorf("%d dead letters, %v", n, err)
		}
	}
}

// TestReceiversIntactAndOnce sends texts that encoders stumble over, and evidence beyond rsyslog's limit.
func TestReceiversIntactAndOnce(t *testing.T) {
	for _, k := range kinds {
		for _, way := range ways {
			t.Run(k.name+"/"+way.name, func(t *testing.T) {
				d := newDaemon(t, k, way.options)
				d.start()
				log := exportertest.NewLog()
				const total, step = 240, 20
				stop := d.run(log)
				for n := 1; n <= total; n++ {
					log.Append(exportertest.NastyChange(n))
					if n%step == 0 && way.options.Protocol == syslog.UDP { // its buffer is what it is
						d.eventually("the datagrams are written", func() bool { return len(d.lines()) >= n })
					}
				}
				d.eventually("all messages are written", func() bool { return len(d.lines()) >= total })
				stop()
				d.stop(syscall.SIGTERM)
				lines := d.lines()
				if len(lines) != total {
					t.Fatalf("%s wrote %d messages, want %d", k.name, len(lines), total)
				}
				changes, err := log.Read(t.Context(), 0, total)
				if err != nil {
					t.Fatal(err)
				}
				whole := 0
				for i, l := range lines {
					var got exporters.Document
					if err := json.Unmarshal([]byte(l.Msg), &got); err != nil {
						t.Fatalf("message %d: %v in %s", i, err, l.Msg)
					}
					want := exporters.NewDocument(&changes[i])
					encoded, err := want.Encode()
					if err != nil {
						t.Fatal(err)
					}
					if len(got.Truncated) == 0 {
						whole++
						if l.Msg != string(encoded) {
							t.Fatalf("message %d is %s, want %s", i, l.Msg, encoded)
						}
					}
					if got.Name != want.Name || !strings.HasPrefix(l.SD, `[sealwatch@32473 `) || !strings.Contains(l.SD, ` id="`+changes[i].ID+`"`) || !strings.HasSuffix(l.SD, `"]`) ||
						l.Facility != "local4" || l.Severity != "err" || l.Host != "watch.example.com" || l.App != "sealwatch" || l.MsgID != "ALERT_CREATED" {
						t.Fatalf("message %d: %+v", i, l)
					}
				}
				if whole == 0 || whole == total {
					t.Errorf("%d messages of %d came whole; expected some, because others are too long", whole, total)
				}
			})
		}
	}
}

// TestReceiversRestart ends the daemon in the middle, first in good order, then at once.
func TestReceiversRestart(t *testing.T) {
	for _, k := range kinds {
		for _, way := range ways {
			if way.options.Protocol == syslog.UDP {
				continue // what a receiver had in its buffer when it ended is lost, as is said of it
			}
			t.Run(k.name+"/"+way.name, func(t *testing.T) {
				d := newDaemon(t, k, way.options)
				d.start()
				log := exportertest.NewLog()
				stop := d.run(log)
				const total = 500
				for n := 1; n <= total; n++ {
					log.Append(exportertest.Change(n))
					switch n {
					case 150:
						d.eventually("something is written", func() bool { return len(d.lines()) > 0 })
						d.stop(syscall.SIGTERM)
					case 300:
						d.start()
					case 400:
						d.eventually("what was sent meanwhile is written", func() bool { return len(d.lines()) > 200 })
						d.stop(syscall.SIGKILL)
						d.start()
					}
				}
				ids := func() int {
					seen := map[string]bool{}
					for _, l := range d.lines() {
						var got exporters.Document
						if err := json.Unmarshal([]byte(l.Msg), &got); err != nil {
							t.Fatalf("%v in %s", err, l.Msg)
						}
						seen[got.Name] = true
					}
					return len(seen)
				}
				d.eventually("all ids are written", func() bool { return ids() == total })
				stop()
				t.Logf("%d messages for %d changes", len(d.lines()), total)
			})
		}
	}
}

// TestReceiversFormats compares what arrives with what the format makes, for one alert of each detection.
func TestReceiversFormats(t *testing.T) {
	golden, err := exportertest.Golden()
	if err != nil {
		t.Fatal(err)
	}
	known := exportertest.Detections(t, "../..")
	for _, k := range kinds {
		for i, name := range append(format.Names(), format.CEFDefender) {
			if k.name == "syslog-ng" && name == format.CEFDefender {
				continue // with the agent's header it is no message of RFC 5424, which its source reads here
			}
			framing := syslog.OctetCounting
			if i == len(format.Names()) {
				framing = syslog.LF
			}
			t.Run(k.name+"/"+name+"/"+string(framing), func(t *testing.T) {
				p, err := format.New(name, payload.Settings{Version: "1.2.3", Detection: func(id string) (payload.Detection, bool) { x, ok := known[id]; return x, ok }})
				if err != nil {
					t.Fatal(err)
				}
				d := newDaemon(t, k, syslog.Options{Payload: p, Framing: framing})
				d.start()
				log := exportertest.NewLog()
				for _, g := range golden {
					log.Append(g.Change)
				}
				stop := d.run(log)
				d.eventually("all messages are written", func() bool { return len(d.lines()) >= len(golden) })
				stop()
				for i, l := range d.lines() {
					want, err := payload.Encode(p, &golden[i].Change, 0)
					if err != nil {
						t.Fatal(err)
					}
					got := l.Msg
					if name == format.CEFDefender {
						if got = l.Raw; len(got) > 25 {
							_, got, _ = strings.Cut(got[25:], " ") // behind time and host
						}
					}
					if got != string(want) {
						t.Errorf("%s arrived as\n%s, want\n%s", golden[i].Name, got, want)
					}
				}
			})
		}
	}
}

// TestReceiversRefuse sends with a certificate of an authority that the receiver does not know.
func TestReceiversRefuse(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			d := newDaemon(t, k, syslog.Options{Protocol: syslog.TLS})
			d.start()
			certificate, key := exportertest.NewAuthority(t).Issue("sender.example.com")
			strange := *d.options.Security
			strange.CertFile, strange.KeyFile = certificate, key
			for name, s := range map[string]*syslog.Security{"a strange certificate": &strange, "no certificate": {CAFile: strange.CAFile}} {
				err := send(t, syslog.Options{Address: d.options.Address, Protocol: syslog.TLS, Security: s}, exportertest.Change(1))
				var e *exporters.Error
				if !errors.As(err, &e) || e.Kind != exporters.Unauthorized {
					t.Errorf("%s: error %v; expected one that pauses", name, err)
				}
			}
			if err := send(t, d.options, exportertest.Change(2)); err != nil {
				t.Error(err)
			}
			d.eventually("what comes with the right one is written", func() bool { return len(d.lines()) > 0 })
			if l := d.lines(); len(l) != 1 || !strings.Contains(l[0].Msg, exportertest.Change(2).ID) {
				t.Errorf("%s wrote %v", k.name, l)
			}
		})
	}
}
