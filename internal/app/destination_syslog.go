package app

import (
	"log/slog"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/syslog"
	"github.com/sealwatch/sealwatch/internal/config"
)

func newSyslog(b *config.SyslogDestination, log *slog.Logger) (exporters.Exporter, error) {
	settings, err := payloadSettings(b.AlertURL)
	if err != nil {
		return nil, err
	}
	encoder, err := format.New(b.Format, settings)
	if err != nil {
		return nil, err
	}
	o := syslog.Options{Address: b.Address, Protocol: syslog.Protocol(b.Protocol), Framing: syslog.Framing(b.Framing), Payload: encoder, Header: syslog.Header(b.Header),
		Facility: b.Facility, Hostname: b.Hostname, MaxBytes: b.MaxBytes, Logger: log}
	if b.TLS != (config.SyslogTLS{}) {
		o.Security = &syslog.Security{CAFile: b.TLS.CAFile, CertFile: b.TLS.CertFile, KeyFile: b.TLS.KeyFile, ServerName: b.TLS.ServerName}
	}
	return syslog.New(o)
}
