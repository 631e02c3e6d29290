package simulate

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// Person is an entry of the organisation's own directory, with the field names of Microsoft Graph and what Sealwatch takes
// besides. It is as the directory stands at the end of the simulated time.
type Person struct {
	ID                string     `json:"id"`
	UserPrincipalName string     `json:"userPrincipalName"`
	DisplayName       string     `json:"displayName"`
	Mail              string     `json:"mail"`
	ProxyAddresses    []string   `json:"proxyAddresses"`
	AccountEnabled    bool       `json:"accountEnabled"`
	UserType          string     `json:"userType"`
	Left              *time.Time `json:"employeeLeaveDateTime,omitempty"`
	Mailbox           *Mailbox   `json:"mailboxSettings,omitempty"`
	Kind              string     `json:"kind,omitempty"`
	Role              string     `json:"role"`
	Groups            []string   `json:"groups"`
	DocuSignUserID    string     `json:"docusignUserId"`
}

// Mailbox says what a mailbox is for.
type Mailbox struct {
	UserPurpose string `json:"userPurpose"`
}

// Directory is everybody, leavers with the date included. Shared mailboxes are accounts with which nobody can log on at the
// directory, as directories keep them.
func (g *Generator) Directory() []Person {
	all := make([]Person, len(g.users))
	for i, u := range g.Users() {
		who := g.users[i]
		p := Person{ID: newChance(g.o.Seed, "directory", int64(i)).guid(), UserPrincipalName: u.Email, DisplayName: u.UserName, Mail: u.Email, ProxyAddresses: []string{"SMTP:" + u.Email},
			AccountEnabled: true, UserType: "Member", Role: u.PermissionProfileName, Groups: []string{who.office.city}, DocuSignUserID: u.UserID}
		switch {
		case who.job == application:
			p.Kind = "service"
		case g.has(who, "shared_mailboxes"):
			p.AccountEnabled, p.Mailbox = false, &Mailbox{UserPurpose: "shared"}
		}
		if u.Left != nil {
			p.AccountEnabled, p.Left = false, u.Left
		}
		all[i] = p
	}
	return all
}

// WriteDirectory writes the directory as a page of Microsoft Graph's /users.
func (g *Generator) WriteDirectory(to io.Writer) error {
	text, err := json.MarshalIndent(map[string]any{"value": g.Directory()}, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.Copy(to, strings.NewReader(string(text)+"\n"))
	return err
}
