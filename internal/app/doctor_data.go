package app

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/file"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/feed"
	"github.com/sealwatch/sealwatch/ingest/geo"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/config"
)

// oldDatabase is how old the newest release of a geo database may be before it is worth a warning.
const oldDatabase = 90 * 24 * time.Hour

func geoCheckups(cfg config.Config) []checkup {
	return []checkup{{"geo", func(_ context.Context, e *examination) {
		e.step("databases", func() (string, string, error) {
			l, err := geo.OpenDatabases(geo.Options{City: cfg.Ingest.CityDatabases, ASN: cfg.Ingest.ASNDatabases})
			if err != nil {
				return "", "", err
			}
			defer func() { _ = l.Close() }()
			var newest time.Time
			cities := 0
			all := l.Status().Databases
			for _, d := range all {
				if d.Kind == "city" {
					cities++
				}
				if d.Built.After(newest) {
					newest = d.Built
				}
			}
			switch {
			case cities == 0:
				return StepWarning, "there is no city database (ingest.cityDatabases): places are those that DocuSign gives", nil
			case time.Since(newest) > oldDatabase:
				return StepWarning, fmt.Sprintf("the newest of %d was built on %s: addresses move, so fetch newer ones", len(all), newest.Format(time.DateOnly)), nil
			}
			return StepOK, fmt.Sprintf("%d can be read, the newest of %s", len(all), newest.Format(time.DateOnly)), nil
		})
	}}}
}

func feedCheckups(cfg config.Config) (all []checkup) {
	for _, c := range cfg.Feeds {
		all = append(all, checkup{"feed/" + c.Name, func(ctx context.Context, e *examination) { e.feed(ctx, cfg, c) }})
	}
	return all
}

func (e *examination) feed(ctx context.Context, cfg config.Config, c config.Feed) {
	o, err := feedOptions(cfg.Tenant, c)
	e.step("settings", func() (string, string, error) {
		return StepOK, "category " + o.Says.Category + ", format " + o.Format, err
	})
	if u, err := url.Parse(o.URL); err == nil && u.Scheme == "https" {
		var roots *x509.CertPool
		if o.CAFile != "" {
			e.step("authorities", func() (_, _ string, err error) {
				roots, err = docusign.LoadRoots(o.CAFile)
				return StepOK, o.CAFile, err
			})
		}
		e.web(ctx, "https://"+u.Host, roots)
	}
	e.step("list", func() (string, string, error) {
		if o.Format == feed.FormatASN {
			databases, err := geo.OpenDatabases(geo.Options{ASN: cfg.Ingest.ASNDatabases})
			if err != nil {
				return "", "", err
			}
			defer func() { _ = databases.Close() }()
			o.Networks = announced{databases}
		}
		l, err := feed.Try(ctx, o)
		if err != nil {
			return "", "", err
		}
		if l.Bad > 0 {
			return StepWarning, fmt.Sprintf("%d networks, and %d entries that cannot be read, the first: %s", len(l.Entries), l.Bad, l.Problems[0]), nil
		}
		return StepOK, fmt.Sprintf("%d networks", len(l.Entries)), nil
	})
}

func destinationCheckups(cfg config.Config, opt DoctorOptions) (all []checkup) {
	for _, d := range cfg.Destinations {
		all = append(all, checkup{"destination/" + d.Name, func(ctx context.Context, e *examination) { e.destination(ctx, cfg, d, opt) }})
	}
	return all
}

func (e *examination) destination(ctx context.Context, cfg config.Config, d config.Destination, opt DoctorOptions) {
	e.delivery(ctx, cfg, &d)
	var exporter exporters.Exporter
	e.step("settings", func() (_, _ string, err error) {
		exporter, err = openDestination(&d, slog.New(slog.DiscardHandler))
		return StepOK, "kind " + d.Kind(), err
	})
	if exporter != nil {
		defer func() { _ = exporter.Close(ctx) }()
	}
	e.endpoints(ctx, exporter, d.Block())
	if k, ok := exporter.(exporters.Keeper); ok && slices.ContainsFunc(d.Block().Endpoints(), func(s string) bool { return strings.HasPrefix(s, "tls://") }) {
		e.step("TLS", func() (string, string, error) {
			ctx, cancel := context.WithTimeout(ctx, engineTimeout)
			defer cancel()
			return StepOK, "the receiver's certificate is trusted, and it refused nothing of ours", k.Keep(ctx)
		})
	}
	if x, ok := exporter.(*file.Exporter); ok {
		e.file(x, d.File)
	}
	if x, ok := exporter.(*sentinel.Exporter); ok {
		e.step("token", func() (string, string, error) {
			ctx, cancel := context.WithTimeout(ctx, engineTimeout)
			defer cancel()
			return StepOK, "there is a token; whether its bearer has the role on the rule shows when something is sent", x.Token(ctx)
		})
	}
	e.step("test message", func() (string, string, error) {
		if !opt.Send {
			return StepSkipped, "--send sends one", nil
		}
		patience := engineTimeout
		if p, ok := exporter.(exporters.Patient); ok { // it waits for an acknowledgement
			patience = max(patience, p.Patience())
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		message := testMessage(cfg.Tenant, time.Now().UTC())
		if err := exporter.Export(ctx, []alert.Change{message}); err != nil {
			var refused *exporters.Error
			if errors.As(err, &refused) && len(refused.Failed) > 0 {
				return "", "", errors.New(refused.Failed[0])
			}
			return "", "", err
		}
		if d.Splunk != nil {
			return StepOK, "Splunk has taken it; search there for event_uid=" + message.ID, nil
		}
		if d.Sentinel != nil {
			return StepOK, "Azure has taken it; look for the EventUid (or AlertId) " + message.ID + " in the table, which shows its first rows after up to 15 minutes when it is new", nil
		}
		if d.File != nil {
			return StepOK, "written; the alert " + message.ID + " is now a line of " + d.File.Path, nil
		}
		if d.Webhook != nil {
			return StepOK, "the server has taken it; what it made of the alert " + message.ID + " is seen there", nil
		}
		return StepOK, "sent; look for the alert " + message.ID + " there: syslog has no answer", nil
	})
}

// endpoints are the steps that reach the addresses of a destination.
func (e *examination) endpoints(ctx context.Context, exporter exporters.Exporter, b config.Block) {
	var roots *x509.CertPool
	if file := b.Authorities(); file != "" {
		e.step("authorities", func() (_, _ string, err error) {
			roots, err = docusign.LoadRoots(file)
			return StepOK, file, err
		})
	}
	for _, endpoint := range b.Endpoints() {
		u, err := url.Parse(endpoint)
		if err != nil {
			e.step("DNS", func() (string, string, error) { return "", "", errors.New("the address cannot be read") })
			continue
		}
		switch u.Scheme {
		case "https", "http":
			if x, ok := exporter.(exporters.Web); ok {
				e.webBy(ctx, endpoint, x.Transport())
			} else {
				e.web(ctx, endpoint, roots)
			}
		case "udp": // nothing answers there
			e.resolve(ctx, u.Hostname())
		default:
			e.resolve(ctx, u.Hostname())
			e.tcp(ctx, u.Host)
		}
	}
}

// testMessage is an alert that says that it is none. Its id is another each time: a receiver may show one alert of an id only.
func testMessage(tenant string, at time.Time) alert.Change {
	return alert.Change{Kind: alert.ChangeCreated, Alert: alert.Alert{ID: "sealwatch-doctor-test-" + rand.Text()[:10],
		Finding: alert.Finding{Tenant: tenant, Detection: "doctor", Key: "test", Title: "Test message of sealwatch doctor, no alert", Severity: alert.SeverityInformational, Subject: alert.Subject{Type: "source", ID: "sealwatch doctor"},
			Start: at, End: at, Anchor: at, Evidence: `{"test":true}`},
		Created: at, Updated: at, Actor: "doctor"}}
}
