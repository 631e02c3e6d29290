package server

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const resolveTimeout = 5 * time.Second

// loopback resolves host:port and refuses it unless every address of the host is on loopback. It returns an address
// to listen on with the host resolved, so that a name cannot mean another address a moment later.
func loopback(ctx context.Context, option, hostPort string) (string, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", fmt.Errorf("%s %q is no address: expected HOST:PORT, for example 127.0.0.1:7400: %w", option, hostPort, err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return "", fmt.Errorf("%s %q has no valid port: expected a number from 0 to 65535", option, hostPort)
	}
	refused := func(found string) error {
		return fmt.Errorf("%s %q would listen on %s: this release has no TLS and no authentication on its listeners, so "+
			"anybody who reaches them could read and write everything; use a loopback address such as 127.0.0.1:%s, and a "+
			"tunnel or a proxy with authentication for callers from elsewhere", option, hostPort, found, port)
	}
	if host == "" {
		return "", refused("every address of this machine")
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if !a.Unmap().IsLoopback() {
			return "", refused(a.String())
		}
		return hostPort, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", fmt.Errorf("%s %q: the name cannot be resolved: expected a loopback address such as 127.0.0.1:%s: %w",
			option, hostPort, port, err)
	}
	var chosen netip.Addr
	for _, a := range addrs {
		a = a.Unmap()
		if !a.IsLoopback() {
			return "", refused(a.String())
		}
		if !chosen.IsValid() || a.Is4() && !chosen.Is4() {
			chosen = a
		}
	}
	if !chosen.IsValid() {
		return "", fmt.Errorf("%s %q: the name has no address: expected a loopback address such as 127.0.0.1:%s",
			option, hostPort, port)
	}
	return net.JoinHostPort(chosen.String(), port), nil
}

// browserHosts are the names by which the HTTP listener may be addressed beside the loopback ones.
func browserHosts(hostPort string) []string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil
	}
	return []string{strings.ToLower(host)}
}
