package app

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/entra"
	"github.com/sealwatch/sealwatch/internal/config"
)

// soonExpired is how long before its end a certificate is worth a warning.
const soonExpired = 30 * 24 * time.Hour

// DoctorEntra tries the configured tenants of Microsoft Entra ID as DoctorMonitor does DocuSign Monitor.
func DoctorEntra(ctx context.Context, cfg config.Config, names []string, report func(Step)) (broken bool, err error) {
	return examine(ctx, "sources.entra", cfg.Sources.Entra, func(e config.EntraSource) string { return e.Name }, names, report, func(x *examination, e config.EntraSource) {
		x.source = directorySource(e.Name)
		x.entra(ctx, e)
	})
}

func (e *examination) entra(ctx context.Context, s config.EntraSource) {
	var client *entra.Client
	e.step("credential", func() (string, string, error) {
		var err error
		if client, err = openEntra(s, 2, slog.New(slog.DiscardHandler)); err != nil {
			return "", "", err
		}
		switch end := client.Expires(); {
		case end.IsZero():
			return StepOK, "the file holds a client secret and is not open to everybody", nil
		case time.Until(end) < soonExpired:
			return StepWarning, fmt.Sprintf("the certificate ends at %s: upload another one before", end.UTC().Format(time.RFC3339)), nil
		default:
			return StepOK, fmt.Sprintf("the file holds a certificate until %s and its key, and is not open to everybody", end.UTC().Format(time.DateOnly)), nil
		}
	})
	if client != nil {
		defer client.Close()
		var roots *x509.CertPool
		if s.CAFile != "" {
			roots, _ = docusign.LoadRoots(s.CAFile) // it was loaded before
		}
		e.hosts(ctx, "hosts", roots, client.Hosts()...)
	}
	e.step("token", func() (string, string, error) {
		return StepOK, "Entra ID gives a token: tenant, application and credential are right", client.Token(ctx)
	})
	e.step("page of people", func() (string, string, error) {
		n, err := client.TryPeople(ctx, s.LeaveDates)
		if err == nil && n == 0 {
			return StepWarning, "the application may read users, and the tenant has none", nil
		}
		return StepOK, "the application may read users", err
	})
	e.step("deleted people", func() (string, string, error) {
		return StepOK, "the application may read deleted users, with their dates", client.TryDeleted(ctx)
	})
	e.step("groups", func() (string, string, error) {
		if len(s.Groups) == 0 {
			return StepOK, "none are configured", nil
		}
		text := ""
		for _, id := range s.Groups {
			name, members, err := client.TryGroup(ctx, id)
			if err != nil {
				return "", "", err
			}
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%q with %d", name, members)
		}
		return StepOK, "members of " + text, nil
	})
}
