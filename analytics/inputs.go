package analytics

import (
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// InputsSeen says of each kind of event that the detection needs how many there were, and why there may be none: a
// detection that finds nothing because it sees nothing must not look as if all were well. unknown are the spellings that
// the classification does not know, the most frequent first.
func (d *Definition) InputsSeen(seen map[clickhouse.Input]clickhouse.InputCount, unknown []status.UnknownActivity) []status.Input {
	all := []clickhouse.Input{{Kind: "event"}}
	missing := map[clickhouse.Input]bool{all[0]: seen[all[0]].Events == 0}
	// of several activities or places some have to be there, or each
	need := func(kind string, names []string, each bool) {
		some := false
		for _, name := range names {
			some = some || seen[clickhouse.Input{Kind: kind, Name: name}].Events > 0
		}
		for _, name := range names {
			i := clickhouse.Input{Kind: kind, Name: name}
			all = append(all, i)
			missing[i] = seen[i].Events == 0 && (each || !some)
		}
	}
	need("activity", d.Inputs.Activities, d.Inputs.Each)
	need("place", d.Inputs.PlaceKinds, false)
	if d.Inputs.Administrative {
		need("administrative", []string{"yes"}, true)
	}
	if d.Inputs.Integrations {
		need("integration", []string{"yes"}, true)
	}
	if d.Inputs.Ranges {
		need("ranges", []string{"yes"}, true)
	}
	if d.Inputs.Directory {
		need("directory", []string{"yes"}, true)
	}
	var inputs []status.Input
	for _, i := range all {
		s := status.Input{Name: inputName(i), Events: seen[i].Events, Last: seen[i].Last}
		if missing[i] {
			s.LikelyCauses = likelyCauses(i, seen, unknown)
		}
		inputs = append(inputs, s)
	}
	return inputs
}

func inputName(i clickhouse.Input) string {
	switch i.Kind {
	case "activity":
		return "activity " + i.Name
	case "place":
		return "place of kind " + i.Name
	case "administrative":
		return "administrative activity"
	case "integration":
		return "activity with an integration key"
	case "ranges":
		return "intelligence about addresses"
	case "directory":
		return "directory of users"
	}
	return "event"
}

// likelyCauses says why there may be no event of a kind, the likeliest cause first.
func likelyCauses(i clickhouse.Input, seen map[clickhouse.Input]clickhouse.InputCount, unknown []status.UnknownActivity) []string {
	if i.Kind == "ranges" {
		return []string{"no address intelligence loaded: sealwatch ip-ranges import"}
	}
	if i.Kind == "directory" {
		return []string{"no directory was imported: sealwatch directory import"}
	}
	if seen[clickhouse.Input{Kind: "event"}].Events == 0 {
		return []string{"no event at all came in; the sources in the status say when the last one did"}
	}
	const domain = "unclaimed domain: Monitor records people only whose e-mail domain the organisation has claimed"
	switch i.Kind {
	case "activity":
		return activityCauses(i.Name, seen, unknown, domain)
	case "place":
		return []string{"no location: no geo database is loaded (ingest.cityDatabases), and the records have no coordinates",
			"all addresses are those of servers: ingest.serverRanges, or activity over the API alone", domain}
	case "administrative":
		return withSpelling(unknown, "nobody changed anything about the account", domain)
	case "integration":
		return []string{"no application acted over the API in these days", "the delivery leaves integratorKey out"}
	}
	return nil
}

func activityCauses(name string, seen map[clickhouse.Input]clickhouse.InputCount, unknown []status.UnknownActivity, domain string) []string {
	there := func(activity string) bool {
		return seen[clickhouse.Input{Kind: "activity", Name: activity}].Events > 0
	}
	const single = "single sign-on: the identity provider sees the log-ons that fail, and DocuSign only those that succeed; watch failures there"
	switch name {
	case event.ActivityDocuSignAlert:
		return []string{"DocuSign Monitor raised no alert, which is as it should be", "its alerts are switched off in DocuSign Monitor", "the source leaves them out"}
	case event.ActivityFailedLogon:
		if there(event.ActivityLogon) { // so the spelling is known in part, and the domain is claimed
			return append([]string{single}, withSpelling(unknown, "nobody mistyped a password, in a small organisation", domain)...)
		}
		return withSpelling(unknown, single, domain)
	case "recipient_authentication", "decline":
		return append([]string{"no source of DocuSign Connect delivers the events of recipients (sources.connect); Monitor alone tells little of them", "no recipient did that in these days"}, spelling(unknown)...)
	case event.ActivityLogon:
		return withSpelling(unknown, "single sign-on: people stay logged on at the identity provider", domain)
	}
	return withSpelling(unknown, "nobody did that in these days", domain)
}

// withSpelling puts before other causes that the classification does not know a spelling, where there are such; otherwise behind them.
func withSpelling(unknown []status.UnknownActivity, others ...string) []string {
	if len(unknown) == 0 {
		return append(others, spelling(unknown)...)
	}
	return append(spelling(unknown), others...)
}

// spelling is the cause that the classification does not know a spelling, with what it does not know.
func spelling(unknown []status.UnknownActivity) []string {
	if len(unknown) == 0 {
		return []string{"unknown spelling: a rule of the classification takes DocuSign's spelling for something else (ingest.classificationFile)"}
	}
	var pairs []string
	for _, u := range unknown[:min(3, len(unknown))] {
		pairs = append(pairs, fmt.Sprintf("%s/%s (%d events)", u.Object, u.Action, u.Events))
	}
	return []string{"unknown spelling: the classification does not know " + strings.Join(pairs, ", ") + " and perhaps more; unknownActivities in the status lists them, ingest.classificationFile teaches them"}
}
