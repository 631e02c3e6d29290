package entra

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Clouds by name, the public one first.
var Clouds = []string{"global", "usgov", "usgovdod", "china"}

// Cloud is where a tenant's services are.
type Cloud struct {
	// Login and Graph are addresses without a slash at the end.
	Login, Graph string
}

// CloudOf returns the cloud of that name; an empty name is the public one.
func CloudOf(name string) (Cloud, error) {
	switch name {
	case "", Clouds[0]:
		return Cloud{"https://login.microsoftonline.com", "https://graph.microsoft.com"}, nil
	case Clouds[1]:
		return Cloud{"https://login.microsoftonline.us", "https://graph.microsoft.us"}, nil
	case Clouds[2]:
		return Cloud{"https://login.microsoftonline.us", "https://dod-graph.microsoft.us"}, nil
	case Clouds[3]:
		return Cloud{"https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"}, nil
	}
	return Cloud{}, fmt.Errorf("entra: cloud %q: expected one of %s", name, strings.Join(Clouds, ", "))
}

// CloudAt is a gateway, or a fake in a test, that speaks for all services.
func CloudAt(base string) (Cloud, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !slices.Contains([]string{"https", "http"}, u.Scheme) {
		return Cloud{}, fmt.Errorf("entra: endpoint %q: expected https://HOST, or http://127.0.0.1:PORT", base)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && (err != nil || !ip.IsLoopback()) {
		return Cloud{}, fmt.Errorf("entra: endpoint %q: without TLS everybody on the way could read the token; expected https://HOST, or http://127.0.0.1:PORT", base)
	}
	base = strings.TrimRight(base, "/")
	return Cloud{base, base}, nil
}

// scope that a token is asked for: all that the application was granted.
func (c Cloud) scope() string { return c.Graph + "/.default" }
