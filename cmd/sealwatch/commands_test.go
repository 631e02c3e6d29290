package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/app"
)

var update = flag.Bool("update", false, "write golden files and reference pages again")

// commandCase is one entry of testdata/commands.yaml.
type commandCase struct {
	Name string   `yaml:"name"`
	Args []string `yaml:"args"`
	Env  []string `yaml:"env"`
	In   string   `yaml:"in"`
	// Terminal says that In is what a person types.
	Terminal bool              `yaml:"terminal"`
	Files    map[string]string `yaml:"files"`
	Alerts   *int              `yaml:"alerts"`
	Behind   int               `yaml:"behind"`
	Code     int               `yaml:"code"`
	// Out and Err are expressions that have to match, Golden is a file with the whole standard output.
	Out    []string `yaml:"out"`
	Err    []string `yaml:"err"`
	NotOut string   `yaml:"notOut"`
	Golden string   `yaml:"golden"`
}

func TestCommands(t *testing.T) {
	text, err := os.ReadFile("testdata/commands.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []commandCase
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t) })
	}
}

func (c *commandCase) run(t *testing.T) {
	f := &fake{alerts: fakeAlerts(3), behind: c.Behind}
	if c.Alerts != nil {
		f.alerts = f.alerts[:*c.Alerts]
	}
	dir := t.TempDir()
	for name, content := range c.Files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := f.serve(t)
	placeholders := regexp.MustCompile(`\b(ADDR|DIR)\b`)
	fill := func(all []string) []string {
		var filled []string
		for _, s := range all {
			filled = append(filled, placeholders.ReplaceAllStringFunc(s, func(name string) string {
				return map[string]string{"ADDR": address, "DIR": dir}[name]
			}))
		}
		return filled
	}
	code, out, errs := invoke(t, t.Context(), &process{in: strings.NewReader(c.In), inTerminal: c.Terminal, environ: fill(c.Env), check: app.Check}, fill(c.Args)...)
	errs = strings.ReplaceAll(errs, dir, "DIR")
	if code != c.Code {
		t.Errorf("exit code %d, want %d\n%s%s", code, c.Code, out, errs)
	}
	match(t, "standard output", c.Out, out)
	match(t, "standard error", c.Err, errs)
	if c.NotOut != "" && strings.Contains(out+errs, c.NotOut) {
		t.Errorf("%q shows", c.NotOut)
	}
	if c.Golden != "" {
		golden(t, filepath.Join("testdata", c.Golden), out)
	}
}

func match(t *testing.T, what string, expressions []string, text string) {
	t.Helper()
	for _, e := range expressions {
		if !regexp.MustCompile(e).MatchString(text) {
			t.Errorf("%s does not match %q:\n%s", what, e, text)
		}
	}
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), go test ./cmd/sealwatch -update writes it again:\n%s", name, diff)
	}
}
