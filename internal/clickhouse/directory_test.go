package clickhouse_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestDirectory(t *testing.T) {
	db := testkit.Database(t)
	ctx := t.Context()
	e := sample("id-1", 1)
	other := sample("id-2", 2)
	other.UserID, other.UserEmail = "u2", ""
	if err := db.AppendEvents(ctx, "t", []event.Event{e, other}); err != nil {
		t.Fatal(err)
	}
	left := base.Truncate(time.Millisecond)
	states := []directory.State{
		{Tenant: "default", Source: "entra", DirectoryID: "1", Status: "active", Kind: "person", UserName: "ann@example.com", DisplayName: "Ann O'Neil", Emails: []string{"ann@example.com", "o'neil@example.com"}, DocuSignUserIDs: []string{}, Groups: []string{"Finance"}, Role: "admin"},
		{Tenant: "default", Source: "entra", DirectoryID: "1", Status: "deleted", Kind: "person", From: left, Emails: []string{}, DocuSignUserIDs: []string{}, Groups: []string{}},
		{Tenant: "default", Source: "docusign", DirectoryID: "u2", Status: "active", Kind: "person", Emails: []string{"o'neil@example.com"}, DocuSignUserIDs: []string{"u2"}, Groups: []string{}},
		{Tenant: "default", Source: "entra", DirectoryID: "2", Status: "active", Kind: "guest", Emails: []string{"bob@example.com"}, DocuSignUserIDs: []string{}, Groups: []string{}},
	}
	for range 2 { // again changes nothing
		if err := db.AddPeople(ctx, states); err != nil {
			t.Fatal(err)
		}
	}
	all, err := db.ListPeople(ctx, "default", directory.Page{Limit: 10})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d states, %v", len(all), err)
	}
	want := states[0]
	want.To = left
	if d := cmp.Diff(want, all[1]); d != "" {
		t.Errorf("state differs (-want +got):\n%s", d)
	}
	for _, c := range []struct {
		name string
		page directory.Page
		want []string
	}{
		{"a page", directory.Page{Limit: 2}, []string{"u2", "1"}},
		{"the next page", directory.Page{Limit: 2, After: all[1]}, []string{"1", "2"}},
		{"of a source", directory.Page{Limit: 9, Sources: []string{"docusign"}}, []string{"u2"}},
		{"of a status", directory.Page{Limit: 9, Statuses: []string{"deleted"}}, []string{"1"}},
		{"of an address", directory.Page{Limit: 9, Keys: []string{"o'neil@example.com"}}, []string{"u2", "1", "1"}},
		{"at a time", directory.Page{Limit: 9, Sources: []string{"entra"}, At: left.Add(-time.Second)}, []string{"1", "2"}},
	} {
		got, err := db.ListPeople(ctx, "default", c.page)
		var ids []string
		for _, s := range got {
			ids = append(ids, s.DirectoryID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, %v; expected %v", c.name, ids, err, c.want)
		}
	}
	answers, err := db.DirectoryAt(ctx, "default", []directory.Question{
		{SubjectID: "u1", Email: "ANN@example.com", At: left.Add(-time.Second)},
		{SubjectID: "u2", At: left},
		{SubjectID: "u3", At: left},
	})
	if err != nil || len(answers) != 3 {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	if a := answers[0]; a.DirectoryID != "1" || a.Status != "active" || a.Role != "admin" || !slices.Equal(a.Groups, []string{"Finance"}) {
		t.Errorf("before leaving: %+v", a)
	}
	if a := answers[1]; a.DirectoryID != "1" || a.Status != "deleted" || a.MatchedBy != "email" || len(a.Others) != 1 {
		t.Errorf("by DocuSign's list: %+v", a)
	}
	if answers[2].Known() {
		t.Errorf("nobody: %+v", answers[2])
	}
	users, err := db.UsersOfPeople(ctx, "default", []string{"ann@example.com"}, time.Time{})
	slices.SortFunc(users, func(a, b clickhouse.Span) int { return strings.Compare(a.ID, b.ID) })
	if err != nil || len(users) != 2 || users[0].ID != "u1" || users[1].ID != "u2" || !users[0].First.Equal(e.Time) {
		t.Errorf("users of ann: %+v, %v", users, err)
	}
	if users, err := db.UsersOfPeople(ctx, "default", []string{"ann@example.com"}, e.Time.Add(time.Hour)); err != nil || len(users) != 0 {
		t.Errorf("users since later: %+v, %v", users, err)
	}
	// an address of a record may have a megabyte, and is nobody's: it is not asked for, and the others are answered
	long := make([]directory.Question, 12)
	for i := range long {
		long[i] = directory.Question{SubjectID: "x", Email: fmt.Sprint(i) + strings.Repeat("a", 900_000), At: left}
	}
	long[11] = directory.Question{SubjectID: "u2", At: left}
	if answers, err := db.DirectoryAt(ctx, "default", long); err != nil || answers[0].Known() || !answers[11].Known() {
		t.Errorf("long addresses: %v", err)
	}
	if answers, err := db.DirectoryAt(ctx, "other", []directory.Question{{SubjectID: "u2", At: left}}); err != nil || answers[0].Known() {
		t.Errorf("another tenant's: %+v, %v", answers, err)
	}
	// taken back
	said, err := db.PeopleChanges(ctx, "default", 0)
	if err != nil || len(said) == 0 {
		t.Fatalf("%d changes, %v", len(said), err)
	}
	var latest uint64
	for _, c := range said {
		latest = max(latest, c.Version)
	}
	back := directory.State{Tenant: "default", Source: "entra", DirectoryID: "1", Status: "active", Kind: "person", From: left, Removed: true}
	if err := db.AddPeople(ctx, []directory.State{back}); err != nil {
		t.Fatal(err)
	}
	said, err = db.PeopleChanges(ctx, "default", latest)
	if err != nil || len(said) != 1 || !said[0].From.Equal(left) {
		t.Fatalf("after the leaving was taken back: changes %+v, %v", said, err)
	}
	slices.Sort(said[0].Keys)
	if d := cmp.Diff([]string{"ann@example.com", "o'neil@example.com"}, said[0].Keys); d != "" {
		t.Errorf("what takes a state back names nobody; the keys that the person ever had differ (-want +got):\n%s", d)
	}
	if answers, err := db.DirectoryAt(ctx, "default", []directory.Question{{SubjectID: "u2", At: left}}); err != nil || answers[0].Status != "active" {
		t.Errorf("after the leaving was taken back: %+v, %v", answers, err)
	}
	readsWhatHolds(t, db)
}

// readsWhatHolds: a state that was replaced or taken back lies in a part until a merge. What DirectoryAt chooses from
// does not have the people whom only such a state leads to, and its answers are those of everything that holds.
func readsWhatHolds(t *testing.T, db *clickhouse.DB) {
	t.Helper()
	tenant, ctx := "related", t.Context()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	state := func(id string, from time.Time, status string, ids []string, emails ...string) directory.State {
		return directory.State{Tenant: tenant, Source: "hr", DirectoryID: id, Status: status, Kind: "person", From: from, Emails: emails, DocuSignUserIDs: ids, Groups: []string{}}
	}
	back := state("1", day(5), "active", nil)
	back.Removed = true
	held := []directory.State{
		state("1", time.Time{}, "active", []string{"u1"}, "ann@example.com"),
		state("2", time.Time{}, "active", nil, "bob@example.com"),
		state("3", time.Time{}, "deleted", nil, "cy@example.com"),
	}
	for _, said := range [][]directory.State{
		{state("1", time.Time{}, "active", []string{"u1"}, "ann@example.com", "bob@example.com")}, // replaced below
		{state("1", day(5), "deleted", nil, "cy@example.com")},                                    // taken back below
		append([]directory.State{back}, held...),
	} {
		if err := db.AddPeople(ctx, said); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := clickhouse.RelatedPeople(ctx, db, tenant, []string{"u1"}); err != nil || !slices.Equal(ids, []string{"1"}) {
		t.Errorf("people related to u1: %v, %v; expected person 1 alone", ids, err)
	}
	var questions []directory.Question
	for _, q := range []directory.Question{{SubjectID: "u1"}, {SubjectID: "u9", Email: "bob@example.com"}, {Email: "cy@example.com"}, {SubjectID: "u1", Email: "cy@example.com"}} {
		for _, n := range []int{1, 5, 9} {
			q.At = day(n)
			questions = append(questions, q)
		}
	}
	answers, err := db.DirectoryAt(ctx, tenant, questions)
	if err != nil {
		t.Fatal(err)
	}
	who := directory.NewResolver(held)
	for i, q := range questions {
		want := who.Resolve(q)
		if got := answers[i]; got.DirectoryID != want.DirectoryID || got.Status != want.Status || got.MatchedBy != want.MatchedBy || len(got.Others) != len(want.Others) {
			t.Errorf("%+v: %+v, expected %+v", q, got, want)
		}
	}
}
