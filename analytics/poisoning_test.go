package analytics_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/event"
)

// TestPatience: an attacker who does a tenth more every day, so that yesterday excuses today, is raised all the same.
func TestPatience(t *testing.T) {
	const days = 30
	begin := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		detection, name string
		ranges          []rangeCase
		// acts of a day on which the attacker does n things.
		acts func(day time.Time, n int) []event.Event
		// raised counts alerts after the first ten days, by which all that can be learned is; at least so many are wanted.
		raised int
	}{
		{"anonymous_ip", "Tor becomes usual to nobody", []rangeCase{{Prefix: "198.51.100.9/32", Source: "feed", Category: "risky", Tags: []string{"tor"}}},
			func(day time.Time, n int) (all []event.Event) {
				for i := range n {
					all = append(all, flooding(fmt.Sprint(day.YearDay(), "-", i), "taken", "198.51.100.9", "download", day.Add(time.Duration(i)*time.Minute)))
				}
				return all
			}, 15},
		{"suspicious_ip", "who sprays from where the taken accounts work", nil,
			func(day time.Time, n int) (all []event.Event) {
				for i := range n {
					all = append(all, flooding(fmt.Sprint(day.YearDay(), "-f", i), fmt.Sprint("victim-", i), "198.51.100.9", "failed_logon", day.Add(time.Duration(i)*time.Minute)))
				}
				return append(all, flooding(fmt.Sprint(day.YearDay(), "-in"), "taken", "198.51.100.9", "logon", day.Add(5*time.Hour)),
					flooding(fmt.Sprint(day.YearDay(), "-in2"), "taken-too", "198.51.100.9", "logon", day.Add(5*time.Hour)))
			}, 1},
		{"control_change", "transfers from a known place", nil,
			func(day time.Time, n int) (all []event.Event) {
				for i := range n {
					all = append(all, flooding(fmt.Sprint(day.YearDay(), "-", i), "taken", "198.51.100.9", "update", day.Add(time.Duration(i)*time.Minute)))
				}
				return all
			}, 5},
	} {
		t.Run(c.detection+" "+c.name, func(t *testing.T) {
			w := newWorld(t, c.detection, nil)
			w.know(c.ranges)
			var all []event.Event
			for d := range days {
				// 26 hours, so that days are no series
				all = append(all, c.acts(begin.Add(time.Duration(d)*26*time.Hour), int(2*math.Pow(1.1, float64(d))))...)
			}
			w.add(all...)
			w.drain()
			raised := 0
			for _, a := range w.standing() {
				if len(a.SuppressedBy) == 0 && a.End.After(begin.AddDate(0, 0, 10)) && a.Severity != "low" {
					raised++
				}
			}
			if raised < c.raised {
				t.Errorf("%d alerts after ten days, expected %d at least", raised, c.raised)
			}
		})
	}
}
