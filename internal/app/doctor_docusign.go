package app

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/controls"
	"github.com/sealwatch/sealwatch/ingest/docusign/roster"
	"github.com/sealwatch/sealwatch/internal/config"
)

// DoctorDocuSign tries to read users and controls of DocuSign as DoctorMonitor does the events.
func DoctorDocuSign(ctx context.Context, cfg config.Config, names []string, report func(Step)) (broken bool, err error) {
	return examine(ctx, "sources.docusign", cfg.Sources.DocuSign, func(d config.DocuSignSource) string { return d.Monitor }, names, report, func(e *examination, d config.DocuSignSource) {
		e.source = "docusign/" + d.Monitor
		e.docusign(ctx, cfg, d)
	})
}

func (e *examination) docusign(ctx context.Context, cfg config.Config, d config.DocuSignSource) {
	var r *docusignReader
	e.step("private key", func() (_, _ string, err error) {
		r, err = openDocuSign(cfg, d, true, slog.New(slog.DiscardHandler))
		return StepOK, "the file holds a private key and is not open to everybody", err
	})
	var roots *x509.CertPool
	if r != nil {
		defer r.asker.Client().Close()
		if i := slices.IndexFunc(cfg.Sources.Monitor, func(m config.MonitorSource) bool { return m.Name == d.Monitor }); cfg.Sources.Monitor[i].CAFile != "" {
			roots, _ = docusign.LoadRoots(cfg.Sources.Monitor[i].CAFile) // it was loaded before
		}
		env := r.asker.Client().Environment()
		e.hosts(ctx, "hosts", roots, env.OAuth, env.Management)
	}
	e.step("token", func() (string, string, error) {
		for part, scopes := range map[string]docusign.Scopes{config.ReadUsers: docusign.ScopesUsers, config.ReadControls: docusign.ScopesControls} {
			if !d.Reads(part) {
				continue
			}
			if err := r.asker.Client().Token(ctx, scopes); err != nil {
				return "", "", err
			}
		}
		return StepOK, "DocuSign gives tokens: key, user and consent are right", nil
	})
	organization := ""
	e.step("organisation", func() (_, _ string, err error) {
		organization, err = r.organization(ctx)
		return StepOK, organization, err
	})
	var bases []string
	e.step("accounts", func() (string, string, error) {
		all, err := r.asker.Accounts(ctx)
		if err != nil {
			return "", "", err
		}
		var names []string
		for _, a := range all {
			bases = append(bases, a.Base)
			names = append(names, fmt.Sprintf("%s (%s)", a.Name, a.ID))
		}
		if len(names) == 0 {
			return StepWarning, "the user is a member of no account, so that roles and controls of accounts are not seen: make it an administrator of the accounts", nil
		}
		return StepOK, strings.Join(names, ", "), nil
	})
	if len(bases) > 0 {
		e.hosts(ctx, "hosts of the accounts", roots, bases...)
	}
	if d.Reads(config.ReadControls) {
		e.step("controls", func() (string, string, error) {
			found, warnings, err := controls.Try(ctx, r.asker, organization, d.Accounts)
			switch {
			case err != nil:
				return "", "", err
			case len(warnings) > 0:
				return StepWarning, found + "; " + strings.Join(warnings, "; "), nil
			}
			return StepOK, found, nil
		})
	}
	if d.Reads(config.ReadUsers) {
		e.step("users", func() (string, string, error) {
			n, warnings, err := roster.Try(ctx, r.roster())
			switch {
			case err != nil:
				return "", "", err
			case len(warnings) > 0:
				return StepWarning, fmt.Sprintf("%d users on the first pages; %s", n, strings.Join(warnings, "; ")), nil
			}
			return StepOK, fmt.Sprintf("%d users on the first pages, all in claimed domains", n), nil
		})
	}
}
