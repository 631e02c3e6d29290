package app

import (
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestEachHostIsReachedOnce: every host of a source is tried by itself, and the first that cannot be reached is named.
func TestEachHostIsReachedOnce(t *testing.T) {
	secure := httptest.NewTLSServer(nil)
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, c := range []struct {
		addresses []string
		roots     *x509.CertPool
		outcome   string
		says      []string
	}{
		{[]string{secure.URL + "/a", secure.URL + "/b"}, roots, StepOK, []string{"127.0.0.1 is an address, TLS 1.3, certificate of"}},
		{[]string{"http://127.0.0.1:1", secure.URL}, roots, StepOK, []string{"127.0.0.1 is an address; 127.0.0.1 is an address, TLS 1.3"}},
		{[]string{secure.URL}, nil, StepFailed, []string{"no TLS with " + strings.TrimPrefix(secure.URL, "https://"), "name its authority in caFile"}},
		{[]string{secure.URL, strings.Replace(gone.URL, "http", "https", 1)}, roots, StepFailed, []string{"no TLS with " + strings.TrimPrefix(gone.URL, "http://")}},
		{[]string{"https://no-such-host.invalid"}, roots, StepFailed, []string{"the name no-such-host.invalid cannot be resolved"}},
	} {
		var got Step
		e := examination{source: "monitor/main", report: func(s Step) { got = s }}
		e.hosts(t.Context(), "API host", c.roots, c.addresses...)
		if got.Outcome != c.outcome {
			t.Errorf("%v: %+v", c.addresses, got)
		}
		for _, part := range c.says {
			if !strings.Contains(got.Text, part) {
				t.Errorf("%v: %q lacks %q", c.addresses, got.Text, part)
			}
		}
		if strings.Count(got.Text, "TLS 1.3") > 1 {
			t.Errorf("a host is tried twice: %s", got.Text)
		}
	}
}
