package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// contextField is the field of the API of which these are parts.
const contextField = "context"

// contextDifferences are the parts of the context that became others, in words. There is at least one where b.Tells(a).
func contextDifferences(b, a *Context) []FieldDifference {
	if a == nil || b != nil && !b.Tells(a) {
		return nil
	}
	if b == nil {
		b = &Context{}
	}
	var all []FieldDifference
	add := func(part, before, after string) {
		if before != after {
			all = append(all, FieldDifference{Field: contextField, Before: cut(ofPart(part, before)), After: cut(ofPart(part, after))})
		}
	}
	add("person", b.Directory.text(), a.Directory.text())
	for _, n := range a.Names {
		if i := slices.IndexFunc(b.Names, func(o Named) bool { return o.ID == n.ID }); i < 0 {
			add("name of "+n.ID, "", n.text())
		} else {
			add("name of "+n.ID, b.Names[i].text(), n.text())
		}
	}
	for _, n := range b.Names {
		if !slices.ContainsFunc(a.Names, func(o Named) bool { return o.ID == n.ID }) {
			add("name of "+n.ID, n.text(), "")
		}
	}
	for _, t := range a.Traits {
		if i := slices.IndexFunc(b.Traits, func(o Trait) bool { return o.Kind == t.Kind && o.Value == t.Value }); i < 0 {
			add(t.Kind+" "+t.Value, "", t.text())
		} else {
			add(t.Kind+" "+t.Value, b.Traits[i].text(), t.text())
		}
	}
	for _, t := range b.Traits {
		if !slices.ContainsFunc(a.Traits, func(o Trait) bool { return o.Kind == t.Kind && o.Value == t.Value }) {
			add(t.Kind+" "+t.Value, t.text(), "")
		}
	}
	add("in the hour after", deeds(b), deeds(a))
	add("nobody was seen", gapsText(b.Gaps), gapsText(a.Gaps))
	add("first event arrived", instant(b.FirstArrival), instant(a.FirstArrival))
	add("last event arrived", instant(b.LastArrival), instant(a.LastArrival))
	if len(all) == 0 { // the same in another order
		all = append(all, FieldDifference{Field: contextField})
	}
	return all
}

func ofPart(part, text string) string {
	if text == "" {
		return ""
	}
	return part + ": " + text
}

func (p *Person) text() string {
	if p == nil {
		return ""
	}
	status := p.Status
	if !p.Since.IsZero() && p.Since.After(time.Unix(0, 0)) {
		status += " since " + instant(p.Since)
	}
	return joined(p.Name, p.Email, status, p.Kind, p.Role, strings.Join(p.Groups, " and "), "by "+p.Source, p.ID)
}

func (n *Named) text() string { return joined(n.Name, n.Email) }

func (t *Trait) text() string {
	usual := "new"
	if !t.New {
		usual = fmt.Sprintf("known from %d days, first seen %s", t.Days, instant(t.FirstSeen))
	}
	family := ""
	if t.Family != "" {
		family = fmt.Sprintf("%s from %d days", t.Family, t.FamilyDays)
	}
	return joined(t.Label, usual, family, fmt.Sprintf("%d of the events", t.Events))
}

// deeds are what the subject did in the hour after, by activity.
func deeds(c *Context) string {
	sorted := slices.Clone(c.After)
	slices.SortFunc(sorted, func(a, b Deed) int { return cmp.Compare(a.Activity, b.Activity) })
	var all []string
	for _, d := range sorted {
		all = append(all, fmt.Sprintf("%d %s", d.Count, d.Activity))
	}
	switch {
	case len(all) == 0 && c.AfterComplete:
		return "nothing"
	case c.AfterComplete:
		return strings.Join(all, ", ") + ", and no more"
	case len(all) == 0:
		return ""
	}
	return strings.Join(all, ", ") + " so far"
}

func gapsText(gaps []Gap) string {
	var all []string
	for _, g := range gaps {
		all = append(all, "from "+instant(g.From)+" to "+instant(g.To))
	}
	return strings.Join(all, ", ")
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
