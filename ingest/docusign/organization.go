package docusign

import (
	"context"
	"encoding/json"
	"errors"
	"io"
)

// Organization that the user administers.
type Organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Accounts of the organisation, also those that the user is no member of.
	Accounts []OrganizationAccount `json:"accounts,omitempty"`
}

// OrganizationAccount is an account of an organisation.
type OrganizationAccount struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// maxListBytes bounds the list of organisations.
const maxListBytes = 4 << 20

// Organizations lists the organisations that the user administers; it needs a consent with ScopesOrganizations.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	address := c.o.Environment.Management + "/v2/organizations"
	resp, err := c.Get(ctx, ScopesOrganizations, address)
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Kind == KindForbidden {
			e.Kind, e.Message = KindRole, "DocuSign does not let the user list organisations: make the user Organization Administrator, or write organizationId into the configuration"
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxListBytes))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, cutOff(hostOf(address), err)
	}
	var answer struct {
		Organizations json.RawMessage `json:"organizations"`
	}
	var all []Organization
	err = json.Unmarshal(text, &answer)
	if err == nil {
		err = json.Unmarshal(answer.Organizations, &all) // fails where there are none, but not for null
	}
	if err != nil {
		return nil, &Error{Kind: KindResponse, Trace: resp.Trace, Detail: clean(string(text)), Message: "the list of organisations is not as it should be; expected JSON with organizations"}
	}
	return all, nil
}
