package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

func (p *process) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Activity policies: alerts on events that you describe",
		Long: "An activity policy raises alerts on events that you describe: a filter, how many of them within which time, and whom they have\n" +
			"in common. It is a file of YAML; a folder of them can be kept in version control, tested, compared with the service and applied.",
	}
	c.AddCommand(p.policyTemplates(), p.policyTest(), p.policyDiff(), p.policyApply(), p.policyList(), p.policyShow(), p.policyBacktest(), p.policyDelete())
	return c
}

func policyID(name string) string { return strings.TrimPrefix(name, app.PolicyPrefix) }

func (p *process) policyList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the policies of the service", Example: "  sealwatch policy list", Args: cobra.NoArgs}
	address, output := p.addressFlag(c), outputForms(c, "table")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		all, err := p.serverPolicies(c.Context(), *address)
		if err != nil {
			return err
		}
		for i, m := range all {
			if asJSON {
				text, err := messageJSON(m, "  ")
				if err != nil {
					return err
				}
				_, _ = fmt.Fprint(p.out, listStart(i)+text)
				continue
			}
			state := "since " + stamp(m.GetApplyTime().AsTime())
			if m.GetDisabled() {
				state = "disabled"
			}
			p.print("%s  %s, %s: %s\n    %s", terminal.Text(policyID(m.GetName())), severityName(m.GetSeverity()), terminal.Text(state), terminal.Text(m.GetTitle()), terminal.Text(m.GetSummary()))
			one := app.PolicyOf(m)
			if text := overLimit(one.Limit(), m.GetStatus().GetDays()); text != "" {
				p.print("    %s", text)
			}
		}
		switch {
		case asJSON:
			p.print("%s", listEnd(len(all)))
		case len(all) == 0:
			p.say("there is no policy; sealwatch policy templates has some to begin with")
		}
		return nil
	}
	return c
}

// serverPolicies are all policies of the service.
func (p *process) serverPolicies(ctx context.Context, address string) ([]*sealwatchv1.Policy, error) {
	conn, err := connect(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewPolicyServiceClient(conn)
	request := &sealwatchv1.ListPoliciesRequest{PageSize: 1000}
	var all []*sealwatchv1.Policy
	for {
		page, err := client.ListPolicies(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, page.GetPolicies()...)
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all, nil
		}
	}
}

func (p *process) policyShow() *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "Show a policy as a file, and what it found lately",
		Long:    "Show a policy as YAML, as a file for sealwatch policy apply has it, and in comments who made it and what it found on the last thirty\ndays.",
		Example: "  sealwatch policy show mass_download > policies/mass_download.yaml",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputForms(c, "yaml")
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		m, err := sealwatchv1.NewPolicyServiceClient(conn).GetPolicy(c.Context(), &sealwatchv1.GetPolicyRequest{Name: app.PolicyPrefix + policyID(args[0])})
		if err != nil {
			return err
		}
		if asJSON {
			text, err := messageJSON(m, "")
			if err != nil {
				return err
			}
			p.print("%s", text)
			return nil
		}
		return p.showPolicy(m)
	}
	return c
}

func (p *process) showPolicy(m *sealwatchv1.Policy) error {
	note := func(format string, args ...any) { p.print("# %s", terminal.Text(fmt.Sprintf(format, args...))) }
	note("%s", m.GetSummary())
	from := ""
	if m.GetFile() != "" {
		from = ", from the file " + m.GetFile()
	}
	note("by %s on %s%s; judges what happens from %s on%s; its alerts: sealwatch alerts list --detection %s", m.GetAuthor(), stamp(m.GetUpdateTime().AsTime()), from, stamp(m.GetApplyTime().AsTime()), before(m), m.GetDetection())
	if e := m.GetStatus().GetLastError(); e != "" {
		note("it could not be evaluated: %s", e)
	}
	for _, w := range m.GetWarnings() {
		note("warning: %s: %s", w.GetField(), w.GetDescription())
	}
	one := app.PolicyOf(m)
	for _, d := range m.GetStatus().GetDays() {
		text := fmt.Sprintf("%s: %s", d.GetDate(), numbered(int(d.GetAlerts()), "alert", "alerts"))
		if n := d.GetOverLimit(); n > 0 {
			text += fmt.Sprintf(", and %d more over the limit of %d a day, which it counted", n, one.Limit())
		}
		if n := d.GetSuppressed(); n > 0 {
			text += fmt.Sprintf(", %d suppressed", n)
		}
		note("%s", text)
	}
	text, err := app.FormatPolicy(&one)
	if err != nil {
		return err
	}
	_, err = p.out.Write(text) // YAML escapes what a terminal must not get
	return err
}

// before says that a policy found something on days before it was in force.
func before(m *sealwatchv1.Policy) string {
	for _, d := range m.GetStatus().GetDays() {
		if d.GetAlerts()+d.GetSuppressed()+d.GetOverLimit() > 0 && d.GetDate() < m.GetApplyTime().AsTime().Format(time.DateOnly) {
			return ", and earlier where a re-evaluation or an older version did"
		}
	}
	return ""
}

func (p *process) policyTemplates() *cobra.Command {
	c := &cobra.Command{
		Use: "templates [ID]", Short: "List the policies that come with Sealwatch, or print one as a file",
		Long:    "List the policies that come with Sealwatch, or print one as a file. None is in force until it is applied; each is disabled, so take\ndisabled out of the file.",
		Example: "  sealwatch policy templates\n  sealwatch policy templates mass_download > policies/mass_download.yaml",
		Args:    cobra.MaximumNArgs(1),
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		all, err := app.PolicyTemplates()
		if err != nil {
			return err
		}
		var ids []string
		for i := range all {
			ids = append(ids, all[i].ID)
			if len(args) == 0 {
				p.print("%s  %s: %s\n    %s", all[i].ID, all[i].Severity, all[i].Name, app.DescribePolicy(&all[i]))
			} else if all[i].ID == args[0] {
				text, err := app.FormatPolicy(&all[i])
				if err != nil {
					return err
				}
				_, err = p.out.Write(text)
				return err
			}
		}
		if len(args) > 0 {
			return usagef("there is no template %q%s", args[0], spelling.Instead(args[0], ids))
		}
		return nil
	}
	return c
}

func (p *process) policyTest() *cobra.Command {
	c := &cobra.Command{
		Use: "test [FOLDER]", Short: "Run the tests of the policies of a folder on an engine of its own",
		Long: "Run the tests of the policies of a folder: the files of its folder tests, each with events and the alerts that are expected (docs/policies.md).\n" +
			"An engine on a temporary directory runs them: all at once, and, where there is a late part, again with that after the others. Without\n" +
			"a folder, the templates.",
		Example: "  sealwatch policy test policies/",
		Args:    cobra.MaximumNArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		var all []policy.Policy
		var tests fs.FS
		var err error
		if len(args) == 0 {
			if all, err = app.PolicyTemplates(); err != nil {
				return err
			}
			if tests, err = app.PolicyTemplateCases(); err != nil {
				return err
			}
		} else {
			files, err := app.ReadPolicies(args[0])
			if err != nil {
				return err
			}
			for _, one := range files {
				all = append(all, one)
			}
			tests = os.DirFS(filepath.Join(args[0], "tests"))
		}
		cfg, err := config.Load(config.Options{Environ: p.environ, Executable: p.executable})
		if err != nil {
			return err
		}
		cfg.Log.Level = "warn"
		log, err := newLogger(p.err, cfg.Log)
		if err != nil {
			return err
		}
		failed, ran, mistyped := 0, 0, 0
		slices.SortFunc(all, func(a, b policy.Policy) int { return strings.Compare(a.ID, b.ID) })
		doubt := func(id string, d policy.Doubt) {
			if d.Never {
				mistyped++
				p.print("FAIL  %s: %s: %s", terminal.Text(id), terminal.Text(d.Where), terminal.Text(d.Text))
				return
			}
			// what the service knows of events, addresses and people is not known here
			p.print("warn  %s: %s: no test of it has the %s %s%s", terminal.Text(id), terminal.Text(d.Where), strings.ReplaceAll(d.Field, "_", " "), terminal.Text(d.Value), terminal.Text(d.Hint))
		}
		err = app.TestPolicies(c.Context(), cfg, app.PolicyTest{Policies: all, Tests: tests, Logger: log, Doubt: doubt, Result: func(file, what string, problems []string) {
			ran++
			if len(problems) == 0 {
				p.print("ok    %s: %s", terminal.Text(file), terminal.Text(what))
				return
			}
			failed++
			p.print("FAIL  %s: %s", terminal.Text(file), terminal.Text(what))
			for _, problem := range problems {
				p.print("        %s", terminal.Text(problem))
			}
		}})
		if err != nil {
			return err
		}
		p.say("%d of %s as expected", ran-failed, numbered(ran, "test", "tests"))
		if failed+mistyped > 0 {
			return errSaid
		}
		return nil
	}
	return c
}

func (p *process) policyDelete() *cobra.Command {
	c := &cobra.Command{
		Use: "delete ID", Short: "Delete a policy; its alerts stay",
		Long:    "Delete a policy, after asking. Its alerts stay, and late events of the time when it was there are judged by it; from now on it judges\nnothing. To stop it and keep it, set disabled in its file and apply that.",
		Example: "  sealwatch policy delete mass_download\n  sealwatch policy delete mass_download --yes",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	sure := c.Flags().Bool("yes", false, "do not ask")
	request := &sealwatchv1.DeletePolicyRequest{}
	p.authorFlag(c, &request.Author)
	c.RunE = func(c *cobra.Command, args []string) error {
		request.Name = app.PolicyPrefix + policyID(args[0])
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewPolicyServiceClient(conn)
		m, err := client.GetPolicy(c.Context(), &sealwatchv1.GetPolicyRequest{Name: request.GetName()})
		if err != nil {
			return err
		}
		if !*sure {
			yes, err := p.yes(c.Context(), "to delete it, say --yes", fmt.Sprintf("Delete the policy %s (%s)? Its alerts stay.", terminal.Text(policyID(m.GetName())), terminal.Text(m.GetTitle())))
			if err != nil {
				return err
			}
			if !yes {
				p.say("nothing was changed")
				return errSaid
			}
		}
		request.Etag = m.GetEtag() // what was changed meanwhile is another policy than the one that was shown
		if _, err := client.DeletePolicy(c.Context(), request); err != nil {
			return err
		}
		p.say("%s is deleted; its alerts stay", terminal.Text(policyID(m.GetName())))
		return nil
	}
	return c
}

// policyFolder reads a folder, or one file.
func policyFolder(path string) ([]policy.Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var all []policy.Policy
	if !info.IsDir() {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		one, err := app.ParsePolicy(text)
		if err != nil {
			return nil, app.PolicyFileError(path, err)
		}
		return []policy.Policy{one}, nil
	}
	files, err := app.ReadPolicies(path)
	if err != nil {
		return nil, err
	}
	from := map[string]string{}
	for name, one := range files {
		if other := from[one.ID]; other != "" {
			return nil, fmt.Errorf("%s: id: %s is that of %s, too", name, one.ID, other)
		}
		from[one.ID] = name
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b policy.Policy) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// yes asks on the terminal; without one it says what does instead.
func (p *process) yes(ctx context.Context, instead, question string) (bool, error) {
	if !p.inTerminal {
		return false, usagef("standard input is no terminal to ask on; %s", instead)
	}
	_, _ = fmt.Fprint(p.err, question+" Type yes: ")
	var answer bytes.Buffer
	buf := make([]byte, 1)
	for ctx.Err() == nil {
		n, err := p.in.Read(buf)
		if n > 0 && buf[0] == '\n' || err != nil && errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, err
		}
		answer.Write(buf[:n])
	}
	return strings.TrimSpace(answer.String()) == "yes", ctx.Err()
}

// patience bounds one change.
const patience = time.Minute
