package policies_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// withValue is a condition on the field with an operator and plausible other parts.
func withValue(field *policy.Field, operator, value string) policy.Filter {
	f := policy.Filter{Field: field.Name, Operator: operator}
	positive, negated := policy.Positive(operator)
	switch positive {
	case policy.Equals, policy.Contains, policy.StartsWith:
		f.Values = []string{value}
		switch {
		case len(field.Values) > 0:
			f.Values = field.Values[:1]
		case field.Name == "country" && positive != policy.StartsWith:
			f.Values = []string{"DE"}
		case field.Kind == policy.Address && positive == policy.Equals:
			f.Values = []string{"192.0.2.0/24", "2001:db8::1"}
		case field.Kind == policy.Number:
			f.Values = []string{"64500"}
		case field.Kind == policy.Bool:
			f.Values = []string{"true"}
		}
	case policy.InRange:
		switch field.Kind {
		case policy.Number:
			f.From = "7"
		case policy.Time:
			f.From, f.To = "2026-05-01T00:00:00Z", "2026-06-01T00:00:00+02:00"
		case policy.Clock:
			f.From, f.To, f.TimeZone = "22:00", "06:00", "Europe/Berlin"
		}
	}
	if negated && positive != policy.IsSet && (field.Kind != policy.Time && field.Kind != policy.Clock && field.Kind != policy.Weekday && (field.Kind != policy.Bool || field.Name == "in_claimed_domain")) {
		f.Missing = policy.Match
	}
	if field.Name == "data" {
		f.Property = "TemplateName"
	}
	return f
}

func policyOf(f *policy.Filter, key string) *policy.Policy {
	return &policy.Policy{ID: "p", Name: "P", Severity: "low", Key: key, Filter: f, Condition: policy.Condition{Type: policy.Single}}
}

// TestEveryOperator lets the engine run every operator of every field in every role.
func TestEveryOperator(t *testing.T) {
	db := testkit.Shared(t, "cases")
	call := func(d analytics.Detection) clickhouse.Call {
		return clickhouse.Call{Detection: d.ID, Text: d.SQL, Tenant: "nobody", From: time.Unix(0, 0), To: time.Unix(1e9, 0), Arguments: d.Arguments()}
	}
	var parts []policy.Filter
	for i := range policy.Fields {
		field := &policy.Fields[i]
		roles := []string{""}
		if field.Roles {
			roles = policy.Roles
		}
		for _, operator := range field.Operators() {
			for _, role := range roles {
				f := withValue(field, operator, "x")
				f.Role = role
				parts = append(parts, f)
			}
		}
	}
	for chunk := range slices.Chunk(parts, 30) {
		names := make([]string, len(chunk))
		for i := range chunk {
			names[i] = chunk[i].Field + " " + chunk[i].Operator + " " + chunk[i].Role
		}
		d, err := policies.Compile(policyOf(&policy.Filter{Any: chunk}, policy.KeyUser))
		if err != nil {
			t.Fatalf("%s: %v", strings.Join(names, ", "), err)
		}
		if _, err := db.Findings(t.Context(), call(d)); err != nil {
			t.Errorf("%s: %v", strings.Join(names, ", "), err)
		}
	}
	// what is counted and the key are columns of their own: each of both once, with a neighbour
	for i, of := range policy.DistinctFields {
		key := policy.Keys[i%len(policy.Keys)]
		if of == key {
			key = policy.Keys[(i+1)%len(policy.Keys)]
		}
		p := policyOf(nil, key)
		p.Condition = policy.Condition{Type: policy.Distinct, Count: 3, Within: policy.Duration(time.Hour), Of: of}
		d, err := policies.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Findings(t.Context(), call(d)); err != nil {
			t.Errorf("different %s of one %s: %v", of, key, err)
		}
	}
}

var hostile = []string{`'`, `''; DROP TABLE events; --`, `\`, `\'`, `{p0:String}`, `{subjects:Array(String)}`, "/*filter*/", "/*a*/", "a\tb", "a\nb", `\n`, `\N`, `"]`, `['x']`, "\u202e", "é\U0001f600", "%s", "$1", "--", ") OR 1=1 --"}

// FuzzHostileValues says that no value changes the text of the statement: it is the same as with a harmless one.
func FuzzHostileValues(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, h)
	}
	f.Add("a\x00b", "\xff")
	make2 := func(value, name string) *policy.Policy {
		var parts []policy.Filter
		for i := range policy.Fields {
			if field := &policy.Fields[i]; field.Kind == policy.Text || field.Kind == policy.Texts || field.Kind == policy.Directory || field.Kind == policy.Address {
				for _, operator := range field.Operators() {
					if _, negated := policy.Positive(operator); !negated {
						parts = append(parts, withValue(field, operator, value))
					}
				}
			}
		}
		parts = append(parts, matching("failed_logins", "envelope_voids"))
		for i := range parts {
			if parts[i].Property != "" {
				parts[i].Property = value
			}
		}
		p := policyOf(&policy.Filter{Any: parts}, policy.KeyAddress)
		p.Name, p.Description, p.Response = name, value, []string{value}
		p.Condition = policy.Condition{Type: policy.Sequence, Within: policy.Duration(time.Hour), Steps: []policy.Step{{Name: name, Filter: &parts[0]}, {Name: "b", Filter: &parts[1]}}}
		return p
	}
	plain, err := policies.Compile(make2("x", "y"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value, name string) {
		d, err := policies.Compile(make2(value, name))
		if err != nil {
			return // refused, which is as good
		}
		if d.SQL != plain.SQL || d.Affected != plain.Affected || d.Candidates != plain.Candidates {
			t.Errorf("value %q and name %q change the text of the statement", value, name)
		}
		for _, a := range d.Arguments() {
			if a.Type != "Array(String)" {
				continue
			}
			var list []string
			if err := json.Unmarshal([]byte(a.Value), &list); err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
		}
	})
}

// TestCountriesOfEarlierReleases: what is stored is evaluated, what is newly written is refused.
func TestCountriesOfEarlierReleases(t *testing.T) {
	p := policy.Policy{ID: "p", Name: "P", Severity: "low", Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Single},
		Filter: &policy.Filter{Field: "country", Operator: "does_not_equal", Values: []string{"DE", "Germany", "eu"}, Missing: policy.NoMatch}}
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), `filter.values[1]: found "Germany", expected an ISO 3166-1 code such as DE; did you mean DE?`) || strings.Contains(err.Error(), "eu") {
		t.Errorf("newly written: %v", err)
	}
	if _, err := policies.Compile(&p); err != nil {
		t.Errorf("stored: %v", err)
	}
	p.Filter.Values = append(p.Filter.Values, "")
	if _, err := policies.Compile(&p); err == nil || strings.Contains(err.Error(), "Germany") {
		t.Errorf("an empty value: %v", err)
	}
	doubts := p.Doubts(nil)
	if len(doubts) < 2 || !strings.Contains(doubts[0].Text, "there is no country Germany") || !strings.Contains(doubts[1].Text, "EU is no country") || doubts[0].Never || doubts[1].Never {
		t.Errorf("doubts: %+v", doubts)
	}
}

// TestDescribe: nouns agree with their numbers.
func TestDescribe(t *testing.T) {
	hour := policy.Duration(time.Hour)
	for _, c := range []struct {
		p    policy.Policy
		want string
	}{
		{policy.Policy{Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Repeated, Count: 1, Within: hour}}, "events less than 1 hour apart, one alert for all of them, of one user"},
		{policy.Policy{Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Repeated, Count: 2, Within: 2 * hour}}, "2 events within 2 hours of one user"},
		{policy.Policy{Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Single}, Filter: &policy.Filter{Field: "country", Operator: "is_new", Days: 1}}, "each event of one user where country is new for the user in 1 day"},
		{policy.Policy{Key: policy.KeyUser, Condition: policy.Condition{Type: policy.Single}, Filter: &policy.Filter{Field: "country", Operator: "is_new"}}, "each event of one user where country is new for the user in 30 days"},
	} {
		if got := policies.Describe(&c.p); got != c.want {
			t.Errorf("%q, expected %q", got, c.want)
		}
	}
}
