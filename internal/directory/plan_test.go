package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// store applies deliveries as the service does.
type store struct{ states []directory.State }

func (s *store) history() directory.History {
	h := directory.History{}
	sorted := slices.Clone(s.states)
	slices.SortFunc(sorted, func(a, b directory.State) int { return a.From.Compare(b.From) })
	for i := range sorted {
		h[sorted[i].DirectoryID] = append(h[sorted[i].DirectoryID], directory.MarkOf(&sorted[i]))
	}
	return h
}

func (s *store) put(x directory.State) {
	s.states = slices.DeleteFunc(s.states, func(o directory.State) bool { return o.DirectoryID == x.DirectoryID && o.From.Equal(x.From) })
	if !x.Removed {
		s.states = append(s.states, x)
	}
}

func (s *store) deliver(asOf time.Time, full bool, records ...directory.Record) directory.Outcome {
	states, deleted, o := directory.Plan(&directory.Delivery{Source: "e", AsOf: asOf, Full: full, Records: records}, s.history())
	for _, x := range states {
		s.put(x)
	}
	for _, id := range deleted {
		s.put(directory.State{Source: "e", DirectoryID: id, Status: "deleted", From: asOf})
	}
	return o
}

// is lists the states of a person.
func (s *store) is(id string) string {
	var all []string
	for _, x := range s.states {
		if x.DirectoryID == id {
			from := "always"
			if !x.From.IsZero() {
				from = x.From.Format(time.DateOnly)
			}
			all = append(all, from+" "+x.Status)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func record(id, status string) directory.Record {
	return directory.Record{State: directory.State{Source: "e", DirectoryID: id, Status: status}}
}

func TestPlanOfOnePerson(t *testing.T) {
	with := func(r directory.Record, f func(*directory.Record)) directory.Record { f(&r); return r }
	from := func(d int) func(*directory.Record) { return func(r *directory.Record) { r.From = day(d) } }
	left := func(d int) func(*directory.Record) { return func(r *directory.Record) { r.Left = day(d) } }
	hired := func(d int) func(*directory.Record) { return func(r *directory.Record) { r.Hired = day(d) } }
	active, gone, off := record("1", "active"), record("1", "deleted"), record("1", "disabled")
	type step struct {
		asOf int
		r    directory.Record
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"the first news covers the past", []step{{10, active}}, "always active"},
		{"unless it says when", []step{{10, with(active, hired(3))}}, "2026-05-03 active"},
		{"a leaver without a date left now, at the latest", []step{{10, off}}, "2026-05-10 disabled"},
		{"a leaver with a date", []step{{10, with(gone, left(4))}}, "2026-05-04 deleted"},
		{"a date in the future is no date", []step{{10, with(off, left(14))}}, "2026-05-10 disabled"},
		{"nothing new", []step{{10, active}, {11, active}, {12, active}}, "always active"},
		{"a change", []step{{10, active}, {12, off}}, "2026-05-12 disabled, always active"},
		{"a change with the date of leaving", []step{{10, active}, {12, with(gone, left(11))}, {13, with(gone, left(11))}}, "2026-05-11 deleted, always active"},
		{"the date of leaving comes later", []step{{10, active}, {12, off}, {13, with(off, left(9))}}, "2026-05-09 disabled, 2026-05-12 disabled, always active"},
		{"disabled, then deleted with the earlier date", []step{{10, active}, {12, off}, {14, with(gone, left(13))}}, "2026-05-12 disabled, 2026-05-14 deleted, always active"},
		{"back", []step{{10, active}, {12, off}, {14, with(active, hired(1))}}, "2026-05-12 disabled, 2026-05-14 active, always active"},
		{"dated states, whatever the order", []step{{20, with(active, from(6))}, {20, with(gone, from(3))}, {20, with(active, from(1))}}, "2026-05-01 active, 2026-05-03 deleted, 2026-05-06 active"},
		{"a dated state that holds already", []step{{10, active}, {20, with(active, from(6))}}, "always active"},
		{"an older delivery comes later", []step{{12, off}, {10, active}}, "2026-05-12 disabled, always active"},
		{"taken back", []step{{10, active}, {12, off}, {14, with(off, func(r *directory.Record) { r.From, r.Removed = day(12), true })}}, "always active"},
		{"gone, and nothing else", []step{{10, active}, {12, directory.Record{State: directory.State{Source: "e", DirectoryID: "1"}, Gone: true}}, {13, directory.Record{State: directory.State{Source: "e", DirectoryID: "1"}, Gone: true}}}, "2026-05-12 deleted, always active"},
		{"gone, and never known", []step{{12, directory.Record{State: directory.State{Source: "e", DirectoryID: "1"}, Gone: true}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &store{}
			for _, step := range c.steps {
				s.deliver(day(step.asOf), false, step.r)
			}
			if got := s.is("1"); got != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
		})
	}
}

func TestPlanHoldsWhatRemovesMany(t *testing.T) {
	for _, c := range []struct {
		people, missing, off int
		full, held           bool
	}{{100, 5, 0, true, false}, {100, 6, 0, true, true}, {100, 0, 6, false, true}, {100, 0, 5, false, false}, {100, 3, 3, true, true}, {100, 90, 0, false, false}, {4, 1, 0, true, false}, {4, 2, 0, true, true}, {0, 0, 0, true, false}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			s := &store{}
			var first, second []directory.Record
			for i := range c.people {
				first = append(first, record(fmt.Sprint(i), "active"))
				switch {
				case i < c.missing:
				case i < c.missing+c.off:
					second = append(second, record(fmt.Sprint(i), "disabled"))
				default:
					second = append(second, record(fmt.Sprint(i), "active"))
				}
			}
			if o := s.deliver(day(1), true, first...); o.Held || o.New != c.people || o.People != 0 {
				t.Fatalf("the first delivery: %+v", o)
			}
			h := s.history()
			_, _, o := directory.Plan(&directory.Delivery{Source: "e", AsOf: day(2), Full: c.full, Records: second}, h)
			wantLeft := c.off
			if c.full {
				wantLeft += c.missing
			}
			if o.Held != c.held || o.Left != wantLeft || o.People != c.people || o.States != wantLeft || o.Changed != wantLeft {
				t.Errorf("%+v, expected held %v and %d who left", o, c.held, wantLeft)
			}
			if _, _, o := directory.Plan(&directory.Delivery{Source: "e", AsOf: day(2), Full: c.full, Records: second, Confirm: true}, s.history()); o.Held {
				t.Error("held in spite of the confirmation")
			}
		})
	}
}

func TestPlanOfAFullDelivery(t *testing.T) {
	s := &store{}
	s.deliver(day(1), true, record("1", "active"), record("2", "active"), record("3", "disabled"))
	if o := s.deliver(day(5), true, record("1", "active"), record("4", "active")); o.New != 1 || o.Changed != 2 || o.Unchanged != 1 || o.Left != 1 {
		t.Errorf("%+v", o)
	}
	for id, want := range map[string]string{"1": "always active", "2": "2026-05-05 deleted, always active", "3": "2026-05-01 disabled, 2026-05-05 deleted", "4": "always active"} {
		if got := s.is(id); got != want {
			t.Errorf("%s: %s, expected %s", id, got, want)
		}
	}
	if o := s.deliver(day(6), true, record("1", "active"), record("4", "active")); o.States != 0 || o.Unchanged != 2 {
		t.Errorf("again: %+v", o)
	}
}

// TestPlanOfALeaverWhoWas: of somebody first heard of as gone, a source may know that the person was there before.
func TestPlanOfALeaverWhoWas(t *testing.T) {
	s := &store{}
	was := func(id, status string, hired, left time.Time) directory.Record {
		r := record(id, status)
		r.Was, r.Hired, r.Left = true, hired, left
		return r
	}
	all := []directory.Record{was("1", "deleted", day(1), day(3)), was("2", "disabled", day(1), time.Time{}), was("3", "deleted", time.Time{}, day(3)), was("4", "active", day(1), time.Time{}), was("5", "deleted", day(4), day(3))}
	s.deliver(day(5), false, all...)
	if o := s.deliver(day(6), false, all...); o.States != 0 || o.Unchanged != 5 {
		t.Errorf("again: %+v", o)
	}
	for id, want := range map[string]string{"1": "2026-05-01 active, 2026-05-03 deleted", "2": "2026-05-01 active, 2026-05-05 disabled", "3": "2026-05-03 deleted", "4": "2026-05-01 active", "5": "2026-05-03 deleted"} {
		if got := s.is(id); got != want {
			t.Errorf("%s: %s, expected %s", id, got, want)
		}
	}
}

// TestPlanOfWhatCannotBeRead: who is there and cannot be read is not missing, and leavers are named.
func TestPlanOfWhatCannotBeRead(t *testing.T) {
	s := &store{}
	var all []directory.Record
	for i := range 30 {
		all = append(all, record(fmt.Sprint(10+i), "active"))
	}
	s.deliver(day(1), true, all...)
	d := directory.Delivery{Source: "e", AsOf: day(2), Full: true, Records: all[2:], Present: []string{"10"}}
	if _, deleted, o := directory.Plan(&d, s.history()); len(deleted) != 1 || deleted[0] != "11" || o.Left != 1 || !slices.Equal(o.Leavers, []string{"11"}) {
		t.Errorf("deleted %v, %+v", deleted, o)
	}
	d.Records, d.Present = nil, nil
	if _, _, o := directory.Plan(&d, s.history()); !o.Held || o.Left != 30 || len(o.Leavers) != 20 || o.Leavers[0] != "10" {
		t.Errorf("%+v", o)
	}
}

// TestPlanNamesWhatTakesBackNothing: a row that takes back a state which there is not changes nothing, and is named with the states that there are.
func TestPlanNamesWhatTakesBackNothing(t *testing.T) {
	s := &store{}
	s.deliver(day(1), false, record("1", "active"))
	left := record("1", "disabled")
	left.From = day(3)
	s.deliver(day(4), false, left)
	back := func(id string, from time.Time) directory.Record {
		r := record(id, "active")
		r.Removed, r.From = true, from
		return r
	}
	o := s.deliver(day(9), false, record("1", "disabled"), back("1", day(2)), back("9", day(3)), back("1", day(3)))
	want := []directory.Unmatched{{Index: 1, DirectoryID: "1", From: day(2), States: []time.Time{{}, day(3)}}, {Index: 2, DirectoryID: "9", From: day(3)}}
	if d := cmp.Diff(want, o.Unmatched); d != "" {
		t.Errorf("unmatched differs (-want +got):\n%s", d)
	}
	// what holds always is taken back by 1970
	if o := s.deliver(day(9), false, back("1", directory.Earliest)); len(o.Unmatched) != 0 || o.States != 1 {
		t.Errorf("the state of always: %+v", o)
	}
}
