// Package outbound connects to web servers whose addresses come from a configuration, and keeps off those that are not of the Internet.
// It imports the standard library only.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// notPublic are special-purpose networks beyond those that netip knows: shared and test space, the old relays into IPv4 that
// would lead around the rule, and the addresses of the machine's own services.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// Public says whether an address is one of the Internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Transport connects to addresses of the Internet alone, whatever a name or a redirect resolves to, unless others are
// allowed. The proxy that the environment names may be anywhere; it resolves names itself then, so that literal addresses are all
// that can be looked at.
func Transport(roots *x509.CertPool, allowPrivate bool) *http.Transport {
	g := &guard{allow: allowPrivate, proxies: map[string]bool{}}
	return &http.Transport{
		Proxy:                  g.proxy,
		DialContext:            g.dial,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  time.Minute,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    1,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

type guard struct {
	allow bool

	mu      sync.Mutex
	proxies map[string]bool
}

func (g *guard) proxy(r *http.Request) (*url.URL, error) {
	p, err := http.ProxyFromEnvironment(r)
	if p == nil || err != nil {
		return p, err
	}
	if a, err := netip.ParseAddr(r.URL.Hostname()); err == nil && !g.allow && !Public(a) {
		return nil, notAllowed(a)
	}
	port := p.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[p.Scheme]
	}
	g.mu.Lock()
	g.proxies[net.JoinHostPort(p.Hostname(), port)] = true
	g.mu.Unlock()
	return p, nil
}

func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	g.mu.Lock()
	free := g.allow || g.proxies[address]
	g.mu.Unlock()
	d := net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	if !free {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if !Public(a.Addr()) {
				return notAllowed(a.Addr())
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// NotAllowedError says that an address is not of the Internet, and that others were not allowed.
type NotAllowedError struct{ Address netip.Addr }

// Error implements error.
func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("%s is no address of the Internet; set allowPrivate if it is on a network of yours", e.Address)
}

func notAllowed(a netip.Addr) error { return &NotAllowedError{a} }
