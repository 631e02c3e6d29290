package analytics

import (
	"context"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// phoneBook knows who is behind a DocuSign user, and counts how often it is asked.
type phoneBook struct {
	people map[string]directory.Answer
	asked  int
}

func (p *phoneBook) DirectoryAt(_ context.Context, _ string, questions []directory.Question) ([]directory.Answer, error) {
	all := make([]directory.Answer, len(questions))
	for i, q := range questions {
		p.asked++
		all[i] = p.people[q.SubjectID]
	}
	return all, nil
}

// TestTakeOwn: an exception does not cover whoever made it, by any name, and everybody else as before; nobody is looked up for findings
// without one.
func TestTakeOwn(t *testing.T) {
	book := &phoneBook{people: map[string]directory.Answer{}}
	known := directory.Answer{}
	known.UserName, known.DisplayName, known.Emails, known.DocuSignUserIDs = "mal@corp.example", "Mallory M", []string{"alias@example.com"}, []string{"u1", "u7"}
	book.people["u1"] = known
	exceptions := []alert.Exception{{ID: "a", Author: " ALIAS@example.com "}, {ID: "b", Author: "ann@example.com"}, {ID: "c", Author: ""}, {ID: "d", Author: "u7"}, {ID: "e", Author: "Mallory M"}, {ID: "f", Author: "Mal"}, {ID: "g", Author: "alias"}, {ID: "h", Author: "ann"}, {ID: "i", Author: "mal@other.example"}}
	reasons := []string{"known", "exception:a", "exception:b", "exception:c", "exception:d", "exception:e", "exception:f", "exception:g", "exception:h", "exception:i", "exception:gone"}
	for _, c := range []struct {
		name    string
		subject alert.Subject
		people  People
		want    string
	}{
		{"by what the directory knows", alert.Subject{Type: "user", ID: "u1"}, book, "known,exception:b,exception:c,exception:h,exception:i,exception:gone"},
		{"by what the finding says", alert.Subject{Type: "user", ID: "u9", Email: "Ann@Example.com"}, nil, "known,exception:a,exception:c,exception:d,exception:e,exception:f,exception:g,exception:i,exception:gone"},
		{"somebody else", alert.Subject{Type: "user", ID: "u2", Email: "bob@example.com"}, book, strings.Join(reasons, ",")},
		{"an address is nobody", alert.Subject{Type: "address", ID: "u7"}, book, strings.Join(reasons, ",")},
	} {
		shared := append([]string{}, reasons...)
		findings := []alert.Finding{{Subject: c.subject, SuppressedBy: shared}, {Subject: c.subject, SuppressedBy: []string{"known"}}, {Subject: c.subject}}
		before := book.asked
		if err := takeOwn(t.Context(), c.people, "t", exceptions, findings); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(findings[0].SuppressedBy, ","); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if strings.Join(shared, ",") != strings.Join(reasons, ",") || len(findings[1].SuppressedBy) != 1 || findings[2].SuppressedBy != nil || book.asked-before > 1 {
			t.Errorf("%s: others were changed or looked up: %q, %v, %d questions", c.name, shared, findings[1:], book.asked-before)
		}
	}
}
