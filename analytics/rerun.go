package analytics

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// column of events that holds the ids of a type of subject.
var column = map[string]string{"user": "user_id", "address": "ip_address", "integration": "integration_key", "account": "account_id", "envelope": "envelope_id"}

// Guide returns what helps a person with an alert of one of the detections, or of those that were adopted (nil means none); view
// names the view that judged it, nil means the present one.
func Guide(detections []Detection, adopted func() []Detection, view func(*alert.Alert) string) func(*alert.Alert) alert.Guide {
	if view == nil {
		view = func(a *alert.Alert) string { return a.Detection }
	}
	response := make(map[string][]string, len(detections))
	for i := range detections {
		response[detections[i].ID] = detections[i].Response
	}
	response[SourceAccess] = DescribeSourceAccess().Response
	response[DirectoryHold] = DescribeDirectoryHold().Response
	response[LimitReached] = DescribeLimitReached().Response
	return func(a *alert.Alert) alert.Guide {
		g := rerun(a, view(a))
		g.Response = response[a.Detection]
		if g.Response == nil && adopted != nil {
			for _, d := range adopted() {
				if d.ID == a.Detection {
					g.Response = d.Response
				}
			}
		}
		return g
	}
}

func rerun(a *alert.Alert, view string) alert.Guide {
	if a.Detection == SourceAccess || a.Detection == DirectoryHold { // no view finds it: it is about Sealwatch itself
		return alert.Guide{Rerun: "SELECT * FROM alert_history WHERE alert_id = " + clickhouse.Quote(a.ID) + " ORDER BY sequence"}
	}
	if a.Detection == LimitReached { // what was kept back
		return alert.Guide{Rerun: fmt.Sprintf("SELECT anchor_time, subject_id, subject_email, title, alert_id FROM alerts WHERE detection = %s AND has(suppressed_by, 'daily_limit') AND NOT retracted AND toDate(anchor_time) = %s ORDER BY anchor_time",
			clickhouse.Quote(policy.DetectionPrefix+a.Subject.ID), clickhouse.Quote(a.Anchor.UTC().Format(time.DateOnly)))}
	}
	at := func(t time.Time) string { return clickhouse.Quote(t.UTC().Format("2006-01-02 15:04:05.0000000")) }
	id := clickhouse.Quote(a.Subject.ID)
	g := alert.Guide{Rerun: fmt.Sprintf("SELECT * FROM detect_%s(from = %s, to = %s) WHERE subject_id = %s", view, at(a.Anchor), at(a.End), id)}
	if a.Detection == "docusign_alert" || a.Subject.Type == "address" && a.Subject.ID == "distributed" || a.Subject.Type == "organization" {
		// not what one user, address or application did in that time
		ids := make([]string, len(a.EventIDs))
		for i, e := range a.EventIDs {
			ids[i] = clickhouse.Quote(e)
		}
		g.AllEvents = "SELECT ts, event_id, activity, user_email, ip_address, country, envelope_id FROM events WHERE event_id IN (" + strings.Join(ids, ", ") + ") ORDER BY ts, event_id"
		return g
	}
	if c := column[a.Subject.Type]; c != "" {
		whose := c + " = " + id
		if a.Detection == "recipient_declines" || a.Detection == "recipient_authentication" { // others act, and it concerns the subject
			whose = "(" + whose + " OR affected_user_id = " + id + ")"
		}
		g.AllEvents = fmt.Sprintf("SELECT ts, event_id, activity, ip_address, country, envelope_id FROM events WHERE %s AND ts >= %s AND ts <= %s ORDER BY ts, event_id", whose, at(a.Start), at(a.End.Add(time.Millisecond)))
	}
	return g
}
