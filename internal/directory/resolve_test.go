package directory_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/directory"
)

func day(d int) time.Time { return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC) }

// person makes a state; ids begin with #, addresses have an @.
func person(source, id string, from time.Time, status string, keys ...string) directory.State {
	s := directory.State{Source: source, DirectoryID: id, From: from, Status: status}
	for _, k := range keys {
		if k[0] == '#' {
			s.DocuSignUserIDs = append(s.DocuSignUserIDs, k[1:])
		} else {
			s.Emails = append(s.Emails, k)
		}
	}
	s.Normalise()
	return s
}

func TestResolve(t *testing.T) {
	var always time.Time
	p := person
	for _, c := range []struct {
		name   string
		states []directory.State
		id     string
		email  string
		at     time.Time
		// want is "source/id status by alias", empty for nobody.
		want   string
		since  time.Time
		others int
	}{
		{"nobody", []directory.State{p("e", "1", always, "active", "ann@x.y")}, "u9", "bob@x.y", day(5), "", always, 0},
		{"by address", []directory.State{p("e", "1", always, "active", "ann@x.y")}, "u1", "Ann@x.y", day(5), "e/1 active email ann@x.y", always, 0},
		{"by id", []directory.State{p("e", "1", always, "active", "ann@x.y", "#u1")}, "u1", "", day(5), "e/1 active docusign_user_id u1", always, 0},
		{"before the first state", []directory.State{p("e", "1", day(6), "deleted", "ann@x.y")}, "", "ann@x.y", day(5), "", always, 0},
		{"after leaving, without the address", []directory.State{p("e", "1", always, "active", "ann@x.y"), p("e", "1", day(4), "deleted")}, "", "ann@x.y", day(5), "e/1 deleted email ann@x.y", day(4), 0},
		{"an address given up by somebody who is still there", []directory.State{p("e", "1", always, "active", "ann@x.y"), p("e", "1", day(4), "active", "smith@x.y")}, "", "ann@x.y", day(5), "", always, 0},
		{"disabled, then deleted", []directory.State{p("e", "1", always, "active", "ann@x.y"), p("e", "1", day(2), "disabled", "ann@x.y"), p("e", "1", day(4), "deleted", "ann@x.y")}, "", "ann@x.y", day(5), "e/1 deleted email ann@x.y", day(2), 0},
		{"leave, then deleted", []directory.State{p("e", "1", day(2), "on_leave", "ann@x.y"), p("e", "1", day(4), "deleted", "ann@x.y")}, "", "ann@x.y", day(5), "e/1 deleted email ann@x.y", day(4), 0},
		{"of two with one address the active one", []directory.State{p("e", "1", day(1), "active", "ann@x.y"), p("e", "2", day(2), "deleted", "ann@x.y")}, "", "ann@x.y", day(5), "e/1 active email ann@x.y", day(1), 0},
		{"of two that are gone the later", []directory.State{p("e", "1", day(1), "deleted", "ann@x.y"), p("e", "2", day(2), "deleted", "ann@x.y")}, "", "ann@x.y", day(5), "e/2 deleted email ann@x.y", day(2), 0},
		{"came back under another id of the directory", []directory.State{p("e", "1", day(1), "deleted", "ann@x.y", "#u1"), p("e", "2", day(3), "active", "ann@x.y")}, "u1", "", day(5), "e/2 active email ann@x.y", day(3), 0},
		{"not yet back", []directory.State{p("e", "1", day(1), "deleted", "ann@x.y", "#u1"), p("e", "2", day(6), "active", "ann@x.y")}, "u1", "", day(5), "e/1 deleted docusign_user_id u1", day(1), 0},
		{"the address went to a colleague", []directory.State{p("e", "1", day(2), "deleted", "ann@x.y", "#u1"), p("e", "2", always, "active", "bob@x.y"), p("e", "2", day(3), "active", "bob@x.y", "ann@x.y")}, "u1", "", day(5), "e/1 deleted docusign_user_id u1", day(2), 0},
		{"the address went to a new colleague with a DocuSign user of his own", []directory.State{p("e", "1", day(2), "deleted", "ann@x.y", "#u1"), p("e", "2", day(3), "active", "ann@x.y", "#u2")}, "u1", "", day(5), "e/1 deleted docusign_user_id u1", day(2), 0},
		{"DocuSign's list bridges from the id to the address", []directory.State{p("docusign", "u1", always, "active", "ann@x.y", "#u1"), p("e", "1", day(2), "deleted", "ann@x.y")}, "u1", "", day(5), "e/1 deleted email ann@x.y", day(2), 1},
		{"but only while it had it", []directory.State{p("docusign", "u1", always, "active", "ann@x.y", "#u1"), p("docusign", "u1", day(2), "active", "smith@x.y", "#u1"), p("e", "1", day(3), "deleted", "ann@x.y")}, "u1", "", day(5), "docusign/u1 active docusign_user_id u1", always, 0},
		{"two sources disagree", []directory.State{p("hr", "7", day(2), "deleted", "ann@x.y", "#u1"), p("e", "1", always, "active", "ann@x.y")}, "u1", "", day(5), "hr/7 deleted docusign_user_id u1", day(2), 1},
		{"taken back", []directory.State{func() directory.State { s := p("e", "1", day(2), "deleted", "ann@x.y"); s.Removed = true; return s }(), p("e", "1", always, "active", "ann@x.y")}, "", "ann@x.y", day(5), "e/1 active email ann@x.y", always, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			states := append([]directory.State{}, c.states...)
			rand.Shuffle(len(states), func(i, j int) { states[i], states[j] = states[j], states[i] })
			a := directory.NewResolver(states).Resolve(directory.Question{SubjectID: c.id, Email: c.email, At: c.at})
			got := ""
			if a.Known() {
				got = a.Source + "/" + a.DirectoryID + " " + a.Status + " " + a.MatchedBy + " " + a.Alias
			}
			if got != c.want || !a.Since.Equal(c.since) || len(a.Others) != c.others {
				t.Errorf("got %q since %v and %d others, expected %q since %v and %d", got, a.Since, len(a.Others), c.want, c.since, c.others)
			}
		})
	}
}

func TestResolveJoinsTheGroupsOfAllSources(t *testing.T) {
	a, b := person("docusign", "u1", time.Time{}, "active", "ann@x.y", "#u1"), person("e", "1", time.Time{}, "active", "ann@x.y")
	a.Groups, b.Groups = []string{"Senders"}, []string{"Finance"}
	got := directory.NewResolver([]directory.State{a, b}).Resolve(directory.Question{SubjectID: "u1", At: day(5)})
	if got.Source != "e" || len(got.Groups) != 2 {
		t.Errorf("%+v", got)
	}
}
