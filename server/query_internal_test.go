package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestEveryServiceKnowsItsQueries: a misspelt parameter is refused by the routes of every service, of each method, and what they have is taken.
func TestEveryServiceKnowsItsQueries(t *testing.T) {
	q, err := newQueryRules()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path, good string }{
		{http.MethodGet, "/v1/ipRanges", "sources=operator"}, {http.MethodGet, "/v1/directoryUsers", "pageSize=3"}, {http.MethodGet, "/v1/feeds", ""},
		{http.MethodGet, "/v1/deadLetters", "pageSize=3"}, {http.MethodPost, "/v1/deadLetters:bulkReplay", ""},
		{http.MethodGet, "/v1/hunts", ""}, {http.MethodGet, "/v1/policies", ""}, {http.MethodGet, "/v1/exceptions", "pageSize=3"}, {http.MethodGet, "/v1/alerts", "pageSize=3"},
		{http.MethodPost, "/v1/policies", ""}, {http.MethodPost, "/v1/ipRanges:import", ""}, {http.MethodPost, "/v1/feeds/tor:refresh", ""},
		{http.MethodPut, "/v1/hunts/mine", ""}, {http.MethodPatch, "/v1/policies/mine", "updateMask=enabled"}, {http.MethodDelete, "/v1/exceptions/mine", ""}, {http.MethodDelete, "/v1/policies/mine", ""},
		{http.MethodGet, "/v1/users/ann/timeline", ""}, {http.MethodGet, "/v1/alerts:stream", "since=2026-05-01T00:00:00Z"},
	} {
		ask := func(query string) error {
			return q.check(httptest.NewRequestWithContext(t.Context(), c.method, c.path+"?"+query, nil))
		}
		if ask("sourcse=x") == nil {
			t.Errorf("%s %s takes a parameter that it does not have", c.method, c.path)
		}
		if c.good != "" {
			if err := ask(c.good); err != nil {
				t.Errorf("%s %s: %v", c.method, c.path, err)
			}
		}
	}
}
