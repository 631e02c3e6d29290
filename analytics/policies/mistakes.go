package policies

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/duration"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

var (
	unknownKey = regexp.MustCompile(`^line (\d+): field (.*) not found in type (?:policy|policies)\.(\w+)$`)
	onLine     = regexp.MustCompile(`^line (\d+): (.*)$`)
	keyTwice   = regexp.MustCompile(`^line (\d+): mapping key "(.*)" already defined at line (\d+)$`)
	wrongKind  = regexp.MustCompile("(?s)^line (\\d+): cannot unmarshal (!!\\w+)(?: `(.*)`)? into (.*)$")
)

// mistake is one of a file, with its line, 0 for what is in none.
type mistake struct {
	line int
	text string
}

// mistakesOf says what the decoder found wrong, in the words of the file instead of Go's types, and which keys it did not read. What it
// decodes into is of the type root.
func mistakesOf(text []byte, found *yaml.TypeError, root reflect.Type) (all []mistake, unread map[string]bool) {
	values := valuesOf(text)
	unread = map[string]bool{}
	for _, e := range found.Errors {
		if m := unknownKey.FindStringSubmatch(e); m != nil {
			keys := keysOf(root, m[3], map[reflect.Type]bool{})
			all = append(all, mistake{number0(m[1]), fmt.Sprintf("unknown key %q%s; expected one of %s", m[2], spelling.Hint(m[2], keys), strings.Join(keys, ", "))})
			continue
		}
		if m := keyTwice.FindStringSubmatch(e); m != nil {
			all = append(all, mistake{number0(m[1]), fmt.Sprintf("the key %q is there already, on line %s; expected it once", m[2], m[3])})
			unread[""] = true
			continue
		}
		m := wrongKind.FindStringSubmatch(e)
		if m == nil {
			all = append(all, mistake{0, e})
			continue
		}
		// the decoder says the line, the kind and how the value begins; of lists and mappings it is the inner one
		one := written{text: m[3]}
		for _, v := range values {
			if v.line == number0(m[1]) && v.kind == m[2] && strings.HasPrefix(v.text, strings.TrimSuffix(m[3], "...")) && !unread[v.key] && (one.key == "" || v.text == "" && len(v.key) > len(one.key)) {
				one = v
			}
		}
		unread[one.key] = true
		value := kinds[m[2]]
		if one.text != "" {
			value = strconv.Quote(one.text)
		}
		all = append(all, mistake{number0(m[1]), fmt.Sprintf("%s: found %s, expected %s", one.key, value, expected(m[4]))})
	}
	return all, unread
}

// located puts the lines of a file to what is wrong with its policy, and leaves out what is wrong because it could not be read.
func located(text []byte, err error, unread map[string]bool) (all []mistake) {
	if err == nil || unread[""] { // of a mapping with a key twice nothing is read
		return nil
	}
	lines := map[string]int{}
	for _, v := range valuesOf(text) {
		lines[v.key] = v.line
	}
	for problem := range strings.Lines(err.Error()) {
		problem = strings.TrimSuffix(problem, "\n")
		key, _, _ := strings.Cut(problem, ": ")
		line, skipped := lines[key], false
		for in := key; in != ""; in = in[:max(strings.LastIndexAny(in, ".["), 0)] {
			skipped = skipped || unread[in]
			if line == 0 && in != key { // what is missing belongs to what it is missing in
				line = lines[in]
			}
		}
		if !skipped {
			all = append(all, mistake{line, problem})
		}
	}
	return all
}

// joined are mistakes in the order of their lines.
func joined(all []mistake) error {
	slices.SortStableFunc(all, func(a, b mistake) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, m := range all {
		if m.line > 0 {
			m.text = fmt.Sprintf("line %d: %s", m.line, m.text)
		}
		errs = append(errs, errors.New(m.text))
	}
	return errors.Join(errs...)
}

// inOrder puts a mistake among those that an error joins.
func inOrder(one mistake, err error) error {
	all := []mistake{one}
	for line := range strings.Lines(err.Error()) {
		m := mistake{text: strings.TrimSuffix(line, "\n")}
		if at := onLine.FindStringSubmatch(m.text); at != nil {
			m = mistake{number0(at[1]), at[2]}
		}
		all = append(all, m)
	}
	return joined(all)
}

// number0 is a number that the decoder wrote.
func number0(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
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

// written is a value of a file, by its key with those that it is in; the text of a scalar.
type written struct {
	line, column    int
	key, kind, text string
}

// maxKey bounds the keys that are looked into: where values are in each other by the thousand, the keys would take the square of it.
const maxKey = 1000

// valuesOf are the values of a file in their order.
func valuesOf(text []byte) (all []written) {
	var walk func(n *yaml.Node, key string)
	walk = func(n *yaml.Node, key string) {
		if n.Kind != yaml.DocumentNode {
			all = append(all, written{line: n.Line, column: n.Column, key: key, kind: n.ShortTag(), text: n.Value})
		}
		if len(key) > maxKey {
			return
		}
		for i, child := range n.Content {
			switch {
			case n.Kind == yaml.MappingNode && i%2 == 1:
				walk(child, strings.TrimPrefix(key+"."+n.Content[i-1].Value, "."))
			case n.Kind == yaml.SequenceNode:
				walk(child, fmt.Sprintf("%s[%d]", key, i))
			case n.Kind == yaml.DocumentNode:
				walk(child, key)
			}
		}
	}
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var document yaml.Node
		if dec.Decode(&document) != nil {
			return all
		}
		walk(&document, "")
	}
}

// prefixed puts the key before each of the problems that an error joins.
func prefixed(key string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(key + strings.ReplaceAll(err.Error(), "\n", "\n"+key))
}

// withoutTime is the text with a time in the place of what is none, where the decoder would stop, and the mistake. It is false where a value
// is written so that it cannot be replaced, such as on several lines.
func withoutTime(text []byte, key string) ([]byte, mistake, bool) {
	values := valuesOf(text)
	at := slices.IndexFunc(values, func(v written) bool { return v.key == key })
	if at < 0 {
		return nil, mistake{text: key + ": expected " + expected("time.Time")}, false
	}
	v := values[at]
	wrong := mistake{v.line, fmt.Sprintf("%s: found %q, expected %s", key, v.text, expected("time.Time"))}
	begin := offset(text, v.line, v.column)
	if begin < 0 {
		return nil, wrong, false
	}
	const good = "2000-01-01T00:00:00Z"
	rest := string(text[begin:])
	for _, written := range []string{v.text, `"` + v.text + `"`, "'" + v.text + "'"} {
		if after, ok := strings.CutPrefix(rest, written); ok && written != "" {
			replaced := slices.Concat(text[:begin], []byte(good), []byte(after))
			now := valuesOf(replaced)
			// another text than was meant would have mistakes that the file has not
			if len(now) == len(values) && now[at].key == key && now[at].line == v.line && now[at].text == good {
				return replaced, wrong, true
			}
		}
	}
	return nil, wrong, false
}

// offset is where a line and column begin, both from 1 and as the decoder counts them: columns by characters, and lines by what ends one in
// YAML, which is more than \n. It is -1 where there is no such place.
func offset(text []byte, line, column int) int {
	at := 0
	for rest := text; len(rest) > 0; rest = text[at:] {
		if line == 1 && column == 1 {
			return at
		}
		r, size := utf8.DecodeRune(rest)
		if r == '\r' && bytes.HasPrefix(rest, []byte("\r\n")) {
			size = 2
		}
		at += size
		switch r {
		case '\r', '\n', '\u0085', '\u2028', '\u2029':
			line--
		default:
			if line == 1 {
				column--
			}
		}
		if line < 1 {
			break
		}
	}
	return -1
}
