package hunting_test

import (
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/hunt"
)

// TestAuditExpires: months of the audit that are over are removed, and nothing younger.
func TestAuditExpires(t *testing.T) {
	f, now := use(t), time.Now()
	for id, age := range map[string]time.Duration{"old": 500 * 24 * time.Hour, "young": 300 * 24 * time.Hour} {
		if err := f.db.RecordHunt(t.Context(), hunt.Record{Tenant: tenant, ID: id, Time: now.Add(-age), Author: "archive", Via: hunt.ViaAPI, SQL: "SELECT 1", Outcome: hunt.OK}); err != nil {
			t.Fatal(err)
		}
	}
	if months, err := f.db.ExpireAudit(t.Context(), now.Add(-400*24*time.Hour)); err != nil || months != 1 {
		t.Errorf("%d months, %v", months, err)
	}
	g, err := f.ask(t, huntOf("SELECT id FROM audit_log WHERE actor = 'archive'"))
	if err != nil || len(g.rows) != 1 || g.rows[0] != `["young"]` {
		t.Errorf("left %v, %v", g.rows, err)
	}
}
