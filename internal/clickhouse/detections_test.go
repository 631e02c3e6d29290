package clickhouse_test

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestDropDetections removes the views of those that are named and of nobody else, also of those that have none.
func TestDropDetections(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	for _, id := range []string{"policy_a", "policy_a_r1", "policy_ab"} {
		if err := db.DefineDetection(ctx, id, "SELECT event_id FROM events WHERE ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} AND user_id IN {subjects:Array(String)}", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.DropDetections(ctx, []string{"policy_a", "policy_a_r1", "policy_none"}); err != nil {
		t.Fatal(err)
	}
	schema, err := clickhouse.DescribeSchema(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(schema, "VIEW detect_policy_"); n != 2 || !strings.Contains(schema, "VIEW detect_policy_ab_base") {
		t.Errorf("%d views are left:\n%s", n, schema)
	}
	if err := db.DropDetections(ctx, []string{"a; DROP TABLE events"}); err == nil {
		t.Error("an id that is none was taken")
	}
}
