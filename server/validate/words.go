package validate

import (
	"fmt"
	"strings"
	"sync"

	"buf.build/go/protovalidate"

	"github.com/sealwatch/sealwatch/internal/countries"
)

// words say what a field must be like whose rule is a regular expression, by the expression. A test holds it to the API's
// messages: each of their expressions is here, with an example that it takes.
var words = map[string]struct{ expected, example string }{
	"^([A-Za-z]{2})?$":                  {"the two letters of a country by ISO 3166-1", "IE"},
	"^[0-9a-f]{32}$":                    {"32 characters 0-9 and a-f", "5f0c1a2b3c4d5e6f708192a3b4c5d6e7"},
	"^alerts/[0-9a-f]{32}$":             {"alerts/ and the alert's id, which is 32 characters 0-9 and a-f, as sealwatch alerts list -o json shows it", "alerts/5f0c1a2b3c4d5e6f708192a3b4c5d6e7"},
	"^alerts/[0-9a-f]{4,32}$":           {"alerts/ and an id, or the first four or more of its 32 characters 0-9 and a-f", "alerts/5f0c1a2b"},
	"^exceptions/[0-9a-f-]{36}$":        {"exceptions/ and the exception's id, which is 36 characters 0-9, a-f and hyphens, as sealwatch exceptions list shows it", "exceptions/0198c5de-7c3a-7d2e-9b55-0242ac120002"},
	"^hunts/[a-z][a-z0-9-]{0,62}$":      {"hunts/ and the hunt's id, which is lower-case letters, digits and hyphens, at most 63, the first a letter, as sealwatch hunt --list shows it", "hunts/failed-logons"},
	"^[A-Za-z_][A-Za-z0-9_]{0,62}$":     {"the name of a parameter: letters, digits and underscores, at most 63, the first no digit", "user"},
	"^[0-9]{0,20}$":                     {"an etag as an answer had it, which is digits", "1"},
	"^detections/[a-z][a-z0-9_]{0,62}$": {"detections/ and the detection's id, which is lower-case letters, digits and underscores and begins with a letter", "detections/failed_logins"},
	"^destinations/[a-z0-9-]{1,63}$":    {"destinations/ and the destination's name, which is lower-case letters, digits and hyphens, at most 63", "destinations/siem"},
	"^deadLetters/[a-z0-9-]{1,63}(\\.events)?\\.[1-9][0-9]{0,18}$": {"deadLetters/, the destination's name, .events when it is of the forwarded events, a point and a number, as sealwatch exporters dead-letters list shows it", "deadLetters/siem.events.17"},
	"^(destinations/[a-z0-9-]{1,63}(/events)?)?$":                  {"destinations/ and the destination's name, which is lower-case letters, digits and hyphens, at most 63, with /events after it for the forwarded events, or nothing", "destinations/siem/events"},
	"^destinations/[a-z0-9-]{1,63}(/events)?$":                     {"destinations/ and the destination's name, which is lower-case letters, digits and hyphens, at most 63, with /events after it for the forwarded events", "destinations/siem/events"},
	"^(alerts/[0-9a-f]{32})?$":                                     {"alerts/ and the alert's id, which is 32 characters 0-9 and a-f, as sealwatch alerts list -o json shows it, or nothing", "alerts/5f0c1a2b3c4d5e6f708192a3b4c5d6e7"},
	"^feeds/[a-z0-9][a-z0-9._-]{0,62}$":                            {"feeds/ and the feed's name, which is lower-case letters, digits, dots, underscores and hyphens, at most 63", "feeds/tor-exits"},
	"^[a-z][a-z0-9_]{0,62}$":                                       {"the id of a detection: lower-case letters, digits and underscores, at most 63, the first a letter", "failed_logins"},
	"^[a-z0-9][a-z0-9._-]{0,62}$":                                  {"a name of lower-case letters, digits, dots, underscores and hyphens, at most 63, the first a letter or digit", "entra-eu"},
	"^[a-z0-9][a-z0-9_-]{0,39}$":                                   {"a word of lower-case letters, digits, underscores and hyphens, at most 40, the first a letter or digit", "vpn"},
	"^[a-z][A-Za-z0-9]{0,39}$":                                     {"the name of an attribute: letters and digits, at most 40, the first a small letter", "ipAddress"},
	"^users/[^/]+$":                                                {"users/ and the user's id or e-mail address", "users/ann@contoso.com"},
	"^incidents/[0-9a-f]{32}$":                                     {"incidents/ and the incident's id, which is 32 characters 0-9 and a-f, as sealwatch incidents list shows it", "incidents/5f0c1a2b3c4d5e6f708192a3b4c5d6e7"},
	"^[a-z][a-z0-9_]{0,39}$":                                       {"a policy's id: lower-case letters, digits and underscores, at most 40, the first a letter", "mass_download"},
	"^policies/[a-z][a-z0-9_]{0,39}$":                              {"policies/ and the policy's id, which is lower-case letters, digits and underscores, at most 40, the first a letter, as sealwatch policy list shows it", "policies/mass_download"},
	"^[^\\x00-\\x1f\\x7f]*$":                                       {"text without control characters", "ann@contoso.com"},
	"^[A-Za-z]{2}$":                                                {"the two letters of a country by ISO 3166-1", "IE"},
	"[^\\s]":                                                       {"a text that is not only blanks", "Spoke to Ann: it was her"},
}

// inWords is what a violation says to a person. Rules of numbers, lengths and times say it themselves.
func inWords(v *protovalidate.Violation) string {
	if v.Proto.GetRuleId() != "string.pattern" || !v.RuleValue.IsValid() {
		return v.Proto.GetMessage()
	}
	said, known := words[v.RuleValue.String()]
	if !known {
		return v.Proto.GetMessage()
	}
	return "expected " + said.expected + ", such as " + said.example + meant(v)
}

// table has the names of countries; nil would be a defect of the build.
var table = sync.OnceValue(func() *countries.Table {
	t, err := countries.New()
	if err != nil {
		return nil
	}
	return t
})

// meant is the code of the country that was named where its code was wanted.
func meant(v *protovalidate.Violation) string {
	if !strings.Contains(v.RuleValue.String(), "[A-Za-z]{2}") || !v.FieldValue.IsValid() {
		return ""
	}
	name, ok := v.FieldValue.Interface().(string)
	if !ok || table() == nil {
		return ""
	}
	if code := table().Code(name); code != "" {
		return fmt.Sprintf("; %s is %s", table().Name(code), code)
	}
	return ""
}
