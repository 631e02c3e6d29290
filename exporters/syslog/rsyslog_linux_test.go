package syslog_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/syslog"
)

// rsyslog is a real rsyslogd that tools/scripts/unpack-rsyslog.sh unpacked. Each start writes to a file of its own,
// because a killed one may leave half a line.
type rsyslog struct {
	t       *testing.T
	root    string
	dir     string
	address string
	starts  int
	process *exec.Cmd
	ended   chan error
}

func newRsyslog(t *testing.T) *rsyslog {
	t.Helper()
	root, err := filepath.Abs("../../third_party/rsyslog")
	if err != nil {
		t.Fatal(err)
	}
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		const hint = "third_party/rsyslog is missing: tools/scripts/unpack-rsyslog.sh unpacks it"
		if os.Getenv("CI") == "true" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	t.Logf("rsyslog %s", strings.TrimSpace(string(version)))
	l, err := net.Listen("tcp", "127.0.0.1:0") // only to find a free port
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := &rsyslog{t: t, root: root, dir: t.TempDir(), address: l.Addr().String()}
	t.Cleanup(func() { r.stop(syscall.SIGKILL) })
	return r
}

// start runs rsyslogd with its own limit on messages, and waits until it accepts connections.
func (r *rsyslog) start() {
	r.t.Helper()
	r.starts++
	_, port, err := net.SplitHostPort(r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	config := filepath.Join(r.dir, "rsyslog.conf")
	text := fmt.Sprintf(`global(workDirectory=%q)
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port=%q)
template(name="all" type="list" option.jsonf="on") {
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="sd" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
}
action(type="omfile" file=%q template="all")
`, r.dir, port, r.file(r.starts))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	var libraries, modules []string
	for _, pattern := range []string{"usr/lib/*", "lib/*"} {
		found, err := filepath.Glob(filepath.Join(r.root, pattern))
		if err != nil {
			r.t.Fatal(err)
		}
		libraries = append(libraries, found...)
	}
	if modules, err = filepath.Glob(filepath.Join(r.root, "usr/lib/*/rsyslog")); err != nil || len(modules) != 1 {
		r.t.Fatalf("modules of rsyslog: %v, %v; one folder was expected", modules, err)
	}
	r.process = exec.CommandContext(context.Background(), filepath.Join(r.root, "usr/sbin/rsyslogd"), "-n", "-f", config,
		"-i", filepath.Join(r.dir, "pid"), "-M", modules[0])
	r.process.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	r.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output := &strings.Builder{}
	r.process.Stdout, r.process.Stderr = output, output
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.ended = make(chan error, 1)
	go func() { r.ended <- r.process.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", r.address)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case err := <-r.ended:
			r.ended <- err
			r.t.Fatalf("rsyslogd ended: %v: %s", err, output)
		default:
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("rsyslogd does not listen: %v", err)
		}
	}
}

func (r *rsyslog) stop(s syscall.Signal) {
	if r.process == nil {
		return
	}
	if err := r.process.Process.Signal(s); err != nil {
		r.t.Logf("ending rsyslogd: %v", err)
	}
	<-r.ended
	r.process = nil
	_ = os.Remove(filepath.Join(r.dir, "pid")) // a killed one leaves it, and then the next does not start
}

func (r *rsyslog) file(start int) string {
	return filepath.Join(r.dir, fmt.Sprintf("received-%d.json", start))
}

type line struct {
	Facility, Severity, Host, App, MsgID, SD, Msg string
}

// lines are all whole lines that were written so far.
func (r *rsyslog) lines() []line {
	r.t.Helper()
	var out []line
	for start := 1; start <= r.starts; start++ {
		f, err := os.Open(r.file(start))
		if err != nil {
			continue // nothing received yet
		}
		for reader := bufio.NewReader(f); ; {
			text, err := reader.ReadString('\n')
			if err != nil {
				break
			}
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				r.t.Fatalf("rsyslog wrote %q: %v", text, err)
			}
			if l.App == "sealwatch" {
				out = append(out, l)
			} else if !strings.HasPrefix(l.App, "rsyslogd") {
				r.t.Fatalf("rsyslog read a message that was not sent: %+v", l)
			}
		}
		_ = f.Close()
	}
	return out
}

func (r *rsyslog) run(log *exportertest.Log) (stop func()) {
	r.t.Helper()
	x, err := syslog.New(syslog.Options{Address: r.address, Hostname: "watch.example.com", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.t.Fatal(err)
	}
	store := exportertest.NewStore()
	runner, err := exporters.NewRunner(exporters.Options{Name: "rsyslog", Exporter: x, Log: log, Cursors: store, DeadLetters: store,
		Start: exporters.Start{FromFirst: true}, RetryMin: time.Millisecond, RetryMax: 100 * time.Millisecond, KeepInterval: 50 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- runner.Run(context.Background()) }()
	return func() {
		r.t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := runner.Stop(ctx); err != nil {
			r.t.Error(err)
		}
		if err := <-done; err != nil {
			r.t.Error(err)
		}
		if n, err := store.CountDeadLetters(ctx, "rsyslog"); n != 0 || err != nil {
			r.t.Errorf("%d dead letters, %v", n, err)
		}
	}
}

func (r *rsyslog) eventually(what string, condition func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("it never came to this: %s; rsyslog wrote %d messages", what, len(r.lines()))
		}
	}
}

// TestRsyslogIntactAndOnce sends texts that encoders stumble over, and evidence beyond rsyslog's limit.
func TestRsyslogIntactAndOnce(t *testing.T) {
	r := newRsyslog(t)
	r.start()
	log := exportertest.NewLog()
	const total = 1000
	for n := 1; n <= total; n++ {
		log.Append(exportertest.NastyChange(n))
	}
	stop := r.run(log)
	r.eventually("all messages are written", func() bool { return len(r.lines()) >= total })
	stop()
	r.stop(syscall.SIGTERM)
	lines := r.lines()
	if len(lines) != total {
		t.Fatalf("rsyslog wrote %d messages, want %d", len(lines), total)
	}
	changes, err := log.Read(t.Context(), 0, total)
	if err != nil {
		t.Fatal(err)
	}
	shortened := 0
	for i, l := range lines {
		var d exporters.Document
		if err := json.Unmarshal([]byte(l.Msg), &d); err != nil {
			t.Fatalf("message %d: %v in %s", i, err, l.Msg)
		}
		want := exporters.NewDocument(&changes[i])
		encoded, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Truncated) > 0 {
			shortened++
		} else if l.Msg != string(encoded) {
			t.Fatalf("message %d is %s, want %s", i, l.Msg, encoded)
		}
		if d.Name != want.Name || !strings.HasPrefix(l.SD, `[sealwatch@32473 id="`+changes[i].ID+`" `) || !strings.HasSuffix(l.SD, `"]`) ||
			l.Facility != "local4" || l.Severity != "err" || l.Host != "watch.example.com" || l.MsgID != "ALERT_CREATED" {
			t.Fatalf("message %d: %+v", i, l)
		}
	}
	if shortened == 0 || shortened > total*2/3 {
		t.Errorf("%d messages were shortened", shortened)
	}
}

// TestRsyslogRestart ends rsyslogd in the middle, first in good order, then at once.
func TestRsyslogRestart(t *testing.T) {
	r := newRsyslog(t)
	r.start()
	log := exportertest.NewLog()
	stop := r.run(log)
	const total = 1000
	for n := 1; n <= total; n++ {
		log.Append(exportertest.Change(n))
		switch n {
		case 300:
			r.eventually("something is written", func() bool { return len(r.lines()) > 0 })
			r.stop(syscall.SIGTERM)
		case 600:
			r.start()
		case 800:
			r.eventually("what was sent meanwhile is written", func() bool { return len(r.lines()) > 400 })
			r.stop(syscall.SIGKILL)
			r.start()
		}
	}
	ids := func() int {
		seen := map[string]bool{}
		for _, l := range r.lines() {
			var d exporters.Document
			if err := json.Unmarshal([]byte(l.Msg), &d); err != nil {
				t.Fatalf("%v in %s", err, l.Msg)
			}
			seen[d.Name] = true
		}
		return len(seen)
	}
	r.eventually("all ids are written", func() bool { return ids() == total })
	stop()
	t.Logf("%d messages for %d changes", len(r.lines()), total)
}
