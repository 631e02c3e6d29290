package analytics_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// exceptionCase is an exception that somebody makes of an alert; what it suppresses has exception:1, exception:2, ... by
// the order of the file.
type exceptionCase struct {
	// Subject and Key name the alert.
	Subject     string   `yaml:"subject"`
	Key         string   `yaml:"key"`
	Attributes  []string `yaml:"attributes"`
	Expires     string   `yaml:"expires"`
	MaxSeverity string   `yaml:"maxSeverity"`
	Author      string   `yaml:"author"`
	// Removed says that it is taken back afterwards; Refused is a part of the reason for which there is none.
	Removed bool   `yaml:"removed"`
	Refused string `yaml:"refused"`
}

// scopeCase is about whom a detection raises alerts.
type scopeCase struct {
	Include, Exclude struct{ Users, Groups []string }
}

func (s scopeCase) build() analytics.Scope {
	return analytics.Scope{Include: analytics.Selection{Users: s.Include.Users, Groups: s.Include.Groups}, Exclude: analytics.Selection{Users: s.Exclude.Users, Groups: s.Exclude.Groups}}
}

// except makes the exceptions as the service does.
func (w *world) except(cases []exceptionCase) {
	w.t.Helper()
	for i, c := range cases {
		w.exceptOne(i, c)
		w.drain()
	}
}

func (w *world) exceptOne(i int, c exceptionCase) {
	w.t.Helper()
	id := ""
	for _, a := range w.standing() {
		if a.Subject.ID == c.Subject && (c.Key == "" || a.Key == c.Key) {
			f := a.Finding
			f.Tenant = w.tenant
			id = f.AlertID()
		}
	}
	if id == "" {
		w.t.Fatalf("exception %d: no alert about %s with the key %q", i+1, c.Subject, c.Key)
	}
	expires, err := time.Parse(time.RFC3339, c.Expires)
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := w.runner.CreateException(w.t.Context(), alert.ExceptionRequest{AlertID: id, Attributes: c.Attributes, Expires: expires, MaxSeverity: c.MaxSeverity,
		Classification: "benign_positive", Reason: "a test", Author: cmp.Or(c.Author, "analyst@example.com")})
	if c.Refused != "" {
		if err == nil || !strings.Contains(err.Error(), c.Refused) {
			w.t.Errorf("exception %d: %v, expected a refusal that says %q", i+1, err, c.Refused)
		}
		w.exceptions = append(w.exceptions, "")
		return
	}
	if err != nil {
		w.t.Fatalf("exception %d: %v", i+1, err)
	}
	w.exceptions = append(w.exceptions, e.ID)
	if c.Removed {
		w.drain()
		if err := w.runner.DeleteException(w.t.Context(), e.ID, "analyst@example.com"); err != nil {
			w.t.Fatal(err)
		}
	}
}

// numbered has the exceptions by their numbers in the file: their ids are random, and so is the order among them.
func (w *world) numbered(reasons []string) []string {
	var out []string
	for _, r := range reasons {
		if id, found := strings.CutPrefix(r, alert.ExceptionReason); found {
			r = alert.ExceptionReason + fmt.Sprint(1+slices.Index(w.exceptions, id))
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b string) int {
		if strings.HasPrefix(a, alert.ExceptionReason) && strings.HasPrefix(b, alert.ExceptionReason) {
			return cmp.Compare(a, b)
		}
		return 0
	})
	return out
}

// attributesSeen holds the attributes of a definition to the findings that there are.
type attributesSeen struct {
	definition analytics.Definition
	// files that there are, and those that ran.
	files, ran int
	known      map[string]bool
}

func newAttributesSeen(d analytics.Definition, files int) *attributesSeen {
	return &attributesSeen{definition: d, files: files, known: map[string]bool{}}
}

func (s *attributesSeen) add(all []alert.Alert) {
	s.ran++
	for i := range all {
		for _, name := range analytics.KnownAttributes(&s.definition, all[i].Evidence) {
			s.known[name] = true
		}
	}
}

// check that each attribute is known whole in some finding: one that no finding has is a path that leads nowhere.
func (s *attributesSeen) check(t *testing.T) {
	t.Helper()
	if s.ran < s.files {
		return // only some were asked for
	}
	if len(s.definition.Attributes) == 0 {
		t.Errorf("detection %s has no attributes: no exception can be made of its alerts but for a subject", s.definition.ID)
	}
	for name := range s.definition.Attributes {
		if !s.known[name] {
			t.Errorf("detection %s: attribute %s: no finding of its tests has it", s.definition.ID, name)
		}
	}
}
