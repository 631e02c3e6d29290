package analytics

import (
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/internal/alert"
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

// TestParametersWithoutTheirUnit: window is window_us where the value says its unit, and a bare number is asked for one.
func TestParametersWithoutTheirUnit(t *testing.T) {
	least, most := 60e6, 86400e6
	d := Detection{Definition: Definition{ID: "d", Parameters: []Parameter{{Name: "count", Type: "UInt32", Minimum: new(float64), Maximum: &most}, {Name: "window_us", Type: "UInt64", Unit: "µs", Minimum: &least, Maximum: &most}}}}
	for _, c := range []struct{ name, value, want, wrong string }{
		{"window", "10m", "600000000", ""}, {"window_us", "10m", "600000000", ""}, {"window_us", "600000000", "600000000", ""},
		{"window", "600000000", "", `parameter window of d: found "600000000", expected a duration such as 90s, 10m, 2h30m or 7d, or window_us with a number of µs`},
		{"windw_us", "10m", "", `there is no parameter "windw_us"; did you mean window_us?; expected one of count, window_us`},
		{"coun", "3", "", `there is no parameter "coun"; did you mean count?; expected one of`},
	} {
		one := d
		one.Values = map[string]string{}
		problems := strings.Join(set([]trial{{present: one, proposed: one}}, alert.Setting{Parameter: c.name, Value: c.value}), "; ")
		if !strings.HasPrefix(problems, c.wrong) || c.wrong == "" && (problems != "" || one.Values["window_us"] != c.want) {
			t.Errorf("%s=%s: %v %s", c.name, c.value, one.Values, problems)
		}
	}
}
