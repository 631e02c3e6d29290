package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// TestDoubtsOfTheService: what the service knows of events and people decides, and a file that looks for what cannot be is not taken over.
func TestDoubtsOfTheService(t *testing.T) {
	s := newService(t, "doubts")
	s.known = policy.Values{"activity": {"download", "export", "logon"}, "ip_tag": {"tor"}}
	s.restart()
	e := download("first", "u1", s.now.Add(-time.Hour))
	e.Result, e.Action = "Success", "PasswordReset"
	s.add(e)
	if err := s.runner.KnowPeople(t.Context(), []directory.State{{Tenant: s.tenant, Source: "hr", DirectoryID: "1", Status: "active", Kind: "person", Emails: []string{"a@example.com"}, Groups: []string{"auditors"}, Role: "DS Admin"}}); err != nil {
		t.Fatal(err)
	}
	p := single("watch", "export")
	p.Filter = &policy.Filter{All: []policy.Filter{
		{Field: "result", Operator: policy.Equals, Values: []string{"success", "Succes"}},
		{Field: "action", Operator: policy.Contains, Values: []string{"password reset"}},
		{Field: "user_group", Operator: policy.Equals, Values: []string{"Auditors", "auditrs"}},
		{Field: "user_role", Operator: policy.Equals, Values: []string{"ds admin"}},
		{Field: "ip_tag", Operator: policy.Equals, Values: []string{"tor", "tro"}},
	}}
	doubts, err := s.book.Doubts(t.Context(), &p)
	var got []string
	for _, d := range doubts {
		got = append(got, d.Where+": "+d.Text)
	}
	want := "filter.all[0].values[1]: no stored event has the result Succes yet; did you mean Success?\n" +
		"filter.all[2].values[1]: nobody in the directory is in the group auditrs yet; did you mean auditors?\n" +
		"filter.all[4].values[1]: no address has the tag tro yet; did you mean tor?"
	if text := strings.Join(got, "\n"); err != nil || text != want {
		t.Errorf("%v\n%s\nexpected\n%s", err, text, want)
	}
	filed := single("filed", "exprot")
	if err := s.book.Reread(t.Context(), map[string]policy.Policy{"filed.yaml": filed}); err == nil || !strings.Contains(err.Error(), "policies.folder: filed.yaml: filter.values[0]: there is no activity exprot; did you mean export?") {
		t.Error(err)
	}
	filed.Disabled = true
	if err := s.book.Reread(t.Context(), map[string]policy.Policy{"filed.yaml": filed}); err != nil {
		t.Error(err)
	}
}
