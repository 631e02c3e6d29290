package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
)

// TestDoctorOfSyslog tries name, connection and certificates without sending, and sends when it is asked to.
func TestDoctorOfSyslog(t *testing.T) {
	authority, stranger := exportertest.NewAuthority(t), exportertest.NewAuthority(t)
	certificate, key := authority.Issue("sender.example.com")
	heard := make(chan string, 10)
	receiver := exportertest.NewTLSReceiver(t, &tls.Config{Certificates: []tls.Certificate{authority.Pair("siem.example.com")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool},
		func(r io.Reader, _ func(exportertest.Delivery)) error {
			text, _ := io.ReadAll(r)
			heard <- string(text)
			return nil
		})
	defer receiver.Close()
	ask := func(settings string, args ...string) (int, string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "c.yaml")
		text := fmt.Sprintf("destinations: [{name: siem, syslog: {address: %q, protocol: tls, format: cef, tls: {%s}}}]\n", receiver.Address(), settings)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		p := &process{out: &out, err: &out, now: time.Now}
		code := p.run(t.Context(), append([]string{"doctor", "destination", "--config", file}, args...))
		return code, out.String()
	}
	good := fmt.Sprintf("caFile: %q, certFile: %q, keyFile: %q, serverName: siem.example.com", authority.File, certificate, key)
	if code, out := ask(good); code != 0 || !strings.Contains(out, "ok        destination/siem  TLS:") || !strings.Contains(out, "skipped   destination/siem  test message") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if got := <-heard; got != "" {
		t.Errorf("without --send the receiver got %q", got)
	}
	for settings, want := range map[string]string{
		fmt.Sprintf("caFile: %q, certFile: %q, keyFile: %q", authority.File, certificate, key):                          "serverName is the name",
		strings.Replace(good, authority.File, stranger.File, 1):                                                         "caFile names the authority",
		fmt.Sprintf("caFile: %q, serverName: siem.example.com", authority.File):                                         "certificate required",
		fmt.Sprintf("caFile: %q, certFile: %q, keyFile: %q, serverName: x", authority.File, certificate, stranger.File): "settings",
	} {
		if code, out := ask(settings); code != 1 || !strings.Contains(out, "failed    destination/siem") || !strings.Contains(out, want) {
			t.Errorf("exit code %d, expected one that names %q:\n%s", code, want, out)
		}
	}
	for len(heard) > 0 {
		<-heard
	}
	if code, out := ask(good, "--send"); code != 0 || !strings.Contains(out, "ok        destination/siem  test message") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if got := <-heard; !strings.Contains(got, " - CEF:0|Sealwatch|Sealwatch|") || !strings.Contains(got, "externalId=sealwatch-doctor-test-") {
		t.Errorf("the receiver got %q", got)
	}
}
