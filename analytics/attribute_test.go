package analytics

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAttributeValues(t *testing.T) {
	const text = `{"to": {"ipAddress": "192.0.2.1", "asn": 64500, "empty": ""}, "list": ["b", "a", "b"], "some": ["", "x"], "nothing": ["", ""],
		"objects": [{"ip": "1"}, {"ip": "2"}, {"other": "3"}], "count": 3, "less": 4, "one": 1, "yes": true, "big": 12345678901234567890, "null": null}`
	for name, tt := range map[string]struct {
		attribute Attribute
		want      []string
		complete  bool
	}{
		"in an object":              {Attribute{Path: "to.ipAddress"}, []string{"192.0.2.1"}, true},
		"a number":                  {Attribute{Path: "to.asn"}, []string{"64500"}, true},
		"a large number":            {Attribute{Path: "big"}, []string{"12345678901234567890"}, true},
		"a truth":                   {Attribute{Path: "yes"}, []string{"true"}, true},
		"a list, each once":         {Attribute{Path: "list"}, []string{"b", "a"}, true},
		"a list of objects":         {Attribute{Path: "objects.ip"}, []string{"1", "2"}, true},
		"all that are counted":      {Attribute{Path: "list", Count: "count"}, []string{"b", "a"}, true},
		"more than are listed":      {Attribute{Path: "list", Count: "less"}, []string{"b", "a"}, false},
		"a count that is not there": {Attribute{Path: "list", Count: "missing"}, []string{"b", "a"}, false},
		"shorter than the limit":    {Attribute{Path: "list", Limit: 4}, []string{"b", "a"}, true},
		"as long as the limit":      {Attribute{Path: "list", Limit: 3}, []string{"b", "a"}, false},
		"the only part":             {Attribute{Path: "to.asn", Single: "one"}, []string{"64500"}, true},
		"one of several parts":      {Attribute{Path: "to.asn", Single: "count"}, []string{"64500"}, false},
		"the only one of a list":    {Attribute{Path: "to.asn", Single: "to.ipAddress"}, []string{"64500"}, true},
		"one of a list of several":  {Attribute{Path: "to.asn", Single: "objects.ip"}, []string{"64500"}, false},
		"one of none":               {Attribute{Path: "to.asn", Single: "missing"}, []string{"64500"}, false},
		"one empty among others":    {Attribute{Path: "some"}, []string{"", "x"}, true},
		"all empty":                 {Attribute{Path: "nothing"}, nil, false},
		"empty":                     {Attribute{Path: "to.empty"}, nil, false},
		"not there":                 {Attribute{Path: "to.missing.further"}, nil, false},
		"an object":                 {Attribute{Path: "to"}, nil, false},
		"nothing":                   {Attribute{Path: "null"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, complete := readEvidence(text).values(tt.attribute)
			if diff := cmp.Diff(tt.want, got); diff != "" || complete != tt.complete {
				t.Errorf("complete %v, expected %v (-want +got):\n%s", complete, tt.complete, diff)
			}
		})
	}
	if _, complete := readEvidence("no JSON").values(Attribute{Path: "a"}); complete {
		t.Error("evidence that is no JSON has an attribute")
	}
}

func TestAttributeIsChecked(t *testing.T) {
	for name, a := range map[string]Attribute{
		"subject": {Path: "a"}, "Upper": {Path: "a"}, "noPath": {}, "quoted": {Path: "a'b"}, "badCount": {Path: "a", Count: "a..b"}, "badSingle": {Path: "a", Single: "."}, "negative": {Path: "a", Limit: -1},
	} {
		if a.validate(name) == nil {
			t.Errorf("attribute %s %+v passed", name, a)
		}
	}
	if err := (&Attribute{Path: "to.ipAddress", Count: "steps"}).validate("ipAddress"); err != nil {
		t.Error(err)
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add(`{"a": {"b": ["x", 1, true, null, {"c": "d"}]}, "n": 2}`, "a.b", "n")
	f.Add(`[[[[1]]]]`, "a", "")
	f.Fuzz(func(t *testing.T, text, path, count string) {
		values, complete := readEvidence(text).values(Attribute{Path: path, Count: count})
		if complete && len(values) == 0 {
			t.Error("an attribute without a value is known whole")
		}
		if slices.Equal(values, []string{""}) {
			t.Error("an empty value alone is a value")
		}
	})
}

func TestScopeHolds(t *testing.T) {
	for name, tt := range map[string]struct {
		scope         Scope
		users, groups []string
		want          bool
	}{
		"nobody named":            {Scope{Exclude: Selection{Users: []string{"x"}}}, []string{"a"}, nil, true},
		"included by name":        {Scope{Include: Selection{Users: []string{"a@example.com"}}}, []string{"id", "A@Example.com"}, nil, true},
		"included by group":       {Scope{Include: Selection{Groups: []string{"g"}}}, nil, []string{" G "}, true},
		"a group is no user":      {Scope{Include: Selection{Groups: []string{"g"}}}, []string{"g"}, nil, false},
		"not included":            {Scope{Include: Selection{Users: []string{"b"}}}, []string{"a"}, []string{"g"}, false},
		"exclude wins":            {Scope{Include: Selection{Users: []string{"a"}}, Exclude: Selection{Groups: []string{"g"}}}, []string{"a"}, []string{"g"}, false},
		"an empty name is nobody": {Scope{Include: Selection{Users: []string{""}}}, []string{""}, nil, false},
	} {
		if got := tt.scope.holds(tt.users, tt.groups); got != tt.want {
			t.Errorf("%s: %v, expected %v", name, got, tt.want)
		}
	}
}

func TestScopeText(t *testing.T) {
	a := Scope{Include: Selection{Users: []string{" B@x ", "a@x", "b@X"}}}
	b := Scope{Include: Selection{Users: []string{"a@x", "b@x"}}}
	one, err := a.text()
	if err != nil {
		t.Fatal(err)
	}
	if other, _ := b.text(); one != other || one == "" {
		t.Errorf("the same scope written otherwise: %s and %s", one, other)
	}
	if empty, err := (&Scope{}).text(); empty != "" || err != nil {
		t.Errorf("no scope: %q %v", empty, err)
	}
	bad := Scope{Exclude: Selection{Groups: []string{"g", " "}}}
	if _, err := bad.text(); err == nil || !strings.Contains(err.Error(), "exclude.groups[1]: is empty") {
		t.Errorf("an empty name: %v", err)
	}
	if _, err := readScope("{"); err == nil {
		t.Error("a scope that is no JSON passed")
	}
}
