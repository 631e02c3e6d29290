package feed

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// systems announce what the map says.
type systems map[uint32][]string

func (s systems) Each(wanted map[uint32]string, yield func(uint32, Entry) error) error {
	for number, networks := range s {
		if _, ok := wanted[number]; !ok {
			continue
		}
		for _, n := range networks {
			if err := yield(number, Entry{Prefix: netip.MustParsePrefix(n)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s systems) Edition() string { return fmt.Sprint(len(s)) }

func someSystems() systems {
	return systems{64496: {"192.0.2.0/24", "2001:db8::/32"}, 64497: {"198.51.100.0/24"}, 64498: {"203.0.113.0/24"}}
}

// text of an entry, without what it does not say.
func (e *Entry) text() string {
	s := e.Prefix.String()
	for _, x := range [][2]string{{"name", e.Name}, {"category", e.Category}, {"tags", strings.Join(e.Tags, ",")}} {
		if x[1] != "" {
			s += " " + x[0] + "=" + x[1]
		}
	}
	if e.Confidence >= 0 {
		s += fmt.Sprint(" confidence=", e.Confidence)
	}
	for i, at := range []time.Time{e.From, e.To} {
		if !at.IsZero() {
			s += []string{" from=", " to="}[i] + at.Format(time.RFC3339Nano)
		}
	}
	return s
}

func cases[T any](t *testing.T, file string) []T {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFormats(t *testing.T) {
	for _, c := range cases[struct {
		Name, Format, Text string
		Columns            Columns
		Entries            []string
		Bad, Other         int
		Problem, Error     string
	}](t, "testdata/formats.yaml") {
		t.Run(c.Name, func(t *testing.T) {
			f := &Feed{o: Options{Format: c.Format, Columns: c.Columns, MaxEntries: 100, Networks: someSystems()}}
			l, err := f.read(strings.NewReader(c.Text))
			if c.Error != "" || err != nil {
				if err == nil || c.Error == "" || !strings.Contains(err.Error(), c.Error) {
					t.Fatalf("error %v, expected %q", err, c.Error)
				}
				return
			}
			var got []string
			for i := range l.Entries {
				got = append(got, l.Entries[i].text())
			}
			slices.Sort(got)
			if d := cmp.Diff(c.Entries, got); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
			if l.Bad != c.Bad || l.Other != c.Other || c.Problem != "" && !strings.Contains(strings.Join(l.Problems, "\n"), c.Problem) {
				t.Errorf("%d bad, %d other, %q; expected %d, %d, %q", l.Bad, l.Other, l.Problems, c.Bad, c.Other, c.Problem)
			}
		})
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range cases[struct {
		Pattern, Error string
		Want           []string
	}](t, "testdata/patterns.yaml") {
		got, err := addressesOf(c.Pattern)
		if c.Error != "" {
			if err == nil || !strings.Contains(err.Error(), c.Error) {
				t.Errorf("%s: error %v, expected %q", c.Pattern, err, c.Error)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.Want) {
			t.Errorf("%s: %q, %v; expected %q", c.Pattern, got, err, c.Want)
		}
	}
}

// TestTooManyEntries: each format stops.
func TestTooManyEntries(t *testing.T) {
	for format, text := range map[string]string{
		FormatPlain: strings.Repeat("192.0.2.1\n", 12), FormatCSV: "ip\n" + strings.Repeat("192.0.2.1\n", 12), FormatASN: "64496\n64497\n64498\n",
		FormatSTIX: `{"objects":[` + strings.Repeat(`{"type":"ipv4-addr","value":"192.0.2.1"},`, 12) + `{}]}`,
	} {
		f := &Feed{o: Options{Format: format, MaxEntries: 3, Networks: someSystems()}}
		if _, err := f.read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "more than 3 entries") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestPresets(t *testing.T) {
	all, err := Presets()
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range all {
		before, err := Before(p.HoldsBefore)
		o := Options{Says: Says{Source: p.Name, Category: p.Category, Tags: p.Tags, Confidence: p.Confidence, Before: before}, URL: p.URL, Format: p.Format, Columns: p.Columns}
		if err == nil {
			err = o.Check()
		}
		if err != nil || names[p.Name] || p.Licence == "" || p.Publisher == "" || p.Title == "" || !strings.HasPrefix(p.Page, "https://") || !strings.HasPrefix(p.URL, "https://") || p.Interval < time.Hour {
			t.Errorf("%s: %v", p.Name, err)
		}
		names[p.Name] = true
	}
}

func FuzzRead(f *testing.F) {
	for _, format := range Formats() {
		f.Add(format, "ip,tags\n192.0.2.1,x\n")
	}
	f.Add(FormatSTIX, `{"objects":[{"type":"indicator","pattern":"[ipv4-addr:value = '192.0.2.1']"}]}`)
	f.Fuzz(func(t *testing.T, format, text string) {
		l, err := (&Feed{o: Options{Format: format, MaxEntries: 50, Networks: someSystems()}}).read(strings.NewReader(text))
		if err != nil {
			return
		}
		for i := range l.Entries {
			if e := &l.Entries[i]; !e.Prefix.IsValid() || e.Prefix != e.Prefix.Masked() || e.Confidence > 100 || len(e.Name) > maxName {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("[ipv4-addr:value = '192.0.2.1'] OR ([file:name = 'x'])")
	f.Fuzz(func(_ *testing.T, pattern string) { _, _ = addressesOf(pattern) })
}
