package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// isName says whether a text names a person as people do: an id or an e-mail has no space.
func isName(text string) bool {
	return !strings.Contains(text, "@") && strings.ContainsAny(strings.TrimSpace(text), " \t")
}

// errNobody is a name that the directory does not know.
var errNobody = errors.New("the directory knows nobody")

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
		return accounts{}, fmt.Errorf("%w of the name %q; expected a name as the directory or an alert has it, an e-mail or an id", errNobody, name)
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

// named adds, to the users of a filter, what else the directory knows them by: the alerts may have another id or e-mail of theirs. A name that neither the
// directory nor any alert knows is an error.
func (p *process) named(ctx context.Context, address string, filter *sealwatchv1.AlertFilter) error {
	if len(filter.GetUsers()) == 0 {
		return nil
	}
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for _, user := range slices.Clone(filter.GetUsers()) {
		one, err := p.knownAs(ctx, conn, user)
		if err != nil {
			return fmt.Errorf("--user: %w", err)
		}
		for _, s := range append(one.ids, one.emails...) {
			if !slices.Contains(filter.GetUsers(), s) {
				filter.Users = append(filter.Users, s)
			}
		}
	}
	return nil
}

// knownAs are the ids and e-mails of somebody whom a user is asked for by.
func (p *process) knownAs(ctx context.Context, conn grpc.ClientConnInterface, user string) (accounts, error) {
	if !isName(user) {
		return personKnown(ctx, conn, user)
	}
	one, err := personNamed(ctx, conn, user)
	if !errors.Is(err, errNobody) {
		return one, err
	}
	page, listed := sealwatchv1.NewAlertServiceClient(conn).ListAlerts(ctx, &sealwatchv1.ListAlertsRequest{PageSize: 1, Filter: &sealwatchv1.AlertFilter{Users: []string{user}, States: allStates()}})
	if listed != nil {
		return accounts{}, listed
	}
	if len(page.GetAlerts()) == 0 {
		return accounts{}, err
	}
	return accounts{}, nil
}

// personKnown is who in the directory has an id at DocuSign or an e-mail; nobody where it knows none, or there is none.
func personKnown(ctx context.Context, conn grpc.ClientConnInterface, text string) (accounts, error) {
	request := &sealwatchv1.ListDirectoryUsersRequest{PageSize: 100}
	if strings.Contains(text, "@") {
		request.Emails = []string{text}
	} else {
		request.DocusignUserIds = []string{text}
	}
	page, err := sealwatchv1.NewDirectoryServiceClient(conn).ListDirectoryUsers(ctx, request)
	if status.Code(err) == codes.Unimplemented {
		return accounts{}, nil
	}
	var one accounts
	for _, u := range page.GetUsers() {
		one.ids, one.emails = append(one.ids, u.GetDocusignUserIds()...), append(one.emails, u.GetEmails()...)
	}
	return one, err
}

// people are those of the texts that are names, by name; nil when none is. Whom the directory does not know has no accounts: the service may.
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
			if of[text], err = personNamed(ctx, conn, text); err != nil && !errors.Is(err, errNobody) {
				return nil, err
			}
		}
	}
	return of, nil
}
