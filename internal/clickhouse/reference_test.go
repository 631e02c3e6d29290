package clickhouse_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

var update = flag.Bool("update", false, "write docs/reference/schema.md again")

// TestSchemaReference compares the page of the schema with the comments of the tables and columns.
func TestSchemaReference(t *testing.T) {
	db := testkit.Database(t)
	got, err := clickhouse.SchemaPage(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "reference", "schema.md")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s is not up to date; go test ./internal/clickhouse -update writes it again (-want +got):\n%s", path, d)
	}
}
