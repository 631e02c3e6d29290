package app_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

// post makes a call without a body and returns the answer.
func (s *service) post(path string) (int, string) {
	s.t.Helper()
	r, err := http.Post("http://"+s.at.HTTP+path, "application/json", strings.NewReader("{}"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(text)
}

// feed waits until the one feed is as it should be.
func (s *service) feed(good func(map[string]any) bool) map[string]any {
	s.t.Helper()
	var f map[string]any
	for range 1200 {
		all := s.get("/v1/feeds")["feeds"].([]any)
		if f = all[0].(map[string]any); good(f) {
			return f
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Fatalf("the feed is not as expected: %v", f)
	return nil
}

// TestFeedToAlert: a log-on from an address that a feed calls a Tor exit is an alert, in whatever order the two come; what the
// feed no longer lists stays what it was; a feed that shrank waits for somebody, over a restart.
func TestFeedToAlert(t *testing.T) {
	var list atomic.Value
	publish := func(n int) {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "198.51.100.%d\n", i)
		}
		list.Store(b.String())
	}
	publish(100)
	published := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(list.Load().(string))) }))
	defer published.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: published.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := settings(t)
	s := run(t, cfg)
	s.importBody(logon("before", "user-1", time.Now().Add(-time.Minute), "Success", "berlin", 52.52, 13.4)) // from 198.51.100.7
	s.end()

	cfg.Feeds = []config.Feed{{Name: "exits", URL: published.URL + "/list?key=hidden", CAFile: ca, AllowPrivate: true, Format: "plain", Category: "risky", Tags: []string{"tor"}, HoldsBefore: "1h"}}
	if err := app.Check(cfg); err != nil {
		t.Fatal(err)
	}
	s = run(t, cfg)
	f := s.feed(func(f map[string]any) bool { return f["state"] == "current" })
	if f["entries"].(float64) != 100 || f["added"].(float64) != 100 || strings.Contains(fmt.Sprint(f), "hidden") {
		t.Errorf("feed %v", f)
	}
	a := s.alertOf("anonymous_ip", "ALERT_STATE_NEW")
	if a["subject"].(map[string]any)["id"] != "user-1" {
		t.Errorf("alert %v", a)
	}
	publish(3)
	if code, text := s.post("/v1/feeds/exits:refresh"); code != http.StatusOK {
		t.Fatal(text)
	}
	s.end()
	s = run(t, cfg)
	f = s.feed(func(f map[string]any) bool { return f["state"] == "held" })
	if f["entries"].(float64) != 100 || f["heldEntries"].(float64) != 3 || !strings.Contains(f["lastError"].(string), "sealwatch feeds confirm exits") {
		t.Errorf("feed %v", f)
	}
	if metrics := s.text("/metrics"); !strings.Contains(metrics, `sealwatch_feed_held{feed="exits"} 1`) || !strings.Contains(metrics, `sealwatch_feed_entries{feed="exits"} 100`) {
		t.Error("the metrics lack the feed")
	}
	if code, text := s.post("/v1/feeds/exits:confirm"); code != http.StatusOK {
		t.Fatal(text)
	}
	s.feed(func(f map[string]any) bool {
		return f["state"] == "current" && f["entries"].(float64) == 3 && f["removed"].(float64) == 97
	})
	s.importBody(logon("after", "user-2", time.Now(), "Success", "berlin", 52.52, 13.4))
	s.settled()
	if again := s.alertOf("anonymous_ip", "ALERT_STATE_NEW"); again["name"] != a["name"] { // 7 was listed when user-1 came, and is not any more
		t.Errorf("alerts: %v", again)
	}
	if code, _ := s.post("/v1/feeds/exits:confirm"); code != http.StatusBadRequest {
		t.Errorf("confirmed twice: %d", code)
	}
	if code, _ := s.post("/v1/feeds/other:refresh"); code != http.StatusNotFound {
		t.Errorf("a feed that is not there: %d", code)
	}
}

// TestStopWhileAFeedIsFetched: a publisher that never ends its answer keeps neither the service nor who waits for it.
func TestStopWhileAFeedIsFetched(t *testing.T) {
	calls := make(chan struct{}, 10)
	var slow atomic.Bool
	published := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- struct{}{}
		if slow.Load() {
			<-r.Context().Done()
		}
		_, _ = w.Write([]byte("198.51.100.1\n"))
	}))
	defer published.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: published.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := settings(t)
	cfg.Feeds = []config.Feed{{Name: "exits", URL: published.URL, CAFile: ca, AllowPrivate: true, Format: "plain", Category: "risky"}}
	s := run(t, cfg)
	s.feed(func(f map[string]any) bool { return f["state"] == "current" })
	<-calls
	slow.Store(true)
	answer := make(chan string, 1)
	go func() {
		r, err := http.Post("http://"+s.at.HTTP+"/v1/feeds/exits:refresh", "application/json", strings.NewReader("{}"))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		answer <- r.Status
	}()
	<-calls
	s.end() // it says what stopping met
	if got := <-answer; got != "503 Service Unavailable" {
		t.Errorf("who waited for it was told %q", got)
	}
}

// TestFeedsThatAreWrong are named at the start, with what was expected.
func TestFeedsThatAreWrong(t *testing.T) {
	for _, c := range []struct {
		feed  config.Feed
		words string
	}{
		{config.Feed{Name: "x", Preset: "everything"}, `feeds[0].preset: found "everything"`},
		{config.Feed{Name: "operator", Preset: "tor-exits"}, "not operator"},
		{config.Feed{Name: "x", URL: "http://example.com/list", Format: "plain", Category: "risky"}, `url: found "http://example.com/list", expected https://HOST/PATH`},
		{config.Feed{Name: "x", URL: "https://u:secret@example.com/", Format: "plain", Category: "risky"}, "expected https://HOST/PATH"},
		{config.Feed{Name: "x", URL: "https://example.com/", Category: "bad"}, `category: found "bad"`},
		{config.Feed{Name: "x", Preset: "tor-exits", HoldsBefore: "long"}, "holdsBefore"},
		{config.Feed{Name: "x", Preset: "tor-exits", Tags: []string{"Tor!"}}, `tags: found "Tor!"`},
	} {
		cfg := settings(t)
		cfg.Feeds = []config.Feed{c.feed}
		if err := app.Check(cfg); err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c.feed, err)
		}
	}
}
