package alert

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (g *Grouping) contributions(n *Incident) []Contribution {
	var all []Contribution
	add := func(factor string, points float64, alertID, reason string, args ...any) {
		if points = rounded(points); points != 0 {
			all = append(all, Contribution{Factor: factor, Points: points, AlertID: alertID, Reason: fmt.Sprintf(reason, args...)})
		}
	}
	points := func(m *Member) float64 {
		factor, given := g.Detection[m.Detection]
		if !given {
			factor = 1
		}
		return g.Severity[m.Severity] * factor
	}
	var counted []Member
	for _, m := range n.Alerts {
		if !m.harmless() {
			counted = append(counted, m)
		}
	}
	slices.SortFunc(counted, func(a, b Member) int {
		return cmp.Or(cmp.Compare(points(&b), points(&a)), before(a, b))
	})
	seen := make(map[string]int)
	subjects, kinds, confirmed, privileged := map[string]bool{}, map[string]bool{}, "", Member{}
	var events uint64
	others, rest := 0, 0.0
	for i := range counted {
		m := &counted[i]
		seen[m.Detection]++
		switch n := seen[m.Detection]; {
		case n > 1+mostCounted:
		case len(all) >= mostContributions:
			part := 1.0
			if n > 1 {
				part = g.Repeat
			}
			others, rest = others+1, rest+rounded(points(m)*part)
		case n == 1:
			add("severity", points(m), m.ID, "%s, %s", g.called(m.Detection), m.Severity)
		default:
			add("severity", points(m)*g.Repeat, m.ID, "%s, %s, again", g.called(m.Detection), m.Severity)
		}
		subjects[key(m)], events = true, events+m.EventCount
		for _, k := range m.New {
			kinds[k] = true
		}
		if m.Classification == TruePositive && confirmed == "" {
			confirmed = m.ID
		}
		if m.Administrator != "" && privileged.ID == "" {
			privileged = *m
		}
	}
	add("severity", rest, "", "%d further alerts", others)
	if more := len(seen) - 1; more > 0 {
		var names []string
		for _, id := range slices.Sorted(maps.Keys(seen)) {
			names = append(names, g.called(id))
		}
		add("variety", g.Variety*float64(min(more, mostCounted)), "", "%d detections: %s", len(seen), strings.Join(names, "; "))
	}
	if more := len(subjects) - 1; more > 0 {
		add("subjects", g.Subject*float64(min(more, mostCounted)), "", "%d users or addresses", len(subjects))
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		add("novelty", g.Novelty[k], "", "new %s", k)
	}
	if privileged.ID != "" {
		add("privilege", g.Privilege, privileged.ID, "%s is %s", cmp.Or(privileged.Subject.Email, privileged.Subject.DisplayName, privileged.Subject.ID), privileged.Administrator)
	}
	if events >= 10 {
		add("magnitude", g.Magnitude*math.Floor(math.Log10(float64(events))), "", "%d events", events)
	}
	if confirmed != "" {
		add("confirmed", g.Confirmed, confirmed, "judged to be an attack")
	}
	return all
}

func rounded(points float64) float64 { return math.Round(points*10) / 10 }

// title is one sentence.
func (g *Grouping) title(n *Incident) string {
	name := func(s *Subject) string { return cmp.Or(s.Email, s.DisplayName, s.ID) }
	who := name(&n.Parts[0].Subject)
	var others []string
	told := map[string]bool{who: true}
	for _, p := range n.Parts[1:] {
		if s := name(&p.Subject); !told[s] {
			others, told[s] = append(others, s), true
		}
	}
	switch len(others) {
	case 0:
	case 1:
		who += " and " + others[0]
	default:
		who += fmt.Sprintf(" and %d others", len(others))
	}
	var detections []string
	for _, m := range n.Alerts {
		if called := lowerFirst(g.called(m.Detection)); !slices.Contains(detections, called) {
			detections = append(detections, called)
		}
	}
	return fmt.Sprintf("%d alerts about %s: %s", len(n.Alerts), who, strings.Join(detections, "; "))
}

// called is the title of a detection, or its id.
func (g *Grouping) called(detection string) string {
	if g.Title == nil {
		return detection
	}
	return cmp.Or(g.Title(detection), detection)
}

// lowerFirst is a title in the middle of a sentence; a word of capitals, and a name such as DocuSign, stays.
func lowerFirst(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if first, size := utf8.DecodeRuneInString(s); size > 0 && word[size:] == strings.ToLower(word[size:]) && !strings.HasPrefix(word, "Sealwatch") {
		return string(unicode.ToLower(first)) + s[size:]
	}
	return s
}
