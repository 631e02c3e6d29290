// Package splunk sends alerts to Splunk's HTTP Event Collector (HEC), as events with the fields of the Common Information Model.
//
// Where the token has indexer acknowledgement, a change counts as accepted when the indexer has acknowledged it, and is sent again
// when that takes longer than Options.AckTimeout. Otherwise it counts as accepted with Splunk's reply, which says that the event
// looks valid and no more. Repetitions carry the same event_uid and event_sequence.
package splunk

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// Options of the exporter. What is zero takes the default, where one is named.
type Options struct {
	// Endpoints are the collectors, such as https://splunk.example.com:8088; one is used until it fails, then the next. At least
	// one is required. Without TLS only loopback addresses are allowed.
	Endpoints []string
	// Token returns the token; it is asked before each request, so that a new one needs no restart. Required. Its error MUST NOT hold
	// the token.
	Token func() (string, error)
	// Index, Source, Sourcetype and Host of the events: the token's default index, sealwatch, sealwatch:alert, and the name of the
	// machine when empty.
	Index, Source, Sourcetype, Host string
	// Roots are the certificate authorities that are trusted; the system's when nil.
	Roots *x509.CertPool
	// MaxBytes bounds the body of a request before compression (1,000,000: what Splunk Cloud takes; at least 4,000). An event that
	// is longer by itself is shortened and says so.
	MaxBytes int
	// NoGzip sends bodies as they are.
	NoGzip bool
	// NoAck sends no channel and waits for no acknowledgement, also where the token has it.
	NoAck bool
	// AckTimeout is how long an acknowledgement may take before the changes are sent again (2 minutes), AckInterval how long
	// to wait before the first question for it (500 ms; the next waits double, up to ten times as long).
	AckTimeout, AckInterval time.Duration
	// RequestTimeout bounds one request (30 s).
	RequestTimeout time.Duration
	// SlowDown is the first pause after a reply that the receiver's queues are nearly full (1 s; it doubles with each such
	// reply, up to sixteen times as long).
	SlowDown time.Duration
	// Payload has what is told of the detections.
	Payload payload.Settings
	// Logger is slog.Default when nil.
	Logger *slog.Logger
}

const minMaxBytes = 4000

func (o *Options) complete() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf("splunk: "+format, args...)) }
	if len(o.Endpoints) == 0 {
		problem("no endpoint; expected at least one such as https://splunk.example.com:8088")
	}
	seen := map[string]bool{}
	for _, e := range o.Endpoints {
		base, err := Endpoint(e)
		if err != nil {
			problem("%w", err)
		} else if seen[base] {
			problem("endpoint %q is there twice", base)
		}
		seen[base] = true
	}
	if o.Token == nil {
		problem("Options.Token is missing")
	}
	defaulted(&o.Source, "sealwatch")
	defaulted(&o.Sourcetype, "sealwatch:alert")
	if o.Host == "" {
		o.Host, _ = os.Hostname() // unknown is left out, and Splunk fills in the sender's address
	}
	defaulted(&o.MaxBytes, 1_000_000)
	if o.MaxBytes < minMaxBytes {
		problem("at most %d bytes a request: at least %d were expected", o.MaxBytes, minMaxBytes)
	}
	defaulted(&o.AckTimeout, 2*time.Minute)
	defaulted(&o.AckInterval, 500*time.Millisecond)
	defaulted(&o.RequestTimeout, 30*time.Second)
	defaulted(&o.SlowDown, time.Second)
	if o.AckTimeout < 0 || o.AckInterval < 0 || o.RequestTimeout < 0 || o.SlowDown < 0 {
		problem("times must not be negative")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return errors.Join(errs...)
}

// Endpoint returns the address of a collector without the path of the service, which may be there. The error says what is wrong
// with it, and repeats no user information and no query, since either may be a secret.
func Endpoint(address string) (string, error) {
	const expected = "expected https://HOST:PORT, or http for a loopback address, for example https://splunk.example.com:8088"
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Hostname() == "" || strings.ContainsFunc(address, unicode.IsSpace) {
		return "", fmt.Errorf("the endpoint is no address: %s", expected)
	}
	shown := u.Scheme + "://" + u.Host
	switch {
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("endpoint %q has a user, a query or a fragment; the token is an option of its own: %s", shown, expected)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", fmt.Errorf("endpoint %q would send the token and the alerts without TLS: %s", shown, expected)
	case u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("endpoint %q: %s", shown, expected)
	}
	path := strings.TrimSuffix(u.Path, "/")
	for _, suffix := range []string{"/1.0", "/event", pathCollector} {
		path = strings.TrimSuffix(path, suffix)
	}
	return shown + strings.TrimSuffix(path, "/"), nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

func defaulted[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
