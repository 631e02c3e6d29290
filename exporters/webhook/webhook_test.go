package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/exporters/webhook"
	"github.com/sealwatch/sealwatch/internal/alert"
)

const (
	secret = "a secret of thirty-two bytes ...!"
	token  = "token-that-nobody-may-see"
)

func write(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// heartbeat is the id of the one that is alone in a body.
func heartbeat(body []byte) (id string, ok bool) {
	var h exporters.HeartbeatDocument
	err := json.Unmarshal(bytes.Trim(body, "[]\n"), &h)
	return h.ID, err == nil && h.Type == exporters.HeartbeatType
}

// forwarded are the events of a body that has no alerts.
func forwarded(body []byte) (all []exportertest.Delivery) {
	var events []exporters.EventDocument
	if json.Unmarshal(body, &events) != nil {
		for _, line := range bytes.Split(body, []byte("\n")) {
			var e exporters.EventDocument
			if json.Unmarshal(line, &e) == nil {
				events = append(events, e)
			}
		}
	}
	for i := range events {
		if events[i].Type != exporters.EventType {
			return nil
		}
		all = append(all, exportertest.Delivery{Event: events[i].EventID})
	}
	return all
}

// endpoint is a receiver that checks signatures as the standard says and refuses requests with a poisoned change.
func endpoint(t testing.TB) *exportertest.HTTPReceiver {
	return exportertest.NewHTTPReceiver(t, func(w http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil
		}
		at, err := strconv.ParseInt(r.Header.Get("Webhook-Timestamp"), 10, 64)
		if age := time.Since(time.Unix(at, 0)); err != nil || math.Abs(age.Minutes()) > 5 {
			t.Errorf("time stamp %q is %s old", r.Header.Get("Webhook-Timestamp"), age)
		}
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = fmt.Fprintf(mac, "%s.%d.%s", r.Header.Get("Webhook-Id"), at, body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("Webhook-Signature") != want {
			t.Errorf("signature %q, want %q", r.Header.Get("Webhook-Signature"), want)
		}
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Error("the token is missing")
		}
		if id, ok := heartbeat(body); ok {
			return []exportertest.Delivery{{Heartbeat: id}}
		}
		if events := forwarded(body); len(events) > 0 {
			return events
		}
		var got []exporters.Document
		if r.Header.Get("Content-Type") == "application/json" {
			if err := json.Unmarshal(body, &got); err != nil {
				t.Errorf("%v in %s", err, body)
			}
		} else {
			for _, line := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
				var d exporters.Document
				if err := json.Unmarshal([]byte(line), &d); err != nil {
					t.Errorf("%v in %s", err, line)
				}
				got = append(got, d)
			}
		}
		var deliveries []exportertest.Delivery
		for _, d := range got {
			if d.Detection == "poison" {
				w.WriteHeader(http.StatusUnprocessableEntity)
				return nil
			}
			deliveries = append(deliveries, exportertest.Delivery{AlertID: strings.TrimPrefix(d.Name, "alerts/"), Sequence: d.Sequence})
		}
		w.WriteHeader(http.StatusAccepted)
		return deliveries
	})
}

func TestConformance(t *testing.T) {
	for _, form := range []webhook.Form{webhook.Array, webhook.Lines} {
		t.Run(string(form), func(t *testing.T) {
			poisoned := exportertest.Change(99)
			poisoned.Detection = "poison"
			exportertest.RunHTTP(t, exportertest.HTTPFactory{
				Factory: exportertest.Factory{Poisoned: poisoned, NewExporter: func(t testing.TB, r exportertest.Receiver, timeout time.Duration) exporters.Exporter {
					to := r.(*exportertest.HTTPReceiver)
					x, err := webhook.New(webhook.Options{URL: to.URL() + "/hook", Form: form, CAFile: to.CAFile(), AllowPrivate: true, Timeout: timeout,
						SecretFile: write(t, secret+"\n"), TokenFile: write(t, token)})
					if err != nil {
						t.Fatal(err)
					}
					return x
				}},
				NewHTTPReceiver: endpoint, Secret: token,
			})
		})
	}
}

// TestOptions: each thing that is wrong is said, and no secret.
func TestOptions(t *testing.T) {
	const good = "https://siem.example.com/hook"
	for name, c := range map[string]struct {
		o    webhook.Options
		want string
	}{
		"no URL":          {webhook.Options{}, "cannot be read"},
		"plain":           {webhook.Options{URL: "http://siem.example.com/"}, "https was expected"},
		"a password":      {webhook.Options{URL: "https://user:hunter2@siem.example.com/"}, "belongs into tokenFile"},
		"form":            {webhook.Options{URL: good, Form: "xml"}, "array or lines"},
		"small":           {webhook.Options{URL: good, MaxBytes: 1}, "were expected"},
		"header":          {webhook.Options{URL: good, TokenHeader: "X Y", TokenFile: write(t, "x")}, "the name of a header"},
		"own header":      {webhook.Options{URL: good, TokenHeader: "Webhook-Id", TokenFile: write(t, "x")}, "have anyway"},
		"length":          {webhook.Options{URL: good, TokenHeader: "content-length", TokenFile: write(t, "x")}, "have anyway"},
		"token":           {webhook.Options{URL: good, TokenFile: write(t, "hunter2\nhunter2")}, "one line"},
		"short secret":    {webhook.Options{URL: good, SecretFile: write(t, "hunter2")}, "found 7 bytes"},
		"no Base64":       {webhook.Options{URL: good, SecretFile: write(t, "whsec_hunter2!!")}, "no Base64"},
		"no certificates": {webhook.Options{URL: good, CAFile: write(t, "x")}, "no certificate"},
		"missing file":    {webhook.Options{URL: good, SecretFile: "/nowhere/x"}, "no such file"},
	} {
		if _, err := webhook.New(c.o); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestPrivateAddresses: a name that turns out to be of this machine or of a network of one's own is called only when that was
// allowed; a loopback address that is written as one says it by itself.
func TestPrivateAddresses(t *testing.T) {
	to := endpoint(t)
	defer to.Close()
	x, err := webhook.New(webhook.Options{URL: strings.Replace(to.URL(), "127.0.0.1", "localhost", 1), CAFile: to.CAFile()})
	if err != nil {
		t.Fatal(err)
	}
	err = x.Export(t.Context(), []alert.Change{exportertest.Change(1)})
	var e *exporters.Error
	if !errors.As(err, &e) || e.Kind != exporters.Unauthorized || !strings.Contains(err.Error(), "no address of the Internet") || to.Requests() > 0 {
		t.Errorf("%v, %d requests; expected a pause", err, to.Requests())
	}
}

// TestSameBodySameID: a receiver knows a repetition by the id.
func TestSameBodySameID(t *testing.T) {
	var ids []string
	to := exportertest.NewHTTPReceiver(t, func(_ http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		ids = append(ids, r.Header.Get("Webhook-Id"))
		if r.Header.Get("Webhook-Signature") != "" {
			t.Error("signed without a secret")
		}
		return nil
	})
	defer to.Close()
	x, err := webhook.New(webhook.Options{URL: to.URL(), CAFile: to.CAFile(), AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 1, 2} {
		if err := x.Export(t.Context(), []alert.Change{exportertest.Change(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 3 || ids[0] != ids[1] || ids[1] == ids[2] {
		t.Errorf("ids %v", ids)
	}
	if err := x.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNasty: whatever stands in an alert, the body is read as it was written.
func TestNasty(t *testing.T) {
	to := exportertest.NewHTTPReceiver(t, func(_ http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		body, _ := io.ReadAll(r.Body)
		if strings.ContainsAny(string(body), "\x00\x1b\u202e\u2028") || strings.Count(string(body), "\n") != 30 {
			t.Errorf("body %q", body)
		}
		return nil
	})
	defer to.Close()
	x, err := webhook.New(webhook.Options{URL: to.URL(), CAFile: to.CAFile(), AllowPrivate: true, Form: webhook.Lines})
	if err != nil {
		t.Fatal(err)
	}
	var changes []alert.Change
	for n := range 30 {
		changes = append(changes, exportertest.NastyChange(n))
	}
	if err := x.Export(t.Context(), changes); err != nil {
		t.Error(err)
	}
	_ = x.Close(t.Context())
}

// TestOCSF: an alert that is too long for a request is shortened and says so.
func TestOCSF(t *testing.T) {
	parts := make(chan []map[string]any, 10)
	to := exportertest.NewHTTPReceiver(t, func(_ http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		var part []map[string]any
		if err := json.NewDecoder(r.Body).Decode(&part); err != nil || r.ContentLength > 8<<10 {
			t.Errorf("%v, %d bytes", err, r.ContentLength)
		}
		parts <- part
		return nil
	})
	defer to.Close()
	encoder, err := format.New(format.OCSF, payload.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := webhook.New(webhook.Options{URL: to.URL(), CAFile: to.CAFile(), AllowPrivate: true, Payload: encoder, MaxBytes: 8 << 10})
	if err != nil {
		t.Fatal(err)
	}
	changes := exportertest.Changes(1, 3)
	changes[1].Evidence = `{"text": "` + strings.Repeat("x", 20<<10) + `"}`
	if err := x.Export(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	_ = x.Close(t.Context())
	close(parts)
	var got []map[string]any
	for part := range parts {
		got = append(got, part...)
	}
	if len(got) != len(changes) {
		t.Fatalf("%d findings, want %d", len(got), len(changes))
	}
	for i, finding := range got {
		info, _ := finding["finding_info"].(map[string]any)
		unmapped, _ := finding["unmapped"].(map[string]any)
		if _, cut := unmapped["truncated"]; finding["class_uid"] != 2004.0 || info["uid"] != changes[i].ID || cut != (i == 1) {
			t.Errorf("finding %d: %v", i, finding)
		}
	}
}

// TestLoopback: who writes a loopback address means it.
func TestLoopback(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	x, err := webhook.New(webhook.Options{URL: s.URL + "/hook"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = x.Close(t.Context()) }()
	if err := x.Export(t.Context(), []alert.Change{exportertest.Change(1)}); err != nil {
		t.Error(err)
	}
}

// TestTooLarge: an alert that a receiver does not take because of its length is shortened until it does, and is refused only when it
// cannot be. The others stay whole.
func TestTooLarge(t *testing.T) {
	const most = 5000
	requests := 0
	got := map[string][]string{} // by name of the alert, what was shortened
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) > most {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			_, _ = io.WriteString(w, "<b>at most 5000</b>")
			return
		}
		var all []exporters.Document
		if err := json.Unmarshal(body, &all); err != nil {
			t.Errorf("%v in %s", err, body)
		}
		for _, d := range all {
			got[d.Name] = append([]string{}, d.Truncated...)
		}
	}))
	defer s.Close()
	x, err := webhook.New(webhook.Options{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = x.Close(context.Background()) }()
	changes := exportertest.Changes(1, 5)
	changes[1].Evidence = `{"text": "` + strings.Repeat("x", 60_000) + `"}`
	if err := x.Export(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	for i, c := range changes {
		if cut, there := got["alerts/"+c.ID]; !there || (len(cut) > 0) != (i == 1) {
			t.Errorf("alert %d: %v, shortened %v", i, there, cut)
		}
	}
	requests = 0
	if err := x.Export(t.Context(), changes[1:2]); err != nil || requests != 1 {
		t.Errorf("the limit was not learnt: %v after %d requests", err, requests)
	}
	changes[3].ID = strings.Repeat("0", most) // stays whole
	var e *exporters.Error
	if err := x.Export(t.Context(), changes); !errors.As(err, &e) || e.Kind != exporters.Permanent || e.Accepted != 5 || len(e.Failed) != 1 ||
		!strings.Contains(e.Failed[3], "413") || !strings.Contains(e.Failed[3], "<b>at most 5000</b>") || !strings.Contains(e.Failed[3], "cannot be half as long") {
		t.Errorf("%+v", e)
	}
}

// TestAnswerIsTold: a refusal says what the receiver said, and nothing of what may be secret in the request.
func TestAnswerIsTold(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = fmt.Fprintf(w, "severity\x00 is\n missing. %v %s\n%s", r.Header, r.URL, strings.Repeat("y", 1000))
	}))
	defer s.Close()
	x, err := webhook.New(webhook.Options{URL: s.URL + "/hook/part-of-it?key=hunter2", TokenFile: write(t, token), SecretFile: write(t, secret)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = x.Close(context.Background()) }()
	var e *exporters.Error
	if err := x.Export(t.Context(), exportertest.Changes(1, 1)); !errors.As(err, &e) || e.Kind != exporters.Permanent {
		t.Fatal(err)
	}
	text := e.Error()
	if !strings.Contains(text, "422") || !strings.Contains(text, "severity is missing.") || len(text) > 600 {
		t.Error(text)
	}
	for _, hidden := range []string{token, "hunter2", "part-of-it", "v1,"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s stands in %s", hidden, text)
		}
	}
}
