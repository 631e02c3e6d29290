package clickhouse_test

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestTitles: what a record wrote reaches no title as it is.
func TestTitles(t *testing.T) {
	db := testkit.Shared(t, "titles")
	text := strings.Replace(finding, "'' AS title", `concat('He used ', char(27), ']0;owned', char(7), unhex('E280AE'), 'exe', char(10)) AS title`, 1) + "numbers(1)"
	found, err := db.Findings(t.Context(), clickhouse.Call{Detection: "odd", Tenant: "default", Text: text})
	if err != nil || len(found) != 1 || found[0].Title != `He used \x1b]0;owned\x07\u202eexe\n` {
		t.Errorf("%+v, %v", found, err)
	}
}
