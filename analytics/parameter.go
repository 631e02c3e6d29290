package analytics

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/duration"
	mistyped "github.com/sealwatch/sealwatch/internal/spelling"
)

// Parameter is a tuning value of a detection.
type Parameter struct {
	Name string `yaml:"name"`
	// Type is UInt32, UInt64, Float64, Bool, String or Array(String), whose values are JSON arrays.
	Type    string `yaml:"type"`
	Default string `yaml:"default"`
	// Values are those that a String may have; any when empty.
	Values []string `yaml:"values"`
	// MinimumText and MaximumText are the bounds as they are declared, Minimum and Maximum the same in the parameter's unit.
	MinimumText string   `yaml:"minimum"`
	MaximumText string   `yaml:"maximum"`
	Minimum     *float64 `yaml:"-"`
	Maximum     *float64 `yaml:"-"`
	Unit        string   `yaml:"unit"`
	Description string   `yaml:"description"`
}

// declare reads the default and the bounds of a declaration, which may be durations.
func (p *Parameter) declare() error {
	p.Default = p.plain(p.Default)
	for _, b := range []struct {
		key, text string
		to        **float64
	}{{"minimum", p.MinimumText, &p.Minimum}, {"maximum", p.MaximumText, &p.Maximum}} {
		if b.text == "" {
			continue
		}
		number, err := strconv.ParseFloat(p.plain(b.text), 64)
		if err != nil {
			return fmt.Errorf("parameter %s: %s: found %q, expected a number, or a duration where the unit is one of time", p.Name, b.key, b.text)
		}
		*b.to = &number
	}
	return nil
}

var parameterName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// validate says what is wrong with a value: its type, or its bounds.
func (p *Parameter) validate(value string) error {
	if _, reserved := builtInBinding[p.Name]; reserved || !parameterName.MatchString(p.Name) {
		return fmt.Errorf("name %q: expected lower-case letters, digits and underscores, and none of from, to, subjects", p.Name)
	}
	var number float64
	var err error
	switch p.Type {
	case "String":
		if len(p.Values) > 0 && !slices.Contains(p.Values, value) {
			return fmt.Errorf("%q: expected %s", value, strings.Join(p.Values, ", "))
		}
		return nil
	case "Array(String)":
		if _, err := clickhouse.ParseList(value); err != nil {
			return err
		}
		return nil
	case "Bool":
		if _, err := strconv.ParseBool(value); err != nil {
			return fmt.Errorf("%q: expected true or false", value)
		}
		return nil
	case "UInt32", "UInt64":
		bits := 32
		if p.Type == "UInt64" {
			bits = 64
		}
		var n uint64
		n, err = strconv.ParseUint(value, 10, bits)
		number = float64(n)
	case "Float64":
		number, err = strconv.ParseFloat(value, 64)
	default:
		return fmt.Errorf("type %q: expected UInt32, UInt64, Float64, Bool, String or Array(String)", p.Type)
	}
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		if unit, ok := timeUnits[p.Unit]; ok && !spans[p.Unit] {
			return fmt.Errorf("%q: expected a number of %s, or a duration of whole %s such as %s", value, p.Unit, p.Unit, duration.Text(2*unit))
		} else if ok {
			return fmt.Errorf("%q: expected %s, or a number of %s", value, duration.Expected, p.Unit)
		}
		return fmt.Errorf("%q: expected a number of type %s", value, p.Type)
	}
	if p.Minimum == nil || p.Maximum == nil {
		return fmt.Errorf("a number needs minimum and maximum")
	}
	if number < *p.Minimum || number > *p.Maximum {
		if spans[p.Unit] {
			return fmt.Errorf("%s: expected %s to %s", p.text(value), p.text(format(*p.Minimum)), p.text(format(*p.Maximum)))
		}
		text := fmt.Sprintf("%s: expected %s to %s %s", value, format(*p.Minimum), format(*p.Maximum), p.Unit)
		if unit, ok := timeUnits[p.Unit]; ok {
			text += fmt.Sprintf(", which is %s to %s", duration.Text(time.Duration(*p.Minimum*float64(unit))), duration.Text(time.Duration(*p.Maximum*float64(unit))))
		}
		return errors.New(text)
	}
	return nil
}

// timeUnits are the units in which parameters count time.
var timeUnits = map[string]time.Duration{"µs": time.Microsecond, "ms": time.Millisecond, "seconds": time.Second, "s": time.Second, "minutes": time.Minute, "hours": time.Hour, "h": time.Hour, "days": 24 * time.Hour}

// spans are the units whose numbers are shown as durations. Days and hours stay: so many separate days are no span of time.
var spans = map[string]bool{"µs": true, "ms": true, "seconds": true, "s": true, "minutes": true, "h": true}

// text is a value as people write it: 10m instead of 600000000 where the unit is one of time. It can be said back as it is.
func (p *Parameter) text(value string) string {
	number, err := strconv.ParseFloat(value, 64)
	if !spans[p.Unit] || err != nil {
		return value
	}
	shown := duration.Text(time.Duration(math.Round(number * float64(timeUnits[p.Unit]))))
	if back := p.plain(shown); back != p.normal(value) && back != format(number) {
		return value // beyond what a duration holds
	}
	return shown
}

// parameterNamed is the place of a parameter by its name; one that counts time may be named without its unit, window for window_us.
func parameterNamed(all []Parameter, name string) int {
	if k := slices.IndexFunc(all, func(p Parameter) bool { return p.Name == name }); k >= 0 {
		return k
	}
	return slices.IndexFunc(all, func(p Parameter) bool {
		unit := p.Name[strings.LastIndex(p.Name, "_")+1:]
		return timeUnits[p.Unit] > 0 && p.Name == name+"_"+unit && (timeUnits[unit] > 0 || unit == "us")
	})
}

// plain is a value in the parameter's unit: a duration such as 10m becomes its number, and all else stays.
func (p *Parameter) plain(value string) string {
	unit, ok := timeUnits[p.Unit]
	if _, err := strconv.ParseFloat(value, 64); !ok || err == nil || p.Type == "String" || p.Type == "Array(String)" || p.Type == "Bool" {
		return value
	}
	d, err := duration.Parse(value)
	if err != nil || p.Type != "Float64" && d%unit != 0 {
		return value
	}
	return format(float64(d) / float64(unit))
}

// normal is a valid value as the engine reads it: it takes no leading zeros.
func (p *Parameter) normal(value string) string {
	if p.Type != "UInt32" && p.Type != "UInt64" {
		return value
	}
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	return value
}

// read is what somebody said for the parameter under a name, as the engine reads it.
func (p *Parameter) read(name, value string) (string, error) {
	v := p.plain(value)
	if name != p.Name && v == value { // without its unit in the name, a bare number says too little
		return v, fmt.Errorf("found %q, expected %s, or %s with a number of %s", value, duration.Expected, p.Name, p.Unit)
	}
	return p.normal(v), p.validate(v)
}

func format(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Tuning is what an operator sets for a detection.
type Tuning struct {
	Disabled bool
	// Parameters by name; the others keep their defaults.
	Parameters map[string]string
	Scope      Scope
}

// Detection is a definition with the values in force.
type Detection struct {
	Definition
	// Values by parameter name, complete.
	Values map[string]string
	// Scope is a normalised Scope as JSON; empty when it leaves nobody out.
	Scope string
}

// Tune joins definitions and tuning; disabled ones are left out. The error joins
// one for every value that cannot be, each with its key in the configuration.
func Tune(definitions []Definition, tuning map[string]Tuning) ([]Detection, error) {
	var all []Detection
	var problems []error
	wrong := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("analysis.detections.%s: %s", key, fmt.Sprintf(format, args...)))
	}
	var ids []string
	for _, d := range definitions {
		ids = append(ids, d.ID)
		t := tuning[d.ID]
		values := make(map[string]string, len(d.Parameters))
		for i := range d.Parameters {
			p := &d.Parameters[i]
			values[p.Name] = p.Default
		}
		said := map[string]string{} // the name in the configuration by that of the parameter
		for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
			k := parameterNamed(d.Parameters, name)
			if k < 0 {
				wrong(d.ID+".parameters."+name, "there is no such parameter%s; expected one of %s", mistyped.Hint(name, slices.Sorted(maps.Keys(values))), strings.Join(slices.Sorted(maps.Keys(values)), ", "))
				continue
			}
			p := &d.Parameters[k]
			if other, twice := said[p.Name]; twice {
				wrong(d.ID+".parameters."+name, "the same as %s; expected one of them", other)
			}
			said[p.Name] = name
			value, err := p.read(name, t.Parameters[name])
			if err != nil {
				wrong(d.ID+".parameters."+name, "%v", err)
			}
			values[p.Name] = value
		}
		scope, err := t.Scope.text()
		if err != nil {
			problems = append(problems, fmt.Errorf("analysis.detections.%s.%w", d.ID, err))
		}
		if scope != "" && !slices.Contains(d.Subjects, "user") {
			wrong(d.ID+".scope", "its findings are not about people")
		}
		if !t.Disabled {
			all = append(all, Detection{Definition: d, Values: values, Scope: scope})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(tuning)) {
		if !slices.Contains(ids, id) {
			wrong(id, "there is no such detection%s; expected one of %s", mistyped.Hint(id, ids), strings.Join(ids, ", "))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return all, nil
}

// view is the detection as it is called by hand.
func (d *Detection) view() clickhouse.View {
	return clickhouse.View{ID: d.ID, Text: d.SQL, Values: d.arguments()}
}

// arguments are the values for a call of the view, in the order of the parameters.
func (d *Detection) arguments() []clickhouse.Argument {
	all := make([]clickhouse.Argument, len(d.Parameters))
	for i, p := range d.Parameters {
		all[i] = clickhouse.Argument{Name: p.Name, Type: p.Type, Value: d.Values[p.Name]}
	}
	return all
}

// Describe is the detection for readers.
func (d *Detection) Describe() alert.Detection {
	out := alert.Detection{ID: d.ID, Title: d.Title, Description: d.Description, Severity: d.Severity, Techniques: d.Attack,
		SubjectType: strings.Join(d.Subjects, ", "), LookBack: d.LookBack, FalsePositives: d.FalsePositives, Response: d.Response, Suppressions: d.Suppressions, SQL: d.SQL, Attributes: slices.Sorted(maps.Keys(d.Attributes))}
	for _, p := range d.Parameters {
		q := alert.Parameter{Name: p.Name, Type: p.Type, Value: d.Values[p.Name], Default: p.Default, Unit: p.Unit, Description: p.Description}
		if p.Minimum != nil {
			q.Minimum = format(*p.Minimum)
		}
		if p.Maximum != nil {
			q.Maximum = format(*p.Maximum)
		}
		if spans[p.Unit] {
			q.Shown = &alert.ParameterText{Value: p.text(q.Value), Default: p.text(q.Default), Minimum: p.text(q.Minimum), Maximum: p.text(q.Maximum)}
		}
		out.Parameters = append(out.Parameters, q)
	}
	return out
}

// Arguments are the values for a call of the view.
func (d *Detection) Arguments() []clickhouse.Argument { return d.arguments() }
