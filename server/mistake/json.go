package mistake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sealwatch/sealwatch/internal/spelling"
	"github.com/sealwatch/sealwatch/server/problem"
)

const (
	// maxExplained bounds the text that is looked at: reading it takes several times its size.
	maxExplained = 1 << 20
	// maxViolations that are named.
	maxViolations = 100
	// maxDepth bounds how far messages within messages are followed. It is more than any request of ours has, except filters of policies, which
	// end before.
	maxDepth = 100
)

// JSON is what is wrong with a text that is no such message. It is empty when the text is too long, no JSON, or wrong in another way than
// those that are known here.
func JSON(m protoreflect.MessageDescriptor, text []byte) []problem.Violation {
	if len(text) > maxExplained {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	w := &walk{}
	w.message("", m, v)
	return w.all
}

// Refusal is the error of such a text; nil where there is nothing to say.
func Refusal(m protoreflect.MessageDescriptor, text []byte, before string) error {
	all := JSON(m, text)
	if len(all) == 0 {
		return nil
	}
	said := all[0].Description
	if all[0].Field != "" {
		said = all[0].Field + ": " + said
	}
	if more := len(all) - 1; more > 0 {
		said = fmt.Sprintf("%s, and %d more", said, more)
	}
	return problem.Invalid(before+said, all...)
}

// walk collects what is wrong.
type walk struct {
	all   []problem.Violation
	depth int
}

// enough says that no more is looked at.
func (w *walk) enough() bool { return len(w.all) >= maxViolations || w.depth > maxDepth }

func (w *walk) wrong(path, format string, args ...any) {
	if len(w.all) < maxViolations {
		w.all = append(w.all, problem.Violation{Field: path, Description: fmt.Sprintf(format, args...)})
	}
}

// message looks at a value for a message.
func (w *walk) message(path string, m protoreflect.MessageDescriptor, v any) {
	switch {
	case v == nil:
	case m.FullName() == timestamp:
		if s, ok := v.(string); !ok {
			w.wrong(path, "%s", shown(v, expectedTime))
		} else if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
			w.wrong(path, "%s", found(s, expectedTime))
		}
	case m.FullName() == duration:
		if s, ok := v.(string); !ok {
			w.wrong(path, "%s", shown(v, expectedDuration))
		} else if !seconds.MatchString(s) {
			w.wrong(path, "%s", found(s, expectedDuration))
		}
	case m.ParentFile().Package() == "google.protobuf":
	default:
		w.object(path, m, v)
	}
}

// object looks at the fields of a message of ours.
func (w *walk) object(path string, m protoreflect.MessageDescriptor, v any) {
	all, ok := v.(map[string]any)
	if !ok {
		w.wrong(path, "%s", shown(v, "an object { }"))
		return
	}
	w.depth++
	defer func() { w.depth-- }()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if w.enough() {
			return
		}
		f := m.Fields().ByJSONName(name)
		if f == nil {
			f = m.Fields().ByName(protoreflect.Name(name))
		}
		under := strings.TrimPrefix(path+"."+short(name), ".")
		if f == nil {
			var names []string
			for i := range m.Fields().Len() {
				names = append(names, m.Fields().Get(i).JSONName())
			}
			w.wrong(under, "there is no such field%s", spelling.Hint(name, names))
			continue
		}
		w.field(under, f, all[name])
	}
}

// field looks at the value of a field, or at each of a list or map.
func (w *walk) field(path string, f protoreflect.FieldDescriptor, v any) {
	switch {
	case v == nil:
	case f.IsMap():
		all, ok := v.(map[string]any)
		if !ok {
			w.wrong(path, "%s", shown(v, "an object { }"))
			return
		}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			if w.enough() {
				return
			}
			w.value(path+"["+strconv.Quote(short(key))+"]", f.MapValue(), all[key])
		}
	case f.IsList():
		all, ok := v.([]any)
		if !ok {
			w.wrong(path, "%s", shown(v, "a list [ ]"))
			return
		}
		for i, one := range all {
			if w.enough() {
				return
			}
			w.value(path+"["+strconv.Itoa(i)+"]", f, one)
		}
	default:
		w.value(path, f, v)
	}
}

// value looks at a single value.
func (w *walk) value(path string, f protoreflect.FieldDescriptor, v any) {
	if v == nil {
		return
	}
	text, isText := v.(string)
	n, isNumber := v.(json.Number)
	problem := ""
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		w.message(path, f.Message(), v)
	case protoreflect.StringKind, protoreflect.BytesKind:
		if !isText {
			problem = shown(v, "a text in quotes")
		}
	case protoreflect.BoolKind:
		if _, ok := v.(bool); !ok {
			problem = shown(v, "true or false")
		}
	case protoreflect.EnumKind:
		switch {
		case isText:
			problem = enum(f.Enum(), text)
		case !isNumber:
			problem = enum(f.Enum(), write(v))
		}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if isText && (text == "NaN" || text == "Infinity" || text == "-Infinity") {
			return
		}
		fallthrough
	default:
		switch {
		case isText:
			problem = number(f.Kind(), text)
		case isNumber:
			// 1e3 and 1.0 are whole numbers, too; what is none is left to the decoder.
			if !strings.ContainsAny(n.String(), ".eE") {
				problem = number(f.Kind(), n.String())
			}
		default:
			problem = shown(v, whole(f.Kind()))
		}
	}
	if problem != "" {
		w.wrong(path, "%s", problem)
	}
}

// shown is found for a value that is no text.
func shown(v any, expected string) string { return found(write(v), expected) }

// write is a value as JSON has it.
func write(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "something else"
	}
	return string(b)
}
