package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHistoryTellsTheContext: what became another is told, part by part.
func TestHistoryTellsTheContext(t *testing.T) {
	at := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	before := Context{FirstArrival: at, LastArrival: at, Directory: &Person{Source: "entra", ID: "1", Name: "Ada", Status: "active"}, Names: []Named{{ID: "u2", Name: "Bo"}},
		Traits: []Trait{{Kind: TraitAddress, Value: "192.0.2.1", Events: 2, New: true}}, After: []Deed{{Activity: "download", Count: 1}}}
	for name, c := range map[string]struct {
		change func(*Context)
		want   []string
	}{
		"nothing":        {func(*Context) {}, nil},
		"what is little": {func(c *Context) { c.Traits[0].OtherUsers = 9; c.Described = at }, nil},
		"the person": {func(c *Context) {
			c.Directory = &Person{Source: "entra", ID: "1", Name: "Ada", Status: "disabled", Since: at}
		},
			[]string{"person: Ada, active, by entra, 1 -> person: Ada, disabled since 2026-05-01T08:00:00Z, by entra, 1"}},
		"nobody any more": {func(c *Context) { c.Directory = nil }, []string{"person: Ada, active, by entra, 1 -> "}},
		"names":           {func(c *Context) { c.Names = []Named{{ID: "u3", Email: "cy@example.com"}} }, []string{" -> name of u3: cy@example.com", "name of u2: Bo -> "}},
		"a known address": {func(c *Context) { c.Traits[0].New, c.Traits[0].Days, c.Traits[0].FirstSeen = false, 3, at },
			[]string{"address 192.0.2.1: new, 2 of the events -> address 192.0.2.1: known from 3 days, first seen 2026-05-01T08:00:00Z, 2 of the events"}},
		"the hour is over": {func(c *Context) { c.AfterComplete = true }, []string{"in the hour after: 1 download so far -> in the hour after: 1 download, and no more"}},
		"nothing came":     {func(c *Context) { c.AfterComplete, c.After = true, nil }, []string{"in the hour after: 1 download so far -> in the hour after: nothing"}},
		"a gap":            {func(c *Context) { c.Gaps = []Gap{{at, at.Add(time.Hour)}} }, []string{" -> nobody was seen: from 2026-05-01T08:00:00Z to 2026-05-01T09:00:00Z"}},
		"a late event":     {func(c *Context) { c.LastArrival = at.Add(time.Hour) }, []string{"last event arrived: 2026-05-01T08:00:00Z -> last event arrived: 2026-05-01T09:00:00Z"}},
	} {
		after := before
		after.Traits = append([]Trait(nil), before.Traits...)
		c.change(&after)
		var got []string
		for _, d := range differences(&Alert{Context: &before}, &Alert{Context: &after}) {
			if d.Field != "context" {
				t.Errorf("%s: %+v", name, d)
			}
			got = append(got, d.Before+" -> "+d.After)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s:\n%s\nexpected\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if got := differences(&Alert{}, &Alert{Context: &before}); len(got) != 6 || got[0].Before != "" {
		t.Errorf("of the first context: %+v", got)
	}
	if got := differences(&Alert{Context: &before}, &Alert{}); got != nil {
		t.Errorf("without a context: %+v", got)
	}
}
