package config

import (
	"net"
	"net/url"
	"strings"
)

// SyslogDestination is a receiver of syslog messages.
type SyslogDestination struct {
	// Address of the receiver, HOST:PORT.
	Address string `yaml:"address"`
	// How messages travel: tcp, tls (RFC 5425) or udp (RFC 5426), which loses messages without anybody noticing. Empty is tcp.
	Protocol string `yaml:"protocol,omitempty"`
	// How the connection is made sure of; with protocol tls only.
	TLS SyslogTLS `yaml:"tls,omitempty"`
	// What a message says, and how: json (the alert of the REST API), cef (ArcSight, Microsoft Sentinel), cef-defender (CEF as the
	// SIEM agent of Defender for Cloud Apps sent it), leef (QRadar) or ocsf (Detection Finding). Empty is json.
	Format string `yaml:"format,omitempty"`
	// What stands before it: rfc5424, or agent, a time without a priority as the agent of Defender sent it. Empty is rfc5424, and agent
	// with the format cef-defender.
	Header string `yaml:"header,omitempty"`
	// How messages are told apart on a connection: octet-counting (RFC 6587 3.4.1) or lf. Empty is octet-counting, and lf with
	// the header agent.
	Framing string `yaml:"framing,omitempty"`
	// Syslog facility by name: kern, user, daemon, auth, local0 to local7, and so on. Empty is local4.
	Facility string `yaml:"facility,omitempty"`
	// Name of this machine in the header. Empty is its own name, and none with the header agent.
	Hostname string `yaml:"hostname,omitempty"`
	// Where a person finds an alert, as an address in which {id} stands for the alert's id; it goes into every format but json.
	AlertURL string `yaml:"alertUrl,omitempty"`
	// Longest message in bytes, 1800 at least, and 3000 in ocsf; a longer one is shortened and says so. 0 is 8000, and over udp 2000 (in ocsf 3000).
	MaxBytes int `yaml:"maxBytes,omitempty"`
}

// SyslogTLS is how a TLS connection to a receiver of syslog is made sure of. The files are read at every connect, so that certificates
// can be renewed.
type SyslogTLS struct {
	// File of the certificate authorities in PEM of which one signed the receiver's certificate, and no other is trusted then. Empty
	// is the system's.
	CAFile string `yaml:"caFile,omitempty"`
	// File of our own certificate in PEM, with those between it and its authority, for a receiver that asks for one.
	CertFile string `yaml:"certFile,omitempty"`
	// File of its private key in PEM, with mode 0600, or 0640 at most.
	KeyFile string `yaml:"keyFile,omitempty"`
	// Name in the receiver's certificate. Empty is the host of the address.
	ServerName string `yaml:"serverName,omitempty"`
}

// facilities of RFC 5424, by their usual names.
func facilities() []string {
	return []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
}

// Endpoints implements Block.
func (s *SyslogDestination) Endpoints() []string {
	protocol := s.Protocol
	if protocol == "" {
		protocol = "tcp"
	}
	return []string{protocol + "://" + s.Address}
}

// Authorities implements Block.
func (s *SyslogDestination) Authorities() string { return s.TLS.CAFile }

func (s *SyslogDestination) paths() []*string {
	return []*string{&s.TLS.CAFile, &s.TLS.CertFile, &s.TLS.KeyFile}
}

func (s *SyslogDestination) validate(p *problems, key func(string) string) {
	if host, port, err := net.SplitHostPort(s.Address); err != nil || host == "" || !isPort(port, 1) {
		p.add(key("address"), s.Address, "HOST:PORT such as siem.example.com:601")
	}
	for _, choice := range []struct {
		field, value string
		of           []string
	}{
		{"protocol", s.Protocol, []string{"tcp", "tls", "udp"}},
		{"format", s.Format, []string{"json", "cef", "cef-defender", "leef", "ocsf"}},
		{"header", s.Header, []string{"rfc5424", "agent"}},
		{"framing", s.Framing, []string{"octet-counting", "lf"}},
		{"facility", s.Facility, facilities()},
	} {
		if choice.value != "" {
			p.oneOf(key(choice.field), choice.value, choice.of...)
		}
	}
	if s.Protocol == "udp" && s.Framing != "" {
		p.add(key("framing"), s.Framing, "none with protocol udp: a datagram is a message")
	}
	validateAlertURL(p, key("alertUrl"), s.AlertURL)
	least, most := int64(1800), int64(1<<20)
	if s.Format == "ocsf" {
		least = 3000
	}
	if s.Protocol == "udp" {
		most = 65507
	}
	if s.MaxBytes != 0 {
		p.within(key("maxBytes"), int64(s.MaxBytes), least, most)
	}
	if s.TLS != (SyslogTLS{}) && s.Protocol != "tls" {
		p.add(key("protocol"), s.Protocol, "tls, because there are settings of tls")
	}
	for _, named := range [][2]string{{"tls.caFile", s.TLS.CAFile}, {"tls.certFile", s.TLS.CertFile}, {"tls.keyFile", s.TLS.KeyFile}} {
		if named[1] != "" {
			p.file(key(named[0]), named[1])
		}
	}
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		p.add(key("tls.keyFile"), s.TLS.KeyFile, "certFile and keyFile, or none of them")
	}
}

func validateAlertURL(p *problems, key, address string) {
	if address == "" {
		return
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || !strings.Contains(address, "{id}") {
		p.add(key, address, "an address with {id} in it, such as https://watch.example.com/alerts/{id}")
	}
}
