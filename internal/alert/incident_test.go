package alert_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/internal/alert"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func grouping() alert.Grouping {
	return alert.Grouping{
		Window: 24 * time.Hour, Longest: 7 * 24 * time.Hour,
		Severity: map[string]float64{alert.SeverityInformational: 1, alert.SeverityLow: 5, alert.SeverityMedium: 15, alert.SeverityHigh: 40, alert.SeverityCritical: 80},
		Repeat:   0.25, Variety: 10, Subject: 5, Privilege: 20, Magnitude: 2, Confirmed: 30,
		Novelty: map[string]float64{alert.TraitAddress: 2, alert.TraitNetwork: 6, alert.TraitDevice: 4},
	}
}

func about(kind, id string) alert.Subject { return alert.Subject{Type: kind, ID: id} }

// member is an alert of a minute, so many hours after noon.
func member(id string, hours float64, s alert.Subject, detection, severity string, addresses ...string) alert.Member {
	at := noon.Add(time.Duration(hours * float64(time.Hour)))
	return alert.Member{ID: id, Detection: detection, Severity: severity, State: alert.StateNew, Subject: s, Start: at, End: at.Add(time.Minute), EventCount: 1, Addresses: addresses}
}

func ids(n *alert.Incident) (all []string) {
	for _, m := range n.Alerts {
		all = append(all, m.ID)
	}
	return all
}

func TestGroup(t *testing.T) {
	u, v, w, a := about("user", "u"), about("user", "v"), about("user", "w"), about("address", "192.0.2.1")
	for _, c := range []struct {
		name string
		all  []alert.Member
		want [][]string
	}{
		{"one alert is no incident", []alert.Member{member("1", 0, u, "d", "high")}, nil},
		{"one user within a day", []alert.Member{member("2", 23, u, "d", "high"), member("1", 0, u, "e", "low")}, [][]string{{"1", "2"}}},
		{"one user a day and more apart", []alert.Member{member("1", 0, u, "d", "high"), member("2", 24.1, u, "e", "low")}, nil},
		{"two users with the same address have nothing to do with each other", []alert.Member{member("1", 0, u, "d", "high", "192.0.2.1"), member("2", 1, v, "e", "low", "192.0.2.1")}, nil},
		{"but with an alert about that address", []alert.Member{member("1", 0, u, "d", "high", "192.0.2.1"), member("2", 1, v, "e", "low", "192.0.2.1"), member("3", 2, a, "s", "high", "192.0.2.1"), member("4", 2, w, "s", "high", "192.0.2.2")}, [][]string{{"1", "2", "3"}}},
		{"an alert about the address a day apart", []alert.Member{member("1", 0, u, "d", "high", "192.0.2.1"), member("3", 30, a, "s", "high", "192.0.2.1")}, nil},
		{"what goes on for more than a week is cut", []alert.Member{member("1", 0, u, "d", "high"), member("2", 24, u, "d", "high"), member("3", 48, u, "d", "high"), member("4", 72, u, "d", "high"), member("5", 96, u, "d", "high"), member("6", 120, u, "d", "high"), member("7", 144, u, "d", "high"), member("8", 168, u, "d", "high"), member("9", 190, u, "d", "high")},
			[][]string{{"1", "2", "3", "4", "5", "6", "7"}, {"8", "9"}}},
		{"a user and an address of the same id", []alert.Member{member("1", 0, about("user", "x"), "d", "high"), member("2", 1, about("integration", "x"), "d", "high")}, nil},
	} {
		g := grouping()
		var got [][]string
		for _, n := range g.Group(c.all) {
			got = append(got, ids(&n))
			if n.ID != n.Alerts[0].ID {
				t.Errorf("%s: the id is %s, not that of the first alert", c.name, n.ID)
			}
		}
		if !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScore(t *testing.T) {
	u, a := about("user", "u"), about("address", "192.0.2.1")
	all := []alert.Member{member("1", 0, u, "travel", "high"), member("2", 1, u, "travel", "medium", "192.0.2.1"), member("3", 2, a, "spray", "low", "192.0.2.1"), member("4", 3, u, "noise", "critical")}
	all[0].New, all[0].Administrator, all[1].EventCount, all[2].Classification, all[3].Classification = []string{alert.TraitNetwork}, "account administrator", 120, alert.TruePositive, alert.FalsePositive
	g := grouping()
	g.Detection = map[string]float64{"spray": 2}
	n := g.Group(all)
	if len(n) != 1 {
		t.Fatalf("%d incidents", len(n))
	}
	var got []string
	for _, c := range n[0].Contributions {
		got = append(got, fmt.Sprintf("%s %g %s", c.Factor, c.Points, c.AlertID))
	}
	// 40 + 15/4 + 2*5 + 10 + 5 + 6 + 20 + 2*2 + 30; the false positive counts nothing
	want := []string{"severity 40 1", "severity 3.8 2", "severity 10 3", "variety 10 ", "subjects 5 ", "novelty 6 ", "privilege 20 1", "magnitude 4 ", "confirmed 30 3"}
	slices.SortFunc(got[:3], func(a, b string) int { return int(b[len(b)-1]) - int(a[len(a)-1]) })
	slices.Reverse(got[:3])
	if !slices.Equal(got, want) || n[0].Score != 128.8 || n[0].Severity != "critical" {
		t.Errorf("got %v, %g, want %v", got, n[0].Score, want)
	}
	if len(n[0].Parts) != 2 || n[0].Parts[0].Subject != u || n[0].Parts[1].Subject != a {
		t.Errorf("parts %v", n[0].Parts)
	}
}

// TestGroupInAnyOrder: the same alerts make the same incidents, in whatever order they are; each alert is in one at most, and the score
// is what its contributions sum up to. What comes later than everything neither changes an id nor takes an alert out.
func TestGroupInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grouping()
		pick := func(all ...string) string { return rapid.SampledFrom(all).Draw(t, "of") }
		var all []alert.Member
		for i := range rapid.IntRange(0, 25).Draw(t, "alerts") {
			s := about(pick("user", "user", "address"), pick("u", "v", "w"))
			if s.Type == "address" {
				s.ID = "192.0.2." + pick("1", "2")
			}
			m := member(fmt.Sprintf("%02d", i), float64(rapid.IntRange(0, 300).Draw(t, "hour")), s, pick("d", "e", "f"), pick("low", "high"), "192.0.2."+pick("1", "2", "3"))
			m.End = m.Start.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			m.Classification = pick("", alert.TruePositive, alert.BenignPositive)
			m.New = []string{pick(alert.TraitAddress, alert.TraitDevice)}
			all = append(all, m)
		}
		want := g.Group(all)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		shuffled := slices.Clone(all)
		r.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		if got := g.Group(shuffled); !reflect.DeepEqual(got, want) {
			t.Fatalf("in another order:\n%v\nwant\n%v", got, want)
		}
		in := map[string]string{}
		for i := range want {
			sum := 0.0
			for _, c := range want[i].Contributions {
				sum += c.Points
			}
			if math.Abs(sum-want[i].Score) > 0.05 {
				t.Fatalf("the score is %g, its contributions are %g", want[i].Score, sum)
			}
			for _, m := range want[i].Alerts {
				if in[m.ID] != "" {
					t.Fatalf("%s is in two incidents", m.ID)
				}
				in[m.ID] = want[i].ID
			}
			parts := 0
			for _, p := range want[i].Parts {
				parts += len(p.Alerts)
			}
			if parts != len(want[i].Alerts) {
				t.Fatalf("the parts have %d alerts of %d", parts, len(want[i].Alerts))
			}
		}
		last := noon
		for _, m := range all {
			if m.Start.After(last) {
				last = m.Start
			}
		}
		late := member("zz", last.Sub(noon).Hours()+1, about("user", "u"), "d", "high")
		after := g.Group(append(slices.Clone(all), late))
		for id, incident := range in {
			now := ""
			for i := range after {
				if slices.Contains(ids(&after[i]), id) {
					now = after[i].ID
				}
			}
			if now != incident {
				t.Fatalf("%s was in %s, and with a later alert is in %q", id, incident, now)
			}
		}
	})
}
