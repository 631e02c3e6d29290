package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/spelling"
)

// Values are those that fields have, or can have, by the name of the field.
type Values map[string][]string

// Doubt is a value that a condition looks for, and that nothing has.
type Doubt struct {
	// Where it is in the policy, such as filter.all[0].values[1].
	Where string
	// Field whose Value it is.
	Field, Value string
	// Text says what was found, and Hint what may have been meant; Text ends with it.
	Text, Hint string
	// Never says that nothing can ever have it: the field has a closed list of values.
	Never bool
}

// doubtful are the fields whose values are known as far as they were seen, and how one says that nothing has a value. The values of an
// activity are given by the rules of classification alone.
var doubtful = map[string]string{
	"activity":   "there is no activity %s",
	"action":     "no stored event has the action %s yet",
	"object":     "no stored event has the object %s yet",
	"property":   "no stored event has the property %s yet",
	"result":     "no stored event has the result %s yet",
	"channel":    "no stored event has the channel %s yet",
	"source":     "no stored event has the source %s yet",
	"ip_tag":     "no address has the tag %s yet",
	"user_group": "nobody in the directory is in the group %s yet",
	"user_role":  "nobody in the directory has the role %s yet",
}

// said are the fields whose values operators and directories give: where there are none, none is meant.
var said = map[string]bool{"ip_tag": true, "user_group": true, "user_role": true}

// Doubts are the values of the policy that none of the known ones fulfils; the order is that of the policy. A field of which nothing is
// known is doubted only where somebody would have said its values.
func (p *Policy) Doubts(known Values) []Doubt {
	var all []Doubt
	doubt := func(where, field, operator, value string) {
		if f := FieldByName(field); f != nil && f.country(operator) {
			if text := doubtfulCountry(value); text != "" {
				all = append(all, Doubt{Where: where, Field: field, Value: value, Text: text})
			}
			return
		}
		says, ok := doubtful[field]
		if !ok || len(known[field]) == 0 && !said[field] || fulfilled(operator, value, known[field]) {
			return
		}
		d := Doubt{Where: where, Field: field, Value: value, Never: field == "activity", Hint: spelling.Hint(value, known[field])}
		d.Text = fmt.Sprintf(says, quoted(value)) + d.Hint
		if d.Never && d.Hint == "" {
			d.Text += "; expected one of " + strings.Join(slices.Sorted(slices.Values(known[field])), ", ") + ". What DocuSign calls it is in the fields action and object"
		}
		all = append(all, d)
	}
	p.leaves(func(where string, f *Filter) {
		positive, _ := Positive(f.Operator)
		for i, v := range f.Values {
			doubt(fmt.Sprintf("%s.values[%d]", where, i), f.Field, positive, v)
		}
	})
	for _, s := range []struct {
		where  string
		groups []string
	}{{"scope.include.groups", p.Scope.Include.Groups}, {"scope.exclude.groups", p.Scope.Exclude.Groups}} {
		for i, g := range s.groups {
			doubt(fmt.Sprintf("%s[%d]", s.where, i), "user_group", Equals, g)
		}
	}
	return all
}

// quoted is a value as it stands, in quotation marks where its ends would not be seen.
func quoted(value string) string {
	if strings.ContainsAny(value, " \t\n\"") {
		return fmt.Sprintf("%q", value)
	}
	return value
}

// fulfilled says that one of the known values is as an operator asks.
func fulfilled(operator, value string, known []string) bool {
	want := strings.ToLower(value)
	words := " " + strings.Join(Words(want), " ") + " "
	return slices.ContainsFunc(known, func(k string) bool {
		k = strings.ToLower(k)
		switch operator {
		case Contains:
			return strings.Contains(" "+strings.Join(Words(k), " ")+" ", words)
		case StartsWith:
			return strings.HasPrefix(k, want)
		}
		return k == want
	})
}

// Names says whether a condition of the policy looks at one of the fields.
func (p *Policy) Names(fields ...string) (named bool) {
	p.leaves(func(_ string, f *Filter) { named = named || slices.Contains(fields, f.Field) })
	return named
}

// leaves calls for every condition of the policy, with where it is.
func (p *Policy) leaves(each func(where string, f *Filter)) {
	var walk func(where string, f *Filter)
	walk = func(where string, f *Filter) {
		if f == nil {
			return
		}
		if f.Field != "" {
			each(where, f)
		}
		for i := range f.All {
			walk(fmt.Sprintf("%s.all[%d]", where, i), &f.All[i])
		}
		for i := range f.Any {
			walk(fmt.Sprintf("%s.any[%d]", where, i), &f.Any[i])
		}
		walk(where+".not", f.Not)
	}
	walk("filter", p.Filter)
	for i := range p.Condition.Steps {
		walk(fmt.Sprintf("condition.steps[%d].filter", i), p.Condition.Steps[i].Filter)
	}
}
