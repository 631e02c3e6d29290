package roster

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

const (
	// accountPage and organizationPage are the most users that a page can have.
	accountPage      = 100
	organizationPage = 250
	// maxUsers bounds a list: more than a delivery can have.
	maxUsers = 250_000
)

// user is what one list says of somebody.
type user struct {
	id, name, email string
	// account of the membership.
	account string
	// status of the membership in DocuSign's words, in lower case without underscores; userStatus is that of the user as a whole.
	status, userStatus string
	created, closed    time.Time
	profile            string
	admin              bool
	groups             []string
}

// moment reads a time; one that cannot be read is none.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.9999999"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil && t.Year() > 1970 {
			return t.UTC()
		}
	}
	return time.Time{}
}

func word(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", ""))
}

// account reads the users of an account by the eSignature API: it alone has roles.
func account(ctx context.Context, a *docusign.Asker, of docusign.Account, sample bool, take func(user)) error {
	for start, n := 0, 0; ; start += n {
		var page struct {
			Users []struct {
				UserID     string `json:"userId"`
				UserName   string `json:"userName"`
				Email      string `json:"email"`
				UserStatus string `json:"userStatus"`
				Created    string `json:"createdDateTime"`
				Added      string `json:"userAddedToAccountDateTime"`
				Closed     string `json:"closedDate"`
				Profile    string `json:"permissionProfileName"`
				IsAdmin    string `json:"isAdmin"`
				Groups     []struct {
					Name string `json:"groupName"`
				} `json:"groupList"`
			} `json:"users"`
			Total string `json:"totalSetSize"`
			Next  string `json:"nextUri"`
		}
		q := url.Values{"additional_info": {"true"}, "count": {strconv.Itoa(accountPage)}, "start_position": {strconv.Itoa(start)}}
		if err := a.JSON(ctx, docusign.ScopesMonitor, of.Base+"/users?"+q.Encode(), &page); err != nil {
			return err
		}
		for _, u := range page.Users {
			one := user{id: strings.ToLower(u.UserID), account: of.ID, name: u.UserName, email: u.Email, status: word(u.UserStatus), created: moment(u.Created), closed: moment(u.Closed), profile: strings.TrimSpace(u.Profile), admin: strings.EqualFold(u.IsAdmin, "true")}
			if one.created.IsZero() {
				one.created = moment(u.Added)
			}
			for _, g := range u.Groups {
				one.groups = append(one.groups, g.Name)
			}
			take(one)
		}
		if n = len(page.Users); sample || n == 0 || page.Next == "" && !more(page.Total, start+n) {
			return nil
		}
		if start > maxUsers {
			return &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the list of the users of account %s does not end", of.ID)}
		}
	}
}

// more says whether a list that says how long it is goes on.
func more(total string, got int) bool {
	n, err := strconv.Atoi(total)
	return err == nil && got < n
}

// organization reads the users of each account of an organisation by the Admin API, also of accounts that the reading user is no member
// of.
func organization(ctx context.Context, a *docusign.Asker, id string, accounts []string, sample bool, take func(user)) error {
	base := a.Client().Environment().Management + "/v2/organizations/" + url.PathEscape(id)
	for _, of := range accounts {
		for start, n := 0, 0; ; start += n {
			var page struct {
				Users []struct {
					ID         string `json:"id"`
					UserName   string `json:"user_name"`
					First      string `json:"first_name"`
					Last       string `json:"last_name"`
					Email      string `json:"email"`
					UserStatus string `json:"user_status"`
					Membership string `json:"membership_status"`
					Created    string `json:"created_on"`
				} `json:"users"`
				Paging struct {
					Next  string `json:"next"`
					Total int    `json:"total_set_size"`
				} `json:"paging"`
			}
			q := url.Values{"account_id": {of}, "take": {strconv.Itoa(organizationPage)}, "start": {strconv.Itoa(start)}}
			if err := a.JSON(ctx, docusign.ScopesUsers, base+"/users?"+q.Encode(), &page); err != nil {
				return err
			}
			for _, u := range page.Users {
				one := user{id: strings.ToLower(u.ID), account: of, name: strings.TrimSpace(u.UserName), email: u.Email, status: word(u.Membership), userStatus: word(u.UserStatus), created: moment(u.Created)}
				if one.name == "" {
					one.name = strings.TrimSpace(u.First + " " + u.Last)
				}
				take(one)
			}
			if n = len(page.Users); sample || n == 0 || page.Paging.Next == "" && start+n >= page.Paging.Total {
				break
			}
			if start > maxUsers {
				return &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the list of the users of account %s does not end", of)}
			}
		}
	}
	return nil
}

// Domain of an organisation.
type Domain struct {
	Name string
	// Claimed says that DocuSign has verified it.
	Claimed bool
}

// Domains lists those that an organisation has reserved.
func Domains(ctx context.Context, a *docusign.Asker, organization string) ([]Domain, error) {
	var answer struct {
		Domains []struct {
			Host   string `json:"host_name"`
			Status string `json:"status"`
		} `json:"reserved_domains"`
	}
	if err := a.JSON(ctx, docusign.ScopesUsers, a.Client().Environment().Management+"/v2/organizations/"+url.PathEscape(organization)+"/reserved_domains", &answer); err != nil {
		return nil, err
	}
	all := make([]Domain, len(answer.Domains))
	for i, d := range answer.Domains {
		all[i] = Domain{Name: strings.ToLower(strings.TrimSpace(d.Host)), Claimed: strings.EqualFold(d.Status, "active")}
	}
	return all, nil
}
