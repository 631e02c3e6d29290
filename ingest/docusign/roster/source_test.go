package roster_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/docusign/roster"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// taker notes deliveries.
type taker struct {
	last    directory.Delivery
	outcome directory.Outcome
}

func (k *taker) Deliver(_ context.Context, d directory.Delivery) (directory.Outcome, error) {
	k.last = d
	return k.outcome, nil
}

func (k *taker) lines() (all []string) {
	for _, r := range k.last.Records {
		all = append(all, fmt.Sprintf("%s %s %q %s role=%s groups=%s hired=%s left=%s", r.DirectoryID, r.Status, r.DisplayName, strings.Join(r.Emails, "+"), r.Role, strings.Join(r.Groups, "+"), day(r.Hired), day(r.Left)))
	}
	return all
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

const other = "6b1d2e3f-4b5c-4d6e-8f70-8192a3b4c5d6"

func user(n int, email, status string, more ...string) map[string]any {
	u := map[string]any{"userId": fmt.Sprintf("00000000-0000-4000-8000-00000000000%d", n), "userName": fmt.Sprint("User ", n), "email": email, "userStatus": status, "createdDateTime": "2026-01-0" + fmt.Sprint(n) + "T00:00:00.0000000Z"}
	for i := 0; i+1 < len(more); i += 2 {
		u[more[i]] = more[i+1]
	}
	return u
}

func source(t *testing.T, d *docusigntest.Server, k *taker, accounts ...string) *roster.Source {
	t.Helper()
	roots := d.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := docusign.New(docusign.Options{Environment: d.Environment(t), IntegrationKey: docusigntest.IntegrationKey, UserID: docusigntest.UserID, Key: d.Key, Transport: docusign.NewTransport(roots)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	asker := docusign.NewAsker(client, docusign.AskerOptions{Sleep: func(context.Context, time.Duration) error { return nil }})
	s, err := roster.New(roster.Options{Readers: []roster.Reader{{Name: "main", Asker: asker, Accounts: accounts, Organization: func(context.Context) (string, error) { return docusigntest.OrganizationID, nil }}}, People: k})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func world(t *testing.T) *docusigntest.Server {
	d := docusigntest.New(t)
	a := d.NewAccount(docusigntest.AccountID)
	a.Users = []map[string]any{
		user(1, "Ann@Example.com", "Active", "permissionProfileName", "DocuSign Sender", "isAdmin", "False"),
		user(2, "bob@example.com", "Active", "permissionProfileName", "Account Administrator", "isAdmin", "True"),
		user(3, "cem@example.com", "Closed", "permissionProfileName", "DocuSign Sender", "closedDate", "2026-03-01T00:00:00Z"),
		user(4, "dee@home.example", "ActivationSent"),
		user(5, "eve@example.com", "Disabled"),
	}
	a.Users[0]["groupList"] = []any{map[string]any{"groupName": "Everyone"}, map[string]any{"groupName": "Legal"}}
	b := d.NewAccount(other)
	b.Member = false
	b.Users = []map[string]any{user(1, "ann@example.com", "Closed"), user(3, "cem@example.com", "Active"), user(6, "fay@example.com", "Active")}
	d.Organizations[0].Accounts = []docusign.OrganizationAccount{{ID: docusigntest.AccountID}, {ID: strings.ToUpper(other)}}
	d.Domains = []map[string]any{{"id": "1", "host_name": "Example.com", "status": "active"}, {"id": "2", "host_name": "example.org", "status": "pending"}}
	return d
}

// TestEverybody: both APIs, pages, and memberships of several accounts make one list; who is active in one account is active.
func TestEverybody(t *testing.T) {
	d, k := world(t), &taker{}
	warnings, err := source(t, d, k).Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := "00000000-0000-4000-8000-00000000000"
	want := []string{
		id + `1 active "User 1" ann@example.com role=DocuSign Sender groups=Legal hired=2026-01-01 left=-`,
		id + `2 active "User 2" bob@example.com role=Account Administrator groups= hired=2026-01-02 left=-`,
		id + `3 active "User 3" cem@example.com role= groups= hired=2026-01-03 left=-`,
		id + `4 active "User 4" dee@home.example role= groups= hired=2026-01-04 left=-`,
		id + `5 disabled "User 5" eve@example.com role= groups= hired=2026-01-05 left=-`,
		id + `6 active "User 6" fay@example.com role= groups= hired=2026-01-06 left=-`,
	}
	if got := k.lines(); !slices.Equal(got, want) {
		t.Errorf("found\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if k.last.Source != "docusign" || k.last.Full || !k.last.Records[0].Was || !slices.Equal(k.last.Records[0].DocuSignUserIDs, []string{id + "1"}) {
		t.Errorf("%+v", k.last)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "1 of 6 users are outside") || !strings.Contains(warnings[0], "dee@home.example") || !strings.Contains(warnings[0], "not verified yet: example.org") {
		t.Errorf("warnings %q", warnings)
	}
	// of one account alone
	if _, err := source(t, d, k, docusigntest.AccountID).Round(t.Context()); err != nil || len(k.last.Records) != 5 || k.last.Records[2].Status != "deleted" || day(k.last.Records[2].Left) != "2026-03-01" {
		t.Errorf("%v\n%s", err, strings.Join(k.lines(), "\n"))
	}
}

// TestPartsThatAreRefused are warnings while the rest answers, and say what to do; faults are tried again.
func TestPartsThatAreRefused(t *testing.T) {
	d, k := world(t), &taker{outcome: directory.Outcome{Held: true, Left: 9, People: 90}}
	d.Change(func(d *docusigntest.Server) { delete(d.Consents, "user_read") })
	warnings, err := source(t, d, k).Round(t.Context())
	if err != nil || len(k.last.Records) != 5 || len(warnings) != 2 || !strings.Contains(warnings[0], "user_read") || !strings.Contains(warnings[1], "sealwatch directory confirm docusign --left 9") {
		t.Errorf("%v, %q, %d people", err, warnings, len(k.last.Records))
	}
	d.Change(func(d *docusigntest.Server) {
		d.Consents["user_read"] = true
		d.Accounts[0].Member = false
	})
	k.outcome = directory.Outcome{}
	if _, err := source(t, d, k).Round(t.Context()); err != nil || len(k.last.Records) != 6 || k.last.Records[1].Role != "" {
		t.Errorf("without a membership: %v, %d people", err, len(k.last.Records))
	}
	d.Change(func(d *docusigntest.Server) { delete(d.Consents, "user_read") })
	if _, err := source(t, d, k).Round(t.Context()); !roster.Explain(err).Refused || !strings.Contains(err.Error(), "main") {
		t.Errorf("nothing may be read: %v", err)
	}
	d.Change(func(d *docusigntest.Server) { d.Consents["user_read"], d.Accounts[0].Member = true, true })
	path := docusigntest.PathAccount(docusigntest.AccountID, "users")
	d.Fail(path, docusigntest.Status(429, "", "Retry-After", "5"), docusigntest.Cut, docusigntest.Status(503, ""))
	if _, err := source(t, d, k).Round(t.Context()); err != nil || len(k.last.Records) != 6 {
		t.Errorf("faults: %v", err)
	}
	for range 5 {
		d.Fail(path, docusigntest.Status(500, ""))
	}
	k.last = directory.Delivery{}
	if _, err := source(t, d, k).Round(t.Context()); roster.Explain(err).Kind != "server" || roster.Explain(err).Refused || k.last.Source != "" {
		t.Errorf("an account that fails: %v; half of it was delivered: %v", err, k.lines())
	}
}

func TestUnseen(t *testing.T) {
	if w := roster.Unseen([]roster.Domain{{Name: "a.b", Claimed: true}}, []string{"x@A.b"}); w != nil {
		t.Errorf("%q", w)
	}
	if w := roster.Unseen(nil, []string{"1@x.y", "2@x.y", "3@x.y", "4@x.y", "5@x.y", "6@x.y"}); len(w) != 1 || !strings.Contains(w[0], "5@x.y and 1 more; no domain is claimed") {
		t.Errorf("%q", w)
	}
}

// TestTry reads one page of each list.
func TestTry(t *testing.T) {
	d := world(t)
	roots := d.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := docusign.New(docusign.Options{Environment: d.Environment(t), IntegrationKey: docusigntest.IntegrationKey, UserID: docusigntest.UserID, Key: d.Key, Transport: docusign.NewTransport(roots)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	n, _, err := roster.Try(t.Context(), roster.Reader{Name: "main", Asker: docusign.NewAsker(client, docusign.AskerOptions{Once: true}), Organization: func(context.Context) (string, error) { return "", nil }})
	if calls := len(d.Calls(docusigntest.PathAccount(docusigntest.AccountID, "users"))); err != nil || n != 3 || calls != 1 {
		t.Errorf("%v, %d users, %d calls", err, n, calls)
	}
}

// TestReaderIsRefused: the others go on, what it saw last stays, and after a restart nobody leaves because of what cannot be read.
func TestReaderIsRefused(t *testing.T) {
	d, k := world(t), &taker{}
	e := world(t)
	e.Change(func(e *docusigntest.Server) {
		e.Accounts[0].Users = []map[string]any{user(5, "eve@example.com", "Active", "permissionProfileName", "Sender"), user(7, "gus@example.com", "Active")}
		e.Accounts[1].Users = nil
	})
	reader := func(name string, d *docusigntest.Server) roster.Reader {
		roots := d.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		client, err := docusign.New(docusign.Options{Environment: d.Environment(t), IntegrationKey: docusigntest.IntegrationKey, UserID: docusigntest.UserID, Key: d.Key, Transport: docusign.NewTransport(roots)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return roster.Reader{Name: name, Asker: docusign.NewAsker(client, docusign.AskerOptions{}), Organization: func(context.Context) (string, error) { return "", nil }}
	}
	k2, members := &losses{}, &roster.Members{}
	start := func() *roster.Source {
		s, err := roster.New(roster.Options{Readers: []roster.Reader{reader("one", d), reader("two", e)}, People: k, Watch: k2, Members: members})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	if _, err := s.Round(t.Context()); err != nil || len(k.last.Records) != 6 {
		t.Fatalf("%v\n%s", err, strings.Join(k.lines(), "\n"))
	}
	id := "00000000-0000-4000-8000-00000000000"
	if !members.Member(docusigntest.AccountID, id+"7") || !members.Member(strings.ToUpper(docusigntest.AccountID), id+"1") || members.Member(docusigntest.AccountID, id+"6") || !members.Member(other, id+"6") {
		t.Error("who is a member of which account is not right, or nobody is asked of an account that is not known")
	}
	before := k.lines()
	e.Change(func(e *docusigntest.Server) { e.Accounts[0].Member = false })
	for range 2 {
		warnings, err := s.Round(t.Context())
		if err != nil || !slices.Equal(k.lines(), before) || len(warnings) != 1 || !strings.Contains(warnings[0], "by two") {
			t.Errorf("%v, %q\n%s", err, warnings, strings.Join(k.lines(), "\n"))
		}
	}
	if want := []string{"restored directory/docusign/one", "restored directory/docusign/two", "lost directory/docusign/two role"}; !slices.Equal(k2.news, want) {
		t.Errorf("told %q", k2.news)
	}
	s = start()
	if _, err := s.Round(t.Context()); err != nil || strings.Contains(strings.Join(k.lines(), " "), "User 5") || len(k.last.Records) != 3 {
		t.Errorf("after a restart: %v\n%s", err, strings.Join(k.lines(), "\n"))
	}
	d.Change(func(d *docusigntest.Server) { d.Accounts[0].Member = false })
	if _, err := s.Round(t.Context()); !roster.Explain(err).Refused {
		t.Errorf("nobody can be read: %v", err)
	}
}

// losses notes what is told.
type losses struct{ news []string }

func (l *losses) Lost(_ context.Context, o rounds.Loss) error {
	l.news = append(l.news, "lost "+o.Source+" "+o.Kind)
	return nil
}

func (l *losses) Restored(_ context.Context, source string, _ time.Time) error {
	l.news = append(l.news, "restored "+source)
	return nil
}
