package simulate

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed data/names.txt
var namesText string

// job is what somebody does all day.
type job int

const (
	// reader views, signs and downloads.
	reader job = iota
	// sender sends a few envelopes a day.
	sender
	// heavy sends envelopes all day.
	heavy
	// administrator looks after users, groups and settings, and sends a little.
	administrator
	// application is a service account that an integration acts as, around the clock.
	application
)

// user is a person or a service account.
type user struct {
	index           int
	id, name, email string
	job             job
	office          *place
	desk, phone     *device
	// key is the integrator key of an application.
	key string
	// homeShare is how often the person works at home.
	homeShare float64
	// noises that concern the person, as far as they were asked for, and where the person lives.
	noises map[string]bool
	home   *place
	// left is when the person left the organisation; zero for those who stay.
	left time.Time
}

// leaves says whether the person has left by a time.
func (u *user) leaves(t time.Time) bool { return !u.left.IsZero() && !t.Before(u.left) }

// User is an entry of the directory, with DocuSign's field names.
type User struct {
	UserID     string `json:"userId"`
	UserName   string `json:"userName"`
	Email      string `json:"email"`
	UserStatus string `json:"userStatus"`
	UserType   string `json:"userType"`
	IsAdmin    string `json:"isAdmin"`
	// PermissionProfileName is DocuSign's name of the role.
	PermissionProfileName string `json:"permissionProfileName"`
	// Left is when the directory closed the account.
	Left *time.Time `json:"closedDate,omitempty"`
}

// readNames returns the first and the family names.
func readNames() (first, last []string) {
	for line := range strings.Lines(namesText) {
		switch kind, rest, _ := strings.Cut(line, ":"); kind {
		case "first":
			first = strings.Fields(rest)
		case "last":
			last = strings.Fields(rest)
		}
	}
	return first, last
}

// found sets up the offices and hires everybody.
func (g *Generator) found() {
	c := newChance(g.o.Seed, "organisation")
	g.account, g.organisation = c.guid(), c.guid()
	number := min(6, 2+g.o.Users/25)
	for _, p := range g.places {
		if p.office && len(g.offices) < number {
			g.offices = append(g.offices, p)
		}
	}
	first, last := readNames()
	taken := map[string]int{}
	for i := range g.o.Users {
		u := g.hire(newChance(g.o.Seed, "user", int64(i)), i, first, last)
		// Two people of one name get different addresses.
		taken[u.email]++
		if n := taken[u.email]; n > 1 {
			u.email = fmt.Sprintf("%s%d@example.com", strings.TrimSuffix(u.email, "@example.com"), n)
		}
		g.users = append(g.users, u)
		switch {
		case u.job == application:
			g.applications = append(g.applications, u)
		case g.attacked("terminated_user"):
			g.leaver(u)
		}
	}
}

// hire makes one user. The first is an administrator, and one in forty is an application.
func (g *Generator) hire(c chance, i int, first, last []string) *user {
	u := &user{noises: map[string]bool{}, index: i, id: c.guid(), office: g.offices[c.weighted([]float64{5, 4, 3, 2, 2, 2}[:len(g.offices)]...)]}
	f, l := pick(c, first), pick(c, last)
	u.name, u.email = f+" "+l, strings.ToLower(f+"."+l)+"@example.com"
	u.desk, u.homeShare = desktop(c), 0.1+0.6*c.Float64()
	if c.happens(0.4) {
		u.phone = phone(c)
	}
	switch {
	case i == 0 || i%40 == 20:
		u.job = administrator
	case i%40 == 30:
		u.job, u.key, u.desk, u.phone = application, c.guid(), script(c), nil
		u.name, u.email = fmt.Sprintf("Integration %d", i/40+1), fmt.Sprintf("integration%d@example.com", i/40+1)
		if c.happens(0.5) {
			u.desk = noAgent()
		}
	default:
		u.job = []job{reader, sender, heavy}[c.weighted(4, 5, 1)]
	}
	return u
}

// Users is the directory of the organisation.
func (g *Generator) Users() []User {
	all := make([]User, len(g.users))
	for i, u := range g.users {
		all[i] = User{UserID: u.id, UserName: u.name, Email: u.email, UserStatus: "Active", UserType: "CompanyUser",
			IsAdmin: "False", PermissionProfileName: "DocuSign Sender"}
		if !u.left.IsZero() {
			all[i].UserStatus = "Closed"
			left := u.left
			all[i].Left = &left
		}
		switch u.job {
		case administrator:
			all[i].IsAdmin, all[i].PermissionProfileName = "True", "DS Admin"
		case reader:
			all[i].PermissionProfileName = "DocuSign Viewer"
		}
	}
	return all
}
