package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// worker does the work of an analyst over one of the protocols.
type worker interface {
	get(id string) map[string]any
	update(id, etag string, fields map[string]string) (map[string]any, string)
	comment(id, text string)
	// history is what changed, the newest first, as "actor field".
	history(id string) []string
}

// overREST and overGRPC are the two.
type overREST struct{ s *service }

type overGRPC struct{ s *service }

func (w overREST) call(method, path, body string) (map[string]any, int) {
	w.s.t.Helper()
	r, err := http.NewRequest(method, "http://"+w.s.at.HTTP+path, strings.NewReader(body))
	if err != nil {
		w.s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		w.s.t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return out, resp.StatusCode
}

func (w overREST) get(id string) map[string]any { return w.s.get("/v1/alerts/" + id) }

func (w overREST) update(id, etag string, fields map[string]string) (map[string]any, string) {
	w.s.t.Helper()
	body := map[string]string{"etag": etag}
	for k, v := range fields {
		body[k] = v
	}
	text, err := json.Marshal(body)
	if err != nil {
		w.s.t.Fatal(err)
	}
	out, code := w.call(http.MethodPatch, "/v1/alerts/"+id+"?author=ann", string(text))
	if code != http.StatusOK {
		return nil, fmt.Sprint(out["details"].([]any)[0].(map[string]any)["reason"])
	}
	return out, ""
}

func (w overREST) comment(id, text string) {
	w.s.t.Helper()
	body, err := json.Marshal(map[string]string{"text": text, "author": "bob"})
	if err != nil {
		w.s.t.Fatal(err)
	}
	if out, code := w.call(http.MethodPost, "/v1/alerts/"+id+":comment", string(body)); code != http.StatusOK {
		w.s.t.Fatalf("comment: %d %v", code, out)
	}
}

func (w overREST) history(id string) (all []string) {
	for _, c := range w.s.get("/v1/alerts/" + id + "/changes?pageSize=1000")["changes"].([]any) {
		entry := c.(map[string]any)
		for _, f := range entry["fields"].([]any) {
			all = append(all, fmt.Sprint(entry["actor"], " ", f.(map[string]any)["field"]))
		}
	}
	return all
}

func (w overGRPC) client() sealwatchv1.AlertServiceClient {
	return sealwatchv1.NewAlertServiceClient(w.s.conn)
}

func (w overGRPC) as(a *sealwatchv1.Alert) map[string]any {
	out := map[string]any{"state": a.GetState().String(), "etag": a.GetEtag(), "assignee": a.GetAssignee(), "eventCount": fmt.Sprint(a.GetEventCount()), "classification": a.GetClassification().String()}
	var comments []any
	for _, c := range a.GetComments() {
		comments = append(comments, map[string]any{"author": c.GetAuthor(), "text": c.GetText()})
	}
	out["comments"] = comments
	return out
}

func (w overGRPC) get(id string) map[string]any {
	w.s.t.Helper()
	a, err := w.client().GetAlert(w.s.t.Context(), &sealwatchv1.GetAlertRequest{Name: "alerts/" + id})
	if err != nil {
		w.s.t.Fatal(err)
	}
	return w.as(a)
}

func (w overGRPC) update(id, etag string, fields map[string]string) (map[string]any, string) {
	w.s.t.Helper()
	a, mask := &sealwatchv1.Alert{Name: "alerts/" + id, Etag: etag}, &fieldmaskpb.FieldMask{}
	for k, v := range fields {
		mask.Paths = append(mask.Paths, k)
		switch k {
		case "state":
			a.State = sealwatchv1.AlertState(sealwatchv1.AlertState_value[v])
		case "classification":
			a.Classification = sealwatchv1.AlertClassification(sealwatchv1.AlertClassification_value[v])
		case "reason":
			a.Reason = sealwatchv1.AlertReason(sealwatchv1.AlertReason_value[v])
		case "assignee":
			a.Assignee = v
		}
	}
	out, err := w.client().UpdateAlert(w.s.t.Context(), &sealwatchv1.UpdateAlertRequest{Alert: a, UpdateMask: mask, Author: "ann"})
	if status.Code(err) == codes.Aborted {
		return nil, "CONFLICT"
	}
	if err != nil {
		w.s.t.Fatal(err)
	}
	return w.as(out), ""
}

func (w overGRPC) comment(id, text string) {
	w.s.t.Helper()
	if _, err := w.client().AddAlertComment(w.s.t.Context(), &sealwatchv1.AddAlertCommentRequest{Name: "alerts/" + id, Text: text, Author: "bob"}); err != nil {
		w.s.t.Fatal(err)
	}
}

func (w overGRPC) history(id string) (all []string) {
	w.s.t.Helper()
	page, err := w.client().ListAlertChanges(w.s.t.Context(), &sealwatchv1.ListAlertChangesRequest{Name: "alerts/" + id, PageSize: 1000})
	if err != nil {
		w.s.t.Fatal(err)
	}
	for _, c := range page.GetChanges() {
		for _, f := range c.GetFields() {
			all = append(all, c.GetActor()+" "+f.GetField())
		}
	}
	return all
}

// TestLifeOfAnAlert: raised by records, taken, remarked on, closed; it goes on and is new again; its history tells who did what. Once over
// gRPC and once over REST, against one service. Then what belongs together, and what the user did.
func TestLifeOfAnAlert(t *testing.T) {
	s := run(t, settings(t))
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	failure := func(user string, n int) string {
		return logon(fmt.Sprint("fail-", user, "-", n), user, at.Add(time.Duration(n)*time.Minute), "Failure", "berlin", 52.52, 13.4)
	}
	records := ""
	for n := range 8 {
		records += strings.ReplaceAll(failure("grpc-user", n), "198.51.100.7", "198.51.100.8") + failure("rest-user", n) + strings.ReplaceAll(failure("user-1", n), "198.51.100.7", "203.0.113.9")
	}
	s.importBody(records + travel(1, at))
	s.settled()
	for name, w := range map[string]worker{"grpc": overGRPC{s}, "rest": overREST{s}} {
		t.Run(name, func(t *testing.T) {
			found := s.get("/v1/alerts?filter.detections=failed_logins&filter.subjectIds=" + name + "-user")["alerts"].([]any)
			if len(found) != 1 {
				t.Fatalf("%d alerts about %s-user", len(found), name)
			}
			id := strings.TrimPrefix(found[0].(map[string]any)["name"].(string), "alerts/")
			first := fmt.Sprint(w.get(id)["etag"])
			taken, _ := w.update(id, first, map[string]string{"state": "ALERT_STATE_IN_PROGRESS", "assignee": "ann"})
			if taken["state"] != "ALERT_STATE_IN_PROGRESS" || taken["assignee"] != "ann" {
				t.Fatalf("taken: %v", taken)
			}
			if _, reason := w.update(id, first, map[string]string{"assignee": "eve"}); reason != "CONFLICT" {
				t.Errorf("with an old etag: %q, want a conflict", reason)
			}
			w.comment(id, "a \x1b[31m\u202eremark")
			closed, _ := w.update(id, fmt.Sprint(w.get(id)["etag"]), map[string]string{"state": "ALERT_STATE_RESOLVED", "classification": "ALERT_CLASSIFICATION_TRUE_POSITIVE", "reason": "ALERT_REASON_COMPROMISED_ACCOUNT"})
			if closed["state"] != "ALERT_STATE_RESOLVED" {
				t.Fatalf("closed: %v", closed)
			}
			more := failure(name+"-user", 9)
			if name == "grpc" {
				more = strings.ReplaceAll(more, "198.51.100.7", "198.51.100.8")
			}
			s.importBody(more) // whoever was thrown out is back
			s.settled()
			now := w.get(id)
			comments := now["comments"].([]any)
			if now["state"] != "ALERT_STATE_NEW" || now["assignee"] != "ann" || now["classification"] != "ALERT_CLASSIFICATION_TRUE_POSITIVE" || now["eventCount"] != "9" || len(comments) != 2 {
				t.Fatalf("after it went on: %v", now)
			}
			if c := comments[0].(map[string]any); c["author"] != "bob" || c["text"] != "a \x1b[31m\u202eremark" {
				t.Errorf("the remark: %v", c)
			}
			if again, _ := w.update(id, "", map[string]string{"state": "ALERT_STATE_RESOLVED"}); again["state"] != "ALERT_STATE_RESOLVED" {
				t.Errorf("closed again: %v", again)
			}
			if again, _ := w.update(id, "", map[string]string{"state": "ALERT_STATE_NEW"}); again["state"] != "ALERT_STATE_NEW" {
				t.Errorf("reopened: %v", again)
			}
			told := strings.Join(w.history(id), ", ")
			for _, want := range []string{"ann state", "ann assignee", "bob comments", "ann classification", "ann reason", "analysis state", "analysis comments", "analysis eventCount"} {
				if !strings.Contains(told, want) {
					t.Errorf("the history does not tell %q: %s", want, told)
				}
			}
			if n := strings.Count(told, "ann state"); n != 4 {
				t.Errorf("the history tells of %d changes of the state by ann, want 4: %s", n, told)
			}
		})
	}
	incidents, err := sealwatchv1.NewIncidentServiceClient(s.conn).ListIncidents(t.Context(), &sealwatchv1.ListIncidentsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(incidents.GetIncidents()) == 0 {
		t.Error("two alerts about user-1 on one day are no incident")
	}
	for _, i := range incidents.GetIncidents() {
		sum := 0.0
		for _, c := range i.GetContributions() {
			sum += c.GetPoints()
		}
		if len(i.GetAlerts()) < 2 || sum < i.GetScore()-0.05 || sum > i.GetScore()+0.05 {
			t.Errorf("an incident of %d alerts, score %g, contributions %g", len(i.GetAlerts()), i.GetScore(), sum)
		}
		if a := s.get("/v1/" + i.GetAlerts()[1].GetName()); a["incident"] != i.GetName() {
			t.Errorf("%s names the incident %v, not %s", a["name"], a["incident"], i.GetName())
		}
	}
	var seen []string
	client, request := sealwatchv1.NewTimelineServiceClient(s.conn), &sealwatchv1.GetUserTimelineRequest{Name: "users/grpc-user", AroundTime: timestamppb.New(at), Hours: 1, PageSize: 4}
	for first := true; first || request.GetPageToken() != ""; first = false {
		page, err := client.GetUserTimeline(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if traits := len(page.GetPlaces()) == 1 && len(page.GetAddresses()) == 1 && page.GetAddresses()[0].GetEventCount() == 9 && page.GetAddresses()[0].GetNew(); traits != first {
			t.Errorf("places %v and addresses %v on a page", page.GetPlaces(), page.GetAddresses())
		}
		for _, e := range page.GetEntries() {
			if e.GetAlert() != nil {
				seen = append(seen, "alert "+e.GetAlert().GetDetection())
				continue
			}
			seen = append(seen, e.GetEvent().GetEventId())
		}
		request.PageToken = page.GetNextPageToken()
	}
	want := []string{"alert failed_logins"}
	for n := range 8 {
		want = append(want, fmt.Sprint("fail-grpc-user-", n))
	}
	if want = append(want, "fail-grpc-user-9"); strings.Join(seen, ",") != strings.Join(want, ",") {
		t.Errorf("the timeline has %v, want %v", seen, want)
	}
	if _, err := client.GetUserTimeline(t.Context(), &sealwatchv1.GetUserTimelineRequest{Name: "users/nobody@example.com", AroundTime: timestamppb.New(at)}); status.Code(err) != codes.NotFound {
		t.Errorf("the timeline of nobody: %v", err)
	}
}
