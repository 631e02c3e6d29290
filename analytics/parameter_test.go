package analytics

import (
	"strings"
	"testing"
)

// TestParametersTakeDurations: a number of microseconds can be said as people say it, and what is no whole number of the unit is refused.
func TestParametersTakeDurations(t *testing.T) {
	least, most := 60e6, 86400e6
	p := &Parameter{Name: "window_us", Type: "UInt64", Unit: "µs", Minimum: &least, Maximum: &most}
	least2, most2 := 1.0, 90.0
	days := &Parameter{Name: "days", Type: "UInt32", Unit: "days", Minimum: &least2, Maximum: &most2}
	for _, c := range []struct {
		p           *Parameter
		value, want string
		wrong       string
	}{
		{p, "10m", "600000000", ""}, {p, "600000000", "600000000", ""}, {p, "1h30m", "5400000000", ""}, {days, "2w", "14", ""}, {days, "48h", "2", ""},
		{p, "1s", "", "expected 60000000 to 86400000000 µs, which is 1m to 24h"}, {p, "10x", "", `"10x": expected a number of µs, or a duration`}, {days, "36h", "", `"36h": expected a number of days, or a duration of whole days such as 2d`},
		{&Parameter{Name: "mode", Type: "String"}, "10m", "10m", ""},
	} {
		got := c.p.plain(c.value)
		err := c.p.validate(got)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s = %s: %v, expected %s", c.p.Name, c.value, err, c.wrong)
			}
		} else if err != nil || c.p.normal(got) != c.want {
			t.Errorf("%s = %s is %s, %v; expected %s", c.p.Name, c.value, got, err, c.want)
		}
	}
}
