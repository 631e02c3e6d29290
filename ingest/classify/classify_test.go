package classify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// oneOrMore reads a text or a list of texts.
type oneOrMore []string

func (o *oneOrMore) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*o = oneOrMore{n.Value}
		return nil
	}
	return n.Decode((*[]string)(o))
}

func (o oneOrMore) orEmpty() []string {
	if o == nil {
		return []string{""}
	}
	return o
}

func TestBuiltin(t *testing.T) {
	text, err := os.ReadFile("testdata/classes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Want                                    string
		Administrative                          bool
		Object, Action, Property, Field, Result oneOrMore
	}
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range cases {
		for _, o := range tt.Object.orEmpty() {
			for _, a := range tt.Action.orEmpty() {
				for _, p := range tt.Property.orEmpty() {
					for _, f := range tt.Field.orEmpty() {
						for _, r := range tt.Result.orEmpty() {
							k := Key{Object: o, Action: a, Property: p, Field: f, Result: r}
							got := c.Classify(k)
							if got.Activity != tt.Want || got.Administrative != tt.Administrative {
								t.Errorf("%+v: got %+v, want %s, administrative %v", k, got, tt.Want, tt.Administrative)
							}
							if again := c.Classify(k); again != got {
								t.Errorf("%+v: got %+v, then %+v", k, got, again)
							}
						}
					}
				}
			}
		}
	}
}

func TestOwnRulesComeFirst(t *testing.T) {
	c, err := New(Options{File: "testdata/own.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[Key]Class{
		{Object: "Portal", Action: "Entered"}:                        {"logon", false, "our-login"},
		{Object: "North Gate", Action: "enter"}:                      {"logon", false, "our-login"},
		{Object: "North Gate", Action: "left"}:                       {"unknown", false, ""},
		{Object: "Envelope", Action: "Viewed", Channel: "API"}:       {"download", true, "views-are-downloads"},
		{Object: "Envelope", Action: "Viewed", Channel: "Web"}:       {"view", false, "view"},
		{Object: "Alert", Action: "TooManyLoginFailures"}:            {"docusign_alert", false, "docusign-alert"},
		{Object: "User", Action: "LoginFailed", Result: "\xff\x00*"}: {"failed_logon", false, "failed-logon-by-action"},
	} {
		if got := c.Classify(k); got != want {
			t.Errorf("%+v: got %+v, want %+v", k, got, want)
		}
	}
}

func TestBrokenFiles(t *testing.T) {
	_, err := New(Options{File: "testdata/broken.yaml"})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`line 2: activity: found "Log On", expected a lower-case name such as group_management`,
		`line 3: action: found "x**y": two asterisks in a row`,
		`line 4: the id "a" is there already at line 1`,
		`line 4: the rule has no pattern, expected one on any of [object action property field result channel]`,
		`line 7: action: expected a text or a list of texts`,
		`line 8: administrative: found "yes", expected true or false`,
		`line 6: the rule has no id`,
		`line 6: activity: found "docusign_alert", which no rule may give`,
		`line 11: unknown key "acton", expected id, activity, administrative or one of [object action property field result channel]`,
		`line 12: action: the list is empty, expected a pattern`,
		`line 13: "action" is there twice`,
		`line 13: action: found "_*": a pattern needs a letter or a digit; "*" alone matches everything and "" what is empty`,
		`line 14: expected a rule with id, activity and patterns`,
	}
	got := strings.Split(strings.ReplaceAll(err.Error(), "testdata/broken.yaml: ", ""), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	dir := t.TempDir()
	for text, want := range map[string]string{"a: b": "line 1: expected a list of rules", "- [": "yaml", "": ""} {
		file := filepath.Join(dir, "x.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{File: file}); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if _, err := New(Options{File: filepath.Join(dir, "missing")}); err == nil || !strings.Contains(err.Error(), "classification file") {
		t.Errorf("missing file: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"testdata/own.yaml", "testdata/broken.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		rules, err := parse("x", text)
		if err != nil {
			return
		}
		c := Classifier{rules: rules}
		c.match(Key{Object: "a", Action: string(text)})
	})
}

func BenchmarkClassify(b *testing.B) {
	c, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	k := Key{Object: "Envelope", Action: "Downloaded", Channel: "Web"}
	for b.Loop() {
		c.Classify(k)
	}
}
