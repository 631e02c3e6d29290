package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// alertFlags select alerts. A flag has the name of what it selects by.
type alertFlags struct {
	detections, severities, states, users, types, assignees, classifications, reasons, addresses, networks, countries, suppressed, incidents                     []string
	severity, minSeverity, text, minScore, maxScore, until, firstSince, firstUntil, lastSince, lastUntil, createdSince, createdUntil, updatedSince, updatedUntil string
	minEvents, maxEvents                                                                                                                                         int32
	unassigned, commented, uncommented                                                                                                                           bool
	// names of the flags.
	names []string
}

func (f *alertFlags) add(c *cobra.Command) {
	before := map[string]bool{}
	remember := func(name string) { before[name] = true }
	list := func(to *[]string, name, usage string) { c.Flags().StringSliceVar(to, name, nil, usage); remember(name) }
	text := func(to *string, name, usage string) { c.Flags().StringVar(to, name, "", usage); remember(name) }
	list(&f.detections, "detection", "only of these detections, by id")
	text(&f.severity, "severity", "only of this severity or more: "+strings.Join(severityNames(), ", "))
	text(&f.minSeverity, "min-severity", "the same as --severity, and taken where alerts are changed, too: this severity and all above it")
	list(&f.severities, "only-severity", "only of just these severities")
	list(&f.states, "state", "only in these states: "+strings.Join(stateNames(), ", ")+" (default new, in_progress, resolved)")
	list(&f.users, "user", "only about these subjects, by id, e-mail or name, as the directory, DocuSign or the events have it")
	list(&f.types, "subject-type", "only about subjects of these types: user, address, integration, organization, source, account, envelope")
	list(&f.assignees, "assignee", "only those on which these people work")
	c.Flags().BoolVar(&f.unassigned, "unassigned", false, "only those on which nobody works (with --assignee: these, too)")
	list(&f.classifications, "classified", "only classified so: none, "+strings.Join(classificationNames(), ", "))
	list(&f.reasons, "classified-because", "only classified for these reasons: none, "+strings.Join(reasonNames(), ", "))
	list(&f.addresses, "ip", "only those that tell of these addresses, or of one in these networks (CIDR)")
	list(&f.networks, "network", "only those that tell of these networks, by name or number, such as AS3320")
	list(&f.countries, "country", "only those that tell of these countries, by their code, such as DE")
	text(&f.text, "text", "only with this text in the title")
	text(&f.minScore, "min-score", "only with this score or more")
	text(&f.maxScore, "max-score", "only with this score or less")
	c.Flags().Int32Var(&f.minEvents, "min-events", 0, "only with so many events or more")
	c.Flags().Int32Var(&f.maxEvents, "max-events", 0, "only with so many events or fewer")
	text(&f.createdSince, "raised-since", "only raised since then: how long ago such as 24h or 7d, a time or a date")
	text(&f.createdUntil, "raised-until", "only raised before then")
	text(&f.updatedSince, "changed-since", "only changed since then")
	text(&f.updatedUntil, "changed-until", "only last changed before then")
	text(&f.firstSince, "began-since", "only with their first event since then")
	text(&f.firstUntil, "began-until", "only with their first event before then")
	text(&f.lastSince, "ended-since", "only with their last event since then")
	text(&f.lastUntil, "ended-until", "only with their last event before then")
	text(&f.until, "until", "only with an event before then")
	list(&f.suppressed, "suppressed-by", "only suppressed for these reasons; with --state suppressed")
	c.Flags().BoolVar(&f.commented, "commented", false, "only with comments")
	c.Flags().BoolVar(&f.uncommented, "uncommented", false, "only without comments")
	list(&f.incidents, "incident", "only of these incidents, by id")
	for _, name := range []string{"unassigned", "min-events", "max-events", "commented", "uncommented"} {
		remember(name)
	}
	for name := range before {
		f.names = append(f.names, name)
	}
}

// given says whether any of the flags was.
func (f *alertFlags) given(c *cobra.Command) bool {
	for _, name := range f.names {
		if c.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// exact refuses what selects more than it says: who closes alerts with --severity low means the low ones.
func (f *alertFlags) exact(work string) error {
	if f.severity == "" {
		return nil
	}
	names := severityNames()
	i := slices.Index(names, strings.ToLower(f.severity))
	if i < 0 || i == len(names)-1 {
		return nil // filter says what is wrong, or there is nothing above
	}
	return usagef("--severity %s selects more severe alerts, too; to %s just these, say --only-severity %s, and with all above them --min-severity %s", names[i], work, names[i], names[i])
}

// filter is what the service is asked for.
func (f *alertFlags) filter(now time.Time) (*sealwatchv1.AlertFilter, error) {
	filter := &sealwatchv1.AlertFilter{Detections: f.detections, SubjectTypes: f.types, Assignees: f.assignees, Unassigned: f.unassigned, IpAddresses: f.addresses, Networks: f.networks, Countries: f.countries,
		Users: f.users, Text: f.text, MinEventCount: f.minEvents, MaxEventCount: f.maxEvents, SuppressedBy: f.suppressed}
	for _, i := range f.incidents {
		filter.Incidents = append(filter.Incidents, incidentPrefix+strings.TrimPrefix(i, incidentPrefix))
	}
	for _, said := range []struct{ flag, value string }{{"severity", f.severity}, {"min-severity", f.minSeverity}} {
		if said.value == "" {
			continue
		}
		v, ok := sealwatchv1.Severity_value["SEVERITY_"+strings.ToUpper(said.value)]
		if !ok || v == 0 {
			return nil, usagef("--%s: found %q, expected one of %s", said.flag, said.value, strings.Join(severityNames(), ", "))
		}
		filter.MinSeverity = max(filter.MinSeverity, sealwatchv1.Severity(v))
	}
	if err := enums("only-severity", f.severities, "SEVERITY_", sealwatchv1.Severity_value, severityNames(), &filter.Severities); err != nil {
		return nil, err
	}
	if err := enums("state", f.states, "ALERT_STATE_", sealwatchv1.AlertState_value, stateNames(), &filter.States); err != nil {
		return nil, err
	}
	if err := enums("classified", none(f.classifications), "ALERT_CLASSIFICATION_", sealwatchv1.AlertClassification_value, append(classificationNames(), "unspecified"), &filter.Classifications); err != nil {
		return nil, err
	}
	if err := enums("classified-because", none(f.reasons), "ALERT_REASON_", sealwatchv1.AlertReason_value, append(reasonNames(), "unspecified"), &filter.Reasons); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		flag, text string
		to         **float64
	}{{"--min-score", f.minScore, &filter.MinScore}, {"--max-score", f.maxScore, &filter.MaxScore}} {
		if s.text == "" {
			continue
		}
		n, err := strconv.ParseFloat(s.text, 64)
		if err != nil {
			return nil, usagef("%s: found %q, expected a number", s.flag, s.text)
		}
		*s.to = &n
	}
	if f.commented && f.uncommented {
		return nil, usagef("--commented: not together with --uncommented")
	}
	if f.commented || f.uncommented {
		filter.HasComments = &f.commented
	}
	return filter, f.times(filter, now)
}

func (f *alertFlags) times(filter *sealwatchv1.AlertFilter, now time.Time) (err error) {
	if filter.EndTime, err = since("--until", f.until, now); err != nil {
		return err
	}
	for _, s := range []struct {
		flag, from, to string
		span           **sealwatchv1.TimeSpan
	}{{"began", f.firstSince, f.firstUntil, &filter.FirstEvent}, {"ended", f.lastSince, f.lastUntil, &filter.LastEvent}, {"raised", f.createdSince, f.createdUntil, &filter.Created}, {"changed", f.updatedSince, f.updatedUntil, &filter.Updated}} {
		if s.from == "" && s.to == "" {
			continue
		}
		span := &sealwatchv1.TimeSpan{}
		if span.StartTime, err = since("--"+s.flag+"-since", s.from, now); err != nil {
			return err
		}
		if span.EndTime, err = since("--"+s.flag+"-until", s.to, now); err != nil {
			return err
		}
		*s.span = span
	}
	return nil
}

// none lets "none" stand for what is not set.
func none(all []string) []string {
	var out []string
	for _, s := range all {
		if s == "none" {
			s = "unspecified"
		}
		out = append(out, s)
	}
	return out
}

// enums reads the values of a flag.
func enums[E ~int32](flag string, given []string, prefix string, values map[string]int32, known []string, to *[]E) error {
	for _, s := range given {
		v := values[prefix+strings.ToUpper(s)]
		if !slices.Contains(known, strings.ToLower(s)) {
			return usagef("--%s: found %q, expected one of %s", flag, s, strings.ReplaceAll(strings.Join(known, ", "), "unspecified", "none"))
		}
		*to = append(*to, E(v))
	}
	return nil
}

// classificationNames are the verdicts as the command line spells them.
func classificationNames() []string {
	var all []string
	for v := range int32(len(sealwatchv1.AlertClassification_name)) {
		if v > 0 {
			all = append(all, classificationName(sealwatchv1.AlertClassification(v)))
		}
	}
	return all
}

// reasonNames are the reasons of the verdicts.
func reasonNames() []string {
	var all []string
	for v := range int32(len(sealwatchv1.AlertReason_name)) {
		if v > 0 {
			all = append(all, reasonName(sealwatchv1.AlertReason(v)))
		}
	}
	return all
}

func classificationName(c sealwatchv1.AlertClassification) string {
	if c == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(c.String(), "ALERT_CLASSIFICATION_"))
}

func reasonName(r sealwatchv1.AlertReason) string {
	if r == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(r.String(), "ALERT_REASON_"))
}
