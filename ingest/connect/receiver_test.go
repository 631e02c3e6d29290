package connect

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/status"
)

const (
	oldKey = "b2xkIGtleSBvZiB0aGUgYWNjb3VudA=="
	newKey = "bmV3IGtleSBvZiB0aGUgYWNjb3VudA=="
	voided = `{"event":"envelope-voided","retryCount":0,"configurationId":7,"generatedDateTime":"2026-05-06T09:00:05Z","data":{"userId":"ann","envelopeId":"e"}}`
)

// sign is what DocuSign sends in a signature header.
func sign(key, body string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// store is where deliveries go: it knows identities, as the pipeline does.
type store struct {
	events map[string]*event.Record
	kept   []Rejected
	fail   error
	refuse string
	calls  int
}

func (s *store) Ingest(_ context.Context, _ event.Origin, all []event.Submission) (event.Receipt, error) {
	s.calls++
	if s.fail != nil {
		return event.Receipt{}, s.fail
	}
	r := all[0].Record
	if s.refuse != "" {
		return event.Receipt{Rejected: 1, Rejections: []event.Rejection{{EventID: r.EventID, Field: "timestamp", Problem: s.refuse}}}, nil
	}
	if s.events[r.EventID] != nil {
		return event.Receipt{Duplicates: 1}, nil
	}
	s.events[r.EventID] = r
	return event.Receipt{Accepted: 1}, nil
}

func (s *store) KeepRejected(_ context.Context, r Rejected) error {
	if s.fail != nil {
		return s.fail
	}
	s.kept = append(s.kept, r)
	return nil
}

type fixture struct {
	*Receiver
	*store
	registry *prometheus.Registry
	watch    watch
	log      bytes.Buffer
	now      time.Time
}

func receiver(t *testing.T, sources ...Source) *fixture {
	t.Helper()
	f := &fixture{store: &store{events: map[string]*event.Record{}}, registry: prometheus.NewRegistry(), now: time.Date(2026, 5, 6, 9, 0, 10, 0, time.UTC)}
	if sources == nil {
		sources = []Source{{Name: "main", Origin: event.Origin{Tenant: "acme", Source: "connect/main"}, Keys: []Key{NewKey(oldKey), NewKey(newKey)}}}
	}
	var err error
	f.Receiver, err = New(Options{Sources: sources, Ingester: f.store, Rejects: f.store, Watch: &f.watch, Now: func() time.Time { return f.now }, Registerer: f.registry,
		Logger: slog.New(slog.NewTextHandler(&f.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Receive does with a delivery what the server does.
func (f *fixture) Receive(ctx context.Context, name string, signatures []string, body []byte) (authentic bool, err error) {
	if !f.Known(name) || !f.Authentic(ctx, name, signatures, body) {
		return false, nil
	}
	return true, f.Store(ctx, name, body)
}

func (f *fixture) state(t *testing.T) status.Receiving {
	t.Helper()
	all := f.Status()
	if len(all) != 1 || all[0].Name != "connect/main" {
		t.Fatalf("status %+v", all)
	}
	return *all[0].Receiving
}

// TestSignatures: any key may have made any of the signatures, and nothing is read, stored or told before.
func TestSignatures(t *testing.T) {
	long := make([]string, MaxSignatures+1)
	long[MaxSignatures] = sign(oldKey, voided)
	for name, tt := range map[string]struct {
		signatures []string
		body       string
		want       bool
	}{
		"old key":                      {[]string{sign(oldKey, voided)}, voided, true},
		"new key":                      {[]string{sign(newKey, voided)}, voided, true},
		"second of several":            {[]string{sign("another key of DocuSign's", voided), sign(newKey, voided)}, voided, true},
		"spaces around it":             {[]string{" " + sign(oldKey, voided) + " "}, voided, true},
		"none":                         {nil, voided, false},
		"empty":                        {[]string{""}, voided, false},
		"no base64":                    {[]string{"%%%"}, voided, false},
		"hex":                          {[]string{fmt.Sprintf("%x", sign(oldKey, voided))}, voided, false},
		"too short":                    {[]string{"AAAA"}, voided, false},
		"a key that is not configured": {[]string{sign("another key of DocuSign's", voided)}, voided, false},
		"empty key":                    {[]string{sign("", voided)}, voided, false},
		"another body":                 {[]string{sign(oldKey, voided)}, strings.Replace(voided, "ann", "bob", 1), false},
		"a space more":                 {[]string{sign(oldKey, voided)}, voided + " ", false},
		"behind the last that counts":  {long, voided, false},
		"what is not JSON":             {[]string{"x"}, "{{{", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := receiver(t)
			authentic, err := f.Receive(t.Context(), "main", tt.signatures, []byte(tt.body))
			if authentic != tt.want || err != nil {
				t.Fatalf("got %v, %v", authentic, err)
			}
			s := f.state(t)
			if stored := len(f.events) == 1; stored != tt.want || len(f.kept) > 0 || !tt.want && (f.calls > 0 || s.Refused != 1 || s.RefusalReason == "" || s.LastRefusal.IsZero()) {
				t.Errorf("stored %v, %d kept, %d calls, %+v", stored, len(f.kept), f.calls, s)
			}
			if strings.Contains(f.log.String(), oldKey) || strings.Contains(f.log.String(), sign(oldKey, voided)) {
				t.Error("a secret is in the log")
			}
		})
	}
}

// TestRotation: the metrics say which key is in use, so that the old one can go.
func TestRotation(t *testing.T) {
	f := receiver(t)
	for i, key := range []string{oldKey, newKey, newKey} {
		body := strings.Replace(voided, `"e"`, fmt.Sprintf(`"e%d"`, i), 1)
		if ok, err := f.Receive(t.Context(), "", []string{sign(key, body)}, []byte(body)); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	want := `# HELP sealwatch_connect_key_deliveries_total Deliveries by the HMAC key that signed them, numbered from 0 in the order of the configuration: a key that is not used any more can go.
# TYPE sealwatch_connect_key_deliveries_total counter
sealwatch_connect_key_deliveries_total{key="0",source="connect/main"} 1
sealwatch_connect_key_deliveries_total{key="1",source="connect/main"} 2
`
	if err := testutil.GatherAndCompare(f.registry, strings.NewReader(want), "sealwatch_connect_key_deliveries_total"); err != nil {
		t.Error(err)
	}
	// The old key is gone: what it signs is refused.
	f = receiver(t, Source{Name: "main", Origin: event.Origin{Source: "connect/main"}, Keys: []Key{NewKey(newKey)}})
	if ok, _ := f.Receive(t.Context(), "main", []string{sign(oldKey, voided)}, []byte(voided)); ok {
		t.Error("a key that was taken away still counts")
	}
}

// TestAgainAndAgain: a delivery that is repeated, by DocuSign or by somebody who listened, counts once.
func TestAgainAndAgain(t *testing.T) {
	f := receiver(t)
	for i := range 11 {
		body := strings.Replace(voided, `"retryCount":0`, fmt.Sprintf(`"retryCount":%d`, i%10), 1)
		if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, body)}, []byte(body)); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if s := f.state(t); len(f.events) != 1 || s.Deliveries != 11 || s.LastError != "" || !s.LastSuccess.Equal(f.now) {
		t.Errorf("%d events, %+v", len(f.events), s)
	}
}

// TestNoEvent: what is authentic and no event is kept, and acknowledged so that it does not come again.
func TestNoEvent(t *testing.T) {
	f := receiver(t)
	const body = `{"event":"envelope-sent","data":{"envelopeId":"e"}}`
	if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, body)}, []byte(body)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if len(f.kept) != 1 || f.kept[0].Field != "generatedDateTime" || string(f.kept[0].Raw) != body || f.kept[0].Origin.Source != "connect/main" {
		t.Fatalf("kept %+v", f.kept)
	}
	if s := f.state(t); s.Kept != 1 || !strings.Contains(s.LastError, "generatedDateTime: found") || s.Deliveries != 1 {
		t.Errorf("%+v", s)
	}
	f.refuse = "found 2001, expected later"
	if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, voided)}, []byte(voided)); !ok || err != nil || len(f.kept) != 2 || f.kept[1].EventID == "" {
		t.Errorf("%v %v %+v", ok, err, f.kept)
	}
	f.refuse = ""
	big := strings.Repeat("x", maxKept+7)
	if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, big)}, []byte(big)); !ok || err != nil || len(f.kept[2].Raw) != maxKept || !strings.Contains(f.kept[2].Problem, "first 1048576 are kept") {
		t.Errorf("%v %v %s", ok, err, f.kept[2].Problem)
	}
}

// TestNotDurable: what could not be stored, or kept, is not acknowledged.
func TestNotDurable(t *testing.T) {
	f := receiver(t)
	f.fail = fault.New(fault.QueueFull, "full")
	if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, voided)}, []byte(voided)); !ok || !fault.Is(err, fault.QueueFull) {
		t.Errorf("%v %v", ok, err)
	}
	f.fail = errors.New("the disk is gone")
	if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, "{")}, []byte("{")); !ok || !fault.Is(err, fault.StorageUnavailable) {
		t.Errorf("%v %v", ok, err)
	}
	if s := f.state(t); s.Failures != 2 || !s.LastSuccess.IsZero() {
		t.Errorf("%+v", s)
	}
	f.fail = nil
	if ok, err := f.Receive(t.Context(), "main", []string{sign(oldKey, voided)}, []byte(voided)); !ok || err != nil || len(f.events) != 1 {
		t.Errorf("%v %v", ok, err)
	}
}

// TestAddresses: each source has its own keys, and the short address is for the only one.
func TestAddresses(t *testing.T) {
	two := []Source{{Name: "a", Origin: event.Origin{Source: "connect/a"}, Keys: []Key{NewKey(oldKey)}}, {Name: "b", Origin: event.Origin{Source: "connect/b"}, Keys: []Key{NewKey(newKey)}}}
	f := receiver(t, two...)
	for name, want := range map[string]bool{"a": true, "b": false, "": false, "c": false} {
		if ok, err := f.Receive(t.Context(), name, []string{sign(oldKey, voided)}, []byte(voided)); ok != want || err != nil {
			t.Errorf("%q: %v %v", name, ok, err)
		}
	}
	if _, err := New(Options{Sources: []Source{two[0], two[0]}, Ingester: f, Rejects: f}); err == nil {
		t.Error("two of a name")
	}
	if _, err := New(Options{Sources: []Source{{Name: "a"}}, Ingester: f, Rejects: f}); err == nil {
		t.Error("no key")
	}
}

// TestNoticesAreFew: strangers cannot fill the log.
func TestNoticesAreFew(t *testing.T) {
	f := receiver(t)
	for range 50 {
		if ok, _ := f.Receive(t.Context(), "main", []string{"x"}, nil); ok {
			t.Fatal("taken")
		}
		f.Oversized(t.Context(), "main", 5)
	}
	if n := strings.Count(f.log.String(), "refused"); n > 4 || f.state(t).Refused != 100 {
		t.Errorf("%d times in the log, %+v", n, f.state(t))
	}
}

func TestLoadKey(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := LoadKey(write("good", oldKey+"\n", 0o600))
	if err != nil || !key.Same(NewKey(oldKey)) || key.Same(NewKey(newKey)) {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %s %q %x", key, Source{Keys: []Key{key}}, key, key, key); strings.Contains(s, oldKey) || strings.Contains(s, "6232786b") {
		t.Errorf("the key is printed: %s", s)
	}
	if _, err := LoadKey(write("group", oldKey, 0o640)); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{
		write("open", oldKey, 0o644):                             "found mode 0644",
		write("short", "abc", 0o600):                             "found 3 bytes",
		write("lines", oldKey+"\n"+newKey, 0o600):                "more than a line",
		write("large", strings.Repeat("k", maxKeyFile+1), 0o600): "expected one line",
		dir:                           "no regular file",
		filepath.Join(dir, "nothing"): "no such file",
	} {
		if _, err := LoadKey(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), oldKey) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
