package syslog

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// Security is how a TLS connection is made sure of. The files are read at every connect, so that they can be renewed.
type Security struct {
	// CAFile has the certificates of the authorities that may have signed the receiver's, in PEM; the system's when empty.
	CAFile string
	// CertFile and KeyFile are our own certificate and its key, in PEM; both or none. Others must not be able to read the key.
	CertFile, KeyFile string
	// ServerName in the receiver's certificate is the host of the address when empty.
	ServerName string
}

const mostPEM = 1 << 20

// securityError is something that a person has to put right.
type securityError struct{ err error }

func (e *securityError) Error() string { return "syslog: tls: " + e.err.Error() }
func (e *securityError) Unwrap() error { return e.err }

func wrong(format string, args ...any) error {
	return &securityError{fmt.Errorf(format, args...)}
}

// config for a connection to the address.
func (s *Security) config(address string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s != nil {
		c.ServerName = s.ServerName
	}
	if c.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, wrong("address %q: HOST:PORT was expected", address)
		}
		c.ServerName = host
	}
	if s == nil {
		return c, nil
	}
	if s.CAFile != "" {
		text, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, wrong("certificates of authorities: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, wrong("%s has no certificate: PEM with at least one was expected", s.CAFile)
		}
	}
	switch {
	case s.CertFile == "" && s.KeyFile == "":
		return c, nil
	case s.CertFile == "" || s.KeyFile == "":
		return nil, wrong("our own certificate and its key belong together: both or none were expected")
	}
	certificate, err := os.ReadFile(s.CertFile)
	if err != nil {
		return nil, wrong("our own certificate: %w", err)
	}
	key, err := secretfile.Read("the key of our own certificate", s.KeyFile, mostPEM)
	if err != nil {
		return nil, wrong("%w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, wrong("%s and %s: a certificate and its key in PEM were expected: %w", s.CertFile, s.KeyFile, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// explain says what to do about a handshake that failed.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; caFile names the authority that signed the receiver's certificate", err)
	case errors.As(err, &name):
		return fmt.Errorf("%w; serverName is the name that the receiver's certificate has", err)
	case errors.As(err, &plain):
		return fmt.Errorf("the receiver does not speak TLS on this port: %w", err)
	}
	return err
}
