package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostOfApplication is how many characters the name of an application has at most.
const mostOfApplication = 80

// anyGUID finds an id in a name: what has one is taken for no name where titles are written.
var anyGUID = regexp.MustCompile(`(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// validateApplications checks the names of applications.
func (c *Config) validateApplications(p *problems) {
	first := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(c.Applications)) {
		name := c.Applications[key]
		p.guid("applications."+key, key)
		if other, twice := first[strings.ToLower(key)]; twice {
			p.add("applications."+key, key, "a key once; it is that of "+other+", in other letters")
		}
		first[strings.ToLower(key)] = key
		if n := utf8.RuneCountInString(name); n == 0 || n > mostOfApplication || strings.TrimSpace(name) != name || anyGUID.MatchString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			p.add("applications."+key, name, "a name of 1 to 80 visible characters without an id in it, such as HR Sync")
		}
	}
}
