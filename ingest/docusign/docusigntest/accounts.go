package docusigntest

import (
	"net/http"
	"strconv"
	"strings"
)

// AccountID is that of the account that NewAccount makes.
const AccountID = "5a1d2e3f-4b5c-4d6e-8f70-8192a3b4c5d6"

// Account is one of the accounts, as its administrator sees it. Objects are in DocuSign's shapes.
type Account struct {
	ID, Name string
	// Member says that the user of the integration is a member and administrator, so that the eSignature API answers.
	Member bool
	Users  []map[string]any
	// Connect listeners, TransferRules, PermissionProfiles; Authorizations by the user who grants them.
	Connect, TransferRules, PermissionProfiles []map[string]any
	Authorizations                             map[string][]map[string]any
	// Shares of the older kind, by user.
	Shares                  []map[string]any
	Settings, PasswordRules map[string]any
	// Missing are the parts of the path that this account does not have, and answers with 400.
	Missing map[string]bool
}

// NewAccount adds an account with nothing in it.
func (s *Server) NewAccount(id string) *Account {
	a := &Account{ID: id, Name: "Account " + id[:2], Member: true, Authorizations: map[string][]map[string]any{}, Settings: map[string]any{}, PasswordRules: map[string]any{}, Missing: map[string]bool{}}
	s.Change(func(s *Server) { s.Accounts = append(s.Accounts, a) })
	return a
}

// PathAccount is the path of an account's part.
func PathAccount(id, part string) string { return "/restapi/v2.1/accounts/" + id + "/" + part }

func (s *Server) accounts(mux *http.ServeMux) {
	mux.HandleFunc("GET /oauth/userinfo", s.authorized(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		all := []any{}
		for _, a := range s.Accounts {
			if a.Member {
				all = append(all, map[string]any{"account_id": a.ID, "account_name": a.Name, "base_uri": "https://demo.docusign.net", "organization": map[string]any{"organization_id": OrganizationID}})
			}
		}
		answer(w, http.StatusOK, map[string]any{"sub": UserID, "accounts": all})
	}))
	for part, list := range map[string]func(a *Account, r *http.Request) map[string]any{
		"users": func(a *Account, r *http.Request) map[string]any { return page(r, "users", a.Users) },
		"connect": func(a *Account, _ *http.Request) map[string]any {
			return map[string]any{"configurations": orEmpty(a.Connect), "totalRecords": strconv.Itoa(len(a.Connect))}
		},
		"envelopes/transfer_rules": func(a *Account, r *http.Request) map[string]any {
			return page(r, "envelopeTransferRules", a.TransferRules)
		},
		"permission_profiles": func(a *Account, _ *http.Request) map[string]any {
			return map[string]any{"permissionProfiles": orEmpty(a.PermissionProfiles)}
		},
		"shared_access":           func(a *Account, r *http.Request) map[string]any { return page(r, "sharedAccess", a.Shares) },
		"settings":                func(a *Account, _ *http.Request) map[string]any { return a.Settings },
		"settings/password_rules": func(a *Account, _ *http.Request) map[string]any { return a.PasswordRules },
		"users/{user}/authorizations": func(a *Account, r *http.Request) map[string]any {
			return page(r, "authorizations", a.Authorizations[r.PathValue("user")])
		},
	} {
		mux.HandleFunc("GET /restapi/v2.1/accounts/{account}/"+part, s.authorized(func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			switch a := s.account(r.PathValue("account")); {
			case a == nil || !a.Member:
				answer(w, http.StatusUnauthorized, map[string]string{"errorCode": "USER_DOES_NOT_BELONG_TO_SPECIFIED_ACCOUNT", "message": "The user does not belong to the account."})
			case a.Missing[part]:
				answer(w, http.StatusBadRequest, map[string]string{"errorCode": "ACCOUNT_LACKS_PERMISSIONS", "message": "This account lacks sufficient permissions."})
			default:
				answer(w, http.StatusOK, list(a, r))
			}
		}))
	}
	mux.HandleFunc("GET /restapi/v2.1/accounts/{account}/permission_profiles/{id}", s.authorized(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if a := s.account(r.PathValue("account")); a != nil {
			for _, p := range a.PermissionProfiles {
				if p["permissionProfileId"] == r.PathValue("id") {
					answer(w, http.StatusOK, p)
					return
				}
			}
		}
		answer(w, http.StatusBadRequest, map[string]string{"errorCode": "INVALID_REQUEST_PARAMETER"})
	}))
	mux.HandleFunc("GET /management/v2/organizations/{organization}/users", s.scoped("user_read", func(w http.ResponseWriter, r *http.Request) {
		a := s.account(r.URL.Query().Get("account_id"))
		if a == nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": "account_id"})
			return
		}
		start, _ := strconv.Atoi(r.URL.Query().Get("start"))
		take, _ := strconv.Atoi(r.URL.Query().Get("take"))
		start = min(start, len(a.Users))
		end := min(len(a.Users), start+min(take, max(1, s.PageRecords)))
		users := []any{}
		for _, u := range a.Users[start:end] {
			status := map[string]string{"Active": "active", "Closed": "closed", "Disabled": "disabled", "ActivationSent": "activation_sent"}[u["userStatus"].(string)]
			users = append(users, map[string]any{"id": u["userId"], "user_name": u["userName"], "email": u["email"], "user_status": "active", "membership_status": status, "created_on": u["createdDateTime"]})
		}
		paging := map[string]any{"result_set_size": len(users), "total_set_size": len(a.Users)}
		if end < len(a.Users) {
			paging["next"] = "/Management/v2/organizations/x/users?start=" + strconv.Itoa(end)
		}
		answer(w, http.StatusOK, map[string]any{"users": users, "paging": paging})
	}))
	mux.HandleFunc("GET /management/v2/organizations/{organization}/reserved_domains", s.scoped("domain_read", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"reserved_domains": orEmpty(s.Domains)})
	}))
	mux.HandleFunc("GET /management/v2/organizations/{organization}/identity_providers", s.scoped("identity_provider_read", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"identity_providers": orEmpty(s.IdentityProviders)})
	}))
}

func (s *Server) account(id string) *Account {
	for _, a := range s.Accounts {
		if strings.EqualFold(a.ID, id) {
			return a
		}
	}
	return nil
}

// scoped lets calls with a token of a scope through, for the organisation that there is.
func (s *Server) scoped(scope string, next http.HandlerFunc) http.HandlerFunc {
	return s.authorized(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !strings.Contains(r.Header.Get("Authorization"), scope) || r.PathValue("organization") != OrganizationID {
			answer(w, http.StatusForbidden, map[string]string{"error": "insufficient_scope"})
			return
		}
		next(w, r)
	})
}

func orEmpty(all []map[string]any) []map[string]any {
	if all == nil {
		return []map[string]any{}
	}
	return all
}

// page is a part of a list of the eSignature API, of three objects at most.
func page(r *http.Request, name string, all []map[string]any) map[string]any {
	start, _ := strconv.Atoi(r.URL.Query().Get("start_position"))
	start = min(start, len(all))
	end := min(len(all), start+3)
	body := map[string]any{name: orEmpty(all[start:end]), "totalSetSize": strconv.Itoa(len(all)), "resultSetSize": strconv.Itoa(end - start), "startPosition": strconv.Itoa(start)}
	if end < len(all) {
		body["nextUri"] = "/users?start_position=" + strconv.Itoa(end)
	}
	return body
}
