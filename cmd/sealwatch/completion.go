package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/app"
)

// completeValues lets a shell complete what flags take, for every command below c. It asks no service: what is shipped is
// known without one.
func completeValues(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		values := valuesOf(f)
		if values == nil {
			return
		}
		// it fails only for a flag that the command does not have, or a second time
		_ = c.RegisterFlagCompletionFunc(f.Name, func(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			all := values()
			if f.Name == "because" {
				all = reasonsFor(c, all)
			}
			if f.Value.Type() == "stringSlice" { // the shell completes the whole word, in which others stand before
				before := begun[:strings.LastIndexByte(begun, ',')+1]
				for i := range all {
					all[i] = before + all[i]
				}
			}
			return all, cobra.ShellCompDirectiveNoFileComp
		})
	})
	for _, sub := range c.Commands() {
		completeValues(sub)
	}
}

// reasonsFor are those that go with what the command says an alert was, or all where it does not say.
func reasonsFor(c *cobra.Command, all []string) []string {
	for _, flag := range []string{"as", "classification"} {
		if f := c.Flags().Lookup(flag); f != nil {
			if some := alert.Reasons(strings.ToLower(f.Value.String())); len(some) > 0 {
				return some
			}
		}
	}
	return all
}

// valuesOf are the values that a flag takes, by its name; nil where they are not a fixed set.
func valuesOf(f *pflag.Flag) func() []string {
	switch f.Name {
	case "detection":
		return app.DetectionIDs
	case "severity", "max-severity", "min-severity", "only-severity":
		return severityNames
	case "state":
		if f.Value.Type() == "string" { // what people set
			return func() []string { return stateNames()[:3] }
		}
		return stateNames
	case "classification":
		if f.DefValue != "" { // of an exception: of an attack there is none
			return func() []string { return []string{"benign_positive", "false_positive"} }
		}
		return classificationNames
	case "as":
		return classificationNames
	case "because":
		return reasonNames
	case "classified":
		return func() []string { return append([]string{"none"}, classificationNames()...) }
	case "classified-because":
		return func() []string { return append([]string{"none"}, reasonNames()...) }
	case "subject-type":
		return func() []string {
			return []string{"user", "address", "integration", "organization", "source", "account", "envelope", "policy"}
		}
	case "order":
		return func() []string {
			return []string{"end_time", "start_time", "create_time", "update_time", "severity", "score", "event_count"}
		}
	case "output":
		return func() []string {
			if strings.HasSuffix(f.Usage, strings.Join(huntOutputs, ", ")) {
				return huntOutputs
			}
			if f.DefValue == "json" {
				return []string{"json"}
			}
			return []string{f.DefValue, "json"}
		}
	}
	return nil
}
