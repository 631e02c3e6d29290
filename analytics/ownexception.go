package analytics

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// takeOwn takes from findings the exceptions that whom they are about has made, by any name that the directory knows at the anchor:
// whoever means to attack from an address that is shared could make one of a colleague's alert before. people may be nil; then only what the
// finding says counts. An author without a domain, as the command line has it from the environment, is also whose user name or e-mail begins so.
func takeOwn(ctx context.Context, people People, tenant string, exceptions []alert.Exception, findings []alert.Finding) error {
	if len(exceptions) == 0 {
		return nil
	}
	author := make(map[string]string, len(exceptions))
	for i := range exceptions {
		author[alert.ExceptionReason+exceptions[i].ID] = strings.TrimSpace(exceptions[i].Author)
	}
	var questions []directory.Question
	var about []*alert.Finding
	for i := range findings {
		f := &findings[i]
		if f.Subject.Type == "user" && slices.ContainsFunc(f.SuppressedBy, func(r string) bool { return author[r] != "" }) {
			questions, about = append(questions, directory.Question{SubjectID: f.Subject.ID, Email: f.Subject.Email, At: f.Anchor}), append(about, f)
		}
	}
	if len(about) == 0 {
		return nil
	}
	answers := make([]directory.Answer, len(questions))
	if people != nil {
		var err error
		if answers, err = people.DirectoryAt(ctx, tenant, questions); err != nil {
			return fmt.Errorf("directory: %w", err)
		}
	}
	for i, f := range about {
		p := &answers[i]
		names := slices.Concat([]string{f.Subject.ID, f.Subject.Email, f.Subject.DisplayName, p.UserName, p.DisplayName}, p.Emails, p.DocuSignUserIDs)
		for _, n := range slices.Concat([]string{f.Subject.Email, p.UserName}, p.Emails) {
			if local, _, ok := strings.Cut(n, "@"); ok {
				names = append(names, local)
			}
		}
		// a new list: others may hold this one
		kept := make([]string, 0, len(f.SuppressedBy))
		for _, reason := range f.SuppressedBy {
			if a := author[reason]; a == "" || !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), a) }) {
				kept = append(kept, reason)
			}
		}
		f.SuppressedBy = kept
	}
	return nil
}
