package hunting_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/hunting"
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

// TestAuditHoldsNoValue: whatever the engine says of a value, the audit and the log have not.
func TestAuditHoldsNoValue(t *testing.T) {
	f := use(t)
	s := f.serve(t)
	const secret = "s3cr3t'\\ x"
	for sql, want := range map[string]string{
		"SELECT {x:UInt8}":                                              "code 457",
		"SELECT throwIf(1, {x:String})":                                 "code 395",
		"SELECT throwIf(1, upper({x:String}))":                          "code 395",
		"SELECT toUInt8({x:String})":                                    "code 6",
		"SELECT nosuch, {x:String}":                                     "Unknown expression",
		"SELECT nosuch({x:String})":                                     "nosuch",
		"SELECT 1 FROM nosuch WHERE {x:String} = ''":                    "nosuch",
		"SELECT {x:String} FORM events":                                 "line 1, column",
		"SELECT {x:Array(String)}":                                      "code",
		"SELECT CAST({x:String} AS Enum8('a' = 1))":                     "code",
		"SELECT parseDateTime({x:String}, '%Y')":                        "code",
		"SELECT count() FROM remote({x:String}, system.one)":            "code 497",
		"SELECT {x:String}, {y:String}":                                 "Substitution `y` is not set",
		"SELECT dictGet({x:String}, 'a', 1)":                            "code",
		"SELECT count() FROM events WHERE match('', {x:String} || '(')": "code",
	} {
		_, err := f.ask(t, hunt.Query{SQL: sql, Author: "discreet", Parameters: map[string]string{"x": secret}})
		if err == nil {
			t.Errorf("%s succeeds", sql)
		}
		got := f.audited(t, "discreet")
		if strings.Contains(strings.ToLower(got), "s3cr") || !strings.Contains(got, want) {
			t.Errorf("%s (%v)\n\tthe audit has %s, want %s", sql, err, got, want)
		}
		post(t, s.URL, sql, url.Values{"param_x": {secret}}, nil)
		if got := f.audited(t, "dora"); strings.Contains(strings.ToLower(got), "s3cr") {
			t.Errorf("%s\n\tthe audit has %s", sql, got)
		}
	}
	if strings.Contains(strings.ToLower(f.log.String()), "s3cr") {
		t.Error("the log has a value")
	}
}

// TestAuditOfSaved: the changes of saved hunts are in the audit, a long statement is cut there, and one that was removed can be made again,
// whatever the clock says.
func TestAuditOfSaved(t *testing.T) {
	f := use(t)
	o := f.options()
	now := time.Now()
	o.Clock = func() time.Time { return now }
	h, err := hunting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	long := "SELECT 1 -- " + strings.Repeat("x", 70<<10)
	s := hunt.Saved{ID: "came-back", Title: "One", SQL: long, Author: "sue"}
	for range 2 {
		if _, err := h.CreateHunt(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		s.SQL = "SELECT 2"
		if _, err := h.UpdateHunt(t.Context(), s, 0); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Hunt(t.Context(), s.ID); err != nil || got.SQL != "SELECT 2" {
			t.Errorf("%q, %v", got.SQL, err)
		}
		if err := h.DeleteHunt(t.Context(), s.ID, "tom"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(-time.Hour)
	}
	g, err := f.ask(t, huntOf("SELECT kind, actor, count(), max(length(statement)), max(statement_cut) FROM audit_log WHERE hunt = 'came-back' GROUP BY kind, actor ORDER BY kind"))
	want := `["hunt_create", "sue", "2", "65536", true] ["hunt_delete", "tom", "2", "8", false] ["hunt_update", "sue", "2", "8", false]`
	if got := strings.Join(g.rows, " "); err != nil || got != want {
		t.Errorf("the audit has %s, %v; want %s", got, err, want)
	}
}
