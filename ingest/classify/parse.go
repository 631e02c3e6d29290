package classify

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/event"
)

// fieldNames are the keys of a rule that hold patterns, in the order of rule.patterns.
func fieldNames() []string {
	return []string{"object", "action", "property", "field", "result", "channel"}
}

// parser reads a file of rules and collects all that is wrong in it.
type parser struct {
	file   string
	errs   []error
	ids    map[string]int
	names  []string
	goodID *regexp.Regexp
}

// parse reads rules strictly; name is for the errors.
func parse(name string, text []byte) ([]rule, error) {
	p := &parser{file: name, ids: make(map[string]int), names: fieldNames(), goodID: regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var rules []rule
	if len(doc.Content) > 0 { // an empty file has no rules
		list := doc.Content[0]
		if list.Kind != yaml.SequenceNode {
			p.fail(list, "expected a list of rules")
			return nil, errors.Join(p.errs...)
		}
		for _, n := range list.Content {
			rules = append(rules, p.rule(n))
		}
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return rules, nil
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s: line %d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

func (p *parser) rule(n *yaml.Node) (r rule) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "expected a rule with id, activity and patterns")
		return r
	}
	seen := make(map[string]bool)
	narrows := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			p.fail(key, "%q is there twice", key.Value)
		}
		seen[key.Value] = true
		switch key.Value {
		case "id":
			r.id = p.name(value, "id")
		case "activity":
			r.activity = p.name(value, "activity")
		case "administrative":
			b, err := strconv.ParseBool(value.Value)
			if err != nil || value.Tag != "!!bool" {
				p.fail(value, "administrative: found %q, expected true or false", value.Value)
			}
			r.administrative = b
		default:
			at := slices.Index(p.names, key.Value)
			if at < 0 {
				p.fail(key, "unknown key %q, expected id, activity, administrative or one of %v", key.Value, p.names)
				continue
			}
			r.patterns[at] = p.patterns(key.Value, value)
			narrows = true
		}
	}
	p.complete(n, &r, narrows)
	return r
}

// complete checks a rule as a whole.
func (p *parser) complete(n *yaml.Node, r *rule, narrows bool) {
	switch first, twice := p.ids[r.id]; {
	case r.id == "":
		p.fail(n, "the rule has no id")
	case twice:
		p.fail(n, "the id %q is there already at line %d", r.id, first)
	default:
		p.ids[r.id] = n.Line
	}
	switch r.activity {
	case "":
		p.fail(n, "the rule has no activity")
	case event.ActivityDocuSignAlert, event.ActivityUnknown:
		p.fail(n, "activity: found %q, which no rule may give", r.activity)
	}
	if !narrows {
		p.fail(n, "the rule has no pattern, expected one on any of %v", p.names)
	}
}

func (p *parser) name(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode || !p.goodID.MatchString(n.Value) {
		p.fail(n, "%s: found %q, expected a lower-case name such as group_management", what, n.Value)
		return "invalid"
	}
	return n.Value
}

// patterns reads one pattern or a list of them.
func (p *parser) patterns(field string, n *yaml.Node) []pattern {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	out := make([]pattern, 0, len(list))
	for _, item := range list {
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			p.fail(item, "%s: expected a text or a list of texts", field)
			continue
		}
		pat, err := newPattern(item.Value)
		if err != nil {
			p.fail(item, "%s: found %q: %v", field, item.Value, err)
		}
		out = append(out, pat)
	}
	if len(list) == 0 {
		p.fail(n, "%s: the list is empty, expected a pattern", field)
	}
	return out
}
