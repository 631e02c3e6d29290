package alert_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestGroupJoinsWhatMeets: the incidents are those that comparing every alert with every other makes.
func TestGroupJoinsWhatMeets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grouping()
		g.Longest = 1 << 62
		var all []alert.Member
		for i := range rapid.IntRange(0, 30).Draw(t, "alerts") {
			s := about("user", rapid.SampledFrom([]string{"u", "v", "w", "x", "y"}).Draw(t, "user"))
			if rapid.Bool().Draw(t, "address") {
				s = about("address", "192.0.2."+rapid.SampledFrom([]string{"1", "2"}).Draw(t, "subject"))
			}
			m := member(fmt.Sprintf("%02d", i), float64(rapid.IntRange(0, 400).Draw(t, "hour")), s, "d", "low", "192.0.2."+rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "tells"))
			m.End = m.Start.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour)
			all = append(all, m)
		}
		of := map[string]string{}
		for _, m := range all {
			of[m.ID] = m.ID
		}
		for i := range all {
			for k := range all {
				a, b := &all[i], &all[k]
				tells := a.Subject.Type == "address" && b.Subject != a.Subject && slices.Contains(b.Addresses, a.Subject.ID)
				if i == k || a.Subject != b.Subject && !tells || b.Start.After(a.End.Add(g.Window)) || a.Start.After(b.End.Add(g.Window)) {
					continue
				}
				from, to := of[a.ID], of[b.ID]
				for id := range of {
					if of[id] == from {
						of[id] = to
					}
				}
			}
		}
		sets := map[string][]string{}
		for _, m := range all {
			sets[of[m.ID]] = append(sets[of[m.ID]], m.ID)
		}
		var want, got []string
		for _, set := range sets {
			if slices.Sort(set); len(set) > 1 {
				want = append(want, strings.Join(set, " "))
			}
		}
		for _, n := range g.Group(all) {
			set := ids(&n)
			slices.Sort(set)
			got = append(got, strings.Join(set, " "))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// TestGroupOfManyAlerts: an address that many tell of, and about which there are many alerts, is no more work than its alerts are.
func TestGroupOfManyAlerts(t *testing.T) {
	const many = 4000
	var all []alert.Member
	for i := range many {
		hours := float64(i) / 100
		all = append(all, member(fmt.Sprintf("a%05d", i), hours, about("address", "192.0.2.1"), "spray", "low"),
			member(fmt.Sprintf("u%05d", i), hours, about("user", fmt.Sprint(i)), "travel", "high", "192.0.2.1"))
	}
	g, looked := grouping(), 0
	g.Looked(&looked)
	list := g.Group(all)
	if len(list) != 1 || len(list[0].Alerts) != 2*many || len(list[0].Parts) != many+1 {
		t.Fatalf("%d incidents", len(list))
	}
	if looked > 2*len(all) {
		t.Errorf("%d alerts were compared %d times", len(all), looked)
	}
	// one high and five more, one low and five more, one detection and five subjects more, 8000 events
	if n := &list[0]; len(n.Contributions) != 15 || n.Score != 40+5*10+5+5*1.3+10+5*5+2*3 {
		t.Errorf("the score is %g from %d contributions", n.Score, len(n.Contributions))
	}
}

// TestGroupOfManyDetections: what has no line of its own is summed up in one, so that the score is still the sum.
func TestGroupOfManyDetections(t *testing.T) {
	var all []alert.Member
	for i := range 130 {
		all = append(all, member(fmt.Sprintf("%03d", i), 0, about("user", "u"), fmt.Sprintf("policy_%03d", i), "low"))
	}
	g := grouping()
	n := g.Group(all)[0]
	sum := 0.0
	for _, c := range n.Contributions {
		sum += c.Points
	}
	if len(n.Contributions) != 103 || n.Contributions[100].Reason != "30 further alerts" || n.Contributions[100].Points != 150 || sum != n.Score {
		t.Errorf("%d contributions, %g of %g: %+v", len(n.Contributions), sum, n.Score, n.Contributions[100:])
	}
}

func TestNewMember(t *testing.T) {
	for kind, want := range map[string]bool{"user": true, "address": true, "integration": true, "account": false, "envelope": false, "organization": false, "source": false} {
		a := alert.Alert{ID: "1", Finding: alert.Finding{Subject: about(kind, "x")}}
		if _, got := alert.NewMember(&a); got != want {
			t.Errorf("an alert about an %s belongs to incidents: %t, want %t", kind, got, want)
		}
	}
}
