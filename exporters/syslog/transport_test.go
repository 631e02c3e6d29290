package syslog_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/syslog"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func send(t *testing.T, o syslog.Options, c alert.Change) error {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	x, err := syslog.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close(context.Background())
	return x.Export(t.Context(), []alert.Change{c})
}

// TestSecurity is about what a person has to put right: the destination pauses and says what.
func TestSecurity(t *testing.T) {
	authority, stranger := exportertest.NewAuthority(t), exportertest.NewAuthority(t)
	certificate, key := authority.Issue("sender.example.com")
	strangeCertificate, strangeKey := stranger.Issue("sender.example.com")
	ours := syslog.Security{CAFile: authority.File, CertFile: certificate, KeyFile: key}
	with := func(change func(*syslog.Security)) *syslog.Security {
		s := ours
		change(&s)
		return &s
	}
	server := func(name string) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{authority.Pair(name)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool}
	}
	old := server("127.0.0.1")
	old.MaxVersion, old.MinVersion = tls.VersionTLS11, tls.VersionTLS10
	twelve := server("127.0.0.1")
	twelve.MaxVersion = tls.VersionTLS12
	for name, c := range map[string]struct {
		server *tls.Config
		ours   *syslog.Security
		want   string // a part of the error; empty for none
	}{
		"all is well":             {server("127.0.0.1"), &ours, ""},
		"the name is another":     {server("siem.example.com"), &ours, "serverName"},
		"the name is given":       {server("siem.example.com"), with(func(s *syslog.Security) { s.ServerName = "siem.example.com" }), ""},
		"an unknown authority":    {server("127.0.0.1"), with(func(s *syslog.Security) { s.CAFile = stranger.File }), "caFile"},
		"no certificate of ours":  {server("127.0.0.1"), &syslog.Security{CAFile: authority.File}, "certificate required"},
		"all is well in TLS 1.2":  {twelve, &ours, ""},
		"none of ours in TLS 1.2": {twelve, &syslog.Security{CAFile: authority.File}, "handshake failure"},
		"a strange one of ours":   {server("127.0.0.1"), with(func(s *syslog.Security) { s.CertFile, s.KeyFile = strangeCertificate, strangeKey }), "certificate"},
		"a version that is gone":  {old, &ours, "protocol version"},
		"no TLS at all":           {nil, &ours, "does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			receiver := exportertest.NewTLSReceiver(t, c.server, decodeOctetCounting)
			address := receiver.Address()
			if c.server == nil {
				receiver.Close()
				address = plainReceiver(t)
			}
			defer receiver.Close()
			err := send(t, syslog.Options{Address: address, Protocol: syslog.TLS, Security: c.ours, DialTimeout: 20 * time.Second}, exportertest.Change(1))
			if c.want == "" {
				if err != nil || len(receiver.Received()) != 1 {
					t.Errorf("%v, %d messages", err, len(receiver.Received()))
				}
				return
			}
			var e *exporters.Error
			if !errors.As(err, &e) || e.Kind != exporters.Unauthorized || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v of kind %v; expected one that names %q and pauses", err, e, c.want)
			}
			if len(receiver.Received()) != 0 {
				t.Errorf("%d messages went to a receiver that is not trusted", len(receiver.Received()))
			}
		})
	}
}

// plainReceiver answers in clear text.
func plainReceiver(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("220 hello\r\n"))
			defer c.Close()
		}
	}()
	return l.Addr().String()
}

// TestRenewedFiles are read at the next connect.
func TestRenewedFiles(t *testing.T) {
	old, renewed := exportertest.NewAuthority(t), exportertest.NewAuthority(t)
	certificate, key := old.Issue("sender.example.com")
	newCertificate, newKey := renewed.Issue("sender.example.com")
	receiver := exportertest.NewTLSReceiver(t, &tls.Config{Certificates: []tls.Certificate{renewed.Pair("127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: renewed.Pool}, decodeOctetCounting)
	defer receiver.Close()
	x, err := syslog.New(syslog.Options{Address: receiver.Address(), Protocol: syslog.TLS, Security: &syslog.Security{CAFile: old.File, CertFile: certificate, KeyFile: key}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Export(t.Context(), exportertest.Changes(1, 1)); err == nil {
		t.Fatal("a receiver of an unknown authority was trusted")
	}
	for from, to := range map[string]string{renewed.File: old.File, newCertificate: certificate, newKey: key} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Export(t.Context(), exportertest.Changes(1, 1)); err != nil {
		t.Error(err)
	}
	if err := x.Close(t.Context()); err != nil || len(receiver.Received()) != 1 {
		t.Errorf("%v, %d messages", err, len(receiver.Received()))
	}
	if err := os.WriteFile(key, []byte("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = secured(t, receiver.Address(), &syslog.Security{CAFile: old.File, CertFile: certificate, KeyFile: key})
	if err == nil || strings.Contains(err.Error(), "c2VjcmV0") || !strings.Contains(err.Error(), key) {
		t.Errorf("error %v; expected the name of the file and nothing of what is in it", err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := secured(t, receiver.Address(), &syslog.Security{CAFile: old.File, CertFile: certificate, KeyFile: key}); err == nil || !strings.Contains(err.Error(), "0644") {
		t.Errorf("error %v; expected that others can read the key", err)
	}
}

func secured(t *testing.T, address string, s *syslog.Security) error {
	t.Helper()
	_, err := syslog.New(syslog.Options{Address: address, Protocol: syslog.TLS, Security: s})
	return err
}

// TestDatagramsStayBelowTheCap also where the alert is long.
func TestDatagramsStayBelowTheCap(t *testing.T) {
	receiver := exportertest.NewUDPReceiver(t, decodeDatagram)
	defer receiver.Close()
	x, err := syslog.New(syslog.Options{Address: receiver.Address(), Protocol: syslog.UDP, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 24 {
		c := exportertest.NastyChange(n)
		c.Sequence = uint64(n + 1)
		if err := x.Export(t.Context(), []alert.Change{c}); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); len(receiver.Received()) < 24; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d datagrams of 24", len(receiver.Received()))
		}
	}
	if n := receiver.Largest(); n > 2000 {
		t.Errorf("a datagram has %d bytes, at most 2000 were expected", n)
	}
	if err := x.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
