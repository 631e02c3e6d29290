package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// graphUser is a person as Microsoft Graph writes them, or a user as DocuSign does, with what we take besides. What is not
// named is passed over.
type graphUser struct {
	ID                *string  `json:"id"`
	UserPrincipalName *string  `json:"userPrincipalName"`
	DisplayName       *string  `json:"displayName"`
	Mail              *string  `json:"mail"`
	OtherMails        []string `json:"otherMails"`
	ProxyAddresses    []string `json:"proxyAddresses"`
	AccountEnabled    *bool    `json:"accountEnabled"`
	UserType          *string  `json:"userType"`
	Created           instant  `json:"createdDateTime"`
	Hired             instant  `json:"employeeHireDate"`
	Deleted           instant  `json:"deletedDateTime"`
	Leaves            instant  `json:"employeeLeaveDateTime"`
	DeltaRemoved      *reason  `json:"@removed"`
	MailboxSettings   *mailbox `json:"mailboxSettings"`
	DocuSignUserID    *string  `json:"docusignUserId"`
	DocuSignUserIDs   []string `json:"docusignUserIds"`
	Groups            []string `json:"groups"`
	Role              *string  `json:"role"`
	Status            *string  `json:"status"`
	Kind              *string  `json:"kind"`
	ValidFrom         instant  `json:"validFrom"`
	TakenBack         *bool    `json:"removed"`
	Emails            []string `json:"emails"`
	PermissionProfile *string  `json:"permissionProfileName"`

	// DocuSign's own list of users
	DSUserID   *string `json:"userId"`
	DSUserName *string `json:"userName"`
	DSEmail    *string `json:"email"`
	DSStatus   *string `json:"userStatus"`
	DSClosed   instant `json:"closedDate"`
}

// docusignStatus is what DocuSign's statuses of a user mean; others, of users who were invited, mean active.
var docusignStatus = map[string]string{"closed": directory.StatusDeleted, "disabled": directory.StatusDisabled}

type reason struct {
	Reason string `json:"reason"`
}

type mailbox struct {
	Purpose string `json:"userPurpose"`
}

// instant is a time, a date, or nothing; Graph writes the year 1 for a date that was never set.
type instant struct{ time.Time }

func (i *instant) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == nil {
		return nil
	}
	t, err := parseTime(*s)
	if err != nil {
		return &json.UnmarshalTypeError{Value: fmt.Sprintf("string %q", clip(*s)), Type: nil, Field: ""}
	}
	i.Time = t
	return nil
}

// parseTime reads a time or a date.
func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() <= 1601 {
				return time.Time{}, nil
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("found %q, expected a time such as 2026-01-31T08:00:00Z or a date such as 2026-01-31", clip(s))
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}

// person reads one object.
func person(raw json.RawMessage, line int, o Options) (directory.Record, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return directory.Record{}, notAnObject(raw, line)
	}
	if isSCIM(fields) {
		var u scimUser
		if err := json.Unmarshal(raw, &u); err != nil {
			return directory.Record{}, wrongField(fields, line, err, func() any { return &scimUser{} }, expectedSCIM)
		}
		return u.record(line, o)
	}
	var u graphUser
	if err := json.Unmarshal(raw, &u); err != nil {
		return directory.Record{}, wrongField(fields, line, err, func() any { return &graphUser{} }, expected)
	}
	return u.record(line, o)
}

// wrongField finds the field at fault by reading each by itself into a new object of the shape.
func wrongField(fields map[string]json.RawMessage, line int, err error, shape func() any, expected func(string) string) error {
	var id string
	_ = json.Unmarshal(fields["id"], &id) // as far as it is known
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		one, merr := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if merr != nil || json.Unmarshal(one, shape()) != nil {
			return &RecordError{Line: line, ID: id, Field: name, Problem: fmt.Sprintf("found %s, expected %s", clip(string(fields[name])), expected(name))}
		}
	}
	return &RecordError{Line: line, ID: id, Problem: err.Error()}
}

// expected is what a field holds.
func expected(name string) string {
	switch strings.ToLower(name) {
	case "accountenabled", "removed":
		return "true or false"
	case "othermails", "proxyaddresses", "groups", "docusignuserids", "emails":
		return "a list of texts"
	case "createddatetime", "employeehiredate", "deleteddatetime", "employeeleavedatetime", "validfrom", "closeddate":
		return "a time such as 2026-01-31T08:00:00Z or a date"
	case "@removed", "mailboxsettings":
		return "an object"
	}
	return "a text"
}

func (u *graphUser) record(line int, o Options) (directory.Record, error) {
	r := directory.Record{State: directory.State{Source: o.Source, DirectoryID: text(u.ID), UserName: text(u.UserPrincipalName), DisplayName: text(u.DisplayName), Groups: u.Groups, Role: text(u.Role), From: u.ValidFrom.Time}}
	if r.DirectoryID == "" {
		r.DirectoryID = text(u.DSUserID)
	}
	if r.DisplayName == "" {
		r.DisplayName = text(u.DSUserName)
	}
	if u.DeltaRemoved != nil {
		r.Gone, r.Status = true, directory.StatusDeleted
		return finish(r, line)
	}
	if r.Role == "" {
		r.Role = text(u.PermissionProfile)
	}
	// Entra puts the id before the name of a user whom it deletes.
	if !u.Deleted.IsZero() && r.DirectoryID != "" {
		r.UserName = strings.TrimPrefix(r.UserName, strings.ReplaceAll(r.DirectoryID, "-", ""))
	}
	r.Emails = append(slices.Clone(u.Emails), u.OtherMails...)
	for _, m := range []string{text(u.Mail), text(u.DSEmail)} {
		if m != "" {
			r.Emails = append(r.Emails, m)
		}
	}
	for _, a := range u.ProxyAddresses {
		if kind, address, found := strings.Cut(a, ":"); found && strings.EqualFold(kind, "smtp") {
			r.Emails = append(r.Emails, address)
		}
	}
	r.DocuSignUserIDs = slices.Clone(u.DocuSignUserIDs)
	for _, id := range []string{text(u.DocuSignUserID), text(u.DSUserID)} {
		if id != "" {
			r.DocuSignUserIDs = append(r.DocuSignUserIDs, id)
		}
	}
	r.Kind = u.kind()
	r.Hired, r.Left = first(u.Hired.Time, u.Created.Time), first(u.Deleted.Time, u.Leaves.Time, u.DSClosed.Time)
	if r.Left.After(o.AsOf) {
		r.Left = time.Time{}
	}
	r.Removed = u.TakenBack != nil && *u.TakenBack
	switch {
	case text(u.Status) != "":
		r.Status = strings.ToLower(text(u.Status))
	case !u.Deleted.IsZero():
		r.Status = directory.StatusDeleted
	case docusignStatus[strings.ToLower(text(u.DSStatus))] != "":
		r.Status = docusignStatus[strings.ToLower(text(u.DSStatus))]
	case u.AccountEnabled != nil && !*u.AccountEnabled, !r.Left.IsZero():
		r.Status = directory.StatusDisabled
	default:
		r.Status = directory.StatusActive
	}
	return finish(r, line)
}

// kind of an account, as far as Graph tells it. Mailboxes of people are made shared when they leave; what never was a
// person's has no date of leaving.
func (u *graphUser) kind() string {
	switch {
	case text(u.Kind) != "":
		return strings.ToLower(text(u.Kind))
	case !u.Leaves.IsZero():
	case u.MailboxSettings != nil && strings.EqualFold(u.MailboxSettings.Purpose, "shared"):
		return directory.KindSharedMailbox
	case u.MailboxSettings != nil && (strings.EqualFold(u.MailboxSettings.Purpose, "room") || strings.EqualFold(u.MailboxSettings.Purpose, "equipment")):
		return directory.KindRoom
	}
	if strings.EqualFold(text(u.UserType), "guest") {
		return directory.KindGuest
	}
	return directory.KindPerson
}

func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// finish brings the state into its form and checks it.
func finish(r directory.Record, line int) (directory.Record, error) {
	r.Line = line
	r.Normalise()
	if r.Removed && r.From.IsZero() {
		return r, &RecordError{Line: line, ID: r.DirectoryID, Field: "validFrom", Problem: "found none, expected the time of the state that is taken back"}
	}
	if err := r.Validate(); err != nil {
		e := &RecordError{Line: line, ID: r.DirectoryID, Problem: strings.ReplaceAll(err.Error(), "\n", "; ")}
		var joined interface{ Unwrap() []error }
		if errors.As(err, &joined) && len(joined.Unwrap()) == 1 {
			if field, problem, found := strings.Cut(e.Problem, ": "); found {
				e.Field, e.Problem = field, problem
			}
		}
		return r, e
	}
	return r, nil
}
