package policies

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// camel is where a word ends in DocuSign's spelling, as in sql/fields.sql.
var camel = regexp.MustCompile(`([a-z0-9])([A-Z])`)

var plainActivity = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

var weekdays = map[string]string{"monday": "1", "tuesday": "2", "wednesday": "3", "thursday": "4", "friday": "5", "saturday": "6", "sunday": "7"}

// plural of what a distinct condition counts.
var plural = map[string]string{"user": "users", "target": "people", "address": "addresses", "network": "networks", "country": "countries", "city": "cities", "envelope": "envelopes",
	"account": "accounts", "application": "applications", "device": "devices", "activity": "kinds of activity", "item": "items", "target_domain": "domains of recipients"}

// singular of it, and how a title puts it; users are who did it, and a comma sets off what has no preposition of its own.
var (
	singular = map[string]string{"user": "user", "target": "person", "address": "address", "network": "network", "country": "country", "city": "city", "envelope": "envelope",
		"account": "account", "application": "application", "device": "device", "activity": "kind of activity", "item": "item", "target_domain": "domain of recipients"}
	preposition = map[string]string{"user": "users", "target": "concerning", "address": "from", "network": "from", "country": "from", "city": "from", "envelope": ",",
		"account": "in", "application": "by", "device": "with", "activity": ",", "item": ",", "target_domain": "for"}
)

// attributes of the evidence that exceptions can name.
var attributes = map[string]analytics.Attribute{
	"ipAddress":      {Path: "ipAddresses", Count: "addresses"},
	"user":           {Path: "users", Count: "userCount"},
	"envelope":       {Path: "envelopeIds", Count: "envelopes"},
	"country":        {Path: "countries", Limit: 20},
	"network":        {Path: "networks", Limit: 20},
	"integrationKey": {Path: "integrationKeys", Limit: 20},
	"activity":       {Path: "activities", Limit: 20},
	"account":        {Path: "accounts", Limit: 20},
	"device":         {Path: "devices", Limit: 20},
}

var suppressions = map[string]string{analytics.DailyLimit: "The policy had its alerts of that day already (maxAlertsPerDay); findings beyond are kept and counted, in the order of their first events."}

// bounds are the first and the last address of a network, as IPv6.
func bounds(value string) (first, last string) {
	p, err := policy.ParseNetwork(value)
	if err != nil {
		return "::", "::" // Validate has read it
	}
	from := p.Addr().As16()
	to := from
	host := p.Addr().BitLen() - p.Bits()
	for i := range host {
		to[15-i/8] |= 1 << (i % 8)
	}
	return netip.AddrFrom16(from).String(), netip.AddrFrom16(to).String()
}

func number(text, open string) string {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return open
	}
	return strconv.FormatUint(n, 10)
}

func moment(text string, open time.Time) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t = open
	}
	return t.UTC().Format("2006-01-02 15:04:05.0000000")
}

// minutes of HH:MM since midnight.
func minutes(text string) int {
	h, m, _ := strings.Cut(text, ":")
	hours, _ := strconv.Atoi(h)
	mins, _ := strconv.Atoi(m) // Validate has read both
	return hours*60 + mins
}

func zoneOf(f *policy.Filter) string {
	if f.TimeZone == "" {
		return "UTC"
	}
	return f.TimeZone
}

// Describe says in words what a policy asks.
func Describe(p *policy.Policy) string {
	c := &p.Condition
	what := "each event"
	within := durationText(time.Duration(c.Within))
	switch c.Type {
	case policy.Repeated:
		what = fmt.Sprintf("%d events within %s", c.Count, within)
		if c.Count == 1 {
			what = "events less than " + within + " apart, one alert for all of them,"
		}
	case policy.Distinct:
		what = fmt.Sprintf("%d different %s within %s", c.Count, plural[c.Of], within)
	case policy.Sequence:
		var steps []string
		for i := range c.Steps {
			steps = append(steps, c.Steps[i].Name+" ("+FilterText(c.Steps[i].Filter)+")")
		}
		what = strings.Join(steps, ", then ") + " within " + within
	}
	what += " of one " + p.Key
	if p.Filter != nil {
		what += " where " + FilterText(p.Filter)
	}
	return what
}

// FilterText is a filter in words.
func FilterText(f *policy.Filter) string {
	group := func(parts []policy.Filter, word string) string {
		texts := make([]string, len(parts))
		for i := range parts {
			texts[i] = FilterText(&parts[i])
			if len(parts[i].All)+len(parts[i].Any) > 1 {
				texts[i] = "(" + texts[i] + ")"
			}
		}
		return strings.Join(texts, word)
	}
	switch {
	case f == nil:
		return "anything"
	case len(f.All) > 0:
		return group(f.All, " and ")
	case len(f.Any) > 0:
		return group(f.Any, " or ")
	case f.Not != nil:
		return "not (" + FilterText(f.Not) + ")"
	}
	if f.Field == policy.MatchedDetection {
		return "an alert of " + strings.Join(f.Values, " or ") + " stands on it (where one names not all its events, what is by its subject in its time and of the classes that are read counts as its evidence)"
	}
	text := strings.ReplaceAll(f.Field, "_", " ")
	if f.Property != "" {
		text += " " + f.Property
	}
	if f.Role != "" {
		text += " (" + f.Role + ")"
	}
	text += " " + strings.ReplaceAll(f.Operator, "_", " ")
	if len(f.Values) > 0 {
		shown := f.Values[:min(len(f.Values), 10)]
		text += " " + strings.Join(shown, " or ")
		if n := len(f.Values) - len(shown); n > 0 {
			text += fmt.Sprintf(" or one of %d more", n)
		}
	}
	if f.From != "" {
		text += " from " + f.From
	}
	if f.To != "" {
		text += " to " + f.To
	}
	if positive, _ := policy.Positive(f.Operator); positive == policy.IsNew {
		text += " for the user in " + durationText(time.Duration(f.NewDays())*day)
	}
	if f.TimeZone != "" {
		text += " in " + f.TimeZone
	}
	if f.Missing == policy.Match {
		text += " or missing"
	}
	return text
}

func durationText(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= u.unit && d%u.unit == 0 {
			n := int(d / u.unit)
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return d.String()
}

func describe(p *policy.Policy) string {
	if p.Description != "" {
		return p.Description
	}
	text := Describe(p)
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
