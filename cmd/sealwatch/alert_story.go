package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// alertStory tells an alert in a few lines: what, who, where, why, and where the rest is. name is the person's, when it
// is known.
func alertStory(a *sealwatchv1.Alert, change sealwatchv1.AlertChange, name string) string {
	var b strings.Builder
	line := func(head, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-7s %s\n", head, terminal.Text(text))
		}
	}
	word := "ALERT"
	if change == sealwatchv1.AlertChange_ALERT_CHANGE_RETRACTED {
		word = "RETRACTED"
	}
	fmt.Fprintf(&b, "%s  %s  %s  %s\n", word, stamp(a.GetEndTime().AsTime()), strings.ToUpper(severityName(a.GetSeverity())), terminal.Text(a.GetTitle()))
	who := principalName(a.GetSubject())
	if name == "" {
		if name = a.GetContext().GetDirectory().GetDisplayName(); name == "" {
			name = nameOf(a, a.GetSubject().GetId())
		}
	}
	if s := a.GetSubject(); s.GetType() == "user" && s.GetEmail() == "" && who != s.GetId() {
		name, who = who, s.GetId()
	}
	if name != "" && name != who {
		who = name + " (" + a.GetSubject().GetType() + " " + who + ")"
	}
	line("who", who)
	evidence := a.GetEvidence().GetFields()
	for _, end := range []string{"from", "to"} {
		line(end, endText(evidence[end].GetStructValue()))
	}
	line("from", joined(evidence["ipAddresses"], evidence["addresses"].GetNumberValue()))
	if list := evidence["countries"]; list != nil {
		line("in", shownValue(a, "countries", list))
	}
	line("why", why(a))
	// of alerts about Sealwatch itself: what is wrong, what follows from it, and what ends it
	line("problem", evidence["problem"].GetStringValue())
	line("leave", joined(evidence["leavers"], evidence["left"].GetNumberValue()))
	line("means", evidence["consequence"].GetStringValue())
	line("confirm", evidence["confirm"].GetStringValue())
	for _, l := range contextLines(a.GetContext()) {
		line(l[0], l[1])
	}
	line("alert", fmt.Sprintf("%s, %s, detection %s", a.GetName(), plural(int(a.GetEventCount()), "event"), a.GetDetection()))
	b.WriteByte('\n')
	return b.String()
}

// endText is one end of a journey, as far as the evidence has it.
func endText(s *structpb.Struct) string {
	f := s.GetFields()
	text := func(key string) string { return f[key].GetStringValue() }
	client := device(strings.Join(present(text("browser"), text("os")), " on "))
	return strings.Join(present(text("time"), placeText(text("city"), cmp.Or(text("countryName"), country(strings.TrimSpace(text("country"))))), text("ipAddress"), text("network"), client, cmp.Or(activityWords[text("activity")][0], text("activity"))), "  ")
}

// joined writes the first of a list of texts, of which there are whole in all, or as many as are listed.
func joined(list *structpb.Value, whole float64) string {
	var all []string
	for _, v := range list.GetListValue().GetValues() {
		all = append(all, present(v.GetStringValue())...)
	}
	const most = 8
	if n := max(int(whole), len(all)); len(all) > most {
		all = append(all[:most], fmt.Sprintf("and %d more", n-most))
	}
	return strings.Join(all, ", ")
}

// why are the numbers of the evidence that the detections document.
func why(a *sealwatchv1.Alert) string {
	f := a.GetEvidence().GetFields()
	number := func(key, format string) string {
		if v, ok := f[key]; ok {
			return fmt.Sprintf(format, v.GetNumberValue())
		}
		return ""
	}
	distance := number("distanceKm", "%.0f km apart")
	if len(f["before"].GetListValue().GetValues()) == 0 && f["distanceKm"].GetNumberValue() == 0 && f["from"] == nil { // there is no other place
		distance = ""
	}
	since := "access should have ended"
	switch f["directory"].GetStructValue().GetFields()["status"].GetStringValue() {
	case "deleted":
		since = "being deleted"
	case "on_leave":
		since = "going on leave"
	}
	leaving := number("hoursSinceLeaving", "%.0f h after "+since)
	if h := f["hoursSinceLeaving"].GetNumberValue(); h >= 48 {
		leaving = plural(int(math.Round(h/24)), "day") + " after " + since
	}
	all := present(
		distance, between(f), speed(f), number("allowedSpeedKmh", "%.0f km/h are possible"),
		leaving, number("failures", "%.0f failures"), number("threshold", "%.0f are enough"), number("windowMinutes", "within %.0f minutes"))
	if asked := f["asked"].GetStringValue(); asked != "" { // of a policy: what it looks for, with its number
		all = []string{"the policy looks for " + asked}
	}
	if f["succeeded"].GetBoolValue() {
		all = append(all, "then a success")
	}
	if sources := joined(f["sources"], 0); sources != "" && f["hoursSinceLeaving"] == nil { // there they are directories
		all = append(all, "named by "+sources)
	}
	if len(all) == 0 { // a score alone says nothing
		return ""
	}
	return strings.Join(append(all, fmt.Sprintf("score %.1f", a.GetScore())), ", ")
}

// between is the time between the ends of a journey.
func between(f map[string]*structpb.Value) string {
	v, ok := f["hours"]
	switch minutes := v.GetNumberValue() * 60; {
	case !ok:
		return ""
	case minutes < 1:
		return "within a minute"
	case minutes < 2: // as the title has it: a minute later
		return "a minute between"
	case minutes < 90:
		return plural(int(math.Round(minutes)), "minute") + " between"
	default:
		return fmt.Sprintf("%.1f hours between", minutes/60)
	}
}

// fastest is what no aircraft that carries people reaches, in km/h: a higher number says nothing more.
const fastest = 2500

// speed is how fast somebody would have travelled.
func speed(f map[string]*structpb.Value) string {
	switch v, ok := f["speedKmh"]; {
	case !ok:
		return ""
	case v.GetNumberValue() > fastest:
		return "faster than any aircraft"
	default:
		return fmt.Sprintf("%.0f km/h", v.GetNumberValue())
	}
}

// present leaves empty texts out.
func present(all ...string) []string {
	var some []string
	for _, s := range all {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}
