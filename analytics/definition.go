package analytics

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// Definition is a detection: a folder <id> with detection.yaml and query.sql.
type Definition struct {
	// ID is the name of the folder.
	ID string `yaml:"-"`
	// SQL is the body of the parameterised view.
	SQL string `yaml:"-"`
	// Affected is the text of affected.sql, empty when there is none: findings of a subject then depend on its own events
	// alone. It may use the parameters. Otherwise the query returns, as (subject_type, subject_id, first_ts, last_ts), the other subjects whose
	// findings may change when the given users, addresses and integrations have new events from from to to. Its rows
	// count as changes of those subjects.
	Affected string `yaml:"-"`
	// Candidates is the text of candidates.sql, empty when there is none. It is for views that are dear and concern few:
	// the query returns, as subject_id, those of the subjects, or of all when none is given, about whom the view can have findings anchored from from to
	// to, or some more. It may use the parameters.
	Candidates string `yaml:"-"`

	Title       string   `yaml:"title"`
	Description string   `yaml:"description"`
	Severity    string   `yaml:"severity"`
	Attack      []string `yaml:"attack"`
	// Subjects are what findings are about: user, address, integration, or organization, an account as a whole, for events
	// that name none of the others; account or envelope, for all events that name one. The view's parameter subjects holds ids of all of
	// them.
	Subjects []string `yaml:"subjects"`
	// Collective are subjects that stand for many and that no event names: ids by type.
	Collective map[string][]string `yaml:"collective"`
	// LookBack is how far before a finding's anchor its rows depend on events: the view MUST read that far before from,
	// and an event can change findings anchored up to LookBack after it.
	LookBack time.Duration `yaml:"lookBack"`
	// LookAhead is how far after a finding's last event its rows depend on events: the view MUST read that far after to.
	LookAhead time.Duration `yaml:"lookAhead"`
	// Inputs are the events that the view reads; others do not cause an evaluation.
	Inputs     Inputs      `yaml:"inputs"`
	Parameters []Parameter `yaml:"parameters"`
	// Attributes are what an exception can name, by name.
	Attributes map[string]Attribute `yaml:"attributes"`
	// Suppressions explains each reason that the view can return.
	Suppressions   map[string]string `yaml:"suppressions"`
	FalsePositives []string          `yaml:"falsePositives"`
	Response       []string          `yaml:"response"`
}

// Inputs select events by class and by kind of place; an empty list selects all.
type Inputs struct {
	Activities []string `yaml:"activities" json:"activities,omitempty"`
	// Each says that each of the activities is needed: without one of them the detection is blind. Otherwise some are.
	Each       bool     `yaml:"each" json:"each,omitempty"`
	PlaceKinds []string `yaml:"placeKinds" json:"placeKinds,omitempty"`
	// Administrative selects events that act on the account.
	Administrative bool `yaml:"administrative" json:"administrative,omitempty"`
	// Integrations says that findings need events with an integration key. It selects nothing: others may still change them.
	Integrations bool `yaml:"integrations" json:"integrations,omitempty"`
	// Intelligence says that the view reads what is known about addresses: when that changes, it is evaluated again.
	Intelligence bool `yaml:"intelligence" json:"intelligence,omitempty"`
	// Named are types of subjects of which most changes change no finding: affected.sql names those that are evaluated,
	// also of the changed ones.
	Named []string `yaml:"named" json:"named,omitempty"`
	// Ranges says that it finds nothing without something known about addresses.
	Ranges bool `yaml:"ranges" json:"ranges,omitempty"`
	// Directory says the same of the directory of users.
	Directory bool `yaml:"directory" json:"directory,omitempty"`
	// People says that the view reads the directory and finds something without it, too.
	People bool `yaml:"people" json:"people,omitempty"`
	// Follow says that what is asked again about a user is asked about those whom affected.sql names for the user.
	Follow bool `yaml:"-" json:"follow,omitempty"`
	// Matches are the detections whose alerts it reads: those of the events of an alert that changes are looked at again.
	Matches []string `yaml:"-" json:"matches,omitempty"`
	// DailyLimit is the most alerts of a day of event time; findings beyond are suppressed. 0 means none.
	DailyLimit int `yaml:"-" json:"dailyLimit,omitempty"`
}

// concerns says whether a recheck for that reason is for the detection.
func (i Inputs) concerns(reason string) bool {
	switch reason {
	case ReasonIntelligence:
		return i.Intelligence
	case ReasonDirectory:
		return i.Directory || i.People
	}
	return true
}

// Match says whether some of a span's events are inputs.
func (i Inputs) Match(s *clickhouse.Span) bool {
	some := func(want, have []string) bool {
		return len(want) == 0 || slices.ContainsFunc(have, func(s string) bool { return slices.Contains(want, s) })
	}
	return some(i.Activities, s.Activities) && some(i.PlaceKinds, s.PlaceKinds) && (!i.Administrative || s.Administrative)
}

// ofTheMoment are functions whose result is another each time.
var ofTheMoment = regexp.MustCompile(`\b(now(64)?|today|yesterday|rand(32|64|Canonical|om[A-Za-z0-9]*|[A-Z][A-Za-z]*)?|generateUUIDv[47])\(`)

var (
	definitionID    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	technique       = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)
	fromEvents      = regexp.MustCompile(`\bFROM\s+events\b`)
	sqlParameter    = regexp.MustCompile(`\{([a-z][a-z0-9_]*):([A-Za-z0-9(), ']+)\}`)
	subjectTypes    = []string{"user", "address", "integration", "organization", "account", "envelope"}
	affectedBinding = map[string]string{"from": "DateTime64(7, 'UTC')", "to": "DateTime64(7, 'UTC')", "line": "DateTime64(7, 'UTC')", "tenant": "String", "users": "Array(String)", "addresses": "Array(String)", "integrations": "Array(String)"}
	// candidatesBinding is what candidates.sql is given beside the declared parameters.
	candidatesBinding = map[string]string{"from": "DateTime64(7, 'UTC')", "to": "DateTime64(7, 'UTC')", "line": "DateTime64(7, 'UTC')", "tenant": "String", "subjects": "Array(String)"}
	builtInBinding    = map[string]string{"from": "DateTime64(7, 'UTC')", "to": "DateTime64(7, 'UTC')", "subjects": "Array(String)", "line": "DateTime64(7, 'UTC')"}
)

// heldUntil is the one way in which a view may use the clock: it leaves out what is held.
const heldUntil = "held_until <= {line:DateTime64(7, 'UTC')}"

// LoadDefinitions reads every folder of files. The error names each folder and each thing that is wrong.
func LoadDefinitions(files fs.FS) ([]Definition, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("analytics: detections: %w", err)
	}
	var all []Definition
	var problems []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		d, err := loadDefinition(files, e.Name())
		if err != nil {
			problems = append(problems, fmt.Errorf("detection %s: %w", e.Name(), err))
			continue
		}
		all = append(all, d)
	}
	return all, errors.Join(problems...)
}

func loadDefinition(files fs.FS, id string) (Definition, error) {
	d := Definition{ID: id}
	if !definitionID.MatchString(id) {
		return d, errors.New("the folder's name has to be lower-case letters, digits and underscores, 40 at most")
	}
	text, err := fs.ReadFile(files, path.Join(id, "detection.yaml"))
	if err != nil {
		return d, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("detection.yaml: %w", err)
	}
	for i := range d.Parameters {
		if err := d.Parameters[i].declare(); err != nil {
			return d, fmt.Errorf("detection.yaml: %w", err)
		}
	}
	sql, err := fs.ReadFile(files, path.Join(id, "query.sql"))
	if err != nil {
		return d, err
	}
	d.SQL = strings.TrimSpace(string(sql))
	for name, text := range map[string]*string{"affected.sql": &d.Affected, "candidates.sql": &d.Candidates} {
		b, err := fs.ReadFile(files, path.Join(id, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return d, err
		}
		*text = strings.TrimSpace(string(b))
	}
	return d, d.validate()
}

func (d *Definition) validate() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if d.Title == "" || d.Description == "" || len(d.Response) == 0 || len(d.FalsePositives) == 0 {
		wrong("title, description, falsePositives and response are required")
	}
	if alert.SeverityRank(d.Severity) == 0 {
		wrong("severity %q: expected informational, low, medium, high or critical", d.Severity)
	}
	if len(d.Subjects) == 0 {
		wrong("subjects: expected some of %s", strings.Join(subjectTypes, ", "))
	}
	for _, s := range d.Subjects {
		if !slices.Contains(subjectTypes, s) {
			wrong("subjects: %q: expected one of %s", s, strings.Join(subjectTypes, ", "))
		}
	}
	for t, ids := range d.Collective {
		if !slices.Contains(d.Subjects, t) || len(ids) == 0 || slices.Contains(ids, "") {
			wrong("collective: %s: %q: expected one of subjects, with ids", t, ids)
		}
	}
	for _, t := range d.Attack {
		if !technique.MatchString(t) {
			wrong("attack %q: expected a technique such as T1078.004", t)
		}
	}
	if d.LookBack <= 0 || d.LookAhead < 0 {
		wrong("lookBack %v and lookAhead %v: expected more than nothing, and nothing or more", d.LookBack, d.LookAhead)
	}
	for name, a := range d.Attributes {
		if err := a.validate(name); err != nil {
			wrong("%w", err)
		}
	}
	declared := map[string]string{}
	for i := range d.Parameters {
		p := &d.Parameters[i]
		if err := p.validate(p.Default); err != nil {
			wrong("parameter %s: default: %w", p.Name, err)
		}
		if p.Description == "" || p.Unit == "" {
			wrong("parameter %s: description and unit are required", p.Name)
		}
		declared[p.Name] = p.Type
	}
	used := map[string]bool{}
	for _, m := range sqlParameter.FindAllStringSubmatch(d.SQL, -1) {
		name, typ := m[1], m[2]
		used[name] = true
		want, ok := builtInBinding[name]
		if !ok {
			want, ok = declared[name]
		}
		if !ok {
			wrong("query.sql: parameter %s is not declared", name)
		} else if want != typ {
			wrong("query.sql: parameter %s has type %s, expected %s", name, typ, want)
		}
	}
	for _, m := range sqlParameter.FindAllStringSubmatch(d.Affected, -1) {
		want, ok := affectedBinding[m[1]]
		if !ok {
			want, ok = declared[m[1]]
		}
		if !ok || want != m[2] {
			wrong("affected.sql: parameter %s of type %s: expected a declared one, or one of users, addresses, integrations, tenant, from, to, line with its type", m[1], m[2])
		}
	}
	for _, m := range sqlParameter.FindAllStringSubmatch(d.Candidates, -1) {
		want, ok := candidatesBinding[m[1]]
		if !ok {
			want, ok = declared[m[1]]
		}
		if !ok || want != m[2] {
			wrong("candidates.sql: parameter %s of type %s: expected a declared one, or one of tenant, from, to, subjects, line with its type", m[1], m[2])
		}
	}
	for _, s := range d.Inputs.Named {
		if !slices.Contains(d.Subjects, s) || d.Affected == "" {
			wrong("inputs: named %q: expected one of subjects, and an affected.sql that names them", s)
		}
	}
	for reason, explanation := range d.Suppressions {
		if !strings.Contains(d.SQL, "'"+reason+"'") || explanation == "" {
			wrong("suppressions: %s: expected a reason that query.sql returns, and its explanation", reason)
		}
	}
	for _, name := range []string{"from", "to", "subjects"} {
		if !used[name] {
			wrong("query.sql: has to use the parameter %s", name)
		}
	}
	for name := range declared {
		if !used[name] {
			wrong("parameter %s: query.sql does not use it", name)
		}
	}
	for name, text := range map[string]string{"query.sql": d.SQL, "affected.sql": d.Affected, "candidates.sql": d.Candidates} {
		if reads, lines := len(fromEvents.FindAllString(text, -1)), strings.Count(text, heldUntil); reads != lines || lines != strings.Count(text, "{line:") {
			wrong("%s: expected %s once for each FROM events, and line nowhere else: what came a little ahead of the clock is not held and counts; there are %d of %d", name, heldUntil, lines, reads)
		}
	}
	for _, banned := range ofTheMoment.FindAllString(d.SQL, -1) {
		wrong("query.sql: %s) makes the result depend on when it runs", banned)
	}
	return errors.Join(problems...)
}
