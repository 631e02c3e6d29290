package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

const alertPrefix = "alerts/"

func (p *process) alertsShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show ALERT...",
		Short: "Tell alerts whole: evidence, circumstances, what to do, and the SQL that finds them again",
		Long: "Tell alerts whole, by id or by name (alerts/ID). With -o json the output is what GET /v1/alerts/ID returns, one\n" +
			"object an alert.",
		Example: "  sealwatch alerts show 0123456789abcdef0123456789abcdef\n  sealwatch alerts show alerts/0123456789abcdef0123456789abcdef -o json | jq .context",
		Args:    cobra.MinimumNArgs(1),
	}
	address, output := p.addressFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, names []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewAlertServiceClient(conn)
		if names, err = alertNames(c.Context(), client, names); err != nil {
			return err
		}
		for _, name := range names {
			a, err := client.GetAlert(c.Context(), &sealwatchv1.GetAlertRequest{Name: name})
			if err != nil {
				return err
			}
			if !asJSON {
				events, err := eventLines(c.Context(), conn, a)
				if err != nil { // the rest is worth telling
					events = []string{strings.Join(a.GetEventIds(), " "), "they cannot be read: " + message(err)}
				}
				p.print("%s", strings.TrimSuffix(alertWhole(a, events...), "\n"))
				continue
			}
			text, err := alertJSON(a, "")
			if err != nil {
				return err
			}
			p.print("%s", text)
		}
		return nil
	}
	return c
}

// alertWhole is the story of an alert with all that belongs to it; events are lines about its events.
func alertWhole(a *sealwatchv1.Alert, events ...string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(alertStory(a, sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED, ""), "\n"))
	section := func(head string, lines ...string) {
		for i, l := range lines {
			if i > 0 {
				head = ""
			}
			fmt.Fprintf(&b, "  %-7s %s\n", head, terminal.Text(l))
		}
	}
	section("state", strings.Join(append(workWords(a), present(strings.Join(a.GetSuppressedBy(), ", "))...), "  "))
	if r := a.GetResolution(); r != nil {
		grown := ""
		if n := a.GetEventCount() - r.GetEventCount(); n > 0 {
			grown = ", " + plural(int(n), "event") + " more since"
		}
		section("closed", "by "+r.GetResolver()+" on "+stamp(r.GetResolveTime().AsTime())+grown)
	}
	section("group", present(a.GetIncident())...)
	times := []string{"happened " + stamp(a.GetStartTime().AsTime()) + " to " + stamp(a.GetEndTime().AsTime())}
	if c := a.GetContext(); c.GetFirstArrivalTime() != nil {
		times = append(times, "arrived "+stamp(c.GetFirstArrivalTime().AsTime())+" to "+stamp(c.GetLastArrivalTime().AsTime()))
	}
	section("times", strings.Join(append(times, "raised "+stamp(a.GetCreateTime().AsTime())), ", "))
	if reason := a.GetEvidence().GetFields()["severityReason"].GetStringValue(); reason != "" {
		section("level", severityName(a.GetSeverity())+": "+reason)
	}
	section("facts", evidenceLines(a)...)
	section("do", a.GetResponse()...)
	for _, c := range a.GetComments() {
		section("said", stamp(c.GetCreateTime().AsTime())+"  "+c.GetAuthor()+": "+c.GetText())
	}
	section("events", events...)
	section("again", a.GetRerun())
	section("all", present(a.GetAllEvents())...)
	if a.GetRerun() != "" || a.GetAllEvents() != "" {
		section("", "(ask these with sealwatch hunt)")
	}
	return b.String()
}

// plural counts things: with an s, or by the word behind a bar.
func plural(n int, thing string) string {
	one, many, other := strings.Cut(thing, "|")
	if n == 1 {
		return "1 " + one
	}
	if other {
		return fmt.Sprintf("%d %s", n, many)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// deviceUse says of a device how usual it is: what counts is the family, and a version may be new by an update.
func deviceUse(v *sealwatchv1.AlertTrait) string {
	family := device(v.GetFamily())
	switch {
	case family == silent && v.GetFamilyDayCount() == 0:
		return "new"
	case v.GetFamilyDayCount() == 0:
		return "new: no " + family + " of any version before"
	case v.GetNew() && family != device(v.GetValue()):
		return fmt.Sprintf("new version only: %s, which counts, known from %s", family, plural(int(v.GetFamilyDayCount()), "day"))
	case family != device(v.GetValue()) && v.GetFamilyDayCount() == v.GetDayCount():
		return fmt.Sprintf("known from %s, as is %s, which counts", plural(int(v.GetDayCount()), "day"), family)
	case family != device(v.GetValue()):
		return fmt.Sprintf("known from %s, and %s, which counts, from %d", plural(int(v.GetDayCount()), "day"), family, v.GetFamilyDayCount())
	}
	return "known from " + plural(int(v.GetDayCount()), "day")
}

// contextLines are the circumstances of an alert, a line each: head and text.
func contextLines(c *sealwatchv1.AlertContext) [][2]string {
	var all [][2]string
	add := func(head, text string) {
		if text != "" {
			all = append(all, [2]string{head, text})
		}
	}
	if d := c.GetDirectory(); d != nil {
		status := d.GetStatus()
		if d.GetStatusTime() != nil {
			status += " since " + stamp(d.GetStatusTime().AsTime())
		}
		add("person", strings.Join(present(d.GetDisplayName(), status, d.GetRole(), strings.Join(d.GetGroups(), ", "), "by "+d.GetSource()), "  "))
	}
	for _, t := range []struct {
		kind string
		list []*sealwatchv1.AlertTrait
	}{{"address", c.GetAddresses()}, {"network", c.GetNetworks()}, {"device", c.GetDevices()}} {
		for _, v := range t.list {
			name := v.GetValue()
			if t.kind == "network" {
				name = "AS" + name
			}
			if t.kind == "device" {
				name = device(name)
			}
			if v.GetLabel() != "" && t.kind != "address" {
				if label := device(v.GetLabel()); label != "" && !strings.EqualFold(label, "other") {
					name += " (" + label + ")"
				}
			}
			usual := "new"
			if !v.GetNew() {
				usual = "known from " + plural(int(v.GetDayCount()), "day")
			}
			if v.GetFamily() != "" {
				usual = deviceUse(v)
			}
			said := "with it in 30 days"
			if t.kind == "address" {
				said = "seen there in 30 days, failed log-ons too"
			}
			add(t.kind, fmt.Sprintf("%s  %s, %s %s", name, usual, plural(int(v.GetOtherUserCount()), "other user"), said))
		}
	}
	var deeds []string
	for _, d := range c.GetNextHour() {
		deeds = append(deeds, deedText(int(d.GetCount()), d.GetActivity()))
	}
	next := strings.Join(deeds, ", ")
	switch {
	case next == "" && c.GetNextHourComplete():
		next = "nothing in the hour after"
	case next != "" && c.GetNextHourComplete():
		next += " in the hour after"
	case next != "":
		next += " in the hour after, so far"
	}
	add("then", next)
	for _, g := range c.GetGaps() {
		add("gap", "nobody was seen from "+stamp(g.GetStartTime().AsTime())+" to "+stamp(g.GetEndTime().AsTime())+", though somebody usually is: events may be missing")
	}
	return all
}
