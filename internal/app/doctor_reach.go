package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/outbound"
)

// reachTimeout bounds one attempt to reach a server.
const reachTimeout = 10 * time.Second

// resolve is the step that looks a name up.
func (e *examination) resolve(ctx context.Context, host string) {
	e.stepAt(host, "DNS", func() (_, _ string, err error) {
		text, err := lookUp(ctx, host)
		return StepOK, text, err
	})
}

func lookUp(ctx context.Context, host string) (string, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		return host + " is an address", nil
	}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return "", fmt.Errorf("the name %s cannot be resolved: %w; look at the name, and at the resolver of this machine", host, err)
	}
	return fmt.Sprintf("%s is %s", host, strings.Join(found[:min(len(found), 4)], ", ")), nil
}

// hosts is the step that reaches further hosts of a source, each once: a firewall lets one through and another not. Several are at
// one address where a gateway speaks for them.
func (e *examination) hosts(ctx context.Context, name string, roots *x509.CertPool, addresses ...string) {
	e.step(name, func() (string, string, error) {
		var all []string
		seen := map[string]bool{}
		for _, address := range addresses {
			u, err := url.Parse(address)
			if err != nil || u.Host == "" {
				return "", "", errors.New("the address cannot be read")
			}
			if seen[u.Host] {
				continue
			}
			seen[u.Host] = true
			text, err := reach(ctx, u, roots)
			if err != nil {
				return "", "", err
			}
			all = append(all, text)
		}
		return StepOK, strings.Join(all, "; "), nil
	})
}

// reach goes to a web server, by the proxy where the environment names one.
func reach(ctx context.Context, u *url.URL, roots *x509.CertPool) (string, error) {
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && proxy != nil {
		return fmt.Sprintf("%s is reached by the proxy %s", u.Host, proxy.Host), nil
	}
	text, err := lookUp(ctx, u.Hostname())
	if err != nil || u.Scheme != "https" {
		return text, err
	}
	secured, err := handshake(ctx, u, plain(roots))
	return text + ", " + secured, err
}

// plain is how web servers are reached that no exporter reaches in its own way.
func plain(roots *x509.CertPool) *http.Transport {
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: reachTimeout}).DialContext,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}
}

// dial connects to a web server as the transport does.
func dial(ctx context.Context, u *url.URL, by *http.Transport) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return by.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
}

// handshake makes TLS with a web server.
func handshake(ctx context.Context, u *url.URL, by *http.Transport) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*reachTimeout)
	defer cancel()
	conn, err := dial(ctx, u, by)
	if err != nil {
		return "", fmt.Errorf("no TLS with %s: %w; %s", u.Host, err, tlsHint(err))
	}
	defer func() { _ = conn.Close() }()
	settings := by.TLSClientConfig.Clone()
	if settings.ServerName == "" {
		settings.ServerName = u.Hostname()
	}
	secured := tls.Client(conn, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		return "", fmt.Errorf("no TLS with %s: %w; %s", u.Host, err, tlsHint(err))
	}
	state := secured.ConnectionState()
	until := state.PeerCertificates[0].NotAfter
	return fmt.Sprintf("%s, certificate of %s until %s", tls.VersionName(state.Version), state.PeerCertificates[0].Issuer, until.UTC().Format(time.DateOnly)), nil
}

// tcp is the step that connects.
func (e *examination) tcp(ctx context.Context, address string) {
	e.step("TCP", func() (string, string, error) {
		conn, err := (&net.Dialer{Timeout: reachTimeout}).DialContext(ctx, "tcp", address)
		if err != nil {
			return "", "", unreached(address, err)
		}
		defer func() { _ = conn.Close() }()
		return StepOK, fmt.Sprintf("connected from %s", conn.LocalAddr()), nil
	})
}

func unreached(address string, err error) error {
	if errors.As(err, new(*outbound.NotAllowedError)) {
		return err
	}
	return fmt.Errorf("nothing can be reached at %s: %w; look at the address, at the firewalls on the way, and whether the receiver runs", address, err)
}

// web are the steps that reach a web server: DNS and TLS, or the proxy where the environment names one.
func (e *examination) web(ctx context.Context, address string, roots *x509.CertPool) {
	e.webBy(ctx, address, plain(roots))
}

// webBy is web by a transport of somebody's own: with its proxy, its rules about addresses and its TLS. A server without TLS is connected to.
func (e *examination) webBy(ctx context.Context, address string, by *http.Transport) {
	u, err := url.Parse(address)
	if err != nil {
		e.step("DNS", func() (string, string, error) { return "", "", errors.New("the address cannot be read") })
		return
	}
	if proxy, err := by.Proxy(&http.Request{URL: u}); err != nil || proxy != nil {
		e.step("proxy", func() (string, string, error) {
			switch {
			case errors.As(err, new(*outbound.NotAllowedError)):
				return "", "", err
			case err != nil:
				return "", "", fmt.Errorf("HTTPS_PROXY cannot be read; expected http://HOST:PORT")
			}
			conn, err := (&net.Dialer{Timeout: reachTimeout}).DialContext(ctx, "tcp", proxy.Host)
			if err != nil {
				return "", "", fmt.Errorf("the proxy %s, which HTTPS_PROXY names, cannot be reached: %w", proxy.Host, err)
			}
			_ = conn.Close()
			return StepOK, fmt.Sprintf("%s is reached by the proxy %s", u.Host, proxy.Host), nil
		})
		return
	}
	e.resolve(ctx, u.Hostname())
	if u.Scheme != "https" {
		e.stepAt(u.Host, "TCP", func() (string, string, error) {
			ctx, cancel := context.WithTimeout(ctx, reachTimeout)
			defer cancel()
			conn, err := dial(ctx, u, by)
			if err != nil {
				return "", "", unreached(u.Host, err)
			}
			defer func() { _ = conn.Close() }()
			return StepOK, fmt.Sprintf("connected from %s", conn.LocalAddr()), nil
		})
		return
	}
	e.stepAt(u.Host, "TLS", func() (_, _ string, err error) {
		text, err := handshake(ctx, u, by)
		return StepOK, text, err
	})
}

// tlsHint is what to do about a connection that fails.
func tlsHint(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, new(*outbound.NotAllowedError)):
		return "no connection is made"
	case errors.As(err, &unknown):
		return "where a proxy inspects TLS, name its authority in caFile"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired, or the clock of this machine is off"
	case errors.As(err, &host):
		return "somebody else answers there: look at the address, and at what DNS says"
	}
	return "look at the firewalls on the way"
}
