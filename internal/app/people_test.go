package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// deliver sends a delivery over REST, a message a line.
func (s *service) deliver(lines ...string) string {
	s.t.Helper()
	r, err := http.Post("http://"+s.at.HTTP+"/v1/directoryUsers:import", "application/json", strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s %v", r.Status, body, err)
	}
	return string(body)
}

// TestDirectoryArrivesLater: activity that is stored and analysed becomes an alert when the directory says that the person
// had left, and is none any more when the directory says that the person was back. A delivery that is wrong is held.
func TestDirectoryArrivesLater(t *testing.T) {
	s := run(t, settings(t))
	at := time.Now().Add(-time.Hour).UTC()
	s.importBody(logon("x", "u", at, "Success", "berlin", 52.52, 13.4))
	s.settled()
	alerts := func(want string) {
		t.Helper()
		s.settled()
		got := ""
		for _, a := range s.get("/v1/alerts")["alerts"].([]any) {
			if id := fmt.Sprint(a.(map[string]any)["detection"]); id != "directory_hold" {
				got += id
			}
		}
		if got != want {
			t.Errorf("alerts %q, expected %q", got, want)
		}
	}
	staff := make([]string, 30)
	for i := range staff {
		staff[i] = fmt.Sprintf(`{"directoryId":"p%d","status":"active","emails":["p%d@example.com"],"docusignUserIds":["%s"]}`, i, i, map[bool]string{true: "u", false: fmt.Sprint("u", i)}[i == 0])
	}
	all := func(asOf time.Duration, options string, users []string) string {
		return fmt.Sprintf(`{"options":{"source":"entra","full":true,"asOfTime":%q%s},"users":[%s]}`, at.Add(asOf).Format(time.RFC3339), options, strings.Join(users, ","))
	}
	if r := s.deliver(all(-96*time.Hour, "", staff)); !strings.Contains(r, `"added":30`) || !strings.Contains(r, `"applied":true`) {
		t.Fatalf("the first delivery: %s", r)
	}
	alerts("")
	if r := s.deliver(all(-72*time.Hour, "", staff[20:])); !strings.Contains(r, `"held":true`) || !strings.Contains(r, `"left":20`) {
		t.Errorf("a delivery that lacks many: %s", r)
	}
	held := s.alertOf("directory_hold", "ALERT_STATE_NEW")
	if evidence := held["evidence"].(map[string]any); evidence["left"] != 20.0 || evidence["activeBefore"] != 30.0 || len(evidence["leavers"].([]any)) != 20 || !strings.Contains(evidence["confirm"].(string), "--confirm") ||
		held["title"] != "A delivery of the directory entra is held: 20 of 30 active people would leave" || held["subject"].(map[string]any)["id"] != "directory/entra" {
		t.Errorf("the alert: %v", held)
	}
	if r := s.deliver(all(-48*time.Hour, "", staff[1:])); !strings.Contains(r, `"left":1`) || !strings.Contains(r, `"applied":true`) {
		t.Errorf("a delivery that lacks one: %s", r)
	}
	if now := s.alertOf("directory_hold", "ALERT_STATE_RESOLVED"); now["name"] != held["name"] || now["evidence"].(map[string]any)["applied"] == nil {
		t.Errorf("after another delivery was applied: %v", now)
	}
	alerts("terminated_user")
	users := s.get("/v1/directoryUsers?emails=p0@example.com")["users"].([]any)
	if len(users) != 2 || users[1].(map[string]any)["status"] != "deleted" || fmt.Sprint(users[1].(map[string]any)["emails"]) != "[p0@example.com]" {
		t.Errorf("states of the leaver: %v", users)
	}
	if r := s.deliver(all(-48*time.Hour, "", staff[1:])); !strings.Contains(r, `"states":0`) {
		t.Errorf("the same delivery again: %s", r)
	}
	if r := s.deliver(all(-2*time.Hour, "", staff)); !strings.Contains(r, `"changed":1`) {
		t.Errorf("the leaver is back: %s", r)
	}
	alerts("")
	state := s.get("/v1/detections/terminated_user")["status"].(map[string]any)
	if state["state"] != "DETECTION_STATE_OK" {
		t.Errorf("state of the detection: %v", state)
	}
}
