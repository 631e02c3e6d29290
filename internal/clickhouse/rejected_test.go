package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestRejectedRecords keeps a record that came three times once, as it came last.
func TestRejectedRecords(t *testing.T) {
	db := testkit.Database(t)
	r := clickhouse.RejectedRecord{Tenant: "default", Source: "monitor/main", EventID: "e", Field: "latitude", Problem: "found 91", Raw: "{\"a\":\x00\xff}"}
	for i := range 3 {
		r.Arrival = base.AddDate(0, 0, i).Truncate(time.Millisecond)
		if err := db.AddRejectedRecords(t.Context(), fmt.Sprint(i), []clickhouse.RejectedRecord{r, {Tenant: "other", Source: "s", Arrival: base}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.RejectedRecords(t.Context(), "default", 10)
	if d := cmp.Diff([]clickhouse.RejectedRecord{r}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}
