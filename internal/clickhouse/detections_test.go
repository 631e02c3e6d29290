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
		if err := db.DefineDetections(ctx, []clickhouse.View{{ID: id, Text: "SELECT event_id FROM events WHERE ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} AND user_id IN {subjects:Array(String)}"}}); err != nil {
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

// TestUnchangedViewsAreLeft: a view is made again when its text or a value changed, or when it is gone, and otherwise is not.
func TestUnchangedViewsAreLeft(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	text := "SELECT event_id, {least:UInt32} AS least FROM events WHERE ts >= {from:DateTime64(7, 'UTC')} AND ts <= {to:DateTime64(7, 'UTC')} AND user_id IN {subjects:Array(String)}"
	view := func(text, least string) clickhouse.View {
		return clickhouse.View{ID: "one", Text: text, Values: []clickhouse.Argument{{Name: "least", Type: "UInt32", Value: least}}}
	}
	made := func(v clickhouse.View) [2]string {
		t.Helper()
		if err := db.DefineDetections(ctx, []clickhouse.View{v}); err != nil {
			t.Fatal(err)
		}
		var ids [2]string
		for i, name := range []string{"detect_one_base", "detect_one"} {
			var err error
			if ids[i], err = clickhouse.TableID(ctx, db, name); err != nil || ids[i] == "" {
				t.Fatalf("no view %s: %v", name, err)
			}
		}
		return ids
	}
	first := made(view(text, "5"))
	if again := made(view(text, "5")); again != first {
		t.Errorf("the same was made again: %v, then %v", first, again)
	}
	value := made(view(text, "6"))
	if value == first {
		t.Error("another value changed nothing")
	}
	if other := made(view(text+" AND activity != ''", "6")); other[0] == value[0] {
		t.Error("another text changed nothing")
	}
	if err := db.DropDetections(ctx, []string{"one"}); err != nil {
		t.Fatal(err)
	}
	made(view(text, "6"))
}
