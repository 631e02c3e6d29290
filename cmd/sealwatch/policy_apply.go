package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// policyChange is one difference between a folder and the service; before or after is nil where there is none.
type policyChange struct {
	id            string
	before, after *policy.Policy
	etag, text    string
}

func (p *process) policyDiff() *cobra.Command {
	c := &cobra.Command{
		Use: "diff FOLDER", Short: "Show what apply would change",
		Long:    "Show what sealwatch policy apply would change, as differences of the files. It ends with 1 when there are some. Policies that the service\nreads from its own folder are left out.",
		Example: "  sealwatch policy diff policies/",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	partial := c.Flags().Bool("keep", false, "leave policies alone that the folder does not have")
	c.RunE = func(c *cobra.Command, args []string) error {
		changes, err := p.policyChanges(c.Context(), *address, args[0], *partial)
		if err != nil {
			return err
		}
		p.showChanges(changes)
		if len(changes) > 0 {
			return errSaid
		}
		return nil
	}
	return c
}

func (p *process) policyApply() *cobra.Command {
	c := &cobra.Command{
		Use: "apply FOLDER", Short: "Make the service's policies those of a folder",
		Long: "Make the policies of the service those of a folder: what is new is made, what differs is changed, and what the folder does not have is\n" +
			"deleted, but with --keep, or when a single file is given. The difference is shown first, and asked about. What somebody else changes in\n" +
			"between is not overwritten. Policies that the service reads from its own folder are left alone.",
		Example: "  sealwatch policy apply policies/\n  sealwatch policy apply policies/mass_download.yaml --yes",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	partial := c.Flags().Bool("keep", false, "leave policies alone that the folder does not have")
	yes := c.Flags().Bool("yes", false, "do not ask")
	none := c.Flags().Bool("delete-all", false, "a folder without a policy is meant so: delete every policy of the service")
	author := ""
	p.authorFlag(c, &author)
	c.RunE = func(c *cobra.Command, args []string) error {
		changes, err := p.policyChanges(c.Context(), *address, args[0], *partial)
		if err != nil {
			return err
		}
		if err := p.examine(c.Context(), *address, args[0], author, changes); err != nil {
			return err
		}
		p.showChanges(changes)
		if len(changes) == 0 {
			return nil
		}
		if gone := deletions(changes); gone > 0 && gone == len(changes) && len(changes) > 0 && !*none {
			if kept, err := policyFolder(args[0]); err == nil && len(kept) == 0 {
				return usagef("%s has no policy (a file .yaml or .yml), and %s would be deleted; if that is meant, say --delete-all", args[0], numbered(gone, "policy", "policies"))
			}
		}
		if !*yes {
			sure, err := p.yes(c.Context(), "look at what it changes first, and then say --yes", question(changes))
			if err != nil {
				return err
			}
			if !sure {
				p.say("nothing was changed")
				return errSaid
			}
		}
		return p.applyPolicies(c.Context(), *address, author, changes)
	}
	return c
}

// policyChanges compares a folder with the service.
func (p *process) policyChanges(ctx context.Context, address, path string, partial bool) ([]policyChange, error) {
	wanted, err := policyFolder(path)
	if err != nil {
		return nil, err
	}
	there, err := p.serverPolicies(ctx, address)
	if err != nil {
		return nil, err
	}
	partial = partial || strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".yml")
	var changes []policyChange
	add := func(c policyChange) error {
		var before, after []byte
		var err error
		if c.before != nil {
			if before, err = app.FormatPolicy(c.before); err != nil {
				return err
			}
		}
		if c.after != nil {
			if after, err = app.FormatPolicy(c.after); err != nil {
				return err
			}
		}
		if string(before) == string(after) {
			return nil
		}
		c.text, err = difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(string(before)), B: difflib.SplitLines(string(after)), FromFile: "service", ToFile: "folder", Context: 2})
		changes = append(changes, c)
		return err
	}
	known := map[string]*sealwatchv1.Policy{}
	for _, m := range there {
		known[policyID(m.GetName())] = m
	}
	for i := range wanted {
		c := policyChange{id: wanted[i].ID, after: &wanted[i]}
		if m := known[c.id]; m != nil {
			if m.GetFile() != "" {
				return nil, fmt.Errorf("policy %s comes from the file %s of the service's own folder (policies.folder); change it there", c.id, m.GetFile())
			}
			one := app.PolicyOf(m)
			c.before, c.etag = &one, m.GetEtag()
		}
		if err := add(c); err != nil {
			return nil, err
		}
	}
	for _, m := range there {
		id := policyID(m.GetName())
		if partial || m.GetFile() != "" || slices.ContainsFunc(wanted, func(w policy.Policy) bool { return w.ID == id }) {
			continue
		}
		one := app.PolicyOf(m)
		if err := add(policyChange{id: id, before: &one, etag: m.GetEtag()}); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func (p *process) showChanges(changes []policyChange) {
	for _, c := range changes {
		what := "change"
		switch {
		case c.before == nil:
			what = "new"
		case c.after == nil:
			what = "delete"
		}
		p.print("%s: %s", what, terminal.Text(c.id))
		for line := range strings.Lines(c.text) {
			p.print("    %s", terminal.Text(strings.TrimRight(line, "\n")))
		}
	}
	if len(changes) == 0 {
		p.say("the service has the policies of the folder")
	}
}

func (p *process) applyPolicies(ctx context.Context, address, author string, changes []policyChange) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewPolicyServiceClient(conn)
	for _, c := range changes {
		ctx, cancel := context.WithTimeout(ctx, patience)
		var stored *sealwatchv1.Policy
		var err error
		switch {
		case c.before == nil:
			stored, err = client.CreatePolicy(ctx, &sealwatchv1.CreatePolicyRequest{Policy: app.PolicyMessage(c.after), PolicyId: c.id, Author: author})
		case c.after == nil:
			_, err = client.DeletePolicy(ctx, &sealwatchv1.DeletePolicyRequest{Name: app.PolicyPrefix + c.id, Etag: c.etag, Author: author})
		default:
			m := app.PolicyMessage(c.after)
			m.Etag = c.etag
			stored, err = client.UpdatePolicy(ctx, &sealwatchv1.UpdatePolicyRequest{Policy: m, Author: author})
		}
		cancel()
		if err != nil {
			return fmt.Errorf("policy %s: %w", c.id, err)
		}
		p.say("%s", became(c, stored))
		for _, w := range stored.GetWarnings() {
			p.say("  warning: %s: %s", terminal.Text(w.GetField()), terminal.Text(w.GetDescription()))
		}
	}
	return nil
}

// became says what a change that was made means.
func became(c policyChange, stored *sealwatchv1.Policy) string {
	switch {
	case c.after == nil:
		return c.id + " is deleted; its alerts stay"
	case c.after.Disabled && (c.before == nil || c.before.Disabled):
		return c.id + " is stored, and disabled: it judges nothing"
	case c.after.Disabled:
		return c.id + " is disabled from now on: it judges nothing"
	}
	text := c.id + " is in force: it judges what happens from now on"
	if at := stored.GetApplyTime(); at != nil {
		text = c.id + " is in force: it judges what happens from " + stamp(at.AsTime()) + " on"
	}
	return text + "; sealwatch reevaluate --detection " + policy.DetectionPrefix + c.id + " --from 30d shows what it makes of the past"
}

func deletions(changes []policyChange) (n int) {
	for _, c := range changes {
		if c.after == nil {
			n++
		}
	}
	return n
}

// question asks whether changes are wanted, and names what cannot be taken back.
func question(changes []policyChange) string {
	text := "Make " + numbered(len(changes), "change", "changes")
	if n := deletions(changes); n > 0 {
		text += ", of which " + numbered(n, "deletes a policy", "delete a policy")
	}
	return text + "?"
}

// numbered is a number with its noun.
func numbered(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
