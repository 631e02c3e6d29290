package docusign

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// Account that the user is a member of.
type Account struct {
	ID   string
	Name string
	// Base is where its eSignature API is, without a slash at the end.
	Base string
	// Organization that the account belongs to; empty where that is not said.
	Organization string
}

// hosts that may be named as an account's: the token goes there.
var hosts = []string{".docusign.net", ".docusign.com", ".docusign.mil"}

// Accounts lists those that the user is a member of.
func (a *Asker) Accounts(ctx context.Context) ([]Account, error) {
	var answer struct {
		Accounts []struct {
			ID           string `json:"account_id"`
			Name         string `json:"account_name"`
			Base         string `json:"base_uri"`
			Organization struct {
				ID string `json:"organization_id"`
			} `json:"organization"`
		} `json:"accounts"`
	}
	env := a.client.o.Environment
	if err := a.JSON(ctx, ScopesMonitor, env.OAuth+"/oauth/userinfo", &answer); err != nil {
		return nil, err
	}
	all := make([]Account, 0, len(answer.Accounts))
	for _, one := range answer.Accounts {
		base := strings.TrimRight(one.Base, "/")
		if env.ESign != "" {
			base = env.ESign
		} else if !ownHost(base) {
			return nil, &Error{Kind: KindResponse, Message: fmt.Sprintf("DocuSign says that the account %s is at %s, which is no address of DocuSign's: the token must not go there", clean(one.ID), clean(hostOf(base)))}
		}
		all = append(all, Account{ID: strings.ToLower(one.ID), Name: one.Name, Base: base + "/restapi/v2.1/accounts/" + url.PathEscape(one.ID), Organization: strings.ToLower(one.Organization.ID)})
	}
	return all, nil
}

func ownHost(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" || u.User != nil {
		return false
	}
	for _, h := range hosts {
		if strings.HasSuffix(strings.ToLower(u.Hostname()), h) {
			return true
		}
	}
	return false
}
