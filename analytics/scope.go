package analytics

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// Scope says about whom a detection raises alerts. Findings about an address or an integration have none.
type Scope struct {
	// Include, when it names somebody: only these.
	Include Selection `json:"include"`
	// Exclude wins over Include.
	Exclude Selection `json:"exclude"`
}

// Selection names people.
type Selection struct {
	// Users by e-mail or DocuSign's user id.
	Users []string `json:"users,omitempty"`
	// Groups of the directory, as of the anchor.
	Groups []string `json:"groups,omitempty"`
}

func (s *Selection) empty() bool { return len(s.Users)+len(s.Groups) == 0 }

// normal has each name once, in lower case and in order, so that the same scope written otherwise is the same.
func (s *Selection) normal() (Selection, error) {
	var out Selection
	for _, list := range []struct {
		from []string
		to   *[]string
		what string
	}{{s.Users, &out.Users, "users"}, {s.Groups, &out.Groups, "groups"}} {
		for i, name := range list.from {
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" {
				return out, fmt.Errorf("%s[%d]: is empty", list.what, i)
			}
			*list.to = append(*list.to, name)
		}
		slices.Sort(*list.to)
		*list.to = slices.Compact(*list.to)
	}
	return out, nil
}

// names says whether the selection has one of the names of a person, or one of the person's groups.
func (s *Selection) names(users, groups []string) bool {
	in := func(list, names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool {
			return n != "" && slices.Contains(list, strings.ToLower(strings.TrimSpace(n)))
		})
	}
	return in(s.Users, users) || in(s.Groups, groups)
}

// Text is the scope as a Detection has it: empty when it leaves nobody out.
func (s *Scope) Text() (string, error) { return s.text() }

// text is the scope as a version has it: empty when it leaves nobody out.
func (s *Scope) text() (string, error) {
	include, err := s.Include.normal()
	if err != nil {
		return "", fmt.Errorf("scope.include.%w", err)
	}
	exclude, err := s.Exclude.normal()
	if err != nil {
		return "", fmt.Errorf("scope.exclude.%w", err)
	}
	if include.empty() && exclude.empty() {
		return "", nil
	}
	b, err := json.Marshal(Scope{include, exclude})
	return string(b), err
}

// readScope reads what text wrote.
func readScope(text string) (*Scope, error) {
	if text == "" {
		return nil, nil
	}
	s := &Scope{}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, fmt.Errorf("scope: %w", err)
	}
	return s, nil
}

// holds says whether the scope has a person with these names and groups.
func (s *Scope) holds(users, groups []string) bool {
	return (s.Include.empty() || s.Include.names(users, groups)) && !s.Exclude.names(users, groups)
}

// People answers who stood behind a user at a time; *clickhouse.DB does.
type People interface {
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
}

// limit marks the findings about people whom the scope leaves out.
func (s *Scope) limit(ctx context.Context, people People, tenant string, findings []alert.Finding) error {
	if s == nil {
		return nil
	}
	var questions []directory.Question
	var about []*alert.Finding
	for i := range findings {
		if f := &findings[i]; f.Subject.Type == "user" {
			questions = append(questions, directory.Question{SubjectID: f.Subject.ID, Email: f.Subject.Email, At: f.Anchor})
			about = append(about, f)
		}
	}
	if len(questions) == 0 {
		return nil
	}
	answers, err := people.DirectoryAt(ctx, tenant, questions)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	for i, f := range about {
		p := &answers[i]
		users := slices.Concat([]string{f.Subject.ID, f.Subject.Email, p.UserName}, p.Emails, p.DocuSignUserIDs)
		if !s.holds(users, p.Groups) {
			f.SuppressedBy = append(slices.Clip(f.SuppressedBy), alert.OutOfScope)
		}
	}
	return nil
}
