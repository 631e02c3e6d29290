// Package webhook sends alerts as JSON in HTTPS requests that are signed as Standard Webhooks 1.0 says, so that receivers have
// libraries that check them.
package webhook

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters/format/document"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// Form says how the changes of a request are written.
type Form string

// Forms of a body.
const (
	// Array is one JSON array.
	Array Form = "array"
	// Lines are JSON objects, one a line.
	Lines Form = "lines"
)

// Options of the exporter. What is zero takes the default.
type Options struct {
	// URL is https://HOST[:PORT]/PATH, or http for a loopback address. Required.
	URL string
	// Form is Array when empty.
	Form Form
	// Payload is the format of an alert, one of JSON; that of the REST API when nil.
	Payload payload.Encoder
	// SecretFile holds the secret that requests are signed with, with or without the prefix whsec_. Empty does not sign.
	SecretFile string
	// TokenFile holds a token that the receiver wants in the header TokenHeader, or as Authorization: Bearer when that is empty.
	TokenFile, TokenHeader string
	// CAFile has authorities in PEM that are trusted beside the system's.
	CAFile string
	// AllowPrivate lets the receiver have an address that is not of the Internet. A loopback address as the host of URL needs none.
	AllowPrivate bool
	// MaxBytes bounds a body (1 MiB).
	MaxBytes int
	// Timeout bounds one request (30 s).
	Timeout time.Duration
	// Clock gives the time that is signed; time.Now when nil.
	Clock func() time.Time
}

// least and most bytes of a body, and of a secret.
const (
	leastBytes, mostBytes = 4 << 10, 64 << 20
	maxSecret             = 4 << 10
	leastSecret           = 24
)

func (o *Options) complete() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf("webhook: "+format, args...)) }
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Fragment != "":
		problem("the URL cannot be read: https://HOST/PATH was expected")
	case u.User != nil:
		problem("the URL holds a name or a password: a token belongs into tokenFile")
	case u.Scheme == "http" && !loopback(u.Hostname()) || u.Scheme != "http" && u.Scheme != "https":
		problem("the URL begins with %s://: https was expected, or http with a loopback address", u.Scheme)
	}
	if o.Form == "" {
		o.Form = Array
	}
	if o.Form != Array && o.Form != Lines {
		problem("form %q: %s or %s was expected", o.Form, Array, Lines)
	}
	if o.Payload == nil {
		o.Payload = document.Encoder{}
	}
	if name := o.Payload.Name(); name != "json" && name != "ocsf" {
		problem("format %q: json or ocsf was expected", name)
	}
	if h := strings.ToLower(o.TokenHeader); h == "host" || h == "transfer-encoding" || h == "connection" || strings.HasPrefix(h, "content-") || strings.HasPrefix(h, "webhook-") {
		problem("token header %q: a header was expected that the request does not have anyway", o.TokenHeader)
	}
	if o.TokenHeader != "" && (o.TokenFile == "" || strings.ContainsFunc(o.TokenHeader, notToken)) {
		problem("token header %q: the name of a header was expected, together with a file of a token", o.TokenHeader)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 20
	}
	if o.MaxBytes < leastBytes || o.MaxBytes > mostBytes {
		problem("at most %d bytes a request: %d to %d were expected", o.MaxBytes, leastBytes, mostBytes)
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Timeout < 0 {
		problem("the time-out must not be negative")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// notToken says whether r cannot stand in the name of a header.
func notToken(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// key reads the secret to sign with: Base64 behind whsec_, as Standard Webhooks writes it, or any text of enough characters.
func (o *Options) key() ([]byte, error) {
	if o.SecretFile == "" {
		return nil, nil
	}
	text, err := secretfile.Read("webhook: secret", o.SecretFile, maxSecret)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	if encoded, ok := bytes.CutPrefix(text, []byte("whsec_")); ok {
		if text, err = base64.StdEncoding.DecodeString(string(encoded)); err != nil {
			return nil, fmt.Errorf("webhook: secret %s: what follows whsec_ is no Base64", o.SecretFile)
		}
	}
	if len(text) < leastSecret {
		return nil, fmt.Errorf("webhook: secret %s: found %d bytes, expected %d at least: echo \"whsec_$(openssl rand -base64 32)\" makes one", o.SecretFile, len(text), leastSecret)
	}
	return text, nil
}

// token reads the token; empty without one.
func (o *Options) token() (string, error) {
	if o.TokenFile == "" {
		return "", nil
	}
	text, err := secretfile.Read("webhook: token", o.TokenFile, maxSecret)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fmt.Errorf("webhook: token %s: expected one line of visible characters", o.TokenFile)
	}
	return token, nil
}

func (o *Options) header() string {
	if o.TokenHeader == "" {
		return "Authorization"
	}
	return http.CanonicalHeaderKey(o.TokenHeader)
}

// roots are the system's authorities and those of CAFile.
func (o *Options) roots() (*x509.CertPool, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("webhook: authorities: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("webhook: authorities: %s has no certificate in PEM", o.CAFile)
	}
	return roots, nil
}
