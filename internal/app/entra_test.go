package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/entra/entratest"
	"github.com/sealwatch/sealwatch/internal/config"
)

func tenant(t *testing.T, s *entratest.Server) config.EntraSource {
	t.Helper()
	return config.EntraSource{Name: "entra", TenantID: strings.ToUpper(entratest.TenantID), ClientID: entratest.ClientID, ClientSecretFile: s.SecretFile(t), CAFile: s.CAFile(t), Endpoint: s.URL}
}

// asked waits until what the status says of a source that is asked fulfils a condition.
func (s *service) asked(source string, good func(map[string]any) bool) map[string]any {
	s.t.Helper()
	var last map[string]any
	for range 400 {
		for _, one := range s.get("/v1/status")["sources"].([]any) {
			if m := one.(map[string]any); m["source"] == source {
				if last = m["polling"].(map[string]any); good(last) {
					return last
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the source %s does not become what it should: %v", source, last)
	return nil
}

func state(want string) func(map[string]any) bool {
	return func(p map[string]any) bool { return p["state"] == want }
}

// post sends JSON and returns status and body.
func (s *service) postJSON(path, body string) (int, string) {
	s.t.Helper()
	r, err := http.Post("http://"+s.at.HTTP+path, "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// TestEntraToAlert is the job as it is meant: a person is deleted in Entra ID and goes on in DocuSign; that is an alert. A delivery by
// which many leave is held with an alert until somebody confirms it. A secret that ends is an alert, too.
func TestEntraToAlert(t *testing.T) {
	e := entratest.New(t)
	e.PageSize = 100
	for i := range 40 {
		e.Put(fmt.Sprintf("p%d", i), map[string]any{"createdDateTime": "2026-01-02T00:00:00Z"})
	}
	e.Group("9f8e7d6c-aaaa-4bbb-8ccc-ddddeeeeffff", "Finance", "p1")
	cfg := settings(t)
	cfg.Sources.Entra = []config.EntraSource{tenant(t, e)}
	cfg.Sources.Entra[0].Groups = []string{"9f8e7d6c-aaaa-4bbb-8ccc-ddddeeeeffff"}
	s := polled(t, cfg)
	s.asked("directory/entra", state("current"))
	at := time.Now().Add(-time.Hour).UTC()
	record := strings.Replace(logon("x", "u", at, "Success", "berlin", 52.52, 13.4), `"userId"`, `"userEmail":"p7@example.com","userId"`, 1)
	s.importBody(record)
	s.settled()
	if all := s.get("/v1/alerts")["alerts"].([]any); len(all) != 0 {
		t.Fatalf("alerts too early: %v", all)
	}
	e.Delete("p7", at.Add(-24*time.Hour), false)
	if a := s.alertOf("terminated_user", "ALERT_STATE_NEW"); a["subject"].(map[string]any)["id"] != "u" || !strings.Contains(a["title"].(string), "deleted in the directory entra") {
		t.Errorf("alert %v", a)
	}
	if users := s.get("/v1/directoryUsers?emails=p1@example.com")["users"].([]any); fmt.Sprint(users[0].(map[string]any)["groups"]) != "[Finance]" {
		t.Errorf("groups: %v", users)
	}

	for i := 10; i < 20; i++ {
		e.Put(fmt.Sprintf("p%d", i), map[string]any{"accountEnabled": false})
	}
	held := s.alertOf("directory_hold", "ALERT_STATE_NEW")
	if evidence := held["evidence"].(map[string]any); evidence["left"] != 10.0 || evidence["confirm"] != "sealwatch directory confirm entra --left 10" || evidence["leavers"].([]any)[0] != "Person p10" {
		t.Errorf("alert %v", held)
	}
	s.asked("directory/entra", func(p map[string]any) bool { return strings.Contains(fmt.Sprint(p["warnings"]), "is held") })
	if code, body := s.postJSON("/v1/directoryUsers:confirm", `{"source":"entra","left":9}`); code != http.StatusBadRequest || !strings.Contains(body, "expected 10") {
		t.Errorf("another number: %d %s", code, body)
	}
	if code, body := s.postJSON("/v1/directoryUsers:confirm", `{"source":"hr","left":9}`); code != http.StatusNotFound {
		t.Errorf("another source: %d %s", code, body)
	}
	if code, body := s.postJSON("/v1/directoryUsers:confirm", `{"source":"entra","left":10}`); code != http.StatusOK || !strings.Contains(body, `"activeBefore":39`) {
		t.Errorf("confirmed: %d %s", code, body)
	}
	if now := s.alertOf("directory_hold", "ALERT_STATE_RESOLVED"); now["name"] != held["name"] {
		t.Errorf("alert %v", now)
	}
	s.asked("directory/entra", func(p map[string]any) bool { return len(p["warnings"].([]any)) == 0 })
	if users := s.get("/v1/directoryUsers?statuses=disabled&pageSize=100")["users"].([]any); len(users) != 10 {
		t.Errorf("%d people are disabled", len(users))
	}
	s.end()

	whole := len(e.Calls("delta?%24select"))
	s = polled(t, cfg)
	s.asked("directory/entra", state("current"))
	if again := len(e.Calls("delta?%24select")); again != whole {
		t.Errorf("after a restart everybody is read anew: %d, before %d", again, whole)
	}
	refused := entratest.Status(401, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."}`)
	for range 400 {
		e.Fail(entratest.PathToken, refused)
	}
	e.RevokeTokens()
	s.asked("directory/entra", state("refused"))
	lost := s.alertOf("source_access", "ALERT_STATE_NEW")
	evidence := lost["evidence"].(map[string]any)
	if evidence["kind"] != "secret" || !strings.Contains(evidence["problem"].(string), "has expired") || !strings.Contains(evidence["consequence"].(string), "terminated_user") || !strings.Contains(lost["title"].(string), "Microsoft Entra ID (entra)") {
		t.Errorf("alert %v", lost)
	}
	metrics := s.text("/metrics")
	if !strings.Contains(metrics, `sealwatch_source_errors_total{kind="secret",source="directory/entra"}`) || strings.Contains(metrics, entratest.Secret) {
		t.Error("the metrics lack the source")
	}
}
