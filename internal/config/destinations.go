package config

import (
	"fmt"
	"net"
)

// facilities of RFC 5424, by their usual names.
func facilities() []string {
	return []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
}

// validateDestinations checks the receivers of alerts.
func validateDestinations(p *problems, all []Destination) {
	names := map[string]bool{}
	for i, d := range all {
		key := func(field string) string { return fmt.Sprintf("destinations[%d].%s", i, field) }
		if !destinationPattern.MatchString(d.Name) {
			p.add(key("name"), d.Name, "1 to 63 lower-case letters, digits and hyphens")
		}
		if names[d.Name] {
			p.add(key("name"), d.Name, "a name that no other destination has")
		}
		names[d.Name] = true
		p.oneOf(key("kind"), d.Kind, "syslog")
		if host, port, err := net.SplitHostPort(d.Address); err != nil || host == "" || !isPort(port, 1) {
			p.add(key("address"), d.Address, "HOST:PORT such as siem.example.com:601")
		}
		if d.Framing != "" {
			p.oneOf(key("framing"), d.Framing, "octet-counting", "lf")
		}
		if d.Facility != "" {
			p.oneOf(key("facility"), d.Facility, facilities()...)
		}
		if d.MaxBytes != 0 {
			p.within(key("maxBytes"), int64(d.MaxBytes), 1024, 1<<20)
		}
		if d.StartAt != "" {
			p.oneOf(key("startAt"), d.StartAt, "now", "first")
		}
		for _, id := range d.Filter.Detections {
			if !detectionPattern.MatchString(id) {
				p.add(key("filter.detections"), id, "the id of a detection, such as impossible_travel")
			}
		}
		if d.Filter.MinSeverity != "" {
			p.oneOf(key("filter.minSeverity"), d.Filter.MinSeverity, "informational", "low", "medium", "high", "critical")
		}
	}
}
