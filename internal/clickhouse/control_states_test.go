package clickhouse_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestControlStates: the highest version of each counts, by tenant and source.
func TestControlStates(t *testing.T) {
	db := testkit.Database(t)
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	one := clickhouse.ControlState{Scope: "a/setting", Object: "x", Kind: "setting", Account: "a", Name: "x", State: `{"value":"true"}`, Chain: "c1", Seen: at, Version: 1}
	two := one
	two.State, two.Chain, two.Seen, two.Version, two.Removed = `{"value":"false"}`, "c2", at.Add(time.Hour), 2, true
	mark := clickhouse.ControlState{Scope: "a/setting", Kind: "setting", Account: "a", Seen: at, Version: 1}
	add := func(token, tenant, source string, all ...clickhouse.ControlState) {
		t.Helper()
		if err := db.AddControlStates(t.Context(), token, tenant, source, all); err != nil {
			t.Fatal(err)
		}
	}
	add("t1", "default", "controls/main", one, mark)
	add("t2", "default", "controls/main", two)
	add("t3", "default", "controls/other", one)
	add("t4", "another", "controls/main", one)
	all, err := db.ControlStates(t.Context(), "default", "controls/main")
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff([]clickhouse.ControlState{mark, two}, all); d != "" {
		t.Errorf("states (-want +got):\n%s", d)
	}
}
