// Package syslog sends alerts as RFC 5424 messages over TCP (RFC 6587), TLS (RFC 5425) and UDP (RFC 5426).
//
// Syslog has no acknowledgement, so a connection can lose what was written just before it broke. The exporter
// looks at the connection before and after each write, keeps what was written lately and sends it again after a
// reconnect; that makes it best effort, not certain: what the receiver's system had taken in more than Options.TailAge
// before the receiver died is gone. Over UDP it learns no more than that nobody listened, and only where the network says so.
// Repetitions carry the same alert id and sequence.
package syslog

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/sealwatch/sealwatch/exporters/format/document"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// Protocol is how messages travel.
type Protocol string

// Protocols.
const (
	TCP Protocol = "tcp"
	TLS Protocol = "tls"
	UDP Protocol = "udp"
)

// Header is what stands before the payload.
type Header string

// Headers.
const (
	// HeaderRFC5424 is what the standard asks for.
	HeaderRFC5424 Header = "rfc5424"
	// HeaderAgent is a time and, where Options.Hostname is set, a host, without a priority: what the SIEM agent of Defender for
	// Cloud Apps sent.
	HeaderAgent Header = "agent"
)

// Framing says how a receiver tells one message from the next.
type Framing string

// Framings.
const (
	// OctetCounting puts the length in front of each message; every current receiver takes it, and RFC 5425 knows nothing else.
	OctetCounting Framing = "octet-counting"
	// LF ends each message with a line feed; no message has one inside.
	LF Framing = "lf"
)

// Options of the exporter. What is zero takes the default.
type Options struct {
	// Address is HOST:PORT of the receiver. Required.
	Address string
	// Protocol is TCP when empty.
	Protocol Protocol
	// Framing over TCP and TLS is OctetCounting when empty, and LF with HeaderAgent. UDP has none.
	Framing Framing
	// Security of TLS; the system's authorities and no client certificate when nil.
	Security *Security
	// Payload is the format, JSON when nil.
	Payload payload.Encoder
	// Header is HeaderRFC5424 when empty, and HeaderAgent with the format cef-defender.
	Header Header
	// Facility by its keyword, local4 when empty.
	Facility string
	// Hostname in the header is the machine's when empty; HeaderAgent then has none.
	Hostname string
	// AppName in the header is sealwatch when empty.
	AppName string
	// StructuredDataID is NAME@ENTERPRISE-NUMBER; sealwatch@32473 when empty, where 32473 is the number that RFC 5612
	// sets aside for examples.
	StructuredDataID string
	// MaxBytes bounds a whole message (8000, over UDP 2000; at least 1800, and 3000 in OCSF). A longer one is shortened and says so,
	// because rsyslog cuts at 8096 bytes by default, and some of its inputs take the rest for further messages.
	MaxBytes int
	// DialTimeout and WriteTimeout bound the connecting and the writing of a batch (10 s, 30 s).
	DialTimeout, WriteTimeout time.Duration
	// TailBytes bounds what is kept to be sent again after a reconnect (4 MiB). TailAge is how long a message is kept on a
	// connection that stays alive (1 minute; longer than WriteTimeout, after which the system gives a dead peer up).
	TailBytes int
	TailAge   time.Duration
	// Logger is slog.Default when nil.
	Logger *slog.Logger
}

const (
	minMaxBytes = 1800
	minOCSF     = 3000
	// maxDatagram is the most that a datagram of IPv4 carries.
	maxDatagram = 65507
)

var facilities = []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

var structuredDataID = regexp.MustCompile(`^[!#-<>-\\^-~]{1,20}@[0-9.]{1,11}$`)

func (o *Options) complete() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf("syslog: "+format, args...)) }

	host, port, err := net.SplitHostPort(o.Address)
	if n, e := strconv.Atoi(port); err != nil || host == "" || e != nil || n < 1 || n > 65535 {
		problem("address %q: HOST:PORT was expected, for example siem.example.com:514", o.Address)
	}
	defaulted(&o.Protocol, TCP)
	if o.Protocol != TCP && o.Protocol != TLS && o.Protocol != UDP {
		problem("protocol %q: %s, %s or %s was expected", o.Protocol, TCP, TLS, UDP)
	}
	if o.Payload == nil {
		o.Payload = document.Encoder{}
	}
	format := o.Payload.Name()
	if o.Header == "" && format == "cef-defender" {
		o.Header = HeaderAgent
	}
	defaulted(&o.Header, HeaderRFC5424)
	if o.Header != HeaderRFC5424 && o.Header != HeaderAgent {
		problem("header %q: %s or %s was expected", o.Header, HeaderRFC5424, HeaderAgent)
	}
	if o.Framing == "" && o.Header == HeaderAgent {
		o.Framing = LF
	}
	defaulted(&o.Framing, OctetCounting)
	if o.Framing != OctetCounting && o.Framing != LF {
		problem("framing %q: %s or %s was expected", o.Framing, OctetCounting, LF)
	}
	if o.Security != nil && o.Protocol != TLS {
		problem("tls settings with protocol %s: protocol %s was expected", o.Protocol, TLS)
	}
	if o.Protocol == TLS {
		if _, err := o.Security.config(o.Address); err != nil {
			errs = append(errs, err)
		}
	}
	defaulted(&o.Facility, "local4")
	if _, ok := facilityCode(o.Facility); !ok {
		problem("facility %q: one of %v was expected", o.Facility, facilities)
	}
	defaulted(&o.StructuredDataID, "sealwatch@32473")
	if !structuredDataID.MatchString(o.StructuredDataID) {
		problem("structured data id %q: NAME@NUMBER of at most 32 visible characters was expected", o.StructuredDataID)
	}
	least, usual := minMaxBytes, 8000
	if format == "ocsf" {
		least = minOCSF
	}
	if o.Protocol == UDP {
		usual = max(2000, least)
	}
	defaulted(&o.MaxBytes, usual)
	if o.MaxBytes < least {
		problem("at most %d bytes a message: at least %d were expected for %s", o.MaxBytes, least, format)
	}
	if o.Protocol == UDP && o.MaxBytes > maxDatagram {
		problem("at most %d bytes a message: over udp at most %d were expected", o.MaxBytes, maxDatagram)
	}
	if o.Hostname == "" && o.Header != HeaderAgent {
		o.Hostname, _ = os.Hostname() // unknown is "-" in the header
	}
	defaulted(&o.AppName, "sealwatch")
	defaulted(&o.DialTimeout, 10*time.Second)
	defaulted(&o.WriteTimeout, 30*time.Second)
	defaulted(&o.TailBytes, 4<<20)
	defaulted(&o.TailAge, max(time.Minute, 2*o.WriteTimeout))
	if o.DialTimeout < 0 || o.WriteTimeout < 0 || o.TailBytes < 0 || o.TailAge < o.WriteTimeout {
		problem("times and sizes must not be negative, and the age of the tail not below the time to write")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return errors.Join(errs...)
}

func facilityCode(name string) (int, bool) {
	for code, f := range facilities {
		if f == name {
			return code, true
		}
	}
	return 0, false
}

func defaulted[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
