package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestDoctorGoesTheWayOfADelivery: the doctor tells a proxy that passes deliveries on from one that does something else.
func TestDoctorGoesTheWayOfADelivery(t *testing.T) {
	cfg := connected(t)
	s := run(t, cfg)
	to, err := url.Parse("http://" + s.at.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(code int, header ...string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if len(header) > 0 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(code)
		})
	}
	var front http.Handler
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { front.ServeHTTP(w, r) }))
	defer proxy.Close()
	for _, tt := range []struct {
		name   string
		front  http.Handler
		path   string
		broken bool
		says   string
	}{
		{"passes on", httputil.NewSingleHostReverseProxy(to), "/v1/connect/main", false, "ok connect/main delivery: the proxy passes deliveries on"},
		{"trial", httputil.NewSingleHostReverseProxy(to), "/v1/connect/main", false, "ok connect/main signed delivery: a trial signed with 1 key came back as known"},
		{"another path", httputil.NewSingleHostReverseProxy(to), "/hooks", true, "failed connect/main delivery: somebody else answers: 40"},
		{"asks for a log-on", answer(http.StatusUnauthorized), "/v1/connect/main", true, "without a log-on of its own"},
		{"redirects", answer(http.StatusMovedPermanently, "Location", "https://elsewhere.example.com"), "/v1/connect/main", true, "which DocuSign does not follow"},
		{"nothing behind it", answer(http.StatusBadGateway), "/v1/connect/main", false, "warning connect/main delivery: the proxy answers 502 Bad Gateway"},
	} {
		front = tt.front
		c := cfg
		c.Sources.Connect[0].Address = proxy.URL + tt.path
		var text strings.Builder
		broken, err := app.Doctor(t.Context(), c, []string{"connect/main"}, app.DoctorOptions{}, func(s app.Step) {
			text.WriteString(s.Outcome + " " + s.Source + " " + s.Name + ": " + s.Text + "\n")
		})
		if err != nil || broken != tt.broken || !strings.Contains(text.String(), tt.says) || !strings.Contains(text.String(), "ok connect/main HMAC keys: 1 key;") {
			t.Errorf("%s: broken %v, %v\n%s", tt.name, broken, err, text.String())
		}
	}
	if one := s.sourceNamed("connect/main"); one["receiving"].(map[string]any)["refused"].(float64) != 2 {
		t.Errorf("status %v", one)
	}

	// without an address it goes to the own listener, and what it delivers is no event
	doctor := func(c config.Config) (bool, string) {
		var text strings.Builder
		broken, err := app.Doctor(t.Context(), c, []string{"connect/main"}, app.DoctorOptions{}, func(s app.Step) { text.WriteString(s.Outcome + " " + s.Name + ": " + s.Text + "\n") })
		if err != nil {
			t.Fatal(err)
		}
		return broken, text.String()
	}
	c := cfg
	c.Sources.Connect = []config.ConnectSource{{Name: "main", HMACKeyFiles: cfg.Sources.Connect[0].HMACKeyFiles}}
	c.HTTPAddr = s.at.HTTP
	if broken, said := doctor(c); broken || !strings.Contains(said, "ok signed delivery: a trial signed with 1 key came back as known") {
		t.Errorf("the own listener: %v\n%s", broken, said)
	}
	one := s.sourceNamed("connect/main")["receiving"].(map[string]any)
	if total := s.get("/v1/events?pageSize=5")["events"].([]any); len(total) != 0 || one["deliveries"] != nil && one["deliveries"].(float64) != 0 || one["kept"] != nil && one["kept"].(float64) != 0 {
		t.Errorf("a trial left something: %v, %v", total, one)
	}
	other := filepath.Join(t.TempDir(), "other.key")
	if err := os.WriteFile(other, []byte("b3RoZXIga2V5IG9mIHRoZSBhY2NvdW50\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Sources.Connect[0].HMACKeyFiles = []string{other}
	if broken, said := doctor(c); !broken || !strings.Contains(said, "failed signed delivery: the service refuses what is signed with the key in "+other) || !strings.Contains(said, "restart it") {
		t.Errorf("another key: %v\n%s", broken, said)
	}
	silent := httptest.NewServer(nil)
	c.HTTPAddr = strings.TrimPrefix(silent.URL, "http://")
	silent.Close()
	if broken, said := doctor(c); broken || !strings.Contains(said, "warning signed delivery: nothing answers at http://"+c.HTTPAddr+"/v1/connect/main (httpAddr): start the service") {
		t.Errorf("no service: %v\n%s", broken, said)
	}
}
