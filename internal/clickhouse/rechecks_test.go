package clickhouse_test

import (
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

// TestPostponed: a subject that was too much is remembered with all its spans, until it was evaluated; then from anew.
func TestPostponed(t *testing.T) {
	db := testkit.Database(t)
	sequence := uint64(0)
	add := func(detection, subject, reason string, first, last int) {
		t.Helper()
		sequence++
		err := db.AddRechecks(t.Context(), string(rune('a'+sequence)), "default", []clickhouse.Recheck{{Sequence: sequence, Detection: detection, Subject: clickhouse.Subject{Type: "user", ID: subject},
			First: base.AddDate(0, 0, first), Last: base.AddDate(0, 0, last), Reason: reason}})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(want ...clickhouse.Recheck) {
		t.Helper()
		got, err := db.Postponed(t.Context(), "default")
		if err != nil || len(got) != len(want) {
			t.Fatalf("%+v %v, expected %+v", got, err, want)
		}
		for i, g := range got {
			if w := want[i]; g.Detection != w.Detection || g.ID != w.ID || !g.First.Equal(w.First.Truncate(100*time.Nanosecond)) || !g.Last.Equal(w.Last.Truncate(100*time.Nanosecond)) {
				t.Errorf("%d: %+v, expected %+v", i, g, w)
			}
		}
	}
	of := func(detection, subject string, first, last int) clickhouse.Recheck {
		return clickhouse.Recheck{Detection: detection, Subject: clickhouse.Subject{Type: "user", ID: subject}, First: base.AddDate(0, 0, first), Last: base.AddDate(0, 0, last)}
	}
	check()
	add("d", "ann", "directory", -9, 9)
	add("d", "ann", clickhouse.ReasonTooMuch, 1, 2)
	add("e", "ann", clickhouse.ReasonTooMuch, 1, 2)
	add("d", "ann", clickhouse.ReasonTooMuch, 0, 1)
	check(of("e", "ann", 1, 2), of("d", "ann", 0, 2))
	add("d", "ann", clickhouse.ReasonEvaluated, 0, 2)
	check(of("e", "ann", 1, 2))
	add("d", "ann", clickhouse.ReasonTooMuch, 5, 6)
	check(of("e", "ann", 1, 2), of("d", "ann", 5, 6))
	if got, err := db.Postponed(t.Context(), "other"); err != nil || len(got) != 0 {
		t.Errorf("another tenant's: %+v %v", got, err)
	}
}
