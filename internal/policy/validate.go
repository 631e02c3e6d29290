package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones of filters, on machines without a zone database too
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/internal/duration"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// Bounds of a policy.
const (
	MaxDepth      = 8
	MaxConditions = 200
	MaxValues     = 1000
	MaxValue      = 1000
	MaxSteps      = 5
	MaxWithin     = 31 * 24 * time.Hour
	MaxNewDays    = 90
	MaxCount      = 100_000
	defaultDays   = 30
)

var (
	idPattern  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	technique  = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
	clockTime  = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$|^24:00$`)
	property   = regexp.MustCompile(`^[^\x00-\x1f\x7f]{1,100}$`)
	severities = []string{"informational", "low", "medium", "high", "critical"}
)

// Validate says everything that is wrong with the policy, each with where, what was found and what was expected.
func (p *Policy) Validate() error { return p.validate(&validation{}) }

// Evaluable says why a policy cannot be evaluated. Countries that there are not are no reason: earlier releases took them.
func (p *Policy) Evaluable() error { return p.validate(&validation{anyCountry: true}) }

func (p *Policy) validate(v *validation) error {
	if !idPattern.MatchString(p.ID) {
		v.wrong("id", "found %q, expected lower-case letters, digits and underscores, a letter first, 40 at most", p.ID)
	}
	for _, f := range []struct {
		where, text string
		most        int
	}{{"name", p.Name, 100}, {"description", p.Description, 2000}, {"category", p.Category, 100}} {
		if f.where == "name" && strings.TrimSpace(f.text) == "" {
			v.wrong("name", "is empty; expected a few words that begin the title of each alert")
		}
		v.text(f.where, f.text, f.most)
	}
	if !slices.Contains(severities, p.Severity) {
		v.wrong("severity", "found %q, expected %s%s", p.Severity, strings.Join(severities, ", "), spelling.Hint(p.Severity, severities))
	}
	for i, t := range p.Attack {
		if !technique.MatchString(t) {
			v.wrong(fmt.Sprintf("attack[%d]", i), "found %q, expected a technique such as T1078.004", t)
		}
	}
	if len(p.Response) > 20 {
		v.wrong("response", "has %d steps, expected 20 at most", len(p.Response))
	}
	for i, s := range p.Response {
		v.text(fmt.Sprintf("response[%d]", i), s, 1000)
	}
	if !slices.Contains(Keys, p.Key) {
		v.wrong("key", "found %q, expected %s%s", p.Key, strings.Join(Keys, ", "), spelling.Hint(p.Key, Keys))
	}
	if p.MaxAlertsPerDay < 0 || p.MaxAlertsPerDay > MostAlerts {
		v.wrong("maxAlertsPerDay", "found %d, expected 1 to %d, or 0 for %d", p.MaxAlertsPerDay, MostAlerts, DefaultMaxAlerts)
	}
	if y := p.EffectiveFrom.Year(); !p.EffectiveFrom.IsZero() && (y < 1970 || y > 2199) {
		v.wrong("effectiveFrom", "found %s, expected a time between 1970 and 2199", p.EffectiveFrom.Format(time.RFC3339))
	}
	for where, names := range map[string][]string{"scope.include.users": p.Scope.Include.Users, "scope.include.groups": p.Scope.Include.Groups,
		"scope.exclude.users": p.Scope.Exclude.Users, "scope.exclude.groups": p.Scope.Exclude.Groups} {
		if len(names) > 0 && p.Key != KeyUser {
			v.wrong(where, "alerts by %s are not about people; expected none, or key: user", p.Key)
		}
		if len(names) > MaxValues {
			v.wrong(where, "has %d names, expected %d at most", len(names), MaxValues)
		}
		for i, n := range names {
			if strings.TrimSpace(n) == "" {
				v.wrong(fmt.Sprintf("%s[%d]", where, i), "is empty")
			}
			v.text(fmt.Sprintf("%s[%d]", where, i), n, MaxValue)
		}
	}
	if p.Filter != nil {
		v.filter("filter", p.Filter, 1, false)
	}
	v.condition(p)
	slices.SortStableFunc(v.problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(v.problems...)
}

type validation struct {
	problems   []error
	conditions int
	// anyCountry is for a policy that is stored already.
	anyCountry bool
}

func (v *validation) wrong(where, format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

func (v *validation) text(where, s string, most int) {
	switch {
	case !utf8.ValidString(s):
		v.wrong(where, "is not UTF-8")
	case strings.ContainsRune(s, 0):
		v.wrong(where, "has a NUL character")
	case utf8.RuneCountInString(s) > most:
		v.wrong(where, "has %d characters, expected %d at most", utf8.RuneCountInString(s), most)
	}
}

func (v *validation) condition(p *Policy) {
	c := &p.Condition
	if !slices.Contains(Types, c.Type) {
		v.wrong("condition.type", "found %q, expected %s%s", c.Type, strings.Join(Types, ", "), spelling.Hint(c.Type, Types))
		return
	}
	counted := c.Type == Repeated || c.Type == Distinct
	least := 1 // of repeated: what lies within the window of one another is one alert
	if c.Type == Distinct {
		least = 2
	}
	if counted && (c.Count < least || c.Count > MaxCount) {
		v.wrong("condition.count", "found %d, expected %d to %d", c.Count, least, MaxCount)
	}
	if !counted && c.Count != 0 {
		v.wrong("condition.count", "%s has none", c.Type)
	}
	w := time.Duration(c.Within)
	if c.Type != Single && (w < time.Second || w > MaxWithin) {
		v.wrong("condition.within", "found %s, expected 1s to %s", duration.Text(w), duration.Text(MaxWithin))
	}
	if c.Type == Single && w != 0 {
		v.wrong("condition.within", "single has none")
	}
	if c.Type == Distinct && !slices.Contains(DistinctFields, c.Of) {
		v.wrong("condition.of", "found %q, expected %s%s", c.Of, strings.Join(DistinctFields, ", "), spelling.Hint(c.Of, DistinctFields))
	}
	if c.Type == Distinct && c.Of == p.Key {
		v.wrong("condition.of", "found %s, which is the key: each alert has one of it", c.Of)
	}
	if c.Type != Distinct && c.Of != "" {
		v.wrong("condition.of", "%s has none", c.Type)
	}
	if c.Type != Sequence {
		if len(c.Steps) > 0 {
			v.wrong("condition.steps", "%s has none", c.Type)
		}
		return
	}
	if len(c.Steps) < 2 || len(c.Steps) > MaxSteps {
		v.wrong("condition.steps", "has %d steps, expected 2 to %d", len(c.Steps), MaxSteps)
	}
	for i := range c.Steps {
		where := fmt.Sprintf("condition.steps[%d]", i)
		if strings.TrimSpace(c.Steps[i].Name) == "" {
			v.wrong(where+".name", "is empty; expected a word or two, such as log-on")
		}
		v.text(where+".name", c.Steps[i].Name, 60)
		if c.Steps[i].Filter == nil {
			v.wrong(where+".filter", "is missing")
			continue
		}
		v.filter(where+".filter", c.Steps[i].Filter, 1, false)
	}
}

// filter says what is wrong with a condition or a group; negated says that it stands under a not.
func (v *validation) filter(where string, f *Filter, depth int, negated bool) {
	if depth > MaxDepth {
		v.wrong(where, "groups are nested deeper than %d", MaxDepth)
		return
	}
	set := 0
	for _, is := range []bool{len(f.All) > 0, len(f.Any) > 0, f.Not != nil, f.Field != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		v.wrong(where, "found %d of all, any, not and field; expected exactly one, and groups that are not empty", set)
		return
	}
	if f.Field == "" {
		if !f.bare() {
			v.wrong(where, "a group has no operator, values or other parts of a condition")
		}
		for i := range f.All {
			v.filter(fmt.Sprintf("%s.all[%d]", where, i), &f.All[i], depth+1, negated)
		}
		for i := range f.Any {
			v.filter(fmt.Sprintf("%s.any[%d]", where, i), &f.Any[i], depth+1, negated)
		}
		if f.Not != nil {
			v.filter(where+".not", f.Not, depth+1, true)
		}
		return
	}
	if v.conditions++; v.conditions == MaxConditions+1 {
		v.wrong(where, "is one condition too many; expected %d at most", MaxConditions)
	}
	if v.conditions > MaxConditions {
		return
	}
	if f.Field == MatchedDetection && negated {
		v.wrong(where, "stands under a not; "+noNegation)
	}
	v.leaf(where, f)
}

// noNegation says why nothing can be asked about events that no alert stands on.
const noNegation = "that no alert stands on an event is never known in time: the detection judges beside the policy, or is told something days later, and the policy would raise alerts and take them back. Expected equals, and no not around it"

// bare says that nothing of a condition is set.
func (f *Filter) bare() bool {
	return f.Operator == "" && len(f.Values) == 0 && f.From == "" && f.To == "" && f.Role == "" && f.Missing == "" && f.TimeZone == "" && f.Property == "" && f.Days == 0
}

func (v *validation) leaf(where string, f *Filter) {
	field := FieldByName(f.Field)
	if field == nil {
		names := make([]string, len(Fields))
		for i := range Fields {
			names[i] = Fields[i].Name
		}
		v.wrong(where+".field", "found %q, expected one of %s%s", f.Field, strings.Join(names, ", "), spelling.Hint(f.Field, names))
		return
	}
	if _, negated := Positive(f.Operator); negated && field.Kind == Matched {
		v.wrong(where+".operator", "found %q; "+noNegation, f.Operator)
		return
	}
	if !slices.Contains(field.Operators(), f.Operator) {
		v.wrong(where+".operator", "found %q, expected for %s one of %s%s", f.Operator, f.Field, strings.Join(field.Operators(), ", "), spelling.Hint(f.Operator, field.Operators()))
		return
	}
	positive, negated := Positive(f.Operator)
	listed := positive == Equals || positive == Contains || positive == StartsWith
	switch {
	case listed && (len(f.Values) == 0 || len(f.Values) > MaxValues):
		v.wrong(where+".values", "has %d, expected 1 to %d", len(f.Values), MaxValues)
	case !listed && len(f.Values) > 0:
		v.wrong(where+".values", "%s has none", f.Operator)
	}
	for i, value := range f.Values {
		at := fmt.Sprintf("%s.values[%d]", where, i)
		v.text(at, value, MaxValue)
		if problem := field.check(positive, value); problem != "" && (!v.anyCountry || !field.country(positive) || value == "") {
			v.wrong(at, "found %q, expected %s", value, problem)
		}
	}
	v.bounds(where, f, field, positive)
	switch f.Missing {
	case Match, NoMatch:
		if positive == IsSet || field.always() && positive != IsNew {
			v.wrong(where+".missing", "%s %s is never without an answer; expected none", f.Field, f.Operator)
		}
	case "":
		if negated && positive != IsSet && (!field.always() || positive == IsNew) {
			v.wrong(where+".missing", "is not given: say whether an event without %s does (match) or does not (no_match)", f.Field)
		}
	default:
		v.wrong(where+".missing", "found %q, expected match or no_match%s", f.Missing, spelling.Hint(f.Missing, []string{Match, NoMatch}))
	}
	if f.Role != "" && !field.Roles {
		v.wrong(where+".role", "%s is not about a user; expected none", f.Field)
	} else if f.Role != "" && !slices.Contains(Roles, f.Role) {
		v.wrong(where+".role", "found %q, expected %s%s", f.Role, strings.Join(Roles, ", "), spelling.Hint(f.Role, Roles))
	}
	if f.TimeZone != "" {
		if field.Kind != Clock && field.Kind != Weekday {
			v.wrong(where+".timeZone", "%s has none", f.Field)
		} else if problem := noZone(f.TimeZone); problem != "" {
			v.wrong(where+".timeZone", "found %q, expected %s", f.TimeZone, problem)
		}
	}
	if (f.Field == "data") != (f.Property != "") || f.Property != "" && !property.MatchString(f.Property) {
		v.wrong(where+".property", "found %q; data has one, a key of the record's open part such as TemplateName, and nothing else has", f.Property)
	}
	if f.Days != 0 && positive != IsNew || f.Days < 0 || f.Days > MaxNewDays {
		v.wrong(where+".days", "found %d, expected 1 to %d for is_new and is_not_new, and none for others", f.Days, MaxNewDays)
	}
}

// always says that every event has a value.
func (f *Field) always() bool {
	return f.Kind == Matched || f.Kind == Time || f.Kind == Clock || f.Kind == Weekday || f.Kind == Bool && f.Name != "in_claimed_domain"
}

// country says that a value has to be the code of a country.
func (f *Field) country(operator string) bool {
	return f.Name == "country" && (operator == Equals || operator == Contains)
}

// check says what is expected instead of a value; empty when it can be.
func (f *Field) check(operator, value string) string {
	if value == "" {
		return "something; is_not_set finds what is missing"
	}
	if f.Kind == Matched {
		if why := unmatchable[value]; why != "" {
			return why
		}
		if strings.HasPrefix(value, DetectionPrefix) {
			return "a built-in detection: a policy cannot look at the alerts of policies, so that there are no circles"
		}
	}
	if len(f.Values) > 0 && !slices.Contains(f.Values, value) {
		return "one of " + strings.Join(f.Values, ", ") + spelling.Hint(value, f.Values)
	}
	if f.country(operator) {
		return noCountry(value)
	}
	switch f.Kind {
	case Address:
		if operator == StartsWith {
			return ""
		}
		if _, err := ParseNetwork(value); err != nil {
			return "an address such as 192.0.2.1, or a network such as 192.0.2.0/24 or 2001:db8::/32"
		}
	case Number:
		if _, err := strconv.ParseUint(value, 10, 32); err != nil {
			return "a whole number"
		}
	case Bool:
		if value != "true" && value != "false" {
			return "true or false"
		}
	}
	if operator == Contains && len(Words(value)) == 0 {
		return "a word; commas, dots, spaces and underscores only separate words"
	}
	return ""
}

func (v *validation) bounds(where string, f *Filter, field *Field, positive string) {
	if positive != InRange {
		if f.From != "" || f.To != "" {
			v.wrong(where, "%s has neither from nor to", f.Operator)
		}
		return
	}
	if f.From == "" && f.To == "" || field.Kind == Clock && (f.From == "" || f.To == "") {
		v.wrong(where, "from and to: expected a bound, and both of a time of day")
		return
	}
	var order []float64
	for _, b := range []struct{ name, text string }{{"from", f.From}, {"to", f.To}} {
		if b.text == "" {
			continue
		}
		switch field.Kind {
		case Number:
			n, err := strconv.ParseUint(b.text, 10, 32)
			if err != nil {
				v.wrong(where+"."+b.name, "found %q, expected a whole number", b.text)
			}
			order = append(order, float64(n))
		case Time:
			t, err := time.Parse(time.RFC3339, b.text)
			if err != nil || t.Year() < 1970 || t.Year() > 2199 {
				v.wrong(where+"."+b.name, "found %q, expected a time such as 2026-05-01T08:00:00Z", b.text)
			}
			order = append(order, float64(t.Unix()))
		case Clock:
			if !clockTime.MatchString(b.text) {
				v.wrong(where+"."+b.name, "found %q, expected HH:MM, from 00:00 to 24:00", b.text)
			}
		}
	}
	if len(order) == 2 && order[0] > order[1] {
		v.wrong(where, "from %s is after to %s", f.From, f.To)
	}
	if field.Kind == Clock && f.From == f.To {
		v.wrong(where, "from and to are both %s", f.From)
	}
}

// ParseNetwork reads an address or a network; an address is a network of itself.
func ParseNetwork(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// Words splits at comma, dot, space and underscore: what contains compares.
func Words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '.' || r == ' ' || r == '_' })
}

// NewDays are the days in which is_new looks.
func (f *Filter) NewDays() int {
	if f.Days == 0 {
		return defaultDays
	}
	return f.Days
}
