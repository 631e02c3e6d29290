package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/config"
)

const connectKey = "Y29ubmVjdCBrZXkgb2YgdGhlIGFjY291bnQ="

// connected is a configuration with a source of DocuSign Connect.
func connected(t *testing.T) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connect.key")
	if err := os.WriteFile(file, []byte(connectKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := settings(t)
	cfg.Sources.Connect = []config.ConnectSource{{Name: "main", HMACKeyFiles: []string{file}}}
	return cfg
}

// delivery is a message about an envelope of Ann's.
func delivery(event, envelope string, at time.Time, retry int) string {
	return fmt.Sprintf(`{"event":%q,"retryCount":%d,"configurationId":7,"generatedDateTime":%q,"data":{"accountId":"a","userId":"ann","envelopeId":%q,"envelopeSummary":{"sender":{"userId":"ann","email":"ann@example.com"}}}}`,
		event, retry, at.UTC().Format(time.RFC3339Nano), envelope)
}

func connectSignature(body string) string {
	h := hmac.New(sha256.New, []byte(connectKey))
	h.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// connectDelivers does what DocuSign does, by way of a proxy.
func (s *service) connectDelivers(body, signature string) int {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+s.at.HTTP+"/v1/connect/main", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = "sealwatch.example.com"
	r.Header.Set("X-DocuSign-Signature-1", signature)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func (s *service) sourceNamed(name string) map[string]any {
	s.t.Helper()
	for _, one := range s.get("/v1/status")["sources"].([]any) {
		if m := one.(map[string]any); m["source"] == name {
			return m
		}
	}
	s.t.Fatalf("the status does not have %s", name)
	return nil
}

// TestConnectDeliveries: signed deliveries become events before they are acknowledged, everything else does not, and the status tells.
func TestConnectDeliveries(t *testing.T) {
	s := run(t, connected(t))
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	sent, voided := delivery("envelope-sent", "e-1", at, 0), delivery("envelope-voided", "e-1", at.Add(time.Minute), 0)
	again := delivery("envelope-voided", "e-1", at.Add(time.Minute), 4)
	noEvent := `{"event":"envelope-sent"}`
	for _, step := range []struct {
		body, signature string
		code            int
	}{
		{voided, connectSignature(voided), 200}, // out of order
		{sent, connectSignature(sent), 200},
		{again, connectSignature(again), 200},
		{sent, connectSignature(voided), 401},
		{"{", "x", 401},
		{noEvent, connectSignature(noEvent), 200},
	} {
		if code := s.connectDelivers(step.body, step.signature); code != step.code {
			t.Fatalf("%s: %d, expected %d", step.body, code, step.code)
		}
	}
	events := s.get("/v1/events?filter.userIds=ann")["events"].([]any)
	if len(events) != 2 || events[0].(map[string]any)["activity"] != "void" || events[1].(map[string]any)["activity"] != "send" || events[0].(map[string]any)["source"] != "connect/main" {
		t.Errorf("events %v", events)
	}
	one := s.sourceNamed("connect/main")
	r := one["receiving"].(map[string]any)
	if one["accepted"].(float64) != 2 || one["duplicates"].(float64) != 1 || r["deliveries"].(float64) != 4 || r["kept"].(float64) != 1 || r["refused"].(float64) != 2 ||
		!strings.Contains(r["lastError"].(string), "rejected_records") || r["lastSuccessTime"] == nil || r["lastRefusalTime"] == nil {
		t.Errorf("status %v", one)
	}
	metrics := s.text("/metrics")
	for _, want := range []string{`sealwatch_connect_deliveries_total{outcome="stored",source="connect/main"} 2`, `sealwatch_connect_deliveries_total{outcome="signature",source="connect/main"} 2`,
		`sealwatch_connect_deliveries_total{outcome="duplicate",source="connect/main"} 1`, `sealwatch_connect_deliveries_total{outcome="kept",source="connect/main"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestConnectKilledBeforeTheReply: the service dies when a delivery is on disk and before anybody has read the answer. DocuSign
// delivers again, and the act is there once.
func TestConnectKilledBeforeTheReply(t *testing.T) {
	cfg := connected(t)
	s, kill := killable(t, cfg)
	at := time.Now().Add(-time.Hour)
	body := delivery("envelope-voided", "e-1", at, 0)
	conn, err := net.Dial("tcp", s.at.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /v1/connect HTTP/1.1\r\nHost: x\r\nX-DocuSign-Signature-1: %s\r\nContent-Length: %d\r\n\r\n%s", connectSignature(body), len(body), body); err != nil {
		t.Fatal(err)
	}
	s.stored(1)
	kill()

	s = run(t, cfg)
	body = delivery("envelope-voided", "e-1", at, 1)
	if code := s.connectDelivers(body, connectSignature(body)); code != 200 {
		t.Fatal(code)
	}
	if one := s.sourceNamed("connect/main"); one["accepted"].(float64) != 0 || one["duplicates"].(float64) != 1 {
		t.Errorf("status %v", one)
	}
	if events := s.get("/v1/events?filter.userIds=ann")["events"].([]any); len(events) != 1 {
		t.Errorf("events %v", events)
	}
}

// TestConnectKeysAreChecked: a key that others can read, or twice the same, keeps the service from starting.
func TestConnectKeysAreChecked(t *testing.T) {
	cfg := connected(t)
	file := cfg.Sources.Connect[0].HMACKeyFiles[0]
	cfg.Sources.Connect[0].HMACKeyFiles = []string{file, file}
	if _, err := try(t, cfg); err == nil || !strings.Contains(err.Error(), "holds the same key") {
		t.Errorf("twice: %v", err)
	}
	cfg.Sources.Connect[0].HMACKeyFiles = []string{file}
	if err := os.Chmod(file, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := try(t, cfg); err == nil || !strings.Contains(err.Error(), "mode 0604") || !strings.Contains(err.Error(), "connect/main") || strings.Contains(err.Error(), connectKey) {
		t.Errorf("open to others: %v", err)
	}
}

// TestConnectToAlert: signed deliveries alone become an alert; Monitor's records of the same acts, before them or after, change no
// count, and both stay readable.
func TestConnectToAlert(t *testing.T) {
	at := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	var connect []string
	monitor := ""
	for i := range 10 {
		when := at.Add(time.Duration(i) * time.Minute)
		connect = append(connect, delivery("envelope-voided", fmt.Sprintf("e-%d", i), when, 0))
		monitor += fmt.Sprintf(`{"timestamp":%q,"eventId":"m-%d","userId":"ann","accountId":"a","object":"Envelope","action":"Voided","source":"Web","ipAddress":"198.51.100.7","data":{"EnvelopeId":"e-%d"}}`+"\n",
			when.Add(3*time.Second).UTC().Format(time.RFC3339Nano), i, i)
	}
	s := run(t, connected(t))
	fromConnect := func() {
		for i := range connect {
			body := connect[len(connect)-1-i] // the last first
			if code := s.connectDelivers(body, connectSignature(body)); code != 200 {
				t.Fatal(code)
			}
		}
	}
	fromMonitor := func() {
		if r := s.importBody(monitor); r["accepted"].(float64) != 10 {
			t.Fatalf("import %v", r)
		}
	}
	alert := func() map[string]any {
		t.Helper()
		s.settled()
		return s.alertOf("envelope_voids", "ALERT_STATE_NEW")
	}
	fromConnect()
	alone := alert()
	if alone["title"] != "10 envelopes of ann@example.com were voided within 9 minutes, none on a day before" || alone["eventCount"] != "10" {
		t.Errorf("by Connect alone: %v", alone)
	}
	fromMonitor()
	both := alert()
	if both["title"] != "ann@example.com voided 10 envelopes of their own within 9 minutes, none on a day before" || both["eventCount"] != "10" || both["name"] != alone["name"] {
		t.Errorf("with Monitor, which tells who acted: %v, before %v", both, alone)
	}
	if events := s.get("/v1/events?pageSize=100&filter.userIds=ann")["events"].([]any); len(events) != 20 {
		t.Errorf("%d records are readable", len(events))
	}
	s.end()

	s = run(t, connected(t))
	fromMonitor()
	alert()
	fromConnect()
	if other := alert(); other["title"] != both["title"] || other["eventCount"] != both["eventCount"] || other["name"] != both["name"] {
		t.Errorf("Monitor first: %v, Connect first: %v", other, both)
	}
}
