package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/app"
)

func (p *process) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong, and what to do",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(p.doctorMonitor())
	return c
}

func (p *process) doctorMonitor() *cobra.Command {
	c := &cobra.Command{
		Use:   "monitor [NAME...]",
		Short: "Try the connection to DocuSign Monitor",
		Long: "Try the configured sources of DocuSign Monitor, all or those that are named, step by step: private key, token, clock, organisation,\n" +
			"one page of events, call budget. What is wrong is said in a DocuSign administrator's words. Nothing is stored, the service need not run,\n" +
			"and each source costs three or four calls of the account's budget.\n\nThe exit code is 1 when a source cannot be read.",
		Example: "  sealwatch doctor monitor --config sealwatch.yaml\n  sealwatch doctor monitor main -o json --config sealwatch.yaml",
		Args:    cobra.ArbitraryArgs,
	}
	s := p.settingsFlags(c)
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, names []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		cfg, err := s.load()
		if err != nil {
			return err
		}
		steps := []app.Step{}
		broken, err := app.DoctorMonitor(c.Context(), cfg, names, func(s app.Step) {
			steps = append(steps, s)
			if !asJSON {
				p.print("%-8s  %s  %s%s", s.Outcome, s.Source, s.Name, explained(s.Text))
			}
		})
		if err != nil {
			return err
		}
		if asJSON {
			e := json.NewEncoder(p.out)
			e.SetIndent("", "  ")
			e.SetEscapeHTML(false)
			if err := e.Encode(steps); err != nil {
				return err
			}
		}
		if broken {
			return errSaid
		}
		return nil
	}
	return c
}

// explained is a text behind what it explains.
func explained(text string) string {
	if text == "" {
		return ""
	}
	return ": " + terminal.Text(text)
}
