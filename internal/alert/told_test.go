package alert_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
)

const (
	mia = "c8b5ecec-074f-4304-b077-ee1aab7b40ba"
	zoe = "5c3b1a80-de4b-40ce-9d31-357033e58ce9"
)

func TestToldTitle(t *testing.T) {
	directory := func(name, email string) *alert.Context {
		return &alert.Context{Directory: &alert.Person{Name: name, Email: email}}
	}
	user := alert.Subject{Type: "user", ID: mia}
	for _, c := range []struct {
		name    string
		subject alert.Subject
		context *alert.Context
		title   string
		want    string
	}{
		{"the directory knows the name", user, directory("Mia Olsen", "mia@example.com"), "User " + mia + " was in Delhi", "Mia Olsen was in Delhi"},
		{"the directory knows an e-mail alone", user, directory("", "mia@example.com"), "User " + mia + " was in Delhi", "mia@example.com was in Delhi"},
		{"nobody knows the name", user, &alert.Context{}, "User " + mia + " was in Delhi", "User " + mia + " was in Delhi"},
		{"no description yet", user, nil, "User " + mia + " was in Delhi", "User " + mia + " was in Delhi"},
		{"the events know the name", user, &alert.Context{Names: []alert.Named{{ID: mia, Name: "Mia", Email: "m@example.com"}}}, "User " + mia + " was in Delhi", "Mia was in Delhi"},
		{"in the middle, more than once", user, directory("Mia", ""), "198.51.100.1 succeeded as " + mia + ", " + mia + ".", "198.51.100.1 succeeded as Mia, Mia."},
		{"a part of something else", user, directory("Mia", ""), "x-" + mia + " and " + mia + "-2 and a" + mia, "x-" + mia + " and " + mia + "-2 and a" + mia},
		{"an id like a word, only where it is somebody", alert.Subject{Type: "user", ID: "tour"}, directory("Tina Tour", ""), "User tour left the tour", "Tina Tour left the tour"},
		{"a number", alert.Subject{Type: "user", ID: "1"}, directory("One", ""), "User 1 did 1 download", "One did 1 download"},
		{"others whom it names", alert.Subject{Type: "address", ID: "198.51.100.1"}, &alert.Context{Names: []alert.Named{{ID: mia, Name: "Mia"}, {ID: zoe, Email: "zoe@example.com"}}},
			"198.51.100.1 failed, and succeeded as " + zoe + " and " + mia, "198.51.100.1 failed, and succeeded as zoe@example.com and Mia"},
		{"an application keeps the begin of its key", alert.Subject{Type: "integration", ID: zoe}, &alert.Context{Names: []alert.Named{{ID: zoe, Name: "HR Sync"}}}, "Application " + zoe + " acted", "Application HR Sync (5c3b1a80…) acted"},
		{"a short key", alert.Subject{Type: "integration", ID: "k1"}, &alert.Context{Names: []alert.Named{{ID: "k1", Name: "HR"}}}, "Application k1 acted", "Application HR (k1…) acted"},
		{"what a reader could not see", user, directory("Mia\u202e\x1b[31m\nOlsen", ""), "User " + mia + " left", "Mia [31m Olsen left"},
		{"a name that would hide the rest", user, directory(strings.Repeat("é", 200), ""), "User " + mia + " left", strings.Repeat("é", 79) + "… left"},
		{"a name that is the id of somebody else", user, &alert.Context{Directory: &alert.Person{Name: zoe}, Names: []alert.Named{{ID: zoe, Name: "Zoe"}}}, "User " + mia + " acted as " + zoe, "User " + mia + " acted as Zoe"},
		{"the detection wrote such a name", alert.Subject{Type: "user", ID: mia, DisplayName: zoe}, &alert.Context{Names: []alert.Named{{ID: zoe, Name: "Zoe"}}}, zoe + " was in Delhi", zoe + " was in Delhi"},
		{"then the e-mail", user, directory("by "+zoe, "mia@example.com"), "User " + mia + " left", "mia@example.com left"},
		{"a name that speaks of somebody else", user, &alert.Context{Directory: &alert.Person{Name: "User tour"}, Names: []alert.Named{{ID: "tour", Name: "Tina Tour"}}}, "User " + mia + " left", "User tour left"},
		{"names in a circle", alert.Subject{Type: "address", ID: "192.0.2.1"}, &alert.Context{Names: []alert.Named{{ID: "a1", Name: "User b2"}, {ID: "b2", Name: "User a1"}}}, "User a1 and user b2 and User b2", "User b2 and User a1 and User a1"},
		{"an id that begins another", alert.Subject{Type: "user", ID: "k 1"}, &alert.Context{Names: []alert.Named{{ID: "k 1", Name: "One"}, {ID: "k", Name: "Kay"}}}, "User k 1 and user k left", "One and Kay left"},
		{"the directory of an address says nothing", alert.Subject{Type: "address", ID: "192.0.2.1"}, directory("Mia", ""), "192.0.2.1 failed", "192.0.2.1 failed"},
	} {
		a := alert.Alert{Finding: alert.Finding{Subject: c.subject, Title: c.title}, Context: c.context}
		if got := a.ToldTitle(); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
		if a.Title != c.title {
			t.Errorf("%s: the stored title changed", c.name)
		}
	}
}

func TestMentioned(t *testing.T) {
	f := alert.Finding{Subject: alert.Subject{ID: mia}, EventIDs: []string{"e0000000-0000-4000-8000-000000000001"}, Title: "198.51.100.1 succeeded as " + zoe,
		Evidence: `{"userList":["` + mia + `","a0000000-0000-4000-8000-000000000002","E0000000-0000-4000-8000-000000000001"],"at":{"eventId":"b0000000-0000-4000-8000-000000000003"},"note":"x ` + zoe + `"}`}
	if got, want := f.Mentioned(5), []string{zoe, "a0000000-0000-4000-8000-000000000002"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	f.Subject.DisplayName = "Dr. " + strings.ToUpper(zoe)
	if got := f.Mentioned(5); !slices.Equal(got, []string{"a0000000-0000-4000-8000-000000000002"}) {
		t.Errorf("whose name is an id: %v", got)
	}
	f.Subject.DisplayName = ""
	if got := f.Mentioned(1); !slices.Equal(got, []string{zoe}) {
		t.Errorf("one at most: %v", got)
	}
}

func TestIncidentsSpeakOfPeopleAndDetectionsByName(t *testing.T) {
	a := alert.Alert{ID: "1", Finding: alert.Finding{Subject: alert.Subject{Type: "user", ID: mia}, Title: "User " + mia + " left", Severity: "high"}, Context: &alert.Context{Directory: &alert.Person{Name: "Mia Olsen"}}}
	first, ok := alert.NewMember(&a)
	if !ok || first.Title != "Mia Olsen left" || first.Subject.DisplayName != "Mia Olsen" {
		t.Fatalf("member %+v", first)
	}
	second := first
	first.Start, first.End, second.ID, second.Start, second.End, first.Detection, second.Detection = noon, noon, "2", noon, noon, "impossible_travel", "docusign_alert"
	g := grouping()
	g.Title = func(id string) string {
		return map[string]string{"impossible_travel": "Impossible travel", "docusign_alert": "DocuSign's own alert"}[id]
	}
	all := g.Group([]alert.Member{first, second})
	if len(all) != 1 || all[0].Title != "2 alerts about Mia Olsen: impossible travel; DocuSign's own alert" || all[0].Contributions[1].Reason != "DocuSign's own alert, high" {
		t.Fatalf("incidents %+v", all)
	}
	if f := (alert.IncidentFilter{Subjects: []string{"mia olsen"}}); !f.Match(&all[0]) {
		t.Error("not found by name")
	}
}
