package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// SplunkDestination is an HTTP Event Collector of Splunk.
type SplunkDestination struct {
	// The collectors, such as https://splunk.example.com:8088: one is used until it fails, then the next. http only for loopback.
	Collectors []string `yaml:"endpoints"`
	// File that holds the token, with mode 0600 or 0640 at most. It is read before each request. Either this or tokenVariable.
	TokenFile string `yaml:"tokenFile,omitempty"`
	// Name of the environment variable that holds the token.
	TokenVariable string `yaml:"tokenVariable,omitempty"`
	// Index of the events. Empty is the default index of the token.
	Index string `yaml:"index,omitempty"`
	// Source of the events. Empty is sealwatch.
	Source string `yaml:"source,omitempty"`
	// Source type of the events. Empty is sealwatch:alert, which the app in deploy/splunk knows.
	Sourcetype string `yaml:"sourcetype,omitempty"`
	// Host of the events. Empty is the name of this machine.
	Host string `yaml:"host,omitempty"`
	// Where a person finds an alert: an address in which {id} stands for its id. Empty sends none.
	AlertURL string `yaml:"alertUrl,omitempty"`
	// Whether indexer acknowledgement is waited for: auto (where the token has it) or off. Empty is auto.
	Acknowledgement string `yaml:"acknowledgement,omitempty"`
	// How long an acknowledgement may take before the alerts are sent again. 0 is 2m.
	AckTimeout time.Duration `yaml:"ackTimeout,omitempty"`
	// Most bytes of a request before compression; an event that is longer by itself is shortened and says so. 0 is 1000000, what
	// Splunk Cloud takes.
	MaxBytes int `yaml:"maxBytes,omitempty"`
	// How requests are compressed: gzip or none. Empty is gzip.
	Compression string `yaml:"compression,omitempty"`
	// File of certificate authorities in PEM that are trusted beside the system's.
	CAFile string `yaml:"caFile,omitempty"`
}

// Endpoints implements Block.
func (s *SplunkDestination) Endpoints() (all []string) {
	for _, c := range s.Collectors {
		u, err := url.Parse(c)
		if err != nil {
			continue
		}
		host := u.Host
		if u.Port() == "" {
			host += map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
		}
		all = append(all, u.Scheme+"://"+host)
	}
	return all
}

// Authorities implements Block.
func (s *SplunkDestination) Authorities() string { return s.CAFile }

func (s *SplunkDestination) paths() []*string { return []*string{&s.TokenFile, &s.CAFile} }

var (
	splunkIndex = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,79}$`)
	variable    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func (s *SplunkDestination) validate(p *problems, key func(string) string) {
	const collector = "https://HOST:PORT such as https://splunk.example.com:8088, without user and query; http for loopback only"
	if len(s.Collectors) == 0 {
		p.add(key("endpoints"), "", collector)
	}
	seen := map[string]bool{}
	for i, c := range s.Collectors {
		where := key(fmt.Sprintf("endpoints[%d]", i))
		u, err := url.Parse(c)
		switch {
		case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
			p.add(where, "an address that is not shown here", collector) // it may hold a password
		case u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackHost(u.Hostname())):
			p.add(where, c, collector)
		case seen[c]:
			p.add(where, c, "each collector once")
		}
		seen[c] = true
	}
	switch {
	case s.TokenFile == "" && s.TokenVariable == "":
		p.add(key("tokenFile"), "", "a file with the token, or the name of an environment variable as tokenVariable")
	case s.TokenFile != "" && s.TokenVariable != "":
		p.add(key("tokenVariable"), s.TokenVariable, "nothing beside tokenFile")
	case s.TokenVariable != "" && !variable.MatchString(s.TokenVariable):
		p.add(key("tokenVariable"), "something else", "the name of an environment variable such as SPLUNK_TOKEN") // it may be the token
	}
	if s.Index != "" && !splunkIndex.MatchString(s.Index) {
		p.add(key("index"), s.Index, "1 to 80 lower-case letters, digits, underscores and hyphens")
	}
	for _, f := range [][2]string{{"source", s.Source}, {"sourcetype", s.Sourcetype}, {"host", s.Host}} {
		if f[1] != strings.TrimSpace(f[1]) || len(f[1]) > 255 {
			p.add(key(f[0]), f[1], "at most 255 bytes without blanks at the ends")
		}
	}
	validateAlertURL(p, key("alertUrl"), s.AlertURL)
	if s.Acknowledgement != "" {
		p.oneOf(key("acknowledgement"), s.Acknowledgement, "auto", "off")
	}
	if s.AckTimeout != 0 && (s.AckTimeout < time.Second || s.AckTimeout > time.Hour) {
		p.add(key("ackTimeout"), s.AckTimeout, "1s to 1h")
	}
	if s.MaxBytes != 0 {
		p.within(key("maxBytes"), int64(s.MaxBytes), 4000, 100_000_000)
	}
	if s.Compression != "" {
		p.oneOf(key("compression"), s.Compression, "gzip", "none")
	}
}

func isLoopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}
