package syslog_test

import (
	"bufio"
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
	for framing, decode := range map[syslog.Framing]func(io.Reader, func(exportertest.Delivery)) error{
		syslog.OctetCounting: decodeOctetCounting, syslog.LF: decodeLF,
	} {
		t.Run(string(framing), func(t *testing.T) {
			poisoned := exportertest.Change(99)
			poisoned.ID = strings.Repeat("0", 9000) // stays whole, so that the message can never be short enough
			exportertest.Run(t, exportertest.Factory{
				NewReceiver: func(t testing.TB) exportertest.Receiver { return exportertest.NewTCPReceiver(t, decode) },
				NewExporter: func(t testing.TB, r exportertest.Receiver, timeout time.Duration) exporters.Exporter {
					x, err := syslog.New(syslog.Options{Address: r.Address(), Framing: framing, WriteTimeout: timeout, DialTimeout: timeout,
						TailAge: 2 * time.Hour, TailBytes: 64 << 20, Logger: slog.New(slog.DiscardHandler)})
					if err != nil {
						t.Fatal(err)
					}
					return x
				},
				Poisoned: poisoned,
			})
		})
	}
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
	var d exporters.Document
	if err := json.Unmarshal([]byte(*m.(*rfc5424.SyslogMessage).Message), &d); err != nil {
		return exportertest.Delivery{}, err
	}
	return exportertest.Delivery{AlertID: strings.TrimPrefix(d.Name, "alerts/"), Sequence: d.Sequence}, nil
}
