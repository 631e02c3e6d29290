package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/internal/build"
)

func (p *process) versionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		Short:   "Show what was built",
		Example: "  sealwatch version\n  sealwatch version -o json",
		Args:    cobra.NoArgs,
	}
	output := outputFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		i := build.Read()
		if !asJSON {
			p.print("sealwatch %s (commit %s, %s)", i.Version, i.Commit, i.GoVersion)
			return nil
		}
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(i)
	}
	return c
}

// outputFlag adds -o text|json; the function that it returns says whether JSON was asked for.
func outputFlag(c *cobra.Command) func() (bool, error) { return outputForms(c, "text") }

// outputForms is outputFlag with another name for what is not JSON.
func outputForms(c *cobra.Command, other string) func() (bool, error) {
	form := outputOf(c, other, "json")
	return func() (bool, error) {
		f, err := form()
		return f == "json", err
	}
}

// outputOf adds the flag for one of some forms, the first of which is the default.
func outputOf(c *cobra.Command, forms ...string) func() (string, error) {
	last := len(forms) - 1
	expected := strings.Join(forms[:last], ", ") + " or " + forms[last]
	output := c.Flags().StringP("output", "o", forms[0], "form of the output: "+expected)
	return func() (string, error) {
		if !slices.Contains(forms, *output) {
			return "", usagef("--output: found %q, expected %s", *output, expected)
		}
		return *output, nil
	}
}
