package alert_test

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
)

var (
	quotedAddress = regexp.MustCompile(`"([0-9A-Fa-f:.]{2,45})"`)
	countryValues = regexp.MustCompile(`(?i)"[a-z]*countr(?:y|ies)"\s*:\s*("[^"]*"|\[[^\]]*\])`)
	countryCode   = regexp.MustCompile(`"([A-Z]{2})"`)
	networkValues = regexp.MustCompile(`(?i)"[a-z]*(?:networks?|asn)"\s*:\s*("[^"]*"|[0-9]+|\[[^\]]*\])`)
	networkName   = regexp.MustCompile(`([^",\[\]][^"\[\]]*)`)
)

// expressed are the facets by the expressions that the columns of alert_history have.
func expressed(a *alert.Alert) (f alert.Facets) {
	groups := func(e *regexp.Regexp, text string) (all []string) {
		for _, m := range e.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	add := func(to *[]string, s string) {
		if !slices.Contains(*to, s) {
			*to = append(*to, s)
		}
	}
	var candidates []string
	if a.Subject.Type == "address" {
		candidates = append(candidates, a.Subject.ID)
	}
	candidates = append(candidates, groups(quotedAddress, networkValues.ReplaceAllString(a.Evidence, `""`))...)
	names := groups(networkName, strings.Join(groups(networkValues, a.Evidence), `"`))
	if a.Context != nil {
		for _, t := range a.Context.Traits {
			switch t.Kind {
			case alert.TraitAddress:
				candidates = append(candidates, t.Value)
			case alert.TraitNetwork:
				names = append(names, t.Value)
			}
		}
	}
	for _, s := range candidates {
		if _, err := netip.ParseAddr(s); err == nil {
			add(&f.Addresses, s)
		}
	}
	for _, s := range groups(countryCode, strings.Join(groups(countryValues, a.Evidence), " ")) {
		add(&f.Countries, s)
	}
	for _, s := range names {
		add(&f.Networks, s)
	}
	return f
}

// pieces that evidence of all kinds, whole and broken, is made of.
var pieces = []string{`"`, `"`, `"`, `:`, `: `, `,`, `[`, `]`, `{`, `}`, ` `, "\n", "\v", `\`, `\"`, `country`, `Countries`, `"country":"`, `"newCountries": [`, `"NO"`, `"SE",`, `NO`,
	`"network":"`, `"networks" : ["`, `"ownNetwork":`, `"ASN":`, `3320`, `asn`, `"networ` + "\u212a" + `":"x"`, `"network` + "\u017f" + `":["y"]`, `AS3320`, `Example Net`, `198.51.100.7`, `"198.51.100.7"`, `"2001:db8::1"`, `"::ffff:192.0.2.1"`, `198.19.130.0/24`,
	`"1.2.3"`, `"ab"`, `"` + strings.Repeat("1", 45) + `"`, `"` + strings.Repeat(":", 46) + `"`, "\xff", "é", `null`, `"city":"Oslo"`, `"x1country":"DE"`, `"at":{"country":"FR","network":"198.19.130.0","ipAddress":"198.19.130.9"}`}

// TestFacetsByExpressions: what is read by hand is what the expressions find.
func TestFacetsByExpressions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := [3]int{}
	for range 15_000 {
		var b strings.Builder
		for range random.IntN(24) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		a := alert.Alert{Finding: alert.Finding{Evidence: b.String(), Subject: alert.Subject{Type: "address", ID: pieces[random.IntN(len(pieces))]}},
			Context: &alert.Context{Traits: []alert.Trait{{Kind: alert.TraitAddress, Value: "192.0.2.1"}, {Kind: alert.TraitNetwork, Value: "Example Net"}}}}
		got, want := a.Facets(), expressed(&a)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q: %s", a.Evidence, d)
		}
		for i, found := range [][]string{got.Addresses, got.Countries, got.Networks} {
			if len(found) > 1 {
				some[i]++
			}
		}
	}
	if slices.Min(some[:]) < 40 {
		t.Errorf("hardly anything was found: %v", some)
	}
}

// TestFacetsOfNetworks: a network that is called by its first address is no address that anybody came from.
func TestFacetsOfNetworks(t *testing.T) {
	a := alert.Alert{Finding: alert.Finding{Evidence: `{"from":{"ipAddress":"198.51.100.7","network":"198.19.130.0"},"newNetworks":["2001:db8::","AS64999"],"network":"203.0.113.0","addresses":["203.0.113.0"]}`}}
	want := alert.Facets{Addresses: []string{"198.51.100.7", "203.0.113.0"}, Networks: []string{"198.19.130.0", "2001:db8::", "AS64999", "203.0.113.0"}}
	if d := cmp.Diff(want, a.Facets()); d != "" {
		t.Error(d)
	}
	for address, selected := range map[string]bool{"198.51.100.7": true, "198.19.130.0": false, "203.0.113.0": true} {
		p, err := alert.Prefix(address)
		if err != nil {
			t.Fatal(err)
		}
		if f := (alert.Filter{Addresses: []netip.Prefix{p}}); f.Match(&a) != selected {
			t.Errorf("%s: selected %v", address, !selected)
		}
	}
}

func wide(n int) *alert.Alert {
	var b strings.Builder
	b.WriteString(`{"places":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"eventId":"7b1f0a52-0c4e-4e0b-9a3e-5d1c2f9b8a01","time":"2026-11-23T08:00:00Z","ipAddress":"198.51.100.7","country":"NO","network":"Example Net","city":"Oslo"}`)
	}
	return &alert.Alert{Finding: alert.Finding{Evidence: b.String() + "]}"}}
}

// BenchmarkFacets: of ordinary evidence (7 kB), and how many times as long the expressions take.
func BenchmarkFacets(b *testing.B) {
	a := wide(45)
	b.SetBytes(int64(len(a.Evidence)))
	var read, expressions time.Duration
	for b.Loop() {
		start := time.Now()
		a.Facets()
		between := time.Now()
		read += between.Sub(start)
		expressed(a)
		expressions += time.Since(between)
	}
	b.ReportMetric(float64(read.Microseconds())/float64(b.N), "µs/read")
	b.ReportMetric(float64(expressions)/float64(read), "times")
}
