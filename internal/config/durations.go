package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/duration"
)

// eachDuration calls for every value below a node that belongs to a time.Duration of the type.
func eachDuration(n *yaml.Node, t reflect.Type, each func(*yaml.Node)) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
		eachDuration(n.Content[0], t, each)
	case n.Kind == yaml.ScalarNode && t == reflect.TypeFor[time.Duration]():
		each(n)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, one := range n.Content {
			eachDuration(one, t.Elem(), each)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 1; i < len(n.Content); i += 2 {
			eachDuration(n.Content[i], t.Elem(), each)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		for i := 1; i < len(n.Content); i += 2 {
			for f := range t.NumField() {
				if key, _, _ := strings.Cut(t.Field(f).Tag.Get("yaml"), ","); key == n.Content[i-1].Value {
					eachDuration(n.Content[i], t.Field(f).Type, each)
				}
			}
		}
	}
}

// plainDurations writes the durations of a file as the decoder reads them: 7d becomes 168h0m0s. Lines stay where they are, and what is
// no duration stays for the decoder to refuse.
func plainDurations(text []byte) []byte {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil {
		return text
	}
	var found []*yaml.Node
	eachDuration(&document, reflect.TypeFor[Config](), func(n *yaml.Node) { found = append(found, n) })
	slices.SortFunc(found, func(a, b *yaml.Node) int { return b.Column - a.Column }) // a change moves what is behind it on its line
	lines := strings.SplitAfter(string(text), "\n")
	for _, n := range found {
		d, err := duration.Parse(n.Value)
		if _, plain := time.ParseDuration(n.Value); err != nil || plain == nil || n.Line > len(lines) {
			continue
		}
		line := lines[n.Line-1]
		at := 0
		for range n.Column - 1 {
			_, size := utf8.DecodeRuneInString(line[at:])
			at += size
		}
		at += len(line[at:]) - len(strings.TrimLeft(line[at:], `"'`))
		if rest, ok := strings.CutPrefix(line[at:], n.Value); ok {
			lines[n.Line-1] = line[:at] + d.String() + rest
		}
	}
	return []byte(strings.Join(lines, ""))
}

// MarshalYAML shows durations as they are written.
func (c Config) MarshalYAML() (any, error) {
	type plain Config
	var n yaml.Node
	if err := n.Encode(plain(c)); err != nil {
		return nil, err
	}
	eachDuration(&n, reflect.TypeFor[Config](), func(n *yaml.Node) {
		if d, err := time.ParseDuration(n.Value); err == nil {
			n.Value = duration.Text(d)
		}
	})
	return &n, nil
}
