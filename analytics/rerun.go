package analytics

import (
	"fmt"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// Rerun is the SQL that finds a finding again, for people to run by hand.
func Rerun(a *alert.Alert) string {
	at := func(t time.Time) string { return clickhouse.Quote(t.UTC().Format("2006-01-02 15:04:05.0000000")) }
	return fmt.Sprintf("SELECT * FROM detect_%s(from = %s, to = %s) WHERE subject_id = %s", a.Detection, at(a.Anchor), at(a.End), clickhouse.Quote(a.Subject.ID))
}
