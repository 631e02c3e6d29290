package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/directory"
)

const (
	// maxNamed bounds the people that a warning names.
	maxNamed = 5
	// maxRole bounds the text of a role.
	maxRole = 200
)

// Reader is in whose name a part is read.
type Reader struct {
	// Name for messages.
	Name  string
	Asker *docusign.Asker
	// Organization says whose users they are; an empty id means that it is not known.
	Organization func(ctx context.Context) (string, error)
	// Accounts to read; all when empty.
	Accounts []string
	// sample reads the first page of each list only.
	sample bool
}

// Options of a Source.
type Options struct {
	Readers []Reader
	People  People
	// Watch is told when what one of several readers sees is lost, and when it is back; may be nil.
	Watch rounds.Watch
	// Members is told who is a member of which account; may be nil.
	Members *Members
	Now     func() time.Time
	Logger  *slog.Logger
}

// People take deliveries in.
type People interface {
	// Deliver returns when what it applied is durable.
	Deliver(ctx context.Context, d directory.Delivery) (directory.Outcome, error)
}

// Source reads the users of all readers and delivers them as one.
type Source struct {
	o Options
	// readers have each their own loss; last is what each of several saw when it was last read.
	readers *rounds.Parts
	last    map[string]map[string]*person
	started time.Time
}

// New makes a Source.
func New(o Options) (*Source, error) {
	if len(o.Readers) == 0 || o.People == nil {
		return nil, errors.New("roster: Readers and People are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Source{o: o, readers: rounds.NewParts(rounds.PartsOptions{Source: "directory/" + directory.SourceDocuSign, Explain: Explain, Watch: o.Watch, Now: o.Now, Logger: o.Logger}),
		last: map[string]map[string]*person{}, started: o.Now()}, nil
}

// Explain says what kind of failure an error of a round is.
func Explain(err error) rounds.Failure {
	var e *docusign.Error
	if !errors.As(err, &e) {
		return rounds.Failure{Kind: "storage"}
	}
	return rounds.Failure{Kind: string(e.Kind), Refused: e.Kind.LosesAccess(), RetryAfter: e.RetryAfter}
}

// Calls of all readers.
func (s *Source) Calls() (n uint64) {
	for _, r := range s.o.Readers {
		n += r.Asker.Calls()
	}
	return n
}

// Round reads everybody and delivers them. What one of the two APIs refuses is a warning while the other one answers, and so is what one of
// several readers is refused; what fails otherwise ends the round, because half of what is known of somebody is no news of that person.
func (s *Source) Round(ctx context.Context) (warnings []string, err error) {
	people, warnings, part, err := s.everybody(ctx)
	if err != nil {
		return nil, err
	}
	if s.o.Members != nil {
		s.o.Members.take(people)
	}
	d := directory.Delivery{Source: directory.SourceDocuSign, AsOf: s.o.Now().UTC().Truncate(time.Millisecond)}
	bad := 0
	for _, id := range slices.Sorted(maps.Keys(people)) {
		r := people[id].record(id, d.AsOf)
		if part && r.Status != directory.StatusActive {
			continue // may be active where nothing can be read
		}
		if err := r.Validate(); err != nil {
			if bad++; bad <= maxNamed {
				s.o.Logger.WarnContext(ctx, "a user of DocuSign cannot be taken and stays as before", slog.String("user", id), slog.Any("error", err))
			}
			continue
		}
		d.Records = append(d.Records, r)
	}
	if bad > 0 {
		warnings = append(warnings, fmt.Sprintf("%d users of DocuSign cannot be taken and stay as before; the log names the first", bad))
	}
	o, err := s.o.People.Deliver(ctx, d)
	switch {
	case err != nil:
		return nil, fmt.Errorf("users of DocuSign cannot be stored: %w", err)
	case o.Held:
		warnings = append(warnings, fmt.Sprintf("a delivery of DocuSign's users is held: %d of %d active ones would leave; if they were closed on purpose, run: sealwatch directory confirm %s --left %d", o.Left, o.People, directory.SourceDocuSign, o.Left))
	default:
		s.o.Logger.InfoContext(ctx, "users of DocuSign were delivered", slog.Int("new", o.New), slog.Int("changed", o.Changed), slog.Int("left", o.Left), slog.Int("unchanged", o.Unchanged))
	}
	return warnings, nil
}

// everybody reads by all readers. For one who is refused counts what it saw last; part says that this is not known.
func (s *Source) everybody(ctx context.Context) (people map[string]*person, warnings []string, part bool, err error) {
	people = map[string]*person{}
	good := 0
	for _, r := range s.o.Readers {
		mine := map[string]*person{}
		more, failure := read(ctx, r, mine)
		switch several := len(s.o.Readers) > 1; {
		case failure == nil && several:
			s.readers.Read(ctx, r.Name)
			s.last[r.Name] = mine
			good++
		case failure == nil:
			good++
		case several && refused(failure):
			failure = fmt.Errorf("users of DocuSign by %s: %w", r.Name, failure)
			s.readers.Failed(ctx, r.Name, "the users of DocuSign by "+r.Name, s.started, failure)
			err = errors.Join(err, failure)
			mine = s.last[r.Name]
			part = part || mine == nil
			more = []string{fmt.Sprintf("users whom one reader alone sees stay as they were: %v", failure)}
		default:
			return nil, nil, false, fmt.Errorf("users of DocuSign by %s: %w", r.Name, failure)
		}
		warnings = append(warnings, more...)
		for id, p := range mine {
			if people[id] == nil {
				people[id] = &person{}
			}
			people[id].memberships = append(people[id].memberships, p.memberships...)
		}
	}
	if good == 0 {
		return nil, nil, false, err
	}
	return people, warnings, part, nil
}

// Try reads the first page of each list of one reader and delivers nothing; it returns how many users those have.
func Try(ctx context.Context, r Reader) (users int, warnings []string, err error) {
	people := map[string]*person{}
	r.sample = true
	warnings, err = read(ctx, r, people)
	return len(people), warnings, err
}

// person is what all lists say of a user.
type person struct {
	memberships []user
}

// read takes in what one reader sees.
func read(ctx context.Context, r Reader, people map[string]*person) (warnings []string, err error) {
	emails := map[string]bool{}
	take := func(u user) {
		if u.id == "" {
			return
		}
		if people[u.id] == nil {
			people[u.id] = &person{}
		}
		people[u.id].memberships = append(people[u.id].memberships, u)
		if u.email != "" && u.status != "closed" && u.userStatus != "closed" {
			emails[strings.ToLower(u.email)] = true
		}
	}
	mine, err := r.Asker.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	organizationID, err := r.Organization(ctx)
	if err != nil {
		if !refused(err) {
			return nil, err
		}
		warnings = append(warnings, fmt.Sprintf("the organisation of %s is not known, so that only accounts are read whose member its user is: %v", r.Name, err))
	}
	done, good := []string{}, 0
	for _, a := range mine {
		if !r.wants(a.ID) || organizationID != "" && a.Organization != "" && !strings.EqualFold(a.Organization, organizationID) {
			continue
		}
		done = append(done, a.ID)
		switch err := account(ctx, r.Asker, a, r.sample, take); {
		case err == nil:
			good++
		case refused(err):
			warnings = append(warnings, fmt.Sprintf("roles in the account %s (%s) are not known: its users can be listed by an administrator of the account only: %v", cmp.Or(a.Name, a.ID), a.ID, err))
		default:
			return nil, err
		}
	}
	if organizationID == "" {
		if good == 0 {
			return nil, &docusign.Error{Kind: docusign.KindRole, Message: "the user can list the users of no account: make it administrator of the accounts, or of the organisation, and give consent to " + string(docusign.ScopesUsers) + ": " + r.Asker.Client().ConsentURL(docusign.ScopesUsers)}
		}
		return warnings, nil
	}
	others, err := r.others(ctx, organizationID)
	if err != nil {
		return nil, err
	}
	for _, id := range others {
		if !slices.Contains(done, id) {
			done = append(done, id)
		}
	}
	switch err := organization(ctx, r.Asker, organizationID, done, r.sample, take); {
	case err == nil:
	case refused(err) && good > 0:
		return append(warnings, fmt.Sprintf("users of accounts whose member the reading user is not, and domains, are not known: %v", err)), nil
	default:
		return nil, err
	}
	domains, err := Domains(ctx, r.Asker, organizationID)
	switch {
	case err == nil:
		return append(warnings, Unseen(domains, slices.Sorted(maps.Keys(emails)))...), nil
	case refused(err):
		return append(warnings, fmt.Sprintf("the domains that the organisation has claimed cannot be read, so that nobody knows whom DocuSign Monitor does not see: %v", err)), nil
	}
	return nil, err
}

// others are the accounts of the organisation, also those whose member the reading user is not.
func (r *Reader) others(ctx context.Context, organization string) (all []string, err error) {
	for _, id := range r.Accounts {
		all = append(all, strings.ToLower(id))
	}
	list, err := r.Asker.Client().Organizations(ctx)
	if err != nil && !refused(err) {
		return nil, err
	}
	for _, o := range list {
		for _, a := range o.Accounts {
			if strings.EqualFold(o.ID, organization) && r.wants(a.ID) {
				all = append(all, strings.ToLower(a.ID))
			}
		}
	}
	return all, nil
}

func (r *Reader) wants(account string) bool {
	return len(r.Accounts) == 0 || slices.ContainsFunc(r.Accounts, func(a string) bool { return strings.EqualFold(a, account) })
}

// refused says whether trying again does not help, so that what can be read is read without it.
func refused(err error) bool {
	var e *docusign.Error
	return errors.As(err, &e) && e.Kind.LosesAccess()
}

// Unseen warns of the users whom DocuSign Monitor does not see, because their domain is not claimed.
func Unseen(domains []Domain, emails []string) []string {
	claimed, pending := map[string]bool{}, []string{}
	for _, d := range domains {
		if d.Claimed {
			claimed[d.Name] = true
		} else {
			pending = append(pending, d.Name)
		}
	}
	var out []string
	for _, e := range emails {
		if _, domain, found := strings.Cut(e, "@"); found && !claimed[strings.ToLower(domain)] {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil
	}
	text := fmt.Sprintf("DocuSign Monitor sees only users of claimed domains: %d of %d users are outside, so that their log-ons and changes are not seen: %s", len(out), len(emails), strings.Join(out[:min(len(out), maxNamed)], ", "))
	if len(out) > maxNamed {
		text += fmt.Sprintf(" and %d more", len(out)-maxNamed)
	}
	switch {
	case len(claimed) == 0:
		text += "; no domain is claimed"
	case len(pending) > 0:
		text += "; not verified yet: " + strings.Join(pending[:min(len(pending), maxNamed)], ", ")
	}
	return []string{text + "; claim their domains in DocuSign Admin"}
}

// record of a person: active while one membership is, with the roles of those.
func (p *person) record(id string, asOf time.Time) directory.Record {
	r := directory.Record{State: directory.State{Source: directory.SourceDocuSign, DirectoryID: id, Kind: directory.KindPerson, Status: directory.StatusDeleted, DocuSignUserIDs: []string{id}}, Was: true}
	var roles []string
	closed := time.Time{}
	for _, m := range p.memberships {
		if r.DisplayName == "" {
			r.DisplayName = strings.TrimSpace(m.name)
		}
		if m.email != "" {
			r.Emails = append(r.Emails, m.email)
		}
		if !m.created.IsZero() && (r.Hired.IsZero() || m.created.Before(r.Hired)) {
			r.Hired = m.created
		}
		switch {
		case m.status == "closed" || m.userStatus == "closed":
			if m.closed.After(closed) {
				closed = m.closed
			}
			continue
		case m.status == "disabled":
			if r.Status == directory.StatusDeleted {
				r.Status = directory.StatusDisabled
			}
			continue
		}
		r.Status = directory.StatusActive
		if m.profile != "" {
			roles = append(roles, m.profile)
		}
		if m.admin {
			roles = append(roles, "Administrator")
		}
		for _, g := range m.groups {
			if g = strings.TrimSpace(g); g != "" && !strings.EqualFold(g, "Everyone") {
				r.Groups = append(r.Groups, g)
			}
		}
	}
	if r.Status == directory.StatusDeleted && !closed.After(asOf) {
		r.Left = closed
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	if len(roles) > 1 && slices.ContainsFunc(roles, func(s string) bool { return s != "Administrator" && strings.Contains(s, "Administrator") }) {
		roles = slices.DeleteFunc(roles, func(s string) bool { return s == "Administrator" }) // the profile says it
	}
	if r.Role = strings.Join(roles, ", "); len(r.Role) > maxRole {
		r.Role = strings.ToValidUTF8(r.Role[:maxRole], "") + "..."
	}
	r.Normalise()
	return r
}
