package clickhouse_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestDetectionVersionsRoundTrip(t *testing.T) {
	db := testkit.Database(t)
	logic := alert.Logic{SQL: "SELECT '{from}'\n\t☃", Affected: "SELECT 1", LookBack: 49 * time.Hour, LookAhead: time.Hour,
		Arguments: []alert.Argument{{Name: "a", Type: "UInt32", Value: "3"}, {Name: "b", Type: "String", Value: "it's\x00"}},
		Subjects:  []string{"user", "address"}, Inputs: `{"each":true}`, Scope: `{"x":1}`, Attributes: `{}`}
	first := alert.DetectionVersion{Detection: "d", Revision: 1, ValidFrom: time.Unix(0, 0).UTC(), ValidTo: base.AddDate(100, 0, 0), Logic: logic, MadeBy: "configuration", MadeAt: base.Truncate(time.Millisecond)}
	second := first
	second.Revision, second.ValidFrom, second.MadeBy, second.Arguments, second.Affected = 2, base, "ann", nil, ""
	other := first
	other.Detection = "a"
	if err := db.AddDetectionVersions(t.Context(), "default", []alert.DetectionVersion{first, second, other}); err != nil {
		t.Fatal(err)
	}
	got, err := db.DetectionVersions(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]alert.DetectionVersion{other, first, second}, got); d != "" {
		t.Errorf("versions differ (-want +got):\n%s", d)
	}
	if got[1].Hash() != first.Hash() || got[2].Hash() == first.Hash() {
		t.Error("the hash does not tell versions apart, or does not survive the database")
	}
	if none, err := db.DetectionVersions(t.Context(), "other"); err != nil || len(none) != 0 {
		t.Errorf("versions of another tenant: %v %v", none, err)
	}
}
