package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"time"
)

var guidPattern = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// firstMonitorData is from when on DocuSign Monitor has data.
var firstMonitorData = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// validateMonitor checks the sources of DocuSign Monitor. What the files hold is looked at when the service starts.
func validateMonitor(p *problems, all []MonitorSource) {
	names := map[string]bool{}
	for i, m := range all {
		key := func(field string) string { return fmt.Sprintf("sources.monitor[%d].%s", i, field) }
		if !destinationPattern.MatchString(m.Name) {
			p.add(key("name"), m.Name, "1 to 63 lower-case letters, digits and hyphens")
		}
		if names[m.Name] {
			p.add(key("name"), m.Name, "a name that no other source has")
		}
		names[m.Name] = true
		p.oneOf(key("environment"), m.Environment, "production", "demo")
		p.guid(key("integrationKey"), m.IntegrationKey)
		p.guid(key("userId"), m.UserID)
		if m.OrganizationID != "" {
			p.guid(key("organizationId"), m.OrganizationID)
		}
		if m.PrivateKeyFile == "" {
			p.add(key("privateKeyFile"), "", "the file of the integration key's private key")
		}
		p.file(key("privateKeyFile"), m.PrivateKeyFile)
		p.file(key("caFile"), m.CAFile)
		if m.API != "" {
			p.oneOf(key("api"), m.API, "v2", "v3")
		}
		if _, err := m.Start(); err != nil {
			p.add(key("since"), m.Since, "a date such as 2026-01-31, or a time such as 2026-01-31T08:00:00Z, not before 2021-01-01")
		}
		for j, n := range m.Egress {
			if _, err := netip.ParsePrefix(n); err != nil {
				p.add(key(fmt.Sprintf("egress[%d]", j)), n, "a network such as 192.0.2.10/32 or 2001:db8::/32")
			}
		}
		if m.Endpoint != "" && !safeEndpoint(m.Endpoint) {
			p.add(key("endpoint"), m.Endpoint, "https://HOST, or http://127.0.0.1:PORT: the token goes there")
		}
		if u, err := url.Parse(m.RedirectURI); m.RedirectURI != "" && (err != nil || u.Scheme == "") {
			p.add(key("redirectUri"), m.RedirectURI, "an address such as https://example.com/callback")
		}
	}
}

// Start is where a source that was never read begins; zero when that was not said.
func (m *MonitorSource) Start() (time.Time, error) {
	if m.Since == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, m.Since)
	if err != nil {
		at, err = time.Parse(time.DateOnly, m.Since)
	}
	if err == nil && at.Before(firstMonitorData) {
		err = fmt.Errorf("%s is before %s", m.Since, firstMonitorData.Format(time.DateOnly))
	}
	return at.UTC(), err
}

// guid checks an id of DocuSign's.
func (p *problems) guid(key, value string) {
	if !guidPattern.MatchString(value) {
		p.add(key, value, "a GUID such as 3f2b7c1e-0d4a-4b8e-9c6f-5a1d2e3f4b5c")
	}
}

// safeEndpoint says whether a token may go to an address.
func safeEndpoint(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && err == nil && ip.IsLoopback()
}
