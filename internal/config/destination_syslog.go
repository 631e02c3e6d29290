package config

import "net"

// SyslogDestination is a receiver of RFC 5424 messages.
type SyslogDestination struct {
	// Address of the receiver, HOST:PORT.
	Address string `yaml:"address"`
	// How messages are told apart on the connection: octet-counting (RFC 6587 3.4.1) or lf. Empty is octet-counting.
	Framing string `yaml:"framing,omitempty"`
	// Syslog facility by name: kern, user, daemon, auth, local0 to local7, and so on. Empty is local4.
	Facility string `yaml:"facility,omitempty"`
	// Longest message in bytes, 1800 at least; a longer one is shortened and says so. 0 is 8000.
	MaxBytes int `yaml:"maxBytes,omitempty"`
}

// facilities of RFC 5424, by their usual names.
func facilities() []string {
	return []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
}

// Endpoints implements Block.
func (s *SyslogDestination) Endpoints() []string { return []string{"tcp://" + s.Address} }

// Authorities implements Block.
func (s *SyslogDestination) Authorities() string { return "" }

func (s *SyslogDestination) paths() []*string { return nil }

func (s *SyslogDestination) validate(p *problems, key func(string) string) {
	if host, port, err := net.SplitHostPort(s.Address); err != nil || host == "" || !isPort(port, 1) {
		p.add(key("address"), s.Address, "HOST:PORT such as siem.example.com:601")
	}
	if s.Framing != "" {
		p.oneOf(key("framing"), s.Framing, "octet-counting", "lf")
	}
	if s.Facility != "" {
		p.oneOf(key("facility"), s.Facility, facilities()...)
	}
	if s.MaxBytes != 0 {
		p.within(key("maxBytes"), int64(s.MaxBytes), 1800, 1<<20)
	}
}
