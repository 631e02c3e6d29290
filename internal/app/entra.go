package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/entra"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/config"
)

const (
	withoutDirectory = "Who leaves the organisation meanwhile is not known, so that terminated_user does not see what they do; it is judged when the directory can be read again."
	afterDirectory   = "Who left meanwhile is known now; alerts on what they did came late."
)

// directorySource is how a directory that is read by itself is named among the sources.
func directorySource(name string) string { return "directory/" + name }

// openEntra makes what a tenant is asked with; it makes no call. One that fails is tried so many times, 0 is the usual.
func openEntra(e config.EntraSource, attempts int, log *slog.Logger) (*entra.Client, error) {
	cloud, err := entra.CloudOf(e.Cloud)
	problems := []error{of("cloud", err)}
	if err == nil && e.Endpoint != "" {
		cloud, err = entra.CloudAt(e.Endpoint)
		problems = append(problems, of("endpoint", err))
	}
	var credential *entra.Credential
	if e.CertificateFile != "" {
		credential, err = entra.LoadCertificate(e.CertificateFile)
		problems = append(problems, of("certificateFile", err))
	} else {
		credential, err = entra.LoadSecret(e.ClientSecretFile)
		problems = append(problems, of("clientSecretFile", err))
	}
	var roots *x509.CertPool
	if e.CAFile != "" {
		roots, err = docusign.LoadRoots(e.CAFile)
		problems = append(problems, of("caFile", err))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return entra.NewClient(entra.ClientOptions{Cloud: cloud, TenantID: strings.ToLower(e.TenantID), ClientID: strings.ToLower(e.ClientID), Credential: credential,
		Transport: docusign.NewTransport(roots), UserAgent: "sealwatch/" + build.Read().Version, Attempts: attempts, Logger: log})
}

// startEntra reads each configured tenant.
func startEntra(work context.Context, cfg config.Config, opt Options, by askedBy, people *peopleBook) ([]askedSource, error) {
	positions := newTextPositions(by.db)
	var all []askedSource
	for _, e := range cfg.Sources.Entra {
		source := directorySource(e.Name)
		log := opt.Logger.With(slog.String("source", source))
		client, err := openEntra(e, 0, log)
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		in, err := entra.New(entra.Options{Name: e.Name, Position: "entra/" + cfg.Tenant + "/" + e.Name, Client: client, Groups: e.Groups, LeaveDates: e.LeaveDates,
			People: people, Positions: positions, Watch: askedWatch{by.watch, withoutDirectory, afterDirectory}, Now: time.Now, Logger: log})
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		interval, retry := pauses(opt, e.Every())
		p, err := rounds.New(rounds.Options{Source: source, Title: fmt.Sprintf("the directory Microsoft Entra ID (%s)", e.Name), Round: in.Round, Explain: entra.Explain, Calls: client.Calls,
			Watch: askedWatch{by.watch, withoutDirectory, afterDirectory}, Interval: interval, FirstRetry: retry, Logger: opt.Logger, Registerer: by.registry})
		if err != nil {
			return nil, fmt.Errorf("app: source %s: %w", source, err)
		}
		people.polled.register(e.Name, p.Wake)
		by.run(work, source, p, client.Close)
		all = append(all, p)
	}
	return all, nil
}
