package alert

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Named is somebody, or an application, that an alert tells of by an id, and the name by which people know it.
type Named struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

const (
	// mostOfName is how many characters of a name a title has.
	mostOfName = 80
	// keyShown is how many characters of an integration key stand beside the name of its application, which anybody can choose.
	keyShown = 8
)

// ToldTitle is the title with names in the place of the ids that somebody has a name for: the subject's, and those of others whom it tells of. The
// stored title stays as the detection made it, so that a name which becomes known is no change of the finding.
func (a *Alert) ToldTitle() string {
	if a.Context == nil && a.Subject.Email == "" && a.Subject.DisplayName == "" {
		return a.Title
	}
	// all are put in at once: what a name says is never looked for as an id
	names := make(map[string]string)
	if c := a.Context; c != nil {
		for i := range c.Names {
			if n := &c.Names[i]; n.ID != "" && !a.Subject.called(n.ID) {
				names[n.ID] = legible(usable(n.Name, n.Email))
			}
		}
	}
	if s := &a.Subject; s.ID != "" {
		delete(names, s.ID)
		if s.Type == "user" || s.Type == "integration" {
			names[s.ID] = a.nameInTitle(s.Type)
		}
	}
	return named(a.Title, names)
}

// called says that the id stands in what the subject is called: then where a title has it, it may be that name and nobody's id.
func (s *Subject) called(id string) bool {
	id = strings.ToLower(id)
	return IsGUID(id) && (strings.Contains(strings.ToLower(s.DisplayName), id) || strings.Contains(strings.ToLower(s.Email), id))
}

// usable is the first of the names that is one. What has a GUID in it is none: people choose their names, and one could be the id of somebody
// else.
func usable(names ...string) string {
	for _, n := range names {
		if n != "" && !guidInTitle.MatchString(n) {
			return n
		}
	}
	return ""
}

// SubjectName is the name of whom or what the alert is about, by the directory or the events; empty when nobody knows one.
func (a *Alert) SubjectName() string {
	name := ""
	if c := a.Context; c != nil {
		if c.Directory != nil && a.Subject.Type == "user" {
			name = usable(c.Directory.Name, c.Directory.Email)
		}
		for i := range c.Names {
			if n := &c.Names[i]; name == "" && n.ID == a.Subject.ID {
				name = usable(n.Name, n.Email)
			}
		}
	}
	return legible(usable(name, a.Subject.DisplayName, a.Subject.Email))
}

// Plain is a name as names are compared: in lower case, with single spaces.
func Plain(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// SubjectNames are the names and e-mails of the subject as the events and the directory have them, as Plain makes them.
func (a *Alert) SubjectNames() []string {
	all := []string{}
	add := func(names ...string) {
		for _, n := range names {
			if n = Plain(n); n != "" && !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	add(a.Subject.Email, a.Subject.DisplayName)
	if c := a.Context; c != nil {
		if c.Directory != nil {
			add(c.Directory.Name, c.Directory.Email)
		}
		for i := range c.Names {
			if n := &c.Names[i]; n.ID == a.Subject.ID {
				add(n.Email, n.Name)
			}
		}
	}
	return all
}

func (a *Alert) nameInTitle(kind string) string {
	name := a.SubjectName()
	if id := a.Subject.ID; name != "" && kind == "integration" {
		name += " (" + id[:min(len(id), keyShown)] + "…)"
	}
	return name
}

// guid is an id as DocuSign gives them to users, applications and envelopes.
var guid = regexp.MustCompile(`(?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// IsGUID says whether an id is one as DocuSign gives them, and no word that could stand for something else.
func IsGUID(id string) bool { return guid.MatchString(id) }

// named puts names in the place of ids, in one pass over the title. An id that is no GUID may be a word like another, and is replaced where the
// title says that it is somebody.
func named(title string, names map[string]string) string {
	type place struct{ from, to, begin int } // begin is where the word before goes, too
	var places []place
	for id, name := range names {
		if name == "" || name == id {
			continue
		}
		for from := 0; ; {
			i := strings.Index(title[from:], id)
			if i < 0 {
				break
			}
			at := from + i
			before, after := title[:at], title[at+len(id):]
			from = at + len(id)
			last, _ := utf8.DecodeLastRuneInString(before)
			next, _ := utf8.DecodeRuneInString(after)
			person := strings.HasSuffix(before, "User ") || strings.HasSuffix(before, "user ")
			switch {
			case before != "" && inWord(last), after != "" && inWord(next), !person && !strings.HasSuffix(before, "Application ") && !guid.MatchString(id):
			case person:
				places = append(places, place{at, from, at - len("User ")})
			default:
				places = append(places, place{at, from, at})
			}
		}
	}
	// of ids of which one begins with the other, the longer
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var b strings.Builder
	done := 0
	for _, p := range places {
		if p.from >= done {
			b.WriteString(title[done:max(done, p.begin)] + names[title[p.from:p.to]])
			done = p.to
		}
	}
	return b.String() + title[done:]
}

// inWord says that a character beside an id makes it a part of something else.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '@' || r == '/'
}

// legible is a name on one line, without what a reader could not see, and not so long that it hides the rest.
func legible(name string) string {
	name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, name)), " ")
	if utf8.RuneCountInString(name) > mostOfName {
		name = string([]rune(name)[:mostOfName-1]) + "…"
	}
	return name
}

// guidInText finds GUIDs in JSON.
var guidInText = regexp.MustCompile(`(?i)"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"`)

// guidInTitle finds them in a sentence.
var guidInTitle = regexp.MustCompile(`(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)

// notSomebody are members of evidence whose values are ids of other things than people.
var notSomebody = regexp.MustCompile(`(?i)"(?:eventId|envelopeId|templateId|accountId|id)"\s*:\s*"[^"]*"`)

// Mentioned are the ids, most at most, by which the finding tells of somebody beside its subject: those of the title first. What its subject is
// called is no id.
func (f *Finding) Mentioned(most int) []string {
	seen := map[string]bool{strings.ToLower(f.Subject.ID): true, "00000000-0000-0000-0000-000000000000": true}
	for _, id := range f.EventIDs {
		seen[strings.ToLower(id)] = true
	}
	var all []string
	for _, id := range append(guidInTitle.FindAllString(f.Title, -1), groups(guidInText, notSomebody.ReplaceAllString(f.Evidence, ""))...) {
		if low := strings.ToLower(id); !seen[low] && len(all) < most && !f.Subject.called(low) {
			seen[low] = true
			all = append(all, id)
		}
	}
	return all
}
