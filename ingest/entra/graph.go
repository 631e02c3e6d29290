package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// What a permission is for, in errors.
const (
	forUsers   = "users (User.Read.All)"
	forLeaves  = "users with their dates of leaving (User.Read.All and User-LifeCycleInfo.Read.All)"
	forDeleted = "deleted users (User.Read.All)"
	forGroups  = "the members of groups (GroupMember.Read.All)"
)

// fields that the directory needs of a person.
const fields = "id,userPrincipalName,displayName,mail,otherMails,proxyAddresses,accountEnabled,userType,createdDateTime,employeeHireDate"

// idsPerCall is how many values the operator in may have.
const idsPerCall = 15

// page of a listing.
type page struct {
	Value []json.RawMessage `json:"value"`
	Next  string            `json:"@odata.nextLink"`
	Delta string            `json:"@odata.deltaLink"`
}

// head of a person in a delta.
type head struct {
	ID      string `json:"id"`
	Removed *struct {
		Reason string `json:"reason"`
	} `json:"@removed"`
}

func (c *Client) address(path string, query ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	address := c.o.Cloud.Graph + "/v1.0" + path
	if len(q) > 0 {
		address += "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
	}
	return address
}

// each hands over the pages of a listing, and returns the address of the delta where there is one.
func (c *Client) each(ctx context.Context, purpose, address string, take func([]json.RawMessage) error) (string, error) {
	seen := map[string]bool{}
	for {
		if seen[address] {
			return "", &Error{Kind: KindResponse, Message: "Microsoft Graph names a page again that was read already"}
		}
		seen[address] = true
		var p page
		if err := c.get(ctx, purpose, address, &p); err != nil {
			return "", err
		}
		if p.Value == nil {
			return "", &Error{Kind: KindResponse, Message: fmt.Sprintf("the listing of %s has no value; expected a page", purpose)}
		}
		if err := take(p.Value); err != nil {
			return "", err
		}
		switch {
		case p.Next != "":
			address = p.Next
		default:
			return p.Delta, nil
		}
	}
}

// Reading of the people of a tenant.
type reading struct {
	*Client
	// leaves says that dates of leaving are asked for.
	leaves bool
}

// selected are the fields that are asked for; another list needs another delta.
func (r reading) selected() string {
	if r.leaves {
		return fields + ",employeeLeaveDateTime"
	}
	return fields
}

func (r reading) purpose() string {
	if r.leaves {
		return forLeaves
	}
	return forUsers
}

// changes reads the delta behind an address, or everybody when it is empty.
func (r reading) changes(ctx context.Context, link string, take func([]json.RawMessage) error) (string, error) {
	if link == "" {
		// The delta does not know dates of leaving; they are asked for beside it.
		link = r.address("/users/delta", "$select", fields)
	}
	link, err := r.each(ctx, forUsers, link, take)
	if err == nil && link == "" {
		err = &Error{Kind: KindResponse, Message: "the last page of the delta has no deltaLink; it is asked for again"}
	}
	return link, err
}

// everybody reads all users with all fields.
func (r reading) everybody(ctx context.Context, take func([]json.RawMessage) error) error {
	_, err := r.each(ctx, r.purpose(), r.address("/users", "$select", r.selected(), "$top", "999"), take)
	return err
}

// users reads those with the ids; one that is not there any more is left out.
func (r reading) users(ctx context.Context, ids []string, take func([]json.RawMessage) error) error {
	for len(ids) > 0 {
		n := min(len(ids), idsPerCall)
		quoted := make([]string, n)
		for i, id := range ids[:n] {
			quoted[i] = "'" + strings.ReplaceAll(id, "'", "''") + "'"
		}
		ids = ids[n:]
		if _, err := r.each(ctx, r.purpose(), r.address("/users", "$select", r.selected(), "$filter", "id in ("+strings.Join(quoted, ",")+")"), take); err != nil {
			return err
		}
	}
	return nil
}

// deleted reads those who were deleted within the last thirty days.
func (r reading) deleted(ctx context.Context, take func([]json.RawMessage) error) error {
	_, err := r.each(ctx, forDeleted, r.address("/directory/deletedItems/microsoft.graph.user", "$select", fields+",deletedDateTime", "$top", "999"), take)
	return err
}

// group reads the name of a group and the ids of its members, those of groups within it included.
func (r reading) group(ctx context.Context, id string) (name string, members []string, err error) {
	var g struct {
		DisplayName string `json:"displayName"`
	}
	if err := r.get(ctx, forGroups, r.address("/groups/"+url.PathEscape(id), "$select", "displayName"), &g); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Kind == KindNotFound {
			e.Kind, e.Message = KindGroup, fmt.Sprintf("the group %s is not in this tenant: correct groups in the configuration; expected object ids", id)
		}
		return "", nil, err
	}
	if g.DisplayName == "" {
		return "", nil, &Error{Kind: KindResponse, Message: fmt.Sprintf("the group %s has no name", id)}
	}
	_, err = r.each(ctx, forGroups, r.address("/groups/"+url.PathEscape(id)+"/transitiveMembers/microsoft.graph.user", "$select", "id", "$top", "999"), func(all []json.RawMessage) error {
		for _, raw := range all {
			var h head
			if json.Unmarshal(raw, &h) == nil && h.ID != "" {
				members = append(members, h.ID)
			}
		}
		return nil
	})
	return g.DisplayName, members, err
}
