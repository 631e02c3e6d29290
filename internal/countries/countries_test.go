package countries

import (
	"strings"
	"testing"
)

func TestCountries(t *testing.T) {
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.names) != 250 {
		t.Errorf("%d countries", len(c.names))
	}
	for name, want := range map[string]string{"united states": "US", "India": "IN", "USA": "US", "U.S.": "US", "us": "US", "cote d'ivoire": "CI", "Côte d’Ivoire": "CI",
		"Korea, Republic of": "KR", "south korea": "KR", "the netherlands": "NL", "Guinea Bissau": "GW", "bosnia and herzegovina": "BA", "turkey": "TR", "": "", "atlantis": "", "united": ""} {
		if got := c.Code(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := c.Name("US"); got != "United States" {
		t.Errorf("US: got %q", got)
	}
	for table, want := range map[string]string{"US,A\nGB,a": "line 2", "USA,A": "line 1", "US": "line 1"} {
		if _, err := parse(table); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", table, err)
		}
	}
}
