package syslog_test

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/exporters/syslog"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// BenchmarkSend encodes and sends to a receiver in the process that reads and throws away.
func BenchmarkSend(b *testing.B) {
	authority := exportertest.NewAuthority(b)
	golden, err := exportertest.Golden()
	if err != nil {
		b.Fatal(err)
	}
	var batch []alert.Change
	for i := range 100 {
		batch = append(batch, golden[i%len(golden)].Change)
	}
	known := exportertest.Detections(b, "../..")
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
				p, err := format.New(name, payload.Settings{Detection: func(id string) (payload.Detection, bool) { d, ok := known[id]; return d, ok }})
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
				for b.Loop() {
					if err := x.Export(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "alerts/s")
			})
		}
	}
}
