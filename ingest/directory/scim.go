package directory

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// scimSchema is what the schemas of a SCIM user begin with (RFC 7643).
const scimSchema = "urn:ietf:params:scim:schemas:core:2.0:user"

// scimUser is a person as a SCIM service writes them (RFC 7643 section 4.1).
type scimUser struct {
	ID          *string    `json:"id"`
	UserName    *string    `json:"userName"`
	DisplayName *string    `json:"displayName"`
	Name        *scimName  `json:"name"`
	Active      *bool      `json:"active"`
	Emails      scimValues `json:"emails"`
	Groups      scimValues `json:"groups"`
	Roles       scimValues `json:"roles"`
	Meta        *scimMeta  `json:"meta"`
	UserType    *string    `json:"userType"`

	// beside SCIM, as in the other shapes
	DocuSignUserID  *string  `json:"docusignUserId"`
	DocuSignUserIDs []string `json:"docusignUserIds"`
	Kind            *string  `json:"kind"`
}

type scimName struct {
	Formatted  string `json:"formatted"`
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
}

type scimMeta struct {
	Created      instant `json:"created"`
	LastModified instant `json:"lastModified"`
}

// scimValues is a multi-valued attribute: objects with value and display, or plain texts, as some services write them.
type scimValues []scimValue

type scimValue struct {
	Value   string `json:"value"`
	Display string `json:"display"`
}

func (v *scimValue) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &v.Value)
	}
	type plain scimValue
	return json.Unmarshal(b, (*plain)(v))
}

// isSCIM says whether an object is a SCIM user: by its schema, or by fields that no other shape has.
func isSCIM(fields map[string]json.RawMessage) bool {
	var schemas []string
	if json.Unmarshal(fields["schemas"], &schemas) == nil {
		for _, s := range schemas {
			if strings.EqualFold(s, scimSchema) {
				return true
			}
		}
	}
	_, active := fields["active"]
	_, status := fields["status"]
	return active && !status
}

// record of a person. Somebody who is not active has left at the latest when the entry was last changed.
func (u *scimUser) record(line int, o Options) (directory.Record, error) {
	r := directory.Record{State: directory.State{Source: o.Source, DirectoryID: text(u.ID), UserName: text(u.UserName), DisplayName: text(u.DisplayName), Status: directory.StatusActive}}
	if r.DisplayName == "" && u.Name != nil {
		if r.DisplayName = strings.TrimSpace(u.Name.Formatted); r.DisplayName == "" {
			r.DisplayName = strings.TrimSpace(u.Name.GivenName + " " + u.Name.FamilyName)
		}
	}
	for _, e := range u.Emails {
		r.Emails = append(r.Emails, e.Value)
	}
	for _, g := range u.Groups {
		if g.Display == "" {
			g.Display = g.Value
		}
		r.Groups = append(r.Groups, g.Display)
	}
	for _, role := range u.Roles {
		if role.Display == "" {
			role.Display = role.Value
		}
		if r.Role == "" {
			r.Role = role.Display
		}
	}
	r.DocuSignUserIDs = append([]string{}, u.DocuSignUserIDs...)
	if id := text(u.DocuSignUserID); id != "" {
		r.DocuSignUserIDs = append(r.DocuSignUserIDs, id)
	}
	switch {
	case text(u.Kind) != "":
		r.Kind = strings.ToLower(text(u.Kind))
	case strings.EqualFold(text(u.UserType), "guest"):
		r.Kind = directory.KindGuest
	}
	if u.Meta != nil {
		r.Hired = u.Meta.Created.Time
	}
	if u.Active != nil && !*u.Active {
		r.Status = directory.StatusDisabled
		if u.Meta != nil && !u.Meta.LastModified.After(o.AsOf) {
			r.Left = u.Meta.LastModified.Time
		}
	}
	return finish(r, line)
}

// expectedSCIM is what a field of a SCIM user holds.
func expectedSCIM(name string) string {
	switch strings.ToLower(name) {
	case "active":
		return "true or false"
	case "emails", "groups", "roles":
		return `a list of objects such as {"value": "ann@example.com"}`
	case "docusignuserids":
		return "a list of texts"
	case "name":
		return "an object"
	case "meta":
		return "an object with created and lastModified, times such as 2026-01-31T08:00:00Z"
	}
	return "a text"
}

// Parse reads one object in any of the shapes that a Reader takes; line names it in an error.
func Parse(raw json.RawMessage, line int, o Options) (directory.Record, error) {
	return person(raw, line, o)
}

// notAnObject says that something else stands where a person should.
func notAnObject(raw json.RawMessage, line int) error {
	return &RecordError{Line: line, Problem: fmt.Sprintf("found %s, expected an object", clip(string(raw)))}
}
