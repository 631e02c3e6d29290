package analytics

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// day0 is the origin of the days in these tests.
var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func revision(n uint32, from, to time.Time) alert.DetectionVersion {
	return alert.DetectionVersion{Revision: n, ValidFrom: from, ValidTo: to, Logic: alert.Logic{Inputs: "{}", LookBack: 2 * day, LookAhead: day}}
}

func TestReigns(t *testing.T) {
	on := func(n int) time.Time { return day0.Add(time.Duration(n) * day) }
	for name, tt := range map[string]struct {
		versions []alert.DetectionVersion
		want     []string
		present  uint32
	}{
		"one":                 {[]alert.DetectionVersion{revision(1, beginning, forever)}, []string{"1 from 1970-01-01 to 2200-01-01"}, 1},
		"a change":            {[]alert.DetectionVersion{revision(2, on(0), forever), revision(1, beginning, forever)}, []string{"1 from 1970-01-01 to 2026-01-01", "2 from 2026-01-01 to 2200-01-01"}, 2},
		"all of it replaced":  {[]alert.DetectionVersion{revision(1, beginning, forever), revision(2, beginning, forever)}, []string{"2 from 1970-01-01 to 2200-01-01"}, 2},
		"a part of the past":  {[]alert.DetectionVersion{revision(1, beginning, forever), revision(2, on(10), forever), revision(3, on(2), on(4))}, []string{"1 from 1970-01-01 to 2026-01-03", "3 from 2026-01-03 to 2026-01-05", "1 from 2026-01-05 to 2026-01-11", "2 from 2026-01-11 to 2200-01-01"}, 2},
		"over a boundary":     {[]alert.DetectionVersion{revision(1, beginning, forever), revision(2, on(10), forever), revision(3, on(8), on(12))}, []string{"1 from 1970-01-01 to 2026-01-09", "3 from 2026-01-09 to 2026-01-13", "2 from 2026-01-13 to 2200-01-01"}, 2},
		"twice the same days": {[]alert.DetectionVersion{revision(1, beginning, forever), revision(2, on(2), on(6)), revision(3, on(2), on(4))}, []string{"1 from 1970-01-01 to 2026-01-03", "3 from 2026-01-03 to 2026-01-05", "2 from 2026-01-05 to 2026-01-07", "1 from 2026-01-07 to 2200-01-01"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := newLineage(tt.versions)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range l.reigns {
				got = append(got, fmt.Sprintf("%d from %s to %s", r.Revision, r.from.Format(time.DateOnly), r.to.Format(time.DateOnly)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("reigns (-want +got):\n%s", diff)
			}
			if p := l.present(); p.Revision != tt.present {
				t.Errorf("revision %d is present, expected %d", p.Revision, tt.present)
			}
		})
	}
}

// TestReach: an event reaches the anchors from its look-ahead before it to its look-back after it, both included.
func TestReach(t *testing.T) {
	l, err := newLineage([]alert.DetectionVersion{revision(1, beginning, forever), revision(2, day0, forever)})
	if err != nil {
		t.Fatal(err)
	}
	old, now := &l.reigns[0], &l.reigns[1]
	for _, tt := range []struct {
		at            time.Duration
		before, after bool
	}{{-2*day - tick, true, false}, {-2 * day, true, true}, {0, true, true}, {day - tick, true, true}, {day, false, true}, {day + tick, false, true}} {
		at := day0.Add(tt.at)
		if got := old.reached(at, at); got != tt.before {
			t.Errorf("%v after the change: the old version is reached: %v, expected %v", tt.at, got, tt.before)
		}
		if got := now.reached(at, at); got != tt.after {
			t.Errorf("%v after the change: the new version is reached: %v, expected %v", tt.at, got, tt.after)
		}
	}
}

func TestLineageRefusesBrokenInputs(t *testing.T) {
	v := revision(3, beginning, forever)
	v.Inputs = "{"
	if _, err := newLineage([]alert.DetectionVersion{v}); err == nil {
		t.Error("inputs that are no JSON passed")
	}
}
