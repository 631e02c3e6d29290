package docusign

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// NewTransport makes calls over TLS 1.2 or later, through the proxy that the environment names (HTTPS_PROXY, NO_PROXY).
// roots are the authorities that are trusted; nil takes the system's.
func NewTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    15 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// LoadRoots reads certificate authorities that are trusted beside the system's, as PEM.
func LoadRoots(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("certificate authorities %s: found no certificate, expected PEM with BEGIN CERTIFICATE", name)
	}
	return roots, nil
}

// unreachable says why no answer came.
func unreachable(host string, err error) *Error {
	e := &Error{Kind: KindNetwork, Err: err}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errIdle):
		e.Message = fmt.Sprintf("%s took the call and then sent nothing for too long", host)
	case errors.As(err, &dns):
		e.Message = fmt.Sprintf("the name %s cannot be resolved: check the DNS of this machine, and whether it has a way to the internet", host)
	case errors.As(err, &cert):
		e.Message = fmt.Sprintf("the certificate of %s is not trusted: where a proxy inspects TLS, name its authority in caFile", host)
	case errors.As(err, &record):
		e.Message = fmt.Sprintf("%s does not speak TLS: check the endpoint and the proxy", host)
	default:
		e.Message = fmt.Sprintf("%s does not answer: check the firewall and the proxy (HTTPS_PROXY) of this machine", host)
	}
	return e
}

// cutOff says that an answer ended early.
func cutOff(host string, err error) *Error {
	return &Error{Kind: KindNetwork, Message: fmt.Sprintf("the answer of %s broke off; it is asked for again", host), Err: err}
}
