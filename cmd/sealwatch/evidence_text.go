package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

const (
	// evidenceListed are the most entries of a list that are shown, evidenceLength the most characters of a value.
	evidenceListed = 20
	evidenceLength = 300
)

// told is the evidence that the lines of the story have already.
var told = []string{
	"from", "to", "ipAddresses", "countries", "severityReason", "problem", "leavers", "left", "consequence", "confirm",
	"distanceKm", "hours", "speedKmh", "allowedSpeedKmh", "hoursSinceLeaving", "failures", "threshold", "asked", "condition", "policy", "windowMinutes", "succeeded",
}

// firstTold comes before the rest, because it says what to do.
var firstTold = []string{"docusignSays", "nextStep"}

// evidenceLines are what the story does not tell of the evidence, by name. What is empty is left out; a zero or a "no" is
// not, because that there were none may be what raised the alert.
func evidenceLines(evidence *structpb.Struct) []string {
	fields := evidence.GetFields()
	first := make([]string, 0, len(fields))
	for _, key := range firstTold {
		if fields[key] != nil {
			first = append(first, key)
		}
	}
	var all []string
	for _, key := range append(first, slices.DeleteFunc(slices.Sorted(maps.Keys(fields)), func(key string) bool { return slices.Contains(firstTold, key) })...) {
		v := fields[key]
		list, isList := v.GetListValue().AsSlice(), v.GetListValue() != nil
		// the story tells the ends of a journey, but no list of places
		if slices.Contains(told, key) && (!isList || key != "from") || key == "sources" && fields["hoursSinceLeaving"] == nil {
			continue
		}
		if isList && len(list) > 0 {
			if _, things := list[0].(map[string]any); things {
				all = append(all, entries(words(key), v.GetListValue().GetValues())...)
				continue
			}
		}
		if text := valueText(v); text != "" {
			all = append(all, words(key)+": "+text)
		}
	}
	return all
}

// entries are a list of things, a line each.
func entries(head string, list []*structpb.Value) []string {
	var all []string
	for i, v := range list {
		if i == evidenceListed {
			return append(all, fmt.Sprintf("%s: and %d more", head, len(list)-i))
		}
		if text := valueText(v); text != "" {
			all = append(all, head+": "+text)
		}
	}
	return all
}

// valueText is a value on a line.
func valueText(v *structpb.Value) string {
	switch v := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return short(v.StringValue)
	case *structpb.Value_NumberValue:
		return strconv.FormatFloat(v.NumberValue, 'f', -1, 64)
	case *structpb.Value_BoolValue:
		if v.BoolValue {
			return "yes"
		}
		return "no"
	case *structpb.Value_ListValue:
		var all []string
		values := v.ListValue.GetValues()
		for i, one := range values {
			if i == evidenceListed {
				all = append(all, fmt.Sprintf("and %d more", len(values)-i))
				break
			}
			all = append(all, present(valueText(one))...)
		}
		return strings.Join(all, ", ")
	case *structpb.Value_StructValue:
		return parts(v.StructValue)
	}
	return ""
}

// unsaid are parts of things that say nothing to a person, or that the alert lists.
var unsaid = []string{"eventId", "latitude", "longitude"}

// parts writes the parts of a thing, the time first.
func parts(s *structpb.Struct) string {
	fields := s.GetFields()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		text := valueText(fields[key])
		switch _, isBool := fields[key].GetKind().(*structpb.Value_BoolValue); {
		case text == "" || slices.Contains(unsaid, key) || isBool && text == "no":
		case isBool:
			all = append(all, words(key))
		case key == "time":
			all = slices.Insert(all, 0, text)
		default:
			all = append(all, words(key)+" "+text)
		}
	}
	return strings.Join(all, ", ")
}

// words writes a name such as usualFailures as words.
func words(key string) string {
	var b strings.Builder
	before := ' '
	for _, r := range key {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

func short(s string) string {
	if utf8.RuneCountInString(s) <= evidenceLength {
		return s
	}
	return string([]rune(s)[:evidenceLength-1]) + "…"
}
