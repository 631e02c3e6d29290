package hunting_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// TestShipped runs every hunt that comes with Sealwatch, and wants rows where the events have what it asks for.
func TestShipped(t *testing.T) {
	f := use(t)
	all, err := hunting.Shipped()
	if err != nil || len(all) < 12 {
		t.Fatalf("%d hunts, %v", len(all), err)
	}
	values := map[string]string{"user": "u1", "at": "2026-01-31 08:00:00", "alert": strings.Repeat("0", 32)}
	empty := []string{"alert-history", "suppressed-findings", "user-around", "new-networks", "unusual-hours"}
	for _, s := range all {
		t.Run(s.ID, func(t *testing.T) {
			q := hunt.Query{Author: "ann", Via: hunt.ViaAPI, Parameters: map[string]string{}}
			for _, p := range s.Parameters {
				if p.Description == "" || p.Type == "" {
					t.Errorf("parameter %+v", p)
				}
				if p.Default == nil {
					q.Parameters[p.Name] = values[p.Name]
				}
			}
			if s.ID == "shared-addresses" {
				q.Parameters["users"] = "2"
			}
			g := &got{}
			if err := f.RunHunt(t.Context(), s.ID, q, g); err != nil || g.summary == nil || len(g.columns) == 0 {
				t.Fatalf("%+v, %v", g, err)
			}
			if len(g.rows) == 0 && !slices.Contains(empty, s.ID) {
				t.Error("no rows")
			}
			if s.Title == "" || s.Description == "" {
				t.Error("it is not explained")
			}
		})
	}
}

// TestShippedNamePeople: an address that the records lack comes from the directory, from people's own before DocuSign's list.
func TestShippedNamePeople(t *testing.T) {
	f := use(t)
	for _, id := range []string{"failed-logons", "mass-access", "administrative-acts"} {
		g := &got{}
		if err := f.RunHunt(t.Context(), id, hunt.Query{Author: "ann", Via: hunt.ViaAPI, Parameters: map[string]string{}}, g); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		all := strings.Join(g.rows, "\n")
		for _, user := range [][2]string{{"u0", "u@example.com"}, {"u2", "two@example.com"}} {
			if !strings.Contains(all, fmt.Sprintf(`%q, %q`, user[0], user[1])) {
				t.Errorf("%s does not tell of %s that the address is %s:\n%s", id, user[0], user[1], all)
			}
		}
	}
}

func TestSaved(t *testing.T) {
	f, ctx := use(t), t.Context()
	seven := "7"
	s, err := f.CreateHunt(ctx, hunt.Saved{ID: "mine", Title: "Mine", SQL: "SELECT {n:UInt8} + {m:UInt8} AS sum", Author: "ann", Parameters: []hunt.Parameter{{Name: "m", Description: "a number", Default: &seven}}})
	if err != nil || len(s.Parameters) != 2 || s.Parameters[0].Name != "n" || s.Parameters[1].Type != "UInt8" || s.Parameters[1].Description != "a number" {
		t.Fatalf("%+v, %v", s, err)
	}
	g := &got{}
	if err := f.RunHunt(ctx, "mine", hunt.Query{Author: "bob", Parameters: map[string]string{"n": "1"}}, g); err != nil || !slices.Equal(g.rows, []string{"[8]"}) {
		t.Errorf("%v, %v", g.rows, err)
	}
	for name, q := range map[string]map[string]string{"a value is missing": {}, "one too many": {"n": "1", "x": "2"}} {
		if err := f.RunHunt(ctx, "mine", hunt.Query{Parameters: q}, &got{}); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	changed, err := f.UpdateHunt(ctx, hunt.Saved{ID: "mine", Title: "Other", SQL: "SELECT 1", Author: "bob"}, s.Revision)
	if err != nil || changed.Revision <= s.Revision || !changed.Created.Equal(s.Created) {
		t.Errorf("%+v, %v", changed, err)
	}
	if stored, err := f.Hunt(ctx, "mine"); err != nil || stored.Title != "Other" || stored.Author != "bob" || len(stored.Parameters) != 0 || stored.Revision != changed.Revision {
		t.Errorf("%+v, %v", stored, err)
	}
	for name, do := range map[string]func() error{
		"an old revision": func() error {
			_, err := f.UpdateHunt(ctx, hunt.Saved{ID: "mine", Title: "x", SQL: "SELECT 1"}, s.Revision)
			return err
		},
		"one that is taken": func() error {
			_, err := f.CreateHunt(ctx, hunt.Saved{ID: "mine", Title: "x", SQL: "SELECT 1"})
			return err
		},
		"one that is built in": func() error { return f.DeleteHunt(ctx, "failed-logons", "x") },
		"an id":                func() error { _, err := f.CreateHunt(ctx, hunt.Saved{ID: "Mine!", SQL: "SELECT 1"}); return err },
		"a parameter": func() error {
			_, err := f.CreateHunt(ctx, hunt.Saved{ID: "other", SQL: "SELECT 1", Parameters: []hunt.Parameter{{Name: "x"}}})
			return err
		},
	} {
		if err := do(); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var e *hunt.Error
	if _, err := f.CreateHunt(ctx, hunt.Saved{ID: "wrong", SQL: "SELECT\n 1 +"}); !errors.As(err, &e) || e.Line != 2 || strings.Contains(e.Text, "formatQuery") {
		t.Errorf("wrong SQL: %v", err)
	}
	if err := f.DeleteHunt(ctx, "mine", "ann"); err != nil {
		t.Error(err)
	}
	if _, err := f.Hunt(ctx, "mine"); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted: %v", err)
	}
	if again, err := f.CreateHunt(ctx, hunt.Saved{ID: "mine", Title: "Again", SQL: "SELECT 2", Author: "ann"}); err != nil {
		t.Error(err)
	} else if stored, err := f.Hunt(ctx, "mine"); err != nil || stored.Title != "Again" || stored.Revision != again.Revision {
		t.Errorf("made again: %+v, %v", stored, err)
	}
}
