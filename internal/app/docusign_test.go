package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// TestUsersOfDocuSign: events have ids alone, also those that came before; the alert says who it is, with the role, and by way of the
// address who that is in another directory. Users outside the claimed domains are a warning.
func TestUsersOfDocuSign(t *testing.T) {
	d := docusigntest.New(t)
	at := time.Now().Add(-2 * time.Hour)
	d.Add(at, strings.Split(strings.TrimSpace(travel(1, at)), "\n")...)
	cfg := settings(t)
	cfg.Sources.Monitor = []config.MonitorSource{source(t, d)}
	s := polled(t, cfg)
	s.reaches("current")
	s.settled()
	a := s.alertOf("impossible_travel", "ALERT_STATE_NEW")
	if c, ok := a["context"].(map[string]any); ok && c["directory"] != nil {
		t.Errorf("somebody is known too early: %v", c["directory"])
	}
	s.deliver(`{"options":{"source":"entra","full":true},"users":[{"directoryId":"p1","status":"active","displayName":"Ann of the directory","emails":["ann@example.com"],"groups":["Finance"]}]}`)
	s.end()

	account := d.NewAccount(docusigntest.AccountID)
	account.Users = []map[string]any{
		{"userId": "user-1", "userName": "Ann", "email": "Ann@example.com", "userStatus": "Active", "permissionProfileName": "Account Administrator", "isAdmin": "True", "createdDateTime": "2024-01-01T00:00:00Z"},
		{"userId": docusigntest.UserID, "userName": "Reader", "email": "reader@elsewhere.example", "userStatus": "Active", "createdDateTime": "2024-01-01T00:00:00Z"},
	}
	d.Domains = []map[string]any{{"host_name": "example.com", "status": "active"}}
	cfg.Sources.DocuSign = []config.DocuSignSource{{Monitor: "main", Read: []string{config.ReadUsers}}}
	s = polled(t, cfg)
	p := s.asked("directory/docusign", state("current"))
	if w := fmt.Sprint(p["warnings"]); !strings.Contains(w, "1 of 2 users are outside") || !strings.Contains(w, "reader@elsewhere.example") {
		t.Errorf("warnings %s", w)
	}
	var who map[string]any
	for range 400 {
		if c, ok := s.alertOf("impossible_travel", "ALERT_STATE_NEW")["context"].(map[string]any); ok && c["directory"] != nil {
			if who = c["directory"].(map[string]any); who["role"] == "Account Administrator" {
				break
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	if who["source"] != "entra" || who["displayName"] != "Ann of the directory" && who["name"] != "Ann of the directory" || who["role"] != "Account Administrator" || fmt.Sprint(who["groups"]) != "[Finance]" {
		t.Errorf("the alert's person: %v", who)
	}
	users := s.get("/v1/directoryUsers?sources=docusign")["users"].([]any)
	if len(users) != 2 {
		t.Errorf("users %v", users)
	}
}
