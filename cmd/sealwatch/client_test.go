package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func TestListAsksForWhatWasWanted(t *testing.T) {
	f := &fake{alerts: fakeAlerts(7)}
	p := &process{}
	code, out, errs := invoke(t, t.Context(), p, "alerts", "list", "--addr", f.serve(t), "--detection", "a,b", "--severity", "medium",
		"--state", "new", "--state", "in_progress", "--user", "u", "--since", "2h", "--limit", "5", "-o", "json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	filter := f.listed[0].GetFilter()
	if !slices.Equal(filter.GetDetections(), []string{"a", "b"}) || filter.GetMinSeverity() != sealwatchv1.Severity_SEVERITY_MEDIUM ||
		len(filter.GetStates()) != 2 || !slices.Equal(filter.GetUsers(), []string{"u"}) ||
		!filter.GetStartTime().AsTime().Equal(p.now().Add(-2*time.Hour)) {
		t.Errorf("asked for %v", filter)
	}
	var sizes []int32
	for _, r := range f.listed {
		sizes = append(sizes, r.GetPageSize())
	}
	if !slices.Equal(sizes, []int32{5, 3, 1}) {
		t.Errorf("pages of %v were asked for", sizes)
	}
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 5 {
		t.Fatalf("%d alerts, %v in %s", len(all), err, out)
	}
	if strings.ContainsAny(out, "\x1b\u202e\u009b") {
		t.Error("the output can turn the terminal over")
	}
	var a sealwatchv1.Alert
	if err := protojson.Unmarshal(all[1], &a); err != nil || a.GetTitle() != f.alerts[1].GetTitle() {
		t.Errorf("title %q, %v", a.GetTitle(), err)
	}
}

// lines collects what is written until there is enough of it.
type lines struct {
	mu     sync.Mutex
	b      bytes.Buffer
	want   int
	enough func()
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.b.Write(b)
	if strings.Count(l.b.String(), "\n") >= l.want {
		l.enough()
	}
	return n, err
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestTailGoesOnAfterDisconnects(t *testing.T) {
	f := &fake{alerts: fakeAlerts(6), cut: []int{2, 0, 3}}
	ctx, cancel := context.WithCancel(t.Context())
	out := &lines{want: 6, enough: cancel}
	var errs bytes.Buffer
	p := &process{in: strings.NewReader(""), out: out, err: &errs, now: time.Now}
	code := p.run(ctx, []string{"alerts", "tail", "--from-start", "-o", "json", "--addr", f.serve(t)})
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 6 {
		t.Fatalf("%d lines:\n%s", len(got), out)
	}
	for i, line := range got {
		var a sealwatchv1.Alert
		if err := protojson.Unmarshal([]byte(line), &a); err != nil || a.GetName() != f.alerts[i].GetName() {
			t.Errorf("line %d: %s, %v", i, line, err)
		}
	}
	if !slices.Equal(f.after, []string{"0", "2", "2", "5"}) {
		t.Errorf("streams began after %v", f.after)
	}
	if !strings.Contains(errs.String(), "trying again") || !strings.Contains(errs.String(), "the service is back") {
		t.Errorf("it was not said that the service was away: %s", &errs)
	}
}

func TestTailAsTable(t *testing.T) {
	f := &fake{alerts: fakeAlerts(2)}
	ctx, cancel := context.WithCancel(t.Context())
	out := &lines{want: 3, enough: cancel}
	p := &process{in: strings.NewReader(""), out: out, err: io.Discard, now: time.Now}
	if code := p.run(ctx, []string{"alerts", "tail", "--from-start", "--addr", f.serve(t)}); code != exitOK {
		t.Fatalf("exit %d", code)
	}
	golden(t, "testdata/alerts_tail.txt", out.String())
}

func TestTailStopsWhenRefused(t *testing.T) {
	f := &fake{}
	conn, err := connect(f.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	tail := &tail{client: client.New(conn), after: "bad", say: t.Logf}
	err = tail.run(t.Context(), func(client.Change) error { return nil })
	if err == nil || message(err) != "after: the token is damaged [INVALID_RESUME_TOKEN]" {
		t.Fatalf("error %v", err)
	}
}

// TestImportSurvivesRestart stops the service in the middle of an import and starts it again on the same address.
func TestImportSurvivesRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.ndjson")
	code, _, errs := invoke(t, t.Context(), &process{}, "simulate", "--users", "60", "--start", "2026-03-02", "--days", "14", "-o", file)
	if code != exitOK {
		t.Fatal(errs)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Count(text, []byte("\n"))
	f := &fake{stored: map[string]bool{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := f.serveOn(l)
	again := make(chan func(), 1)
	go func() {
		// Wait for the import to be under way.
		for {
			f.mu.Lock()
			n := len(f.stored)
			f.mu.Unlock()
			if n > want/4 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		stop()
		next, err := net.Listen("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
			again <- func() {}
			return
		}
		again <- f.serveOn(next)
	}()
	code, out, errs := invoke(t, t.Context(), &process{}, "import", "--addr", l.Addr().String(), "--wait", file)
	(<-again)()
	if code != exitOK || len(f.stored) != want {
		t.Fatalf("exit %d, %d of %d records stored\n%s%s", code, len(f.stored), want, out, errs)
	}
	if !strings.Contains(out, "0 rejected") {
		t.Errorf("summary %q", out)
	}
}

func TestManyBadRecordsAreCounted(t *testing.T) {
	var in strings.Builder
	for range 250 {
		in.WriteString("{\"eventId\":\"x\"}\n")
	}
	f := &fake{}
	code, out, errs := invoke(t, t.Context(), &process{in: strings.NewReader(in.String())}, "import", "--addr", f.serve(t), "-")
	if code != exitError || !strings.Contains(out, "250 rejected") {
		t.Fatalf("exit %d: %s", code, out)
	}
	if n := strings.Count(errs, "standard input:"); n != maxListed || !strings.HasSuffix(errs, "and 150 bad records more\n") {
		t.Fatalf("%d records are named, then: %s", n, errs[max(0, len(errs)-200):])
	}
}
