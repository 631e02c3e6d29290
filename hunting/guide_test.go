package hunting_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

var update = flag.Bool("update", false, "write the generated part of docs/hunting.md again")

const (
	guide     = "../docs/hunting.md"
	generated = "<!-- The rest is generated; go test ./hunting -update writes it again. -->\n"
)

// TestGuide compares the end of the guide with the hunts that are shipped and with the comments of tables and columns.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	before, got, found := strings.Cut(string(text), generated)
	if !found {
		t.Fatalf("%s has no line %q", guide, generated)
	}
	want := shippedPart(t) + tablesPart(t, use(t))
	if *update {
		if err := os.WriteFile(guide, []byte(before+generated+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s is not up to date; go test ./hunting -update writes it again (-want +got):\n%s", guide, d)
	}
}

func shippedPart(t *testing.T) string {
	t.Helper()
	all, err := hunting.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "\n### %s\n`%s`: %s\n", s.Title, s.ID, s.Description)
		for _, p := range s.Parameters {
			fmt.Fprintf(&b, "- `%s` (`%s`): %s", p.Name, p.Type, p.Description)
			if p.Default != nil {
				fmt.Fprintf(&b, "; %s when not given", *p.Default)
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "\n```sql\n%s\n```\n", s.SQL)
	}
	return b.String()
}

// tablesPart lists the tables, and the columns of the one that most hunts read.
func tablesPart(t *testing.T, f *fixture) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n## The tables\nWhat each column means is in [the schema](reference/schema.md).\n\n| table | |\n|---|---|\n")
	for _, row := range ask(t, f, "SELECT name, comment FROM system.tables WHERE database = 'sealwatch' AND comment != '' AND NOT startsWith(name, '.') AND engine NOT LIKE '%View' AND name NOT IN ('schema_migrations') ORDER BY name") {
		fmt.Fprintf(&b, "| `%s` | %s |\n", row[0], row[1])
	}
	b.WriteString("\n### Columns of events\n| column | type | |\n|---|---|---|\n")
	for _, row := range ask(t, f, "SELECT name, type, comment FROM system.columns WHERE database = 'sealwatch' AND table = 'events' ORDER BY position") {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", row[0], row[1], row[2])
	}
	return b.String()
}

func ask(t *testing.T, f *fixture, sql string) (all [][]string) {
	t.Helper()
	g, err := f.ask(t, hunt.Query{SQL: sql, Author: "guide"})
	if err != nil || len(g.rows) == 0 {
		t.Fatalf("%s: %d rows, %v", sql, len(g.rows), err)
	}
	for _, row := range g.rows {
		var values []string
		if err := json.Unmarshal([]byte(row), &values); err != nil {
			t.Fatal(err)
		}
		all = append(all, values)
	}
	return all
}
