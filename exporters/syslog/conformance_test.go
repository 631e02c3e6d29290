package syslog_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	gosyslog "github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/octetcounting"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/syslog"
)

func TestConformance(t *testing.T) {
	authority := exportertest.NewAuthority(t)
	certificate, key := authority.Issue("sender.example.com")
	secure := &tls.Config{Certificates: []tls.Certificate{authority.Pair("127.0.0.1")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool, MinVersion: tls.VersionTLS12}
	security := &syslog.Security{CAFile: authority.File, CertFile: certificate, KeyFile: key}
	for name, c := range map[string]struct {
		options  syslog.Options
		receiver func(testing.TB) exportertest.Receiver
	}{
		"tcp octet-counting": {syslog.Options{}, func(t testing.TB) exportertest.Receiver { return exportertest.NewTCPReceiver(t, decodeOctetCounting) }},
		"tcp lf":             {syslog.Options{Framing: syslog.LF}, func(t testing.TB) exportertest.Receiver { return exportertest.NewTCPReceiver(t, decodeLF) }},
		"tls": {syslog.Options{Protocol: syslog.TLS, Security: security}, func(t testing.TB) exportertest.Receiver {
			return exportertest.NewTLSReceiver(t, secure, decodeOctetCounting)
		}},
		"udp": {syslog.Options{Protocol: syslog.UDP}, func(t testing.TB) exportertest.Receiver { return exportertest.NewUDPReceiver(t, decodeDatagram) }},
	} {
		t.Run(name, func(t *testing.T) {
			poisoned := exportertest.Change(99)
			poisoned.ID = strings.Repeat("0", 9000) // stays whole, so that the message can never be short enough
			exportertest.Run(t, exportertest.Factory{
				NewReceiver: c.receiver,
				NewExporter: func(t testing.TB, r exportertest.Receiver, timeout time.Duration) exporters.Exporter {
					o := c.options
					o.Address, o.WriteTimeout, o.DialTimeout = r.Address(), timeout, timeout
					o.TailAge, o.TailBytes, o.Logger = 2*time.Hour, 64<<20, slog.New(slog.DiscardHandler)
					x, err := syslog.New(o)
					if err != nil {
						t.Fatal(err)
					}
					return x
				},
				Poisoned:  poisoned,
				Datagrams: c.options.Protocol == syslog.UDP,
			})
		})
	}
}

func decodeDatagram(b []byte) (exportertest.Delivery, error) {
	m, err := rfc5424.NewParser().Parse(b)
	if err != nil {
		return exportertest.Delivery{}, err
	}
	return delivery(m)
}

// decodeOctetCounting reads with an independent parser.
func decodeOctetCounting(r io.Reader, got func(exportertest.Delivery)) error {
	var problems []error
	tracked := &tracker{r: r}
	octetcounting.NewParser(gosyslog.WithListener(func(result *gosyslog.Result) {
		switch {
		case result.Error != nil && tracked.ended:
			// the connection was cut inside a message
		case result.Error != nil:
			problems = append(problems, result.Error)
		default:
			d, err := delivery(result.Message)
			if err != nil {
				problems = append(problems, err)
				return
			}
			got(d)
		}
	})).Parse(tracked)
	return errors.Join(problems...)
}

type tracker struct {
	r     io.Reader
	ended bool
}

func (t *tracker) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.ended = t.ended || err != nil
	return n, err
}

func decodeLF(r io.Reader, got func(exportertest.Delivery)) error {
	parser := rfc5424.NewParser()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || isReset(err) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := parser.Parse([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			return fmt.Errorf("%w in %q", err, line)
		}
		d, err := delivery(m)
		if err != nil {
			return err
		}
		got(d)
	}
}

func isReset(err error) bool {
	var e *net.OpError
	return errors.As(err, &e)
}

func delivery(m gosyslog.Message) (exportertest.Delivery, error) {
	text := []byte(*m.(*rfc5424.SyslogMessage).Message)
	if id := m.(*rfc5424.SyslogMessage).MsgID; id != nil && *id == "HEARTBEAT" {
		var h exporters.HeartbeatDocument
		err := json.Unmarshal(text, &h)
		return exportertest.Delivery{Heartbeat: h.ID}, err
	}
	if id := m.(*rfc5424.SyslogMessage).MsgID; id != nil && *id == "EVENT" {
		var e exporters.EventDocument
		err := json.Unmarshal(text, &e)
		return exportertest.Delivery{Event: e.EventID}, err
	}
	var d exporters.Document
	if err := json.Unmarshal(text, &d); err != nil {
		return exportertest.Delivery{}, err
	}
	return exportertest.Delivery{AlertID: strings.TrimPrefix(d.Name, "alerts/"), Sequence: d.Sequence}, nil
}
