// Package directory holds the domain types of the organisation's directory of users: what each person was from when on,
// who stands behind a DocuSign user at a time, and what a delivery changes. It imports the standard library only.
package directory

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Statuses of a person.
const (
	StatusActive   = "active"
	StatusDisabled = "disabled"
	StatusDeleted  = "deleted"
	StatusOnLeave  = "on_leave"
)

// Statuses are all of them.
var Statuses = []string{StatusActive, StatusDisabled, StatusDeleted, StatusOnLeave}

// Kinds of an account.
const (
	KindPerson        = "person"
	KindGuest         = "guest"
	KindSharedMailbox = "shared_mailbox"
	KindRoom          = "room"
	KindService       = "service"
)

// Kinds are all of them.
var Kinds = []string{KindPerson, KindGuest, KindSharedMailbox, KindRoom, KindService}

// SourceDocuSign is the source of DocuSign's own list of users. It tells which e-mail a DocuSign user has; that it calls
// somebody active says nothing against another source that calls the person gone.
const SourceDocuSign = "docusign"

// MaxText is the longest text of a state in bytes: what is longer is no name, id or address of anybody.
const MaxText = 256

// Bounds of a state.
const (
	maxNames  = 200
	maxGroups = 2000
)

// State says what a person is, from a time on until the person's next state.
type State struct {
	Tenant string
	// Source is the directory, and DirectoryID the person's id there: together with From they are the identity of a state.
	Source, DirectoryID string
	// From is the event time from which it holds; the zero time stands for always.
	From time.Time
	// To is the beginning of the person's next state; it is read, never stored. The zero time stands for no end.
	To time.Time
	// Status is one of Statuses, Kind one of Kinds.
	Status, Kind string
	// UserName is the name by which the person logs on at the directory.
	UserName, DisplayName string
	// Emails are all addresses, aliases and former ones that still arrive included, in lower case.
	Emails []string
	// DocuSignUserIDs are the users at DocuSign that are this person.
	DocuSignUserIDs []string
	Groups          []string
	// Role is the administrator role or the permission profile, where the source knows it.
	Role string
	// Removed takes the state back.
	Removed bool
}

var (
	sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	guid       = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// Normalise brings what compares into one form: addresses in lower case, lists sorted and without repetition, GUIDs as
// DocuSign writes them, an unset kind as person. A user name that is an address is one of the addresses.
func (s *State) Normalise() {
	s.DirectoryID, s.UserName, s.DisplayName, s.Role = strings.TrimSpace(s.DirectoryID), strings.TrimSpace(s.UserName), strings.TrimSpace(s.DisplayName), strings.TrimSpace(s.Role)
	if s.Kind == "" {
		s.Kind = KindPerson
	}
	emails := s.Emails
	if strings.Contains(s.UserName, "@") {
		emails = append(slices.Clone(emails), s.UserName)
	}
	s.Emails = tidy(emails, strings.ToLower)
	s.DocuSignUserIDs = tidy(s.DocuSignUserIDs, func(id string) string {
		if guid.MatchString(id) {
			return strings.ToLower(id)
		}
		return id
	})
	s.Groups = tidy(s.Groups, func(g string) string { return g })
	if !s.From.IsZero() {
		s.From = s.From.UTC().Truncate(time.Millisecond)
	}
}

func tidy(list []string, form func(string) string) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		if v = form(strings.TrimSpace(v)); v != "" {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Earliest and Latest bound a time of the directory.
var (
	Earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Validate says everything that is wrong with a state: the field, what was found, what was expected.
func (s *State) Validate() error {
	var all []error
	bad := func(field string, found any, expected string) {
		all = append(all, fmt.Errorf("%s: found %q, expected %s", field, clip(fmt.Sprint(found)), expected))
	}
	if !sourceName.MatchString(s.Source) {
		bad("source", s.Source, "lower-case letters, digits, dots, dashes and underscores, 63 at most")
	}
	if s.DirectoryID == "" {
		all = append(all, errors.New("id: expected the person's id in the directory, found none"))
	}
	if !slices.Contains(Statuses, s.Status) {
		bad("status", s.Status, strings.Join(Statuses, ", "))
	}
	if !slices.Contains(Kinds, s.Kind) {
		bad("kind", s.Kind, strings.Join(Kinds, ", "))
	}
	for field, text := range map[string]string{"id": s.DirectoryID, "userName": s.UserName, "displayName": s.DisplayName, "role": s.Role} {
		if len(text) > MaxText || !utf8.ValidString(text) {
			bad(field, text, fmt.Sprintf("valid text of %d bytes at most", MaxText))
		}
	}
	for _, e := range s.Emails {
		if !address(e) {
			bad("emails", e, "an address such as ann@example.com")
		}
	}
	for _, list := range []struct {
		field  string
		values []string
		most   int
	}{{"emails", s.Emails, maxNames}, {"docusignUserIds", s.DocuSignUserIDs, maxNames}, {"groups", s.Groups, maxGroups}} {
		if len(list.values) > list.most {
			bad(list.field, len(list.values), fmt.Sprintf("%d at most", list.most))
		}
		for _, v := range list.values {
			if len(v) > MaxText || !utf8.ValidString(v) {
				bad(list.field, v, fmt.Sprintf("valid text of %d bytes at most", MaxText))
			}
		}
	}
	if !s.From.IsZero() && (s.From.Before(Earliest) || !s.From.Before(Latest)) {
		bad("validFrom", s.From.Format(time.RFC3339), "a time from 1970 to 2199")
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}

// address says whether s can be an e-mail address: a part before the last @ and one behind it, without blanks.
func address(s string) bool {
	i := strings.LastIndexByte(s, '@')
	return i > 0 && i < len(s)-1 && !strings.ContainsAny(s, " \t\r\n,;<>\"")
}

// clip shortens what goes into a message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}

// Keys are what a person is found by: addresses and DocuSign's user ids.
func (s *State) Keys() []string { return append(slices.Clone(s.Emails), s.DocuSignUserIDs...) }

// Same says whether two states say the same of a person, whenever they hold.
func (s *State) Same(o *State) bool {
	return s.Status == o.Status && s.Kind == o.Kind && s.UserName == o.UserName && s.DisplayName == o.DisplayName && s.Role == o.Role &&
		slices.Equal(s.Emails, o.Emails) && slices.Equal(s.DocuSignUserIDs, o.DocuSignUserIDs) && slices.Equal(s.Groups, o.Groups)
}
