package embedded

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestAStatementIsAdmittedAgainAsItWas: what was let in by POST is refused to GET although it is known by then, and what a session
// may not do twice ends it each time.
func TestAStatementIsAdmittedAgainAsItWas(t *testing.T) {
	e := useShared(t)
	get := func(sql string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.URL()+"?query="+url.QueryEscape(sql), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(e.User(), e.Password())
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	const create = "CREATE DATABASE IF NOT EXISTS admitted_again"
	for range 2 {
		if status, body := post(t, e, e.User(), e.Password(), create, nil); status != http.StatusOK {
			t.Errorf("by POST: %d %s", status, body)
		}
		if status, body := get(create); status == http.StatusOK || !strings.Contains(body, "Code: 164") {
			t.Errorf("by GET: %d %s", status, body)
		}
		if status, body := post(t, e, e.User(), e.Password(), "SELECT 1; SELECT 2", nil); status == http.StatusOK || !strings.Contains(body, "multi-statements") {
			t.Errorf("two at once: %d %s", status, body)
		}
		if status, body := post(t, e, e.User(), e.Password(), "SELEC 1", nil); status == http.StatusOK || !strings.Contains(body, "Code: 62") {
			t.Errorf("not SQL: %d %s", status, body)
		}
		if status, body := post(t, e, e.User(), e.Password(), "SET max_threads = 7", nil); status != http.StatusOK {
			t.Errorf("SET: %d %s", status, body)
		}
		if _, body := post(t, e, e.User(), e.Password(), "SELECT value FROM system.settings WHERE name = 'max_threads'", nil); strings.TrimSpace(body) == "7" {
			t.Error("a setting of one request is in force for the next")
		}
	}
}

func TestClassesAreBound(t *testing.T) {
	var c classes
	long := strings.Repeat("x", 1<<20)
	for i := range 100 {
		c.remember(classKey{sql: long[i:]}, classified{1, classReads})
		total := 0
		for k := range c.known {
			total += len(k.sql)
		}
		if total != c.size || total > maxRemembered || len(c.known) == 0 {
			t.Fatalf("after %d: %d statements, %d bytes, counted as %d", i, len(c.known), total, c.size)
		}
	}
	c.remember(classKey{sql: long[99:]}, classified{2, classWrites})
	if c.known[classKey{sql: long[99:]}].statements != 1 {
		t.Error("what is known was overwritten")
	}
	if _, known := c.known[classKey{sql: long[99:], dialect: "prql"}]; known {
		t.Error("another language has the same class")
	}
}
