package exportertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Change returns a plausible change; n tells it apart. Every change is the first version of an alert of its own.
func Change(n int) alert.Change {
	at := time.Date(2026, 11, 22, 9, 0, 0, 123456000, time.UTC).Add(time.Duration(n) * time.Second)
	f := alert.Finding{
		Tenant: "acme", Detection: "impossible_travel", Key: fmt.Sprintf("event-%d", n), Anchor: at,
		Subject: alert.Subject{Type: "user", ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n),
			Email: fmt.Sprintf("user%d@example.com", n)},
		Start: at.Add(-time.Hour), End: at, EventIDs: []string{fmt.Sprintf("event-%d", n), fmt.Sprintf("event-%d-b", n)},
		EventCount: 2, Score: 7.5, Severity: alert.SeverityHigh, Title: fmt.Sprintf("User %d in two places at once", n),
		Evidence: fmt.Sprintf(`{"distanceKm": %d, "from": "Oslo", "to": "Lima"}`, 1000+n),
	}
	about := &alert.Context{Described: at, FirstArrival: at, LastArrival: at,
		Directory: &alert.Person{Source: "entra", ID: f.Subject.ID, Name: fmt.Sprintf("User %d", n), Status: "active", Kind: "person", Groups: []string{"Finance"}},
		Traits:    []alert.Trait{{Kind: alert.TraitAddress, Value: "192.0.2.1", Label: "Example Net", Events: 2, New: true}},
		After:     []alert.Deed{{Activity: "download", Count: 3, EventIDs: []string{"a", "b", "c"}}}, AfterComplete: true}
	return alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: f.AlertID(), Finding: f, Context: about, Created: at, Updated: at, Actor: "analysis"}}
}

// Changes returns count changes numbered from first.
func Changes(first, count int) []alert.Change {
	out := make([]alert.Change, count)
	for i := range out {
		out[i] = Change(first + i)
	}
	return out
}

// Nasty texts have broken a syslog, CEF or JSON encoder somewhere before.
var nasty = []string{
	`quotes " and ' and back\slash`, `brackets ] [ and "]" at the end ]`, "line\nfeed\r\nand\ttab", "nul\x00, escape \x1b[31mred\x1b[0m and delete \x7f",
	"right-to-left \u202egnp.exe and isolate \u2066x\u2069", "separators \u2028 and \u2029 and \u0085", "emoji \U0001f512, Zoë, 漢字, العربية",
	"broken \xff\xfe\xc3 bytes", "\ufeffmark in front", "<134>1 2026-01-01T00:00:00Z host app - - - forged", "a|b=c\\d|e", strings.Repeat("long ", 4000),
}

// NastyChange is like Change, with texts that encoders stumble over.
func NastyChange(n int) alert.Change {
	c := Change(n)
	text := nasty[n%len(nasty)]
	c.Title = text
	c.Subject.DisplayName = nasty[(n+3)%len(nasty)]
	c.Subject.Email = nasty[(n+5)%len(nasty)]
	c.Context.Directory.Name, c.Context.Traits[0].Value, c.Context.After[0].Activity = nasty[(n+2)%len(nasty)], nasty[(n+4)%len(nasty)], nasty[(n+6)%len(nasty)]
	evidence, err := json.Marshal(map[string]any{"text": nasty[(n+7)%len(nasty)], "list": []any{1, 2.5e300, nil}, "count": n})
	c.Evidence = string(evidence)
	if err != nil || n%5 == 0 {
		c.Evidence = text // no JSON at all
	}
	return c
}
