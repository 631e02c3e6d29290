package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
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

// evidenceLines are what the story does not tell of the evidence, in the words of facts.yaml; what has none there is told by its name.
func evidenceLines(a *sealwatchv1.Alert) []string {
	fields := a.GetEvidence().GetFields()
	list := factsOf(a.GetDetection())
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !containsFact(list, key) {
			list = append(list, fact{key, words(key) + ": {}"})
		}
	}
	var all []string
	for _, f := range list {
		v := fields[f.key]
		values := v.GetListValue().GetValues()
		// the story tells the ends of a journey, but no list of places
		if v == nil || slices.Contains(told, f.key) && (len(values) == 0 || f.key != "from") || f.key == "sources" && fields["hoursSinceLeaving"] == nil {
			continue
		}
		if len(values) > 0 && values[0].GetStructValue() != nil {
			all = append(all, entries(a, f.text, values)...)
			continue
		}
		if text := factText(f.text, v, shownValue(a, f.key, v)); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// coded are members whose values are names of ours, with underlines or capitals between their words.
var coded = []string{"reasons", "patterns", "pattern", "matchedBy", "kind"}

// shownValue is a value on a line: people by name, activities and names of ours in words.
func shownValue(a *sealwatchv1.Alert, key string, v *structpb.Value) string {
	list := v.GetListValue().GetValues()
	switch {
	case key == "activities" && v.GetStructValue() != nil:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v.GetStructValue().GetFields())) {
			var n float64
			if _, err := fmt.Sscan(valueText(v.GetStructValue().GetFields()[name]), &n); err == nil {
				all = append(all, deedText(int(n), name))
			}
		}
		return strings.Join(all, ", ")
	case list != nil:
		var all []string
		for i, one := range list {
			if i == evidenceListed {
				all = append(all, fmt.Sprintf("and %d more", len(list)-i))
				break
			}
			all = append(all, present(shownValue(a, key, one))...)
		}
		return strings.Join(all, ", ")
	case v.GetStructValue() != nil:
		if v.GetStructValue().GetFields()["ipAddress"] != nil {
			return endText(v.GetStructValue())
		}
		return parts(a, v.GetStructValue())
	}
	text := valueText(v)
	if n, ok := v.GetKind().(*structpb.Value_NumberValue); ok {
		text = rounded(n.NumberValue)
	}
	switch {
	case key == "activities" || key == "administrativeActivities":
		return cmp.Or(activityWords[text][0], strings.ReplaceAll(text, "_", " "))
	case countryCode.MatchString(text) && strings.Contains(strings.ToLower(key), "countr"):
		return country(text)
	case key == "alias": // what matched, not who it is
		return text
	case key == "browsers":
		return device(text)
	case slices.Contains(coded, key):
		return strings.ReplaceAll(words(text), "_", " ")
	case key == "strangerEnd" && text == "from":
		return "the first place"
	case key == "strangerEnd" && text == "to":
		return "the second place"
	case strings.HasSuffix(strings.ToLower(key), "city"):
		return place(text)
	case strings.HasSuffix(strings.ToLower(key), "device"):
		return device(text)
	}
	if text == a.GetSubject().GetId() {
		return cmp.Or(a.GetContext().GetDirectory().GetDisplayName(), nameOf(a, text), text)
	}
	return cmp.Or(nameOf(a, text), text)
}

// entries are a list of things, a line each.
func entries(a *sealwatchv1.Alert, text string, list []*structpb.Value) []string {
	var all []string
	for i, v := range list {
		if i == evidenceListed {
			return append(all, factText(text, structpb.NewStringValue("more"), fmt.Sprintf("and %d more", len(list)-i)))
		}
		if line := factText(text, v, shownValue(a, "", v)); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// rounded is a number as far as a person needs it.
func rounded(n float64) string {
	switch {
	case n > 0 && n < 0.001:
		return "less than 0.001"
	case math.Abs(n) < 10:
		return strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64)
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
		return parts(nil, v.StructValue)
	}
	return ""
}

// unsaid are parts of things that say nothing to a person, or that the alert lists.
var unsaid = []string{"eventId", "latitude", "longitude"}

// parts writes the parts of a thing, the time first and then what was done.
func parts(a *sealwatchv1.Alert, s *structpb.Struct) string {
	fields := s.GetFields()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		text := shownValue(a, key, fields[key])
		switch _, isBool := fields[key].GetKind().(*structpb.Value_BoolValue); {
		case strings.TrimSpace(text) == "" || slices.Contains(unsaid, key) || isBool && text == "no":
		case isBool:
			all = append(all, words(key))
		case key == "time": // comes first
		case key == "operation":
			all = slices.Insert(all, 0, text)
		default:
			all = append(all, words(key)+" "+text)
		}
	}
	if at := valueText(fields["time"]); at != "" {
		all = slices.Insert(all, 0, at)
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
