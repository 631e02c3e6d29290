package analytics

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Attribute says where the evidence of a finding has values that an exception can name.
type Attribute struct {
	// Path names the value by the keys of objects, joined by points; on a list it goes on in each element.
	Path string `yaml:"path" json:"path"`
	// Count is the path of the number of values that there are, when the evidence lists only the first of them.
	Count string `yaml:"count" json:"count,omitempty"`
	// Limit is the length at which the evidence cuts the list: one that is as long may lack values.
	Limit int `yaml:"limit" json:"limit,omitempty"`
	// Single is the path of the parts of which the evidence shows one, as a list or as their number: with more parts, not all
	// values are known.
	Single string `yaml:"single" json:"single,omitempty"`
}

var (
	attributeName = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,39}$`)
	evidencePath  = regexp.MustCompile(`^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*$`)
)

// validate says what is wrong with an attribute.
func (a *Attribute) validate(name string) error {
	switch {
	case !attributeName.MatchString(name) || name == alert.SubjectAttribute:
		return fmt.Errorf("attribute %q: expected a name such as ipAddress, and not %s", name, alert.SubjectAttribute)
	case !evidencePath.MatchString(a.Path) || a.Count != "" && !evidencePath.MatchString(a.Count) || a.Single != "" && !evidencePath.MatchString(a.Single):
		return fmt.Errorf("attribute %s: path %q, count %q, single %q: expected keys joined by points, such as to.ipAddress", name, a.Path, a.Count, a.Single)
	case a.Limit < 0:
		return fmt.Errorf("attribute %s: limit %d: expected nothing or more", name, a.Limit)
	}
	return nil
}

// evidence is a finding's, read once.
type evidence struct{ object any }

func readEvidence(text string) evidence {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var e evidence
	if dec.Decode(&e.object) != nil {
		return evidence{} // no attribute is known then
	}
	return e
}

// values of an attribute, each once; complete is false when the finding has, or may have, others that the evidence does not list.
func (e evidence) values(a Attribute) (values []string, complete bool) {
	seen := map[string]bool{}
	listed := 0
	some := false
	walk(e.object, strings.Split(a.Path, "."), func(v string, _ bool) {
		listed++
		some = some || v != ""
		if !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	})
	if !some {
		return nil, false
	}
	if a.Limit > 0 && listed >= a.Limit {
		return values, false
	}
	complete = true
	if a.Count != "" {
		complete = e.is(a.Count, listed)
	}
	if a.Single != "" {
		complete = complete && e.single(a.Single)
	}
	return values, complete
}

// single says whether there is one part at the path: the number 1, or one text.
func (e evidence) single(path string) bool {
	parts, one := 0, true
	walk(e.object, strings.Split(path, "."), func(v string, number bool) {
		parts++
		one = one && (!number || v == "1")
	})
	return parts == 1 && one
}

// is says whether there is a number n at the path.
func (e evidence) is(path string, n int) (same bool) {
	walk(e.object, strings.Split(path, "."), func(v string, _ bool) { same = v == strconv.Itoa(n) })
	return same
}

// walk calls each with every plain value at the path.
func walk(at any, path []string, each func(text string, number bool)) {
	switch v := at.(type) {
	case []any:
		for _, one := range v {
			walk(one, path, each)
		}
	case map[string]any:
		if len(path) > 0 {
			walk(v[path[0]], path[1:], each)
		}
	case string:
		if len(path) == 0 {
			each(v, false)
		}
	case json.Number:
		if len(path) == 0 {
			each(v.String(), true)
		}
	case bool:
		if len(path) == 0 {
			each(fmt.Sprint(v), false)
		}
	}
}
