package alert

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Facets are what an alert tells of, as its evidence and its context have it. The columns of the same names in alert_history hold
// the same; a test compares them.
type Facets struct{ Addresses, Countries, Networks []string }

// Facets of the alert.
func (a *Alert) Facets() Facets {
	countries, networks := members, members
	if folded(a.Evidence) {
		countries, networks = expressed, expressed
	}
	var addresses, codes, names distinct
	address := func(s string) {
		if !addresses.has(s) {
			if _, err := netip.ParseAddr(s); err == nil {
				addresses.add(s)
			}
		}
	}
	if a.Subject.Type == "address" {
		address(a.Subject.ID)
	}
	for _, m := range countries(a.Evidence, false, "country", "countries") {
		countryCodes(a.Evidence[m.value:m.end], codes.add)
	}
	// The first address of a network is how a network without a name is called, and no address that anybody came from.
	var rest strings.Builder
	end := 0
	for _, m := range networks(a.Evidence, true, "network", "networks", "asn") {
		networkNames(a.Evidence[m.value:m.end], names.add)
		rest.WriteString(a.Evidence[end:m.begin])
		rest.WriteString(`""`)
		end = m.end
	}
	if end == 0 {
		quotedAddresses(a.Evidence, address)
	} else {
		rest.WriteString(a.Evidence[end:])
		quotedAddresses(rest.String(), address)
	}
	if a.Context != nil {
		for _, t := range a.Context.Traits {
			switch t.Kind {
			case TraitAddress:
				address(t.Value)
			case TraitNetwork:
				names.add(t.Value)
			}
		}
	}
	return Facets{Addresses: addresses.all, Countries: codes.all, Networks: names.all}
}

var (
	countryMember = regexp.MustCompile(`(?i)"[a-z]*countr(?:y|ies)"\s*:\s*("[^"]*"|\[[^\]]*\])`)
	networkMember = regexp.MustCompile(`(?i)"[a-z]*(?:networks?|asn)"\s*:\s*("[^"]*"|[0-9]+|\[[^\]]*\])`)
)

// expressed is members by the expressions themselves, for a text with letters that they take for others.
func expressed(text string, numbers bool, _ ...string) (all []member) {
	expression := countryMember
	if numbers {
		expression = networkMember
	}
	for _, at := range expression.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, member{at[0], at[2], at[3]})
	}
	return all
}

// distinct are texts in the order in which they came first.
type distinct struct {
	all  []string
	seen map[string]bool
}

func (d *distinct) has(s string) bool { return d.seen[s] }

func (d *distinct) add(s string) {
	if d.seen[s] {
		return
	}
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	d.seen[s] = true
	d.all = append(d.all, s)
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
