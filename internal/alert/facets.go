package alert

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Facets are what an alert tells of, as its evidence and its context have it. The columns of the same names in alert_history hold
// the same; a test compares them.
type Facets struct{ Addresses, Countries, Networks []string }

var (
	quotedAddress = regexp.MustCompile(`"([0-9A-Fa-f:.]{2,45})"`)
	countryValues = regexp.MustCompile(`(?i)"[a-z]*countr(?:y|ies)"\s*:\s*("[^"]*"|\[[^\]]*\])`)
	countryCode   = regexp.MustCompile(`"([A-Z]{2})"`)
	networkValues = regexp.MustCompile(`(?i)"[a-z]*(?:networks?|asn)"\s*:\s*("[^"]*"|[0-9]+|\[[^\]]*\])`)
	networkName   = regexp.MustCompile(`([^",\[\]][^"\[\]]*)`)
)

// Facets of the alert.
func (a *Alert) Facets() Facets {
	var f Facets
	var candidates []string
	if a.Subject.Type == "address" {
		candidates = append(candidates, a.Subject.ID)
	}
	candidates = append(candidates, groups(quotedAddress, a.Evidence)...)
	if a.Context != nil {
		for _, t := range a.Context.Traits {
			switch t.Kind {
			case TraitAddress:
				candidates = append(candidates, t.Value)
			case TraitNetwork:
				f.Networks = append(f.Networks, t.Value)
			}
		}
	}
	for _, s := range candidates {
		if _, err := netip.ParseAddr(s); err == nil && !slices.Contains(f.Addresses, s) {
			f.Addresses = append(f.Addresses, s)
		}
	}
	f.Countries = unique(groups(countryCode, strings.Join(groups(countryValues, a.Evidence), " ")))
	f.Networks = unique(append(groups(networkName, strings.Join(groups(networkValues, a.Evidence), `"`)), f.Networks...))
	return f
}

// addressesOfEvidence are the addresses of the finding itself.
func (a *Alert) addressesOfEvidence() []string {
	finding := Alert{Finding: Finding{Subject: a.Subject, Evidence: a.Evidence}}
	return finding.Facets().Addresses
}

// Prefix reads an address or a network in CIDR notation.
func Prefix(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		address, err := netip.ParseAddr(s)
		return netip.PrefixFrom(address, address.BitLen()), err
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// NetworkValue is a network as a filter has it: in lower case, and AS3320 as 3320.
func NetworkValue(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if number, ok := strings.CutPrefix(s, "as"); ok {
		if _, err := strconv.ParseUint(number, 10, 32); err == nil {
			return number
		}
	}
	return s
}

// groups are the first groups of all matches.
func groups(expression *regexp.Regexp, text string) []string {
	var all []string
	for _, m := range expression.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

func unique(all []string) []string {
	var once []string
	for _, s := range all {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}
