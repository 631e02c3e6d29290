// Package policies makes detections of activity policies, keeps the policies, and has the templates.
//
// The SQL of a policy is put together from the fragments in sql/, which its enumerations choose. What the operator wrote goes
// into parameters that the server binds, and never into the text.
package policies

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// Types of parameters.
const (
	listType   = "Array(String)"
	stringType = "String"
	smallType  = "UInt32"
	largeType  = "UInt64"
	timeType   = "DateTime64(7, 'UTC')"
)

// earliest and latest stand for an open bound of a range of time.
var (
	earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

const day = 24 * time.Hour

// slack is added to the reach, for bounds that count.
const slack = time.Second

// compiler makes the detection of one policy.
type compiler struct {
	policy     *policy.Policy
	parameters []analytics.Parameter
	values     map[string]string
	people     bool
	directory  bool
	addresses  bool
	newDays    int
	// matches are the detections whose alerts it looks at.
	matches []string
}

// Compile makes the detection of a policy. It fails for one that Evaluable refuses.
func Compile(p *policy.Policy) (analytics.Detection, error) {
	if err := p.Evaluable(); err != nil {
		return analytics.Detection{}, err
	}
	c := &compiler{policy: p, values: map[string]string{}}
	within := time.Duration(p.Condition.Within)
	what, one, how := "", "", ""
	switch p.Condition.Type {
	case policy.Distinct:
		what, one, how = plural[p.Condition.Of], singular[p.Condition.Of], preposition[p.Condition.Of]
	case policy.Sequence:
		names := make([]string, len(p.Condition.Steps))
		for i, s := range p.Condition.Steps {
			names[i] = s.Name
		}
		what = strings.Join(names, ", then ")
	}
	reach := 2*within + slack
	c.set("subject_type", stringType, subjectType(p.Key))
	c.set("name", stringType, p.Name)
	c.set("severity", stringType, p.Severity)
	c.set("kind", stringType, p.Condition.Type)
	c.set("what", stringType, what)
	c.set("one_of", stringType, one)
	c.set("how", stringType, how)
	c.set("asked", stringType, Describe(p))
	c.set("count", smallType, strconv.Itoa(p.Condition.Count))
	c.set("back_us", largeType, micros(reach))
	c.set("ahead_us", largeType, micros(reach))
	if p.Condition.Type != policy.Single {
		c.set("within_us", largeType, micros(within))
	}
	sql := c.sql()
	d := analytics.Detection{
		Definition: analytics.Definition{
			ID: p.DetectionID(), SQL: sql, Title: p.Name, Description: describe(p), Severity: p.Severity, Attack: p.Attack, Subjects: []string{subjectType(p.Key)},
			LookBack: reach, LookAhead: reach, Attributes: attributes, Suppressions: suppressions, Response: p.Response,
			Inputs: analytics.Inputs{Activities: activities(p.Filter), Intelligence: c.addresses, Directory: c.directory, People: c.people, DailyLimit: p.Limit()},
		},
		Values: c.values,
	}
	slices.Sort(c.matches)
	d.Inputs.Matches = slices.Compact(c.matches)
	if c.newDays > 0 {
		d.LookBack += time.Duration(c.newDays+1) * day
	}
	// where the events of a user are put elsewhere, accounts and envelopes are known by the user alone
	whole := p.Key == policy.KeyAccount || p.Key == policy.KeyEnvelope
	if looked := c.newDays > 0 || c.people || c.addresses; whole || looked && p.Key != policy.KeyUser {
		c.set("new_us", largeType, micros(d.LookBack))
		d.Affected = with(fragment("affected", ""), "key", fragment("fields", "key "+p.Key))
		d.Inputs.Follow = true
	}
	if c.newDays > 0 {
		d.Inputs.Activities = nil // what a user did of another class can make something new, or not
	}
	d.Parameters = c.parameters
	scope := analytics.Scope{Include: analytics.Selection(p.Scope.Include), Exclude: analytics.Selection(p.Scope.Exclude)}
	var err error
	d.Scope, err = scope.Text()
	return d, err
}

// subjectType is what alerts by a key are about.
func subjectType(key string) string { return key }

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

func (c *compiler) set(name, typ, value string) {
	c.parameters = append(c.parameters, analytics.Parameter{Name: name, Type: typ, Default: value, Description: "of the policy"})
	c.values[name] = value
}

// bind makes a parameter of a value and returns its name.
func (c *compiler) bind(typ, value string) string {
	name := "p" + strconv.Itoa(len(c.parameters))
	c.set(name, typ, value)
	return name
}

func (c *compiler) list(values []string) string {
	text, err := json.Marshal(values)
	if err != nil {
		return "[]" // strings can always be written
	}
	return c.bind(listType, string(text))
}

func (c *compiler) sql() string {
	p := c.policy
	key := fragment("fields", "key "+p.Key)
	value := "''"
	switch p.Condition.Type {
	case policy.Repeated:
		value = "event_id"
	case policy.Distinct:
		value = fragment("fields", "of "+p.Condition.Of)
	}
	filter := "true"
	if p.Filter != nil {
		filter = c.filter(p.Filter)
	}
	var steps, some strings.Builder
	chains, last := "", ""
	if p.Condition.Type == policy.Sequence {
		for i := range p.Condition.Steps {
			n := strconv.Itoa(i + 1)
			steps.WriteString(with(fragment("columns", "step"), "filter", c.filter(p.Condition.Steps[i].Filter), "n", n))
			if i > 0 {
				some.WriteString(" OR ")
				chains += with(fragment("conditions", "chain"), "n", n, "m", strconv.Itoa(i))
			}
			some.WriteString("s" + n)
			last = n
		}
	}
	columns, tags := "", "CAST([], 'Array(String)')"
	if c.addresses {
		columns, tags = fragment("columns", "intelligence"), fragment("fields", "ip_tag")
	}
	text := with(fragment("matched", ""), "key", key, "value", value, "columns", columns, "deeds", with(fragment("deeds", ""), "tags", tags), "steps", steps.String(), "filter", filter)
	switch p.Condition.Type {
	case policy.Single:
		text += fragment("conditions", "single")
	case policy.Sequence:
		text += with(fragment("conditions", "sequence"), "some", some.String(), "chains", chains, "last", "c"+last, "chain", "chain"+last) + fragment("conditions", "episodes")
	default:
		text += fragment("conditions", "window") + fragment("conditions", "episodes")
	}
	return text + "\n" + fragment("finding", "")
}

// filter is the text of a condition or a group; it is true or false, never NULL.
func (c *compiler) filter(f *policy.Filter) string {
	group := func(parts []policy.Filter, word string) string {
		texts := make([]string, len(parts))
		for i := range parts {
			texts[i] = "(" + c.filter(&parts[i]) + ")"
		}
		return strings.Join(texts, word)
	}
	switch {
	case len(f.All) > 0:
		return group(f.All, " AND ")
	case len(f.Any) > 0:
		return group(f.Any, " OR ")
	case f.Not != nil:
		return "NOT (" + c.filter(f.Not) + ")"
	}
	return c.leaf(f)
}

// leaf asks first whether there is a value, and what then.
func (c *compiler) leaf(f *policy.Filter) string {
	field := policy.FieldByName(f.Field)
	positive, negated := policy.Positive(f.Operator)
	missing, test := c.texts(f, field, positive)
	if positive == policy.IsSet {
		if negated {
			return missing
		}
		return "NOT (" + missing + ")"
	}
	if negated {
		test = "NOT (" + test + ")"
	}
	if missing == "" {
		return test
	}
	return fmt.Sprintf("if(%s, %v, %s)", missing, f.Missing == policy.Match, test)
}

// texts says when there is no value, empty for never, and whether the value is as asked.
func (c *compiler) texts(f *policy.Filter, field *policy.Field, positive string) (missing, test string) {
	role := f.Role
	if role == "" {
		role = policy.Roles[0]
	}
	if positive == policy.IsNew {
		days := f.NewDays()
		c.newDays = max(c.newDays, days)
		marks := []string{"field", fragment("fields", field.Name), "a", c.bind(smallType, strconv.Itoa(days)), "whose", c.whose()}
		return "(" + with(fragment("operators", "missing new"), marks...) + ")", with(fragment("operators", "is_new"), marks...)
	}
	switch field.Kind {
	case policy.Directory:
		c.directory, c.people = true, true
		return "NOT (" + c.inDirectory(field.Name, role, "notEmpty(attributes)") + ")", c.inDirectory(field.Name, role, c.operator(f, "texts", positive, "attributes"))
	case policy.Texts:
		name := field.Name
		if field.Roles {
			name += " " + role
		}
		if name == "ip_category" || name == "ip_tag" {
			c.addresses = true
		}
		text := fragment("fields", name)
		missing, test = with(fragment("operators", "missing texts"), "field", text), c.operator(f, "texts", positive, text)
		if field.Roles && role != policy.Roles[0] { // of whom something is done to the record has an id alone
			c.people = true
			missing = "(" + missing + ") AND NOT (" + c.inDirectory(field.Name, role, "notEmpty(attributes)") + ")"
			test = "(" + test + ") OR " + c.inDirectory(field.Name, role, c.operator(f, "texts", positive, "attributes"))
		}
		return "(" + missing + ")", "(" + test + ")"
	case policy.Text:
		text := fragment("fields", field.Name)
		if field.Name == "data" {
			text = with(text, "property", c.bind(stringType, f.Property))
		}
		return "(" + with(fragment("operators", "missing text"), "field", text) + ")", "(" + c.operator(f, "text", positive, text) + ")"
	case policy.Address:
		return "(" + fragment("operators", "missing address") + ")", "(" + c.operator(f, "address", positive, fragment("fields", field.Name)) + ")"
	case policy.Number:
		text := fragment("fields", field.Name)
		return "(" + with(fragment("operators", "missing number"), "field", text) + ")", "(" + c.operator(f, "number", positive, text) + ")"
	case policy.Bool:
		text := fragment("fields", field.Name)
		if field.Name == "in_claimed_domain" {
			missing = "(" + with(fragment("operators", "missing bool"), "field", text) + ")"
		}
		return missing, "(" + c.operator(f, "bool", positive, text) + ")"
	case policy.Matched:
		return "", c.matched(f.Values)
	case policy.Time:
		return "", "(" + c.operator(f, "time", positive, "") + ")"
	case policy.Clock:
		return "", "(" + c.operator(f, "clock", positive, "") + ")"
	}
	return "", "(" + c.operator(f, "weekday", positive, "") + ")"
}

// whose limits what is looked up by user to the subjects, where those are users.
func (c *compiler) whose() string {
	if c.policy.Key == policy.KeyUser {
		return fragment("columns", "of the keys")
	}
	return ""
}

func (c *compiler) inDirectory(name, role, test string) string {
	return "(" + with(fragment("operators", "directory"), "people", fragment("fields", "people "+role), "values", fragment("fields", "directory "+name), "whose", c.whose(), "test", test) + ")"
}

// operator is the text of an operator on a text of a kind, with its values bound.
func (c *compiler) operator(f *policy.Filter, kind, positive, field string) string {
	if positive == policy.IsSet {
		return ""
	}
	text := fragment("operators", positive+" "+kind)
	a, b, zone := "", "", ""
	switch {
	case kind == "address" && positive == policy.Equals:
		var first, last []string
		for _, v := range f.Values {
			from, to := bounds(v)
			first, last = append(first, from), append(last, to)
		}
		a, b = c.list(first), c.list(last)
	case kind == "number" && positive == policy.Equals:
		numbers := make([]string, len(f.Values))
		for i, v := range f.Values {
			n, _ := strconv.ParseUint(v, 10, 32) // Validate has read it
			numbers[i] = strconv.FormatUint(n, 10)
		}
		a = c.list(numbers)
	case kind == "number":
		a, b = c.bind(smallType, number(f.From, "0")), c.bind(smallType, number(f.To, "4294967295"))
	case kind == "time":
		a, b = c.bind(timeType, moment(f.From, earliest)), c.bind(timeType, moment(f.To, latest))
	case kind == "clock":
		from, to := minutes(f.From), minutes(f.To)
		length := (to - from + 1440) % 1440
		if length == 0 { // 00:00 to 24:00
			length = 1440
		}
		a, b, zone = c.bind(smallType, strconv.Itoa(from%1440)), c.bind(smallType, strconv.Itoa(length)), c.bind(stringType, zoneOf(f))
	case kind == "weekday":
		days := make([]string, len(f.Values))
		for i, v := range f.Values {
			days[i] = weekdays[v]
		}
		a, zone = c.list(days), c.bind(stringType, zoneOf(f))
	case positive == policy.Contains:
		words := make([]string, len(f.Values))
		for i, v := range f.Values {
			words[i] = strings.Join(policy.Words(v), " ")
		}
		a = c.list(words)
	default:
		a = c.list(f.Values)
	}
	return with(text, "field", field, "a", a, "b", b, "zone", zone)
}

// activities are those that alone can match, where the filter says so at its top; none means any.
func activities(f *policy.Filter) []string {
	if f == nil {
		return nil
	}
	if f.Field == "activity" && f.Operator == policy.Equals && f.Missing != policy.Match {
		lower := make([]string, len(f.Values))
		for i, v := range f.Values {
			lower[i] = strings.ToLower(v)
			if !plainActivity.MatchString(lower[i]) {
				return nil
			}
		}
		return lower
	}
	for i := range f.All {
		if some := activities(&f.All[i]); len(some) > 0 {
			return some
		}
	}
	return nil
}
