package analytics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// mostNamed bounds the others of a finding whose names are looked for.
const mostNamed = 40

// mentioning adds, to the alerts that are described again, those about others that tell of somebody of whom there is news: their titles may have a name for an id.
func (r *Runner) mentioning(ctx context.Context, news []clickhouse.Span, due []alert.Alert) ([]alert.Alert, error) {
	known := make(map[string]bool, len(due))
	for i := range due {
		known[due[i].ID] = true
	}
	var users []string
	for _, s := range news {
		// an id that is no GUID may be a word like another
		if s.Type == "user" && alert.IsGUID(s.ID) {
			users = append(users, s.ID)
		}
	}
	slices.Sort(users)
	for part := range slices.Chunk(slices.Compact(users), maxDescribed) {
		about, err := r.o.Store.AlertsMentioning(ctx, r.o.Tenant, part, duePage)
		if err != nil {
			return nil, err
		}
		for i := range about {
			if !known[about[i].ID] {
				known[about[i].ID] = true
				due = append(due, about[i])
			}
		}
	}
	return due, nil
}

// names are those of whom the findings tell by an id: by what the configuration calls an application, by the directory at the time of the anchor, else by the events. The subject is among them
// where the directory does not name it.
func (r *Runner) names(ctx context.Context, findings []*alert.Finding, people []*alert.Person, line, first, last time.Time) ([][]alert.Named, error) {
	all := make([][]alert.Named, len(findings))
	var questions []directory.Question
	var of []int
	var users, applications []string
	for i, f := range findings {
		switch {
		case f.Subject.Type == "integration" && r.applicationName(f.Subject.ID) == "":
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
		if name := r.applicationName(q.SubjectID); name != "" {
			told[k] = alert.Named{Name: name}
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
		if name := r.applicationName(f.Subject.ID); name != "" && f.Subject.Type == "integration" {
			add(i, f.Subject.ID, alert.Named{Name: name})
			continue
		}
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
