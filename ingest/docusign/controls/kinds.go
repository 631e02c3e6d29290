package controls

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// Kinds of a control.
const (
	Listener      = "connect_listener"
	TransferRule  = "transfer_rule"
	Profile       = "permission_profile"
	Share         = "shared_access"
	Authorization = "authorization"
	Setting       = "setting"
	PasswordRule  = "password_rule"
	Provider      = "identity_provider"
	ClaimedDomain = "domain"
)

// objects of the events by kind, in spellings that the classification and control_change know.
var objects = map[string]string{Listener: "ConnectConfiguration", TransferRule: "EnvelopeTransferRule", Profile: "PermissionProfile", Share: "SharedAccess", Authorization: "UserAuthorization",
	Setting: "AccountSettings", PasswordRule: "PasswordRules", Provider: "IdentityProvider", ClaimedDomain: "ReservedDomain"}

// plural of a kind for messages.
var plural = map[string]string{Listener: "Connect listeners", TransferRule: "transfer rules", Profile: "permission profiles", Share: "shares of envelopes", Authorization: "authorizations", Setting: "settings",
	PasswordRule: "password rules", Provider: "identity providers", ClaimedDomain: "domains"}

const (
	// maxObjects bounds a list, maxListed what is read of one that is filtered: more than the users that there can be.
	maxObjects = 20_000
	maxListed  = 250_000
	// maxProfiles bounds the permission profiles that are read one by one.
	maxProfiles = 100
)

// object is one control as it is now.
type object struct {
	id, name string
	state    map[string]any
	// modified is the object's own time of its last change, by and actor who made it by name and id; zero and empty where it is not said.
	modified  time.Time
	by, actor string
}

// scope is a list that is compared as a whole: what is missing in it was removed.
type scope struct {
	name, kind            string
	account, organization string
	read                  func(ctx context.Context) ([]object, error)
}

// group is what the list is lost with: the authorizations of an account are one.
func (in scope) group() string {
	if in.kind == Authorization {
		return in.account + "/" + Authorization
	}
	return in.name
}

// title of the list for messages.
func (in scope) title() string {
	return fmt.Sprintf("%s of %s", plural[in.kind], cmp.Or(in.account, "the organisation"))
}

// errTooLarge is a list that has more entries than Sealwatch compares.
var errTooLarge = errors.New("the list is larger than what is compared, so that its changes are not seen")

// reading of controls.
type reading struct {
	asker *docusign.Asker
	// sample reads the first page of each list only.
	sample bool
}

// ofAccount are the scopes of an account.
func (r reading) ofAccount(a docusign.Account) []scope {
	of := func(kind string, read func(ctx context.Context, a docusign.Account) ([]object, error)) scope {
		return scope{name: a.ID + "/" + kind, kind: kind, account: a.ID, read: func(ctx context.Context) ([]object, error) { return read(ctx, a) }}
	}
	return []scope{of(Listener, r.listeners), of(TransferRule, r.transferRules), of(Profile, r.profiles), of(Share, r.shares), of(Setting, r.settings("/settings")), of(PasswordRule, r.settings("/settings/password_rules"))}
}

// authorizations are those that one user has granted.
func (r reading) authorizations(a docusign.Account, principal string) scope {
	return scope{name: a.ID + "/" + Authorization + "/" + principal, kind: Authorization, account: a.ID, read: func(ctx context.Context) ([]object, error) {
		list, err := r.pages(ctx, a.Base+"/users/"+url.PathEscape(principal)+"/authorizations", url.Values{"active_only": {"false"}}, "authorizations")
		if err != nil {
			return nil, err
		}
		return each(list, "authorizationId", func(o *object, m map[string]any) {
			o.name = text(child(m, "principalUser"), "name") + " to " + text(child(m, "agentUser"), "name")
			o.modified, o.by = moment(m, "modified", "created"), text(m, "modifiedBy")
		})
	}}
}

// ofOrganization are the scopes of an organisation.
func (r reading) ofOrganization(id string) []scope {
	of := func(kind, path, list, key, name string) scope {
		return scope{name: "organization/" + kind, kind: kind, organization: id, read: func(ctx context.Context) ([]object, error) {
			var answer map[string]any
			if err := r.asker.JSON(ctx, docusign.ScopesControls, r.asker.Client().Environment().Management+"/v2/organizations/"+url.PathEscape(id)+path, &answer); err != nil {
				return nil, err
			}
			all, err := array(answer, list)
			if err != nil {
				return nil, err
			}
			return each(all, key, func(o *object, m map[string]any) { o.name = text(m, name) })
		}}
	}
	return []scope{of(Provider, "/identity_providers", "identity_providers", "id", "friendly_name"), of(ClaimedDomain, "/reserved_domains", "reserved_domains", "id", "host_name")}
}

func (r reading) listeners(ctx context.Context, a docusign.Account) ([]object, error) {
	var answer map[string]any
	if err := r.asker.JSON(ctx, docusign.ScopesMonitor, a.Base+"/connect", &answer); err != nil {
		return nil, err
	}
	all, err := array(answer, "configurations")
	if err != nil {
		return nil, err
	}
	return each(all, "connectId", func(o *object, m map[string]any) { o.name = text(m, "name") })
}

func (r reading) transferRules(ctx context.Context, a docusign.Account) ([]object, error) {
	all, err := r.pages(ctx, a.Base+"/envelopes/transfer_rules", url.Values{}, "envelopeTransferRules")
	if err != nil {
		return nil, err
	}
	return each(all, "envelopeTransferRuleId", func(o *object, m map[string]any) {
		by := child(m, "modifiedUser")
		o.name = "to " + text(child(m, "toUser"), "userName")
		o.modified, o.by, o.actor = moment(m, "modifiedDate"), text(by, "userName"), strings.ToLower(text(by, "userId"))
	})
}

// profiles are read one by one: the list does not have their settings.
func (r reading) profiles(ctx context.Context, a docusign.Account) ([]object, error) {
	var answer map[string]any
	if err := r.asker.JSON(ctx, docusign.ScopesMonitor, a.Base+"/permission_profiles", &answer); err != nil {
		return nil, err
	}
	all, err := array(answer, "permissionProfiles")
	if err != nil {
		return nil, err
	}
	if len(all) > maxProfiles {
		return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("account %s has more than %d permission profiles", a.ID, maxProfiles), Err: errTooLarge}
	}
	for i, one := range all {
		if r.sample && i > 0 {
			break
		}
		id := text(one, "permissionProfileId")
		var whole map[string]any
		if err := r.asker.JSON(ctx, docusign.ScopesMonitor, a.Base+"/permission_profiles/"+url.PathEscape(id), &whole); err != nil {
			return nil, err
		}
		if text(whole, "permissionProfileId") == id {
			all[i] = whole
		}
	}
	return each(all, "permissionProfileId", func(o *object, m map[string]any) {
		o.name, o.modified, o.by = text(m, "permissionProfileName"), moment(m, "modifiedDateTime"), text(m, "modifiedByUsername")
	})
}

// shares are those of the older kind, of envelopes between users.
func (r reading) shares(ctx context.Context, a docusign.Account) ([]object, error) {
	all, err := r.pages(ctx, a.Base+"/shared_access", url.Values{"item_type": {"envelopes"}, "shared": {"shared_to,shared_from,shared_to_and_from"}}, "sharedAccess", func(one map[string]any) bool {
		shared, ok := one["envelopes"].([]any)
		return ok && len(shared) > 0 // everybody else shares nothing
	})
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		one["userId"] = text(child(one, "user"), "userId")
	}
	return each(all, "userId", func(o *object, m map[string]any) { o.name = text(child(m, "user"), "userName") })
}

// settings are objects of their own, by name.
func (r reading) settings(path string) func(ctx context.Context, a docusign.Account) ([]object, error) {
	return func(ctx context.Context, a docusign.Account) ([]object, error) {
		var answer map[string]any
		if err := r.asker.JSON(ctx, docusign.ScopesMonitor, a.Base+path, &answer); err != nil {
			return nil, err
		}
		if len(answer) == 0 {
			return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the settings of account %s are empty", a.ID)}
		}
		var all []object
		for name, value := range tidyMap(answer) {
			all = append(all, object{id: name, name: name, state: map[string]any{"value": value}})
		}
		return all, nil
	}
}

// pages reads a list of the eSignature API to its end; of one with a filter, what that keeps counts.
func (r reading) pages(ctx context.Context, address string, q url.Values, list string, keep ...func(map[string]any) bool) (all []map[string]any, err error) {
	for got := 0; ; {
		q.Set("start_position", strconv.Itoa(got))
		var answer map[string]any
		if err := r.asker.JSON(ctx, docusign.ScopesMonitor, address+"?"+q.Encode(), &answer); err != nil {
			return nil, err
		}
		page, err := array(answer, list)
		if err != nil {
			return nil, err
		}
		got += len(page)
		for _, one := range page {
			if !slices.ContainsFunc(keep, func(k func(map[string]any) bool) bool { return !k(one) }) {
				all = append(all, one)
			}
		}
		total, terr := strconv.Atoi(text(answer, "totalSetSize"))
		switch {
		case len(all) > maxObjects || got > maxListed:
			return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the list %s has more than %d entries", list, maxObjects), Err: errTooLarge}
		case r.sample:
			return all, nil
		case len(page) == 0 && terr == nil && got < total:
			// what is missing would count as removed
			return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the list %s ends after %d of %d entries; it is asked for again", list, got, total)}
		case len(page) == 0 || terr == nil && got >= total || terr != nil && text(answer, "nextUri") == "":
			return all, nil
		}
	}
}

// each makes objects of a list.
func each(list []map[string]any, key string, more func(*object, map[string]any)) ([]object, error) {
	all := make([]object, 0, len(list))
	for _, m := range list {
		o := object{id: text(m, key)}
		if o.id == "" {
			return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("an entry of a list has no %s; nothing is compared with it", key)}
		}
		more(&o, m)
		o.state = tidyMap(m)
		all = append(all, o)
	}
	return all, nil
}

func tidyMap(m map[string]any) map[string]any {
	out, _ := tidy(m).(map[string]any)
	return out
}

// array is a list in an answer; one that is not there is an error, because all that was in it would count as removed.
func array(m map[string]any, key string) ([]map[string]any, error) {
	list, ok := m[key].([]any)
	if v, there := m[key]; !ok && there && v == nil {
		return nil, nil // DocuSign writes null for an empty list
	}
	if !ok {
		return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("the answer has no list %s", key)}
	}
	all := make([]map[string]any, 0, len(list))
	for _, one := range list {
		o, ok := one.(map[string]any)
		if !ok {
			return nil, &docusign.Error{Kind: docusign.KindResponse, Message: fmt.Sprintf("an entry of the list %s is no object", key)}
		}
		all = append(all, o)
	}
	return all, nil
}

func child(m map[string]any, key string) map[string]any {
	one, _ := m[key].(map[string]any)
	return one
}

// text is a member as text; ids may be numbers.
func text(m map[string]any, key string) string {
	switch v := m[key].(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// moment is the first of the members that is a time.
func moment(m map[string]any, keys ...string) time.Time {
	for _, key := range keys {
		if t, err := time.Parse(time.RFC3339Nano, text(m, key)); err == nil && t.Year() > 1970 {
			return t.UTC()
		}
	}
	return time.Time{}
}
