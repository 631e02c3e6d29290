package policies

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/duration"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

var (
	unknownKey = regexp.MustCompile(`^line (\d+): field (.*) not found in type policy\.(\w+)$`)
	wrongKind  = regexp.MustCompile("(?s)^line (\\d+): cannot unmarshal (!!\\w+)(?: `(.*)`)? into (.*)$")
)

// mistakes says what the decoder found wrong, in the words of the file instead of Go's types, and what else is wrong in the rest.
func mistakes(text []byte, found *yaml.TypeError, rest *policy.Policy) error {
	where := keysOfLines(text)
	said := map[string]bool{}
	var all []error
	for _, e := range found.Errors {
		if m := unknownKey.FindStringSubmatch(e); m != nil {
			keys := keysOf(reflect.TypeFor[policy.Policy](), m[3], map[reflect.Type]bool{})
			all = append(all, fmt.Errorf("line %s: unknown key %q%s; expected one of %s", m[1], m[2], spelling.Hint(m[2], keys), strings.Join(keys, ", ")))
			continue
		}
		m := wrongKind.FindStringSubmatch(e)
		if m == nil {
			all = append(all, errors.New(e))
			continue
		}
		line, err := strconv.Atoi(m[1])
		if err != nil {
			line = 0 // the decoder wrote a number
		}
		key := where[line]
		said[key] = true
		value := kinds[m[2]]
		if m[3] != "" {
			value = strconv.Quote(m[3])
		}
		all = append(all, fmt.Errorf("line %s: %s: found %s, expected %s", m[1], key, value, expected(m[4])))
	}
	if err := rest.Validate(); err != nil {
		for problem := range strings.Lines(err.Error()) {
			problem = strings.TrimSuffix(problem, "\n")
			if key, _, _ := strings.Cut(problem, ": "); !said[key] { // what could not be read is not missing, too
				all = append(all, errors.New(problem))
			}
		}
	}
	return errors.Join(all...)
}

// kinds of YAML in plain words.
var kinds = map[string]string{"!!seq": "a list", "!!map": "a mapping", "!!str": "a text", "!!null": "nothing", "!!bool": "true or false", "!!int": "a number", "!!float": "a number", "!!timestamp": "a time"}

// expected is a type of Go in plain words.
func expected(t string) string {
	switch {
	case t == "policy.noDuration":
		return duration.Expected
	case t == "bool":
		return "true or false"
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"):
		return "a whole number"
	case t == "time.Time":
		return "a time such as 2026-05-01T08:00:00Z"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "map["), strings.HasPrefix(t, "policy."):
		return "a mapping"
	}
	return "a text"
}

// keysOf are the keys of the type of a name, of a type or of what it has.
func keysOf(t reflect.Type, name string, seen map[reflect.Type]bool) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	var keys []string
	for i := range t.NumField() {
		if t.Name() != name {
			if keys = keysOf(t.Field(i).Type, name, seen); keys != nil {
				return keys
			}
			continue
		}
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return slices.Clip(keys)
}

// keysOfLines are the keys whose values begin on each line, with those that they are in.
func keysOfLines(text []byte) map[int]string {
	all := map[int]string{}
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil {
		return all
	}
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		if path != "" {
			all[n.Line] = path
		}
		for i, child := range n.Content {
			switch {
			case n.Kind == yaml.MappingNode && i%2 == 1:
				walk(child, strings.TrimPrefix(path+"."+n.Content[i-1].Value, "."))
			case n.Kind == yaml.SequenceNode:
				walk(child, fmt.Sprintf("%s[%d]", path, i))
			case n.Kind == yaml.DocumentNode:
				walk(child, path)
			}
		}
	}
	walk(&document, "")
	return all
}
