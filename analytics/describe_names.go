package analytics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// mostNamed bounds the others of a finding whose names are looked for.
const mostNamed = 40

// names are those of whom the findings tell by an id: by the directory at the time of the anchor, else by the events. The subject is among them
// where the directory does not name it.
func (r *Runner) names(ctx context.Context, findings []*alert.Finding, people []*alert.Person, line, first, last time.Time) ([][]alert.Named, error) {
	all := make([][]alert.Named, len(findings))
	var questions []directory.Question
	var of []int
	var users, applications []string
	for i, f := range findings {
		switch {
		case f.Subject.Type == "integration":
			applications = append(applications, f.Subject.ID)
		case f.Subject.Type == "user" && f.Subject.Email == "" && f.Subject.DisplayName == "" && (people[i] == nil || cmp.Or(people[i].Name, people[i].Email) == ""):
			users = append(users, f.Subject.ID)
		}
		for _, id := range f.Mentioned(mostNamed) {
			questions, of = append(questions, directory.Question{SubjectID: id, At: f.Anchor}), append(of, i)
		}
	}
	answers, err := r.o.Store.DirectoryAt(ctx, r.o.Tenant, questions)
	if err != nil {
		return nil, err
	}
	told := make([]alert.Named, len(questions))
	for k, q := range questions {
		if answers[k].Known() {
			p := personOf(&answers[k])
			told[k] = alert.Named{Name: p.Name, Email: p.Email}
		}
		if told[k].Name == "" && told[k].Email == "" {
			users = append(users, q.SubjectID)
			if strings.Contains(findings[of[k]].Title, "Application "+q.SubjectID) {
				applications = append(applications, q.SubjectID)
			}
		}
	}
	slices.Sort(users)
	slices.Sort(applications)
	said, err := r.o.Store.NamesInEvents(ctx, r.o.Tenant, line, slices.Compact(users), slices.Compact(applications), first, last)
	if err != nil {
		return nil, err
	}
	add := func(i int, id string, n alert.Named) {
		if n.ID = id; n.Name != "" || n.Email != "" {
			all[i] = append(all[i], n)
		}
	}
	for i, f := range findings {
		if people[i] == nil || cmp.Or(people[i].Name, people[i].Email) == "" {
			add(i, f.Subject.ID, said[f.Subject.ID])
		}
	}
	for k, q := range questions {
		if told[k].Name == "" && told[k].Email == "" {
			told[k] = said[q.SubjectID]
		}
		add(of[k], q.SubjectID, told[k])
	}
	return all, nil
}
