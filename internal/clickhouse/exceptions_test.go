package clickhouse_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestExceptionsRoundTrip(t *testing.T) {
	db := testkit.Database(t)
	first := alert.Exception{ID: "a", Tenant: "default", Detection: "d", AlertID: "x", Subject: alert.Subject{Type: "user", ID: "u'1"},
		Attributes: map[string][]string{"ipAddress": {"192.0.2.1", "it's \\ ☃"}, "network": {""}}, MaxSeverity: "low", From: base, To: base.Add(time.Hour),
		Classification: "benign_positive", Reason: "a test", Author: "ann", Created: base.Truncate(time.Millisecond)}
	second := alert.Exception{ID: "b", Tenant: "default", Detection: "d", AlertID: "y", Attributes: map[string][]string{}, MaxSeverity: "high", From: base, To: base.Add(time.Hour),
		Classification: "false_positive", Reason: "another", Author: "bob", Created: base.Truncate(time.Millisecond).Add(time.Second)}
	for _, e := range []alert.Exception{first, second} {
		if err := db.StoreException(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	first.Removed, first.RemovedBy, first.RemovedAt = true, "cleo", base.Truncate(time.Millisecond).Add(time.Minute)
	if err := db.StoreException(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	got, err := db.Exceptions(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]alert.Exception{second, first}, got); d != "" {
		t.Errorf("exceptions differ (-want +got):\n%s", d)
	}
	if none, err := db.Exceptions(t.Context(), "other"); err != nil || len(none) != 0 {
		t.Errorf("exceptions of another tenant: %v %v", none, err)
	}
}
