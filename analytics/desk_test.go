package analytics_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
)

func ptr[T any](v T) *T { return &v }

// TestResolvedAlertsThatGrow: what was judged to be an attack is opened again when it goes on, what was none only when it is more severe.
func TestResolvedAlertsThatGrow(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		name, classification string
		after                time.Duration
		success              bool
		want                 string
	}{
		{"no attack goes on", alert.BenignPositive, 8 * time.Minute, false, alert.StateResolved},
		{"no attack, and then somebody gets in", alert.FalsePositive, 8 * time.Minute, true, alert.StateNew},
		{"an attack goes on", alert.TruePositive, 8 * time.Minute, false, alert.StateNew},
		{"without a verdict it goes on", "", 8 * time.Minute, false, alert.StateNew},
		{"more is known of an attack from before its end", alert.TruePositive, 90 * time.Second, false, alert.StateResolved},
	}
	w := newWorld(t, "failed_logins", nil)
	for i := range cases {
		w.add(failures(fmt.Sprint("u", i), at.AddDate(0, 0, i), 7)...)
	}
	w.drain()
	desk, ids := analytics.NewDesk(w.tenant, w.db, w.log), []string{}
	for i, c := range cases {
		ids = append(ids, w.idOf(fmt.Sprint("u", i)))
		if _, err := desk.UpdateAlert(t.Context(), ids[i], "ann", alert.Work{State: ptr(alert.StateResolved), Classification: &c.classification, Assignee: ptr("ann")}); err != nil {
			t.Fatal(err)
		}
		more := event.Event{Source: "test", ID: fmt.Sprint("more-", i), Time: at.AddDate(0, 0, i).Add(c.after), Arrival: at, UserID: fmt.Sprint("u", i), Activity: "failed_logon", IPAddress: "192.0.2.1", Data: "{}", Raw: "{}"}
		if c.success {
			more.Activity = "logon"
		}
		w.add(more)
	}
	w.restart()
	w.drain()
	for i, c := range cases {
		now, err := w.db.GetAlert(t.Context(), w.tenant, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		if now.EventCount != 8 || now.State() != c.want || now.Triage.Assignee != "ann" || now.Triage.Classification != c.classification {
			t.Errorf("%s: state %s, assignee %q, classification %q, want %s and the rest as it was (%d events, severity %s)", c.name, now.State(), now.Triage.Assignee, now.Triage.Classification, c.want, now.EventCount, now.Severity)
		}
		said := len(now.Triage.Comments) == 1 && strings.HasPrefix(now.Triage.Comments[0].Text, "Reopened: after ann had resolved it") && !now.Triage.Comments[0].Time.IsZero()
		if said != (c.want == alert.StateNew) || (now.Triage.Resolution == nil) != (c.want == alert.StateNew) {
			t.Errorf("%s: comments %v, resolution %v", c.name, now.Triage.Comments, now.Triage.Resolution)
		}
	}
	checkLog(t, w)
}

// TestResolvedAlertsThatAreJoined: a late event makes one alert of two. What was judged of one of them says nothing of the other.
func TestResolvedAlertsThatAreJoined(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	judged := func(state, classification string) *alert.Work {
		return &alert.Work{State: &state, Classification: &classification, Assignee: ptr("ann")}
	}
	cases := []struct {
		name                        string
		first, second               *alert.Work
		want, classification, joins string
	}{
		{"nobody looked at the first", nil, judged(alert.StateResolved, alert.BenignPositive), alert.StateNew, "", "Alert SECOND was resolved by ann as benign_positive"},
		{"nobody looked at the second", judged(alert.StateResolved, alert.FalsePositive), nil, alert.StateNew, "", "This alert was resolved by ann as false_positive"},
		{"somebody works on the first", judged(alert.StateInProgress, ""), judged(alert.StateResolved, alert.BenignPositive), alert.StateInProgress, "", "Alert SECOND was resolved by ann as benign_positive"},
		{"both were judged alike", judged(alert.StateResolved, alert.BenignPositive), judged(alert.StateResolved, alert.BenignPositive), alert.StateResolved, alert.BenignPositive, ""},
		{"both were judged, one to be an attack", judged(alert.StateResolved, alert.BenignPositive), judged(alert.StateResolved, alert.TruePositive), alert.StateResolved, alert.TruePositive, "This alert was resolved by ann as benign_positive"},
	}
	w := newWorld(t, "failed_logins", nil)
	for i := range cases {
		user, day := fmt.Sprint("j", i), at.AddDate(0, 0, i)
		later := failures(user, day.Add(38*time.Minute), 7)
		for k := range later {
			later[k].ID += "-later"
		}
		w.add(append(later, failures(user, day, 7)...)...)
	}
	w.drain()
	desk, ids := analytics.NewDesk(w.tenant, w.db, w.log), make([][]string, len(cases))
	for i, c := range cases {
		list, _, err := w.db.ListAlerts(t.Context(), w.tenant, alert.Filter{SubjectIDs: []string{fmt.Sprint("j", i)}}, alert.Order{By: alert.OrderStart, Ascending: true}, 0, alert.Cursor{}, 9)
		if err != nil || len(list) != 2 {
			t.Fatalf("%s: %d alerts, %v", c.name, len(list), err)
		}
		for k, work := range []*alert.Work{c.first, c.second} {
			ids[i] = append(ids[i], list[k].ID)
			if work == nil {
				continue
			}
			if _, err := desk.UpdateAlert(t.Context(), list[k].ID, "ann", *work); err != nil {
				t.Fatal(err)
			}
		}
		joins := failures(fmt.Sprint("j", i), at.AddDate(0, 0, i).Add(12*time.Minute), 1)
		joins[0].ID += "-joins"
		w.add(joins...)
	}
	w.restart()
	w.drain()
	for i, c := range cases {
		now, err := w.db.GetAlert(t.Context(), w.tenant, ids[i][0])
		if err != nil {
			t.Fatal(err)
		}
		if now.EventCount != 15 || now.State() != c.want || now.Triage.Classification != c.classification || now.Triage.Assignee != "ann" || (now.Triage.Resolution != nil) != (c.want == alert.StateResolved) {
			t.Errorf("%s: %d events, state %s, classification %q, assignee %q, resolution %v; want %s, %q", c.name, now.EventCount, now.State(), now.Triage.Classification, now.Triage.Assignee, now.Triage.Resolution, c.want, c.classification)
		}
		text := ""
		for _, m := range now.Triage.Comments {
			text += m.Author + ": " + m.Text + "\n"
		}
		want := strings.ReplaceAll(c.joins, "SECOND", ids[i][1])
		if !strings.Contains(text, want) || (text == "") != (want == "") {
			t.Errorf("%s: the comments are %q, want %q", c.name, text, want)
		}
	}
	checkLog(t, w)
}

func TestDesk(t *testing.T) {
	w := newWorld(t, "failed_logins", nil)
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var all []event.Event
	for i := range 104 {
		all = append(all, failures(fmt.Sprint("user-", i), at.Add(time.Duration(i)*time.Hour), 7)...)
	}
	w.add(all...)
	w.drain()
	desk, ctx := analytics.NewDesk(w.tenant, w.db, w.log), t.Context()
	one := w.idOf("user-1")
	a, err := w.db.GetAlert(ctx, w.tenant, one)
	if err != nil {
		t.Fatal(err)
	}
	// who it is about does not judge it, by whatever name and case; a remark is welcome
	for _, w := range []alert.Work{{State: ptr(alert.StateResolved)}, {Classification: ptr(alert.BenignPositive)}} {
		if _, err := desk.UpdateAlert(ctx, one, " USER-1 ", w); !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "is whom the alert is about") {
			t.Errorf("an own alert: %v", err)
		}
	}
	if _, err := desk.UpdateAlert(ctx, one, "user-1", alert.Work{Comment: "it was me"}); err != nil {
		t.Error(err)
	}
	if _, err := desk.UpdateAlert(ctx, one, "ann", alert.Work{State: ptr(alert.StateInProgress), Etag: a.Etag()}); !fault.Is(err, fault.Conflict) {
		t.Errorf("an old etag: %v", err)
	}
	if a, err = w.db.GetAlert(ctx, w.tenant, one); err != nil {
		t.Fatal(err)
	}
	if a, err = desk.UpdateAlert(ctx, one, "ann", alert.Work{State: ptr(alert.StateInProgress), Etag: a.Etag()}); err != nil {
		t.Fatal(err)
	}
	head := w.log.Head()
	if again, err := desk.UpdateAlert(ctx, one, "ann", alert.Work{State: ptr(alert.StateInProgress), Etag: a.Etag()}); err != nil || w.log.Head() != head || again.Etag() != a.Etag() {
		t.Errorf("the same again: %v, %d changes more", err, w.log.Head()-head)
	}
	// all of them: counted, refused without their number and with another one, done with it; the own one and no others are left open
	bulk := alert.BulkWork{Author: "user-7", Work: alert.Work{State: ptr(alert.StateResolved), Classification: ptr(alert.BenignPositive), Reason: ptr("expected_activity")}}
	for _, c := range []struct {
		expected *int
		dry      bool
		reason   fault.Reason
	}{{nil, true, ""}, {nil, false, fault.CountMismatch}, {ptr(0), false, fault.CountMismatch}, {ptr(103), false, fault.CountMismatch}, {ptr(103), true, fault.CountMismatch}} {
		bulk.Expected, bulk.DryRun = c.expected, c.dry
		done, err := desk.UpdateAlerts(ctx, bulk)
		n, updated := done.Matched, done.Updated
		if c.reason != "" && !fault.Is(err, c.reason) || c.reason == "" && err != nil || n != 104 || updated != 0 || w.log.Head() != head {
			t.Errorf("%v: %d of %d, %v", c, updated, n, err)
		}
	}
	bulk.Expected, bulk.DryRun = ptr(104), false
	if done, err := desk.UpdateAlerts(ctx, bulk); err != nil || !reflect.DeepEqual(done, alert.BulkResult{Matched: 104, Updated: 103, Skipped: []alert.Skipped{{Why: alert.RefusedOwn, Count: 1, Example: w.idOf("user-7")}}}) {
		t.Fatalf("closed %+v: %v", done, err)
	}
	// what cannot be done to some is counted, what can be done to none is refused
	reason := alert.BulkWork{Author: "ann", Filter: alert.Filter{SubjectIDs: []string{"user-1", "user-7"}}, Work: alert.Work{Reason: ptr("less_severe")}}
	if done, err := desk.UpdateAlerts(ctx, reason); err != nil || !reflect.DeepEqual(done, alert.BulkResult{Matched: 2, Updated: 1, Skipped: []alert.Skipped{{Why: alert.RefusedClassification, Count: 1, Example: w.idOf("user-7")}}}) {
		t.Errorf("a reason without a classification: %+v, %v", done, err)
	}
	reason.Work.Classification = ptr(alert.FalsePositive)
	if done, err := desk.UpdateAlerts(ctx, reason); !fault.Is(err, fault.InvalidArgument) || done.Updated != 0 {
		t.Errorf("a reason of another classification: %+v, %v", done, err)
	}
	open, _, err := w.db.ListAlerts(ctx, w.tenant, alert.Filter{States: []string{alert.StateNew, alert.StateInProgress}}, alert.Order{}, 0, alert.Cursor{}, 10)
	if err != nil || len(open) != 1 || open[0].Subject.ID != "user-7" {
		t.Errorf("open are %v, %v", open, err)
	}
	history, err := desk.AlertHistory(ctx, one, 1<<62, 10)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, v := range history {
		for _, f := range v.Fields {
			told = append(told, fmt.Sprintf("%s %s: %s -> %s", v.Actor, f.Field, f.Before, f.After))
		}
	}
	text := strings.Join(told, "; ")
	for _, want := range []string{"user-7 state: in_progress -> resolved", "user-7 classification:  -> benign_positive", "user-7 reason:  -> expected_activity", "ann state: new -> in_progress", "user-1 comments:  -> user-1: it was me"} {
		if !strings.Contains(text, want) {
			t.Errorf("the history does not tell %q: %s", want, text)
		}
	}
	// a history is read in parts, and is the same
	for i := range 24 {
		if _, err := desk.UpdateAlert(ctx, one, "ann", alert.Work{Comment: fmt.Sprint("remark ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := desk.AlertHistory(ctx, one, 1<<62, 100)
	if err != nil || len(whole) != len(history)+24 {
		t.Fatalf("%d versions, %v", len(whole), err)
	}
	for i := range 24 {
		if v := &whole[i]; len(v.Fields) != 1 || v.Fields[0].After != fmt.Sprint("ann: remark ", 23-i) || i > 0 && v.Sequence >= whole[i-1].Sequence {
			t.Errorf("version %d of the history: %+v", i, v.Fields)
		}
	}
	if some, err := desk.AlertHistory(ctx, one, whole[2].Sequence, 22); err != nil || len(some) != 22 || some[21].Sequence != whole[24].Sequence {
		t.Errorf("a page of it: %d, %v", len(some), err)
	}
	if last := history[len(history)-1]; last.Kind != alert.ChangeCreated || last.Actor != alert.ActorAnalysis {
		t.Errorf("the first change: %s by %s", last.Kind, last.Actor)
	}
	checkLog(t, w)
}
