package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// asker asks the service for words of the command that is being completed.
type asker = func(ctx context.Context, c *cobra.Command, conn *grpc.ClientConn) ([]string, error)

// namesOf are those that complete what commands take, by the command's path without the program's name; many says that a command
// takes more than one.
func namesOf() map[string]struct {
	ask  asker
	many bool
} {
	type names = struct {
		ask  asker
		many bool
	}
	return map[string]names{
		"detections show": {askDetections, true},
		"alerts show":     {askAlerts, true}, "alerts close": {askAlerts, true}, "alerts reopen": {askAlerts, true}, "alerts update": {askAlerts, true},
		"alerts assign": {askAlerts, true}, "alerts comment": {askAlerts, false}, "alerts history": {askAlerts, false},
		"incidents show": {askIncidents, false},
		"policy show":    {askPolicies, false}, "policy delete": {askPolicies, false}, "policy templates": {askTemplates, false},
		"exceptions delete": {askExceptions, false},
		"feeds refresh":     {askFeeds, false}, "feeds confirm": {askFeeds, false},
	}
}

// namesOfFlags are those of flags.
func namesOfFlags() map[string]asker {
	return map[string]asker{
		"hunt --saved": askHunts, "backtest --set": askSettings, "exceptions create --alert": askAlerts, "exceptions create --attribute": askAttributes,
	}
}

// completeNames lets a shell complete names that the service knows, for every command below root.
func completeNames(root *cobra.Command) {
	for path, n := range namesOf() {
		c, _, err := root.Find(strings.Fields(path))
		if err != nil || c.ValidArgsFunction != nil {
			continue
		}
		if c.ValidArgsFunction = answered(n.ask, cobra.ShellCompDirectiveNoFileComp); !n.many {
			c.ValidArgsFunction = first(c.ValidArgsFunction)
		}
	}
	for path, ask := range namesOfFlags() {
		path, flag, _ := strings.Cut(path, " --")
		if c, _, err := root.Find(strings.Fields(path)); err == nil {
			then := cobra.ShellCompDirectiveNoFileComp
			if flag == "set" { // the value follows
				then |= cobra.ShellCompDirectiveNoSpace
			}
			// it fails only for a flag that the command does not have, or a second time
			_ = c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return answered(ask, then)(c, nil, begun)
			})
		}
	}
}

// answered completes by a asker; those that stand already are not offered again.
func answered(ask asker, then cobra.ShellCompDirective) completer {
	return func(c *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completionPatience)
		defer cancel()
		address := ""
		if f := c.Flags().Lookup("addr"); f != nil {
			address = f.Value.String()
		}
		conn, err := connect(address)
		if err != nil && address != "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if conn != nil {
			defer func() { _ = conn.Close() }()
		}
		all, _ := ask(ctx, c, conn) // a shell has no place for an error
		for _, w := range all[:min(len(all), mostCompleted)] {
			if word, _, _ := strings.Cut(w, "\t"); !slices.Contains(args, word) {
				words = append(words, w)
			}
		}
		return words, then
	}
}

func askAlerts(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	page, err := sealwatchv1.NewAlertServiceClient(conn).ListAlerts(ctx, &sealwatchv1.ListAlertsRequest{PageSize: mostCompleted})
	for _, a := range page.GetAlerts() {
		words = append(words, described(alertID(a), severityName(a.GetSeverity())+": "+a.GetTitle()))
	}
	return words, err
}

func askIncidents(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	page, err := sealwatchv1.NewIncidentServiceClient(conn).ListIncidents(ctx, &sealwatchv1.ListIncidentsRequest{PageSize: mostCompleted})
	for _, i := range page.GetIncidents() {
		words = append(words, described(incidentID(i), i.GetTitle()))
	}
	return words, err
}

// eachDetection goes through all that the service has, policies included.
func eachDetection(ctx context.Context, conn *grpc.ClientConn, each func(id string, d *sealwatchv1.Detection)) error {
	request := &sealwatchv1.ListDetectionsRequest{PageSize: 1000}
	for {
		page, err := sealwatchv1.NewDetectionServiceClient(conn).ListDetections(ctx, request)
		if err != nil {
			return err
		}
		for _, d := range page.GetDetections() {
			each(strings.TrimPrefix(d.GetName(), detectionPrefix), d)
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return nil
		}
	}
}

// askDetections has without a service those that are shipped.
func askDetections(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	if err = eachDetection(ctx, conn, func(id string, d *sealwatchv1.Detection) { words = append(words, described(id, d.GetTitle())) }); err != nil {
		return app.DetectionIDs(), nil
	}
	return words, nil
}

// askSettings has the parameters of the detections that the command names, or of each with its name before them.
func askSettings(ctx context.Context, c *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	named, err := c.Flags().GetStringSlice("detection")
	if err != nil {
		return nil, err
	}
	slices.Sort(named)
	named = slices.Compact(named) // completion reads the flags twice
	err = eachDetection(ctx, conn, func(id string, d *sealwatchv1.Detection) {
		if len(named) > 0 && !slices.Contains(named, id) || strings.HasPrefix(id, policy.DetectionPrefix) {
			return
		}
		for _, v := range d.GetParameters() {
			name := v.GetName() + "="
			if len(named) != 1 {
				name = id + "." + name
			}
			words = append(words, described(name, v.GetDescription()))
		}
	})
	return words, err
}

// askAttributes has those that an exception of the alert can name, or of any alert.
func askAttributes(ctx context.Context, c *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	words = []string{"subject"}
	of := ""
	if f := c.Flags().Lookup("alert"); f != nil && f.Value.String() != "" {
		client := sealwatchv1.NewAlertServiceClient(conn)
		if names, err := alertNames(ctx, client, []string{f.Value.String()}); err == nil {
			if a, err := client.GetAlert(ctx, &sealwatchv1.GetAlertRequest{Name: names[0]}); err == nil {
				of = a.GetDetection()
			}
		}
	}
	err = eachDetection(ctx, conn, func(id string, d *sealwatchv1.Detection) {
		if of == "" || id == of {
			words = append(words, d.GetExceptionAttributes()...)
		}
	})
	slices.Sort(words[1:])
	return slices.Compact(words), err
}

func askPolicies(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	page, err := sealwatchv1.NewPolicyServiceClient(conn).ListPolicies(ctx, &sealwatchv1.ListPoliciesRequest{PageSize: mostCompleted})
	for _, m := range page.GetPolicies() {
		words = append(words, described(policyID(m.GetName()), m.GetTitle()))
	}
	return words, err
}

// askTemplates needs no service: they are shipped.
func askTemplates(context.Context, *cobra.Command, *grpc.ClientConn) (words []string, err error) {
	all, err := app.PolicyTemplates()
	for i := range all {
		words = append(words, described(all[i].ID, all[i].Name))
	}
	return words, err
}

func askExceptions(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	page, err := sealwatchv1.NewExceptionServiceClient(conn).ListExceptions(ctx, &sealwatchv1.ListExceptionsRequest{PageSize: mostCompleted})
	for _, e := range page.GetExceptions() {
		words = append(words, described(exceptionID(e), e.GetDetection()+": "+e.GetReason()))
	}
	return words, err
}

func askFeeds(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	page, err := sealwatchv1.NewFeedServiceClient(conn).ListFeeds(ctx, &sealwatchv1.ListFeedsRequest{})
	for _, f := range page.GetFeeds() {
		words = append(words, strings.TrimPrefix(f.GetName(), "feeds/"))
	}
	return words, err
}

func askHunts(ctx context.Context, _ *cobra.Command, conn *grpc.ClientConn) (words []string, err error) {
	page, err := sealwatchv1.NewHuntServiceClient(conn).ListHunts(ctx, &sealwatchv1.ListHuntsRequest{PageSize: mostCompleted})
	for _, h := range page.GetHunts() {
		words = append(words, described(strings.TrimPrefix(h.GetName(), huntPrefix), h.GetTitle()))
	}
	return words, err
}
