package docusign

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Names of the environments.
const (
	Production = "production"
	Demo       = "demo"
)

// Environment is one of DocuSign's two worlds: keys, users and consent of one mean nothing in the other.
type Environment struct {
	Name string
	// Audience of an assertion: the host of the authorization server.
	Audience string
	// Where the services are, without a slash at the end.
	OAuth, Lens, API, Management string
	// ESign is where the accounts are, when that is not where the authorization server says.
	ESign string
	// BurstCalls is how many calls an account may make in 30 seconds.
	BurstCalls int
}

// EnvironmentOf returns the environment of that name.
func EnvironmentOf(name string) (Environment, error) {
	switch name {
	case Production:
		return Environment{Name: name, Audience: "account.docusign.com", OAuth: "https://account.docusign.com", Lens: "https://lens.docusign.net",
			API: "https://api.docusign.com", Management: "https://api.docusign.net/management", BurstCalls: 500}, nil
	case Demo:
		return Environment{Name: name, Audience: "account-d.docusign.com", OAuth: "https://account-d.docusign.com", Lens: "https://lens-d.docusign.net",
			API: "https://api-d.docusign.com", Management: "https://api-d.docusign.net/management", BurstCalls: 200}, nil
	}
	return Environment{}, fmt.Errorf("docusign: environment %q: expected %s or %s", name, Production, Demo)
}

// At is the environment with all its services at another address, which speaks for them: a gateway, or a fake in a test.
func (e Environment) At(base string) (Environment, error) {
	if err := CheckEndpoint(base); err != nil {
		return e, fmt.Errorf("docusign: endpoint %q: %w", base, err)
	}
	base = strings.TrimRight(base, "/")
	e.OAuth, e.Lens, e.API, e.Management = base, base, base, base+"/management"
	e.ESign = base
	return e, nil
}

// CheckEndpoint says whether an address may be used in the place of DocuSign's own: tokens go there.
func CheckEndpoint(base string) error {
	const expected = "expected https://HOST, or http://127.0.0.1:PORT"
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("it is no address of a service; %s", expected)
	}
	switch u.Scheme {
	case "https":
		return nil
	case "http":
		if loopback(u.Hostname()) {
			return nil
		}
		return fmt.Errorf("without TLS everybody on the way could read the token; %s", expected)
	}
	return fmt.Errorf("unknown scheme; %s", expected)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// hostOf is the host of an address, for messages.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
