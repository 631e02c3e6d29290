package analytics

import (
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// column of events that holds the ids of a type of subject.
var column = map[string]string{"user": "user_id", "address": "ip_address", "integration": "integration_key"}

// Rerun is the SQL that finds a finding and its events again, for people to run by hand.
func Rerun(a *alert.Alert) alert.Queries {
	at := func(t time.Time) string { return clickhouse.Quote(t.UTC().Format("2006-01-02 15:04:05.0000000")) }
	id := clickhouse.Quote(a.Subject.ID)
	q := alert.Queries{Finding: fmt.Sprintf("SELECT * FROM detect_%s(from = %s, to = %s) WHERE subject_id = %s", a.Detection, at(a.Anchor), at(a.End), id)}
	if c := column[a.Subject.Type]; c != "" {
		q.Events = fmt.Sprintf("SELECT ts, event_id, activity, ip_address, country, envelope_id FROM events WHERE %s = %s AND ts >= %s AND ts <= %s ORDER BY ts, event_id", c, id, at(a.Start), at(a.End))
	}
	return q
}
