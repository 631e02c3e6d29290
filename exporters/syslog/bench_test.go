package syslog_test

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/syslog"
)

// BenchmarkSend encodes and sends to a receiver in the process that reads and throws away.
func BenchmarkSend(b *testing.B) {
	authority := exportertest.NewAuthority(b)
	batch := exportertest.BenchChanges(b, 100)
	for _, protocol := range []syslog.Protocol{syslog.TCP, syslog.TLS} {
		for _, name := range format.Names() {
			b.Run(string(protocol)+"/"+name, func(b *testing.B) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
				if protocol == syslog.TLS {
					l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{authority.Pair("127.0.0.1")}})
				}
				go func() {
					for {
						c, err := l.Accept()
						if err != nil {
							return
						}
						go func() {
							_, _ = io.Copy(io.Discard, c)
							_ = c.Close()
						}()
					}
				}()
				p, err := format.New(name, exportertest.BenchSettings(b, "../.."))
				if err != nil {
					b.Fatal(err)
				}
				o := syslog.Options{Address: l.Addr().String(), Protocol: protocol, Payload: p, Logger: slog.New(slog.DiscardHandler)}
				if protocol == syslog.TLS {
					o.Security = &syslog.Security{CAFile: authority.File}
				}
				x, err := syslog.New(o)
				if err != nil {
					b.Fatal(err)
				}
				defer x.Close(b.Context())
				exportertest.Bench(b, x, batch)
			})
		}
	}
}
