package entra

import (
	"context"
	"time"
)

// Expires is when the certificate of the application ends; zero for a secret, whose end is not known.
func (c *Client) Expires() time.Time { return c.o.Credential.Expires }

// TryPeople reads one page of users, and returns how many are on it.
func (c *Client) TryPeople(ctx context.Context, leaves bool) (int, error) {
	r := reading{c, leaves}
	var p page
	err := c.get(ctx, r.purpose(), c.address("/users", "$select", r.selected(), "$top", "5"), &p)
	return len(p.Value), err
}

// TryDeleted reads one page of deleted users.
func (c *Client) TryDeleted(ctx context.Context) error {
	var p page
	return c.get(ctx, forDeleted, c.address("/directory/deletedItems/microsoft.graph.user", "$select", fields+",deletedDateTime", "$top", "5"), &p)
}

// TryGroup reads the name of a group and counts its members.
func (c *Client) TryGroup(ctx context.Context, id string) (string, int, error) {
	name, members, err := reading{c, false}.group(ctx, id)
	return name, len(members), err
}
