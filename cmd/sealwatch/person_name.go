package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// isName says whether a text names a person as people do: an id or an e-mail has no space.
func isName(text string) bool {
	return !strings.Contains(text, "@") && strings.ContainsAny(strings.TrimSpace(text), " \t")
}

// accounts are what somebody is known by: ids at DocuSign, and e-mails.
type accounts struct {
	ids, emails []string
	// said tells them apart from others of the name.
	said string
}

// personNamed finds who in the directory has a name. Several of one name are an error that says which there are.
func personNamed(ctx context.Context, conn grpc.ClientConnInterface, name string) (accounts, error) {
	client := sealwatchv1.NewDirectoryServiceClient(conn)
	wanted := strings.Join(strings.Fields(name), " ")
	var all []accounts
	for request := (&sealwatchv1.ListDirectoryUsersRequest{PageSize: 1000}); ; {
		page, err := client.ListDirectoryUsers(ctx, request)
		if err != nil {
			return accounts{}, err
		}
		for _, u := range page.GetUsers() {
			if !strings.EqualFold(strings.Join(strings.Fields(u.GetDisplayName()), " "), wanted) {
				continue
			}
			one := accounts{ids: u.GetDocusignUserIds(), emails: u.GetEmails()}
			one.said = strings.Join(append(slices.Clone(one.emails), one.ids...), ", ")
			// One person stands in several sources under the same id or e-mail.
			if i := slices.IndexFunc(all, func(a accounts) bool {
				return slices.ContainsFunc(a.ids, func(s string) bool { return slices.Contains(one.ids, s) }) ||
					slices.ContainsFunc(a.emails, func(s string) bool {
						return slices.ContainsFunc(one.emails, func(o string) bool { return strings.EqualFold(s, o) })
					})
			}); i >= 0 {
				all[i].ids, all[i].emails = append(all[i].ids, one.ids...), append(all[i].emails, one.emails...)
				continue
			}
			all = append(all, one)
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	switch len(all) {
	case 0:
		return accounts{}, fmt.Errorf("the directory knows nobody of the name %q; expected a name as the directory has it, an e-mail or an id", name)
	case 1:
		if len(all[0].ids)+len(all[0].emails) == 0 {
			return accounts{}, fmt.Errorf("the directory has neither an e-mail nor an id of %s; expected one of them", name)
		}
		return all[0], nil
	}
	var each []string
	for _, a := range all {
		each = append(each, a.said)
	}
	return accounts{}, usagef("%d people have the name %q; say which: %s", len(all), name, strings.Join(each, "; "))
}

// named replaces, in a filter, people's names by what the events know them by.
func (p *process) named(ctx context.Context, address string, filter *sealwatchv1.AlertFilter) error {
	of, err := p.people(ctx, address, filter.GetSubjectIds())
	if err != nil {
		return fmt.Errorf("--user: %w", err)
	}
	if of == nil {
		return nil
	}
	var ids []string
	for _, id := range filter.GetSubjectIds() {
		switch one, isPerson := of[id]; {
		case !isPerson:
			ids = append(ids, id)
		case len(one.ids) > 0:
			ids = append(ids, one.ids...)
		default: // the directory has no id of theirs
			filter.SubjectEmails = append(filter.SubjectEmails, one.emails...)
		}
	}
	if filter.SubjectIds = ids; len(ids) > 0 && len(filter.GetSubjectEmails()) > 0 { // they are joined by AND
		return usagef("--user: found people of whom some are known by id and others by e-mail alone; expected one kind at a time")
	}
	return nil
}

// people are those of the texts that are names, by name; nil when none is.
func (p *process) people(ctx context.Context, address string, texts []string) (map[string]accounts, error) {
	if !slices.ContainsFunc(texts, isName) {
		return nil, nil
	}
	conn, err := connect(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	of := map[string]accounts{}
	for _, text := range texts {
		if isName(text) {
			if of[text], err = personNamed(ctx, conn, text); err != nil {
				return nil, err
			}
		}
	}
	return of, nil
}
