package policies_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestCases runs every document of testdata: events and a policy in, exact alerts out.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := policies.ReadCases(file, text)
		if err != nil {
			t.Fatal(err)
		}
		n += len(cases)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			for i := range cases {
				t.Run(fmt.Sprint(i+1), func(t *testing.T) { runCase(t, &cases[i]) })
			}
		})
	}
	if n < 50 {
		t.Errorf("there are %d cases, expected fifty and more beside those of the templates", n)
	}
}

// TestTemplates runs the tests of the templates, of which each has some.
func TestTemplates(t *testing.T) {
	templates, err := policies.Templates()
	if err != nil {
		t.Fatal(err)
	}
	if len(templates) < 11 {
		t.Errorf("there are %d templates", len(templates))
	}
	for i := range templates {
		t.Run(templates[i].ID, func(t *testing.T) {
			file := filepath.Join("templates", "tests", templates[i].ID+".yaml")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cases, err := policies.ReadCases(file, text)
			if err != nil || len(cases) == 0 {
				t.Fatalf("%s: no cases: %v", file, err)
			}
			for k := range cases {
				if cases[k].Of != templates[i].ID {
					t.Errorf("%s: case %d is of %q", file, k+1, cases[k].Of)
				}
				cases[k].Policy = &templates[i]
				runCase(t, &cases[k])
			}
		})
	}
}

func runCase(t *testing.T, c *policies.Case) {
	t.Helper()
	db := testkit.Shared(t, "cases")
	problems, err := policies.RunCase(t.Context(), db, c, c.Policy, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatalf("%s: %v", c.Description, err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", c.Description, p)
	}
}
