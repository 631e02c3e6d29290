package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/roster"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/directory"
)

const (
	withoutRoster = "Whom the ids in new events belong to is not known meanwhile; what is known stays."
	afterRoster   = "Names, addresses and roles are known again."
)

// docusignReader asks DocuSign for what is read beside the events.
type docusignReader struct {
	config.DocuSignSource
	asker        *docusign.Asker
	organization func(context.Context) (string, error)
}

func (r *docusignReader) roster() roster.Reader {
	return roster.Reader{Name: monitorSource(r.Monitor), Asker: r.asker, Organization: r.organization, Accounts: r.Accounts}
}

// openDocuSign makes what the users and controls of a source are read with, each call tried once or again; it makes no call.
func openDocuSign(cfg config.Config, d config.DocuSignSource, once bool, log *slog.Logger) (*docusignReader, error) {
	i := slices.IndexFunc(cfg.Sources.Monitor, func(m config.MonitorSource) bool { return m.Name == d.Monitor })
	if i < 0 {
		return nil, fmt.Errorf("found no entry %q in sources.monitor", d.Monitor)
	}
	m := cfg.Sources.Monitor[i]
	m.API = poll.V3 // whose organisation it is has to be known
	client, stream, err := openMonitor(m, log)
	if err != nil {
		return nil, err
	}
	return &docusignReader{DocuSignSource: d, asker: docusign.NewAsker(client, docusign.AskerOptions{Once: once, Logger: log}), organization: stream.Organization}, nil
}

// startDocuSign reads the users of DocuSign as one directory, and the controls of each entry.
func startDocuSign(work context.Context, cfg config.Config, opt Options, by askedBy, people *peopleBook) ([]askedSource, error) {
	var readers []roster.Reader
	var closing []func()
	var interval time.Duration
	for _, d := range cfg.Sources.DocuSign {
		if !d.Reads(config.ReadUsers) {
			continue
		}
		r, err := openDocuSign(cfg, d, false, opt.Logger.With(slog.String("source", directorySource(directory.SourceDocuSign))))
		if err != nil {
			return nil, fmt.Errorf("app: users of DocuSign by %s: %w", monitorSource(d.Monitor), err)
		}
		readers, closing = append(readers, r.roster()), append(closing, r.asker.Client().Close)
		if every := d.UsersEvery(); interval == 0 || every < interval {
			interval = every
		}
	}
	if len(readers) == 0 {
		return nil, nil
	}
	source := directorySource(directory.SourceDocuSign)
	in, err := roster.New(roster.Options{Readers: readers, People: people, Watch: askedWatch{by.watch, withoutRoster, afterRoster}, Members: by.members, Logger: opt.Logger.With(slog.String("source", source))})
	if err != nil {
		return nil, fmt.Errorf("app: source %s: %w", source, err)
	}
	interval, retry := pauses(opt, interval)
	p, err := rounds.New(rounds.Options{Source: source, Title: "the users of DocuSign", Round: in.Round, Explain: roster.Explain, Calls: in.Calls, Watch: askedWatch{by.watch, withoutRoster, afterRoster},
		Interval: interval, FirstRetry: retry, Logger: opt.Logger, Registerer: by.registry})
	if err != nil {
		return nil, fmt.Errorf("app: source %s: %w", source, err)
	}
	people.polled.register(directory.SourceDocuSign, p.Wake)
	by.run(work, source, p, func() {
		for _, c := range closing {
			c()
		}
	})
	return []askedSource{p}, nil
}

// pauses are the time between two rounds and the first pause after a failure; a test makes both short.
func pauses(opt Options, interval time.Duration) (every, retry time.Duration) {
	if opt.SourceInterval > 0 {
		return opt.SourceInterval, opt.SourceInterval
	}
	return interval, 0
}
