package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
)

func (p *process) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [NAME...]",
		Short: "Say what is wrong, and what to do",
		Long: "Try everything that is configured, step by step, or what is named: configuration, engine, service, geo, monitor, docusign, entra, connect, feed,\n" +
			"destination, or one of them as monitor/main. Names are resolved, servers are reached, tokens are got, a page is read. What is wrong is said\n" +
			"with what to do. Nothing is stored, and the service need not run. Destinations get a test message with --send, and nothing without.\n\n" +
			"The exit code is 1 when something is broken.",
		Example: "  sealwatch doctor --config sealwatch.yaml\n  sealwatch doctor feed destination/siem --send --config sealwatch.yaml\n  sealwatch doctor -o json --config sealwatch.yaml",
		Args:    cobra.ArbitraryArgs,
	}
	send := c.PersistentFlags().Bool("send", false, "send a test message to each destination")
	p.examining(c, func(ctx context.Context, cfg config.Config, names []string, report func(app.Step)) (bool, error) {
		return app.Doctor(ctx, cfg, names, app.DoctorOptions{Send: *send}, report)
	})
	c.AddCommand(p.doctorMonitor(send), p.doctorDocuSign(send), p.doctorEntra(send))
	return c
}

func (p *process) doctorMonitor(send *bool) *cobra.Command {
	c := &cobra.Command{
		Use:   "monitor [NAME...]",
		Short: "Try the connection to DocuSign Monitor",
		Long: "Try the configured sources of DocuSign Monitor, all or those that are named, step by step: private key, token, clock, organisation,\n" +
			"one page of events, call budget. What is wrong is said in a DocuSign administrator's words. Nothing is stored, the service need not run,\n" +
			"and each source costs three or four calls of the account's budget.\n\nThe exit code is 1 when a source cannot be read.",
		Example: "  sealwatch doctor monitor --config sealwatch.yaml\n  sealwatch doctor monitor main -o json --config sealwatch.yaml",
		Args:    cobra.ArbitraryArgs,
	}
	return p.examining(c, mixed("monitor", send, app.DoctorMonitor))
}

func (p *process) doctorDocuSign(send *bool) *cobra.Command {
	c := &cobra.Command{
		Use:   "docusign [NAME...]",
		Short: "Try to read users and controls of DocuSign",
		Long: "Try to read what sources.docusign names, for all entries or those of the sources of DocuSign Monitor that are named, step by step: private key,\n" +
			"token, organisation, accounts, users with the domains that are claimed, controls. What is missing is said in a DocuSign administrator's\n" +
			"words, with the address at which consent is given. Nothing is stored, and the service need not run.\n\n" +
			"The exit code is 1 when something cannot be read at all; what the user may not read is a warning.",
		Example: "  sealwatch doctor docusign --config sealwatch.yaml",
		Args:    cobra.ArbitraryArgs,
	}
	return p.examining(c, mixed("docusign", send, app.DoctorDocuSign))
}

func (p *process) doctorEntra(send *bool) *cobra.Command {
	c := &cobra.Command{
		Use:   "entra [NAME...]",
		Short: "Try the connection to Microsoft Entra ID",
		Long: "Try the configured tenants of Microsoft Entra ID, all or those that are named, step by step: credential, token, one page of people, deleted\n" +
			"people, groups. What is wrong is said in an administrator's words. Nothing is stored, and the service need not run.\n\n" +
			"The exit code is 1 when a tenant cannot be read.",
		Example: "  sealwatch doctor entra --config sealwatch.yaml",
		Args:    cobra.ArbitraryArgs,
	}
	return p.examining(c, mixed("entra", send, app.DoctorEntra))
}

// attempt tries what is named, step by step.
type attempt func(ctx context.Context, cfg config.Config, names []string, report func(app.Step)) (bool, error)

// mixed is the attempt at one kind of source, beside which others can be named: the kind is a command and an argument of doctor, and
// the order of arguments must not matter.
func mixed(kind string, send *bool, only attempt) attempt {
	return func(ctx context.Context, cfg config.Config, names []string, report func(app.Step)) (bool, error) {
		if all, ok := app.DoctorNames(cfg, kind, names); ok {
			return app.Doctor(ctx, cfg, all, app.DoctorOptions{Send: *send}, report)
		}
		return only(ctx, cfg, names, report)
	}
}

// examining completes a command that tries sources step by step.
func (p *process) examining(c *cobra.Command, try attempt) *cobra.Command {
	s := p.settingsFlags(c)
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, names []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		steps := []app.Step{}
		report := func(s app.Step) {
			steps = append(steps, s)
			if !asJSON {
				p.print("%-8s  %s  %s%s", s.Outcome, s.Source, s.Name, explained(s.Text))
			}
		}
		cfg, err := s.load()
		s.tellWithout(err)
		if err != nil {
			_, err = s.checked() // nothing can be tried, so that no step would say the rest
		}
		if err != nil && (!asJSON || errors.As(err, new(usageError))) {
			return err
		}
		var broken bool
		if err != nil { // whoever reads JSON finds it there
			report(app.Step{Source: "configuration", Name: "file", Outcome: app.StepFailed, Text: message(err)})
			broken = true
		} else if broken, err = try(c.Context(), cfg, names, report); err != nil {
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
