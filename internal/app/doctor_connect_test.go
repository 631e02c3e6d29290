package app_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/app"
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
	if one := s.sourceNamed("connect/main"); one["receiving"].(map[string]any)["refused"].(float64) != 1 {
		t.Errorf("status %v", one)
	}
}
