// Package mistake says in words why text does not fit a field of a message: which field, what was found and what was expected. The
// decoders of protobuf stop at the first and say neither the field nor what it takes.
package mistake

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sealwatch/sealwatch/internal/spelling"
)

const (
	expectedTime     = "a time by RFC 3339, such as 2026-05-01T12:00:00Z"
	expectedDuration = "seconds, such as 90s"
)

// Names of the types of protobuf that have a form of their own in JSON.
const (
	timestamp = "google.protobuf.Timestamp"
	duration  = "google.protobuf.Duration"
)

// seconds is a duration as JSON has it.
var seconds = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{0,9})?s$`)

// Text is what is wrong with the value of a query parameter; empty when it fits the field, or the field takes no text.
func Text(f protoreflect.FieldDescriptor, value string) string {
	if m := f.Message(); m != nil {
		switch {
		case value == "null":
		case m.FullName() == timestamp:
			if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
				return found(value, expectedTime)
			}
		case m.FullName() == duration:
			if _, err := time.ParseDuration(value); err != nil {
				return found(value, expectedDuration)
			}
		}
		return ""
	}
	if f.Kind() == protoreflect.EnumKind {
		if n, err := strconv.ParseInt(value, 10, 32); err == nil && f.Enum().Values().ByNumber(protoreflect.EnumNumber(n)) != nil {
			return ""
		}
		return enum(f.Enum(), value)
	}
	if f.Kind() == protoreflect.BoolKind {
		if _, err := strconv.ParseBool(value); err != nil {
			return found(value, "true or false")
		}
		return ""
	}
	return number(f.Kind(), value)
}

// number is what is wrong with a text for a field of numbers.
func number(kind protoreflect.Kind, value string) string {
	var err error
	switch kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		_, err = strconv.ParseInt(value, 10, 32)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		_, err = strconv.ParseInt(value, 10, 64)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		_, err = strconv.ParseUint(value, 10, 32)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		_, err = strconv.ParseUint(value, 10, 64)
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if _, err = strconv.ParseFloat(value, 64); err != nil {
			return found(value, "a number")
		}
	}
	if err != nil {
		return found(value, whole(kind))
	}
	return ""
}

func whole(kind protoreflect.Kind) string {
	switch kind {
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "a whole number of 0 or more"
	}
	return "a whole number"
}

// enum is what is wrong with the name of a value; empty when there is one of that name.
func enum(e protoreflect.EnumDescriptor, name string) string {
	if e.Values().ByName(protoreflect.Name(name)) != nil {
		return ""
	}
	var names []string
	meant := ""
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		if v.Number() == 0 { // it stands for nothing
			continue
		}
		names = append(names, string(v.Name()))
		if len(name) > 2 && strings.HasSuffix(string(v.Name()), "_"+strings.ToUpper(name)) || strings.EqualFold(string(v.Name()), name) {
			meant = string(v.Name())
		}
	}
	hint := spelling.Hint(name, names)
	if meant != "" {
		hint = "; did you mean " + meant + "?"
	}
	return found(name, "one of "+strings.Join(names, ", ")+hint)
}

// mostShown bounds, in bytes, what is repeated of a value or of the name of a field.
const mostShown = 64

func found(value, expected string) string {
	return fmt.Sprintf("found %q, expected %s", short(value), expected)
}

// short is the beginning of what somebody wrote.
func short(value string) string {
	if len(value) <= mostShown {
		return value
	}
	cut := mostShown
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return value[:cut] + "…"
}
