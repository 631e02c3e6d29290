package analytics

import (
	"slices"
	"strings"
	"testing"

	"github.com/sealwatch/sealwatch/analytics/detections"
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
		{p, "1s", "", "1s: expected 1m to 24h"}, {p, "1000000", "", "1s: expected 1m to 24h"}, {p, "10x", "", `"10x": expected a duration such as 90s, 10m, 2h30m or 7d, or a number of µs`}, {days, "36h", "", `"36h": expected a number of days, or a duration of whole days such as 2d`},
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

// TestParametersAreShownAsDurations: 600000000 µs is 10m in each place that shows it, and what is shown can be said back.
func TestParametersAreShownAsDurations(t *testing.T) {
	for _, c := range []struct{ unit, value, want string }{
		{"µs", "600000000", "10m"}, {"ms", "259200000", "3d"}, {"µs", "0", "0s"}, {"h", "0.5", "30m"}, {"minutes", "120", "2h"}, {"µs", "1500000", "1.5s"}, {"µs", "1", "1µs"},
		{"days", "3", "3"}, {"hours", "2", "2"}, {"km", "5", "5"}, {"µs", "18446744073709551615", "18446744073709551615"},
	} {
		p := &Parameter{Name: "p", Type: "Float64", Unit: c.unit}
		if c.unit == "µs" {
			p.Type = "UInt64"
		}
		got := p.text(c.value)
		if back := p.plain(got); got != c.want || back != c.value {
			t.Errorf("%s %s is shown as %s and read as %s, expected %s", c.value, c.unit, got, back, c.want)
		}
	}
	definitions, err := LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	for i := range definitions {
		d := &Detection{Definition: definitions[i], Values: map[string]string{}}
		for _, p := range d.Parameters {
			d.Values[p.Name] = p.Default
			if strings.ContainsAny(p.Default, "smhd") && p.Unit == "µs" {
				t.Errorf("%s: the default of %s is %s, and the engine wants a number", d.ID, p.Name, p.Default)
			}
		}
		for _, p := range d.Describe().Parameters {
			if p.Unit == "µs" && (p.Shown == nil || p.Shown.Value == p.Value || p.Shown.Minimum == p.Minimum && p.Minimum != "0" || p.Shown.Maximum == p.Maximum) {
				t.Errorf("%s: %s is shown as %+v, %s to %s", d.ID, p.Name, p.Shown, p.Minimum, p.Maximum)
			}
		}
	}
}

// TestTuningTakesDurations: the configuration may say 10m, and window for window_us, but not both.
func TestTuningTakesDurations(t *testing.T) {
	definitions, err := LoadDefinitions(detections.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		said        map[string]string
		want, wrong string
	}{
		{map[string]string{"window_us": "15m"}, "900000000", ""}, {map[string]string{"window": "15m"}, "900000000", ""}, {map[string]string{"window_us": "0900000000"}, "900000000", ""}, {nil, "600000000", ""},
		{map[string]string{"window": "900000000"}, "", `analysis.detections.failed_logins.parameters.window: found "900000000", expected a duration such as 90s, 10m, 2h30m or 7d, or window_us with a number of µs`},
		{map[string]string{"window": "15m", "window_us": "15m"}, "", "analysis.detections.failed_logins.parameters.window_us: the same as window; expected one of them"},
		{map[string]string{"window": "7h"}, "", "analysis.detections.failed_logins.parameters.window: 7h: expected 1s to 6h"},
		{map[string]string{"windw_us": "7h"}, "", "analysis.detections.failed_logins.parameters.windw_us: there is no such parameter; did you mean window_us?"},
	} {
		all, err := Tune(definitions, map[string]Tuning{"failed_logins": {Parameters: c.said}})
		if c.wrong != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.wrong) {
				t.Errorf("%v: %v, expected %s", c.said, err, c.wrong)
			}
			continue
		}
		k := slices.IndexFunc(all, func(d Detection) bool { return d.ID == "failed_logins" })
		if err != nil || k < 0 || all[k].Values["window_us"] != c.want {
			t.Errorf("%v: %v, expected %s", c.said, err, c.want)
		}
	}
}
