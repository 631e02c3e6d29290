package app

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/internal/config"
)

// Outcomes of a step.
const (
	StepOK      = "ok"
	StepWarning = "warning"
	StepFailed  = "failed"
	// StepSkipped was not tried because one before it failed.
	StepSkipped = "skipped"
)

// Step is one thing that was tried.
type Step struct {
	Source  string `json:"source"`
	Name    string `json:"step"`
	Outcome string `json:"outcome"`
	// Text says what was found, and what to do where something is wrong.
	Text string `json:"text"`
}

const (
	// doctorSpan is how far back the page of a check begins, doctorRecords its size.
	doctorSpan    = 24 * time.Hour
	doctorRecords = 100
	// noticeableSkew of the clock is worth a warning.
	noticeableSkew = 30 * time.Second
)

// DoctorMonitor tries the configured sources of DocuSign Monitor, those of the names or all, step by step, and stores
// nothing. It returns whether something is broken; the error is that of a name which does not exist, or of ctx.
func DoctorMonitor(ctx context.Context, cfg config.Config, names []string, report func(Step)) (broken bool, err error) {
	return examine(ctx, "sources.monitor", cfg.Sources.Monitor, func(m config.MonitorSource) string { return m.Name }, names, report, func(e *examination, m config.MonitorSource) {
		e.source = monitorSource(m.Name)
		e.monitor(ctx, m)
	})
}

// examine tries the sources of a section of the configuration, those of the names or all.
func examine[T any](ctx context.Context, section string, all []T, nameOf func(T) string, names []string, report func(Step), try func(*examination, T)) (broken bool, err error) {
	var known []string
	for _, one := range all {
		known = append(known, nameOf(one))
	}
	if len(known) == 0 {
		return false, fmt.Errorf("the configuration has no source under %s; docs/sources.md says how to write one", section)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return false, fmt.Errorf("no source %q is configured; expected one of %s", name, strings.Join(known, ", "))
		}
	}
	for _, one := range all {
		if len(names) > 0 && !slices.Contains(names, nameOf(one)) {
			continue
		}
		e := examination{report: report}
		try(&e, one)
		if ctx.Err() != nil {
			return broken, ctx.Err()
		}
		broken = broken || e.broken
	}
	return broken, nil
}

// examination of one source: after the first step that fails the others are skipped.
type examination struct {
	source string
	report func(Step)
	broken bool
	// organization that a source of DocuSign turned out to be of.
	organization string
}

func (e *examination) step(name string, try func() (outcome, text string, err error)) {
	e.stepAt("", name, try)
}

// stepAt is step for what is done at a host, which is named when it is skipped.
func (e *examination) stepAt(host, name string, try func() (outcome, text string, err error)) {
	s := Step{Source: e.source, Name: name, Outcome: StepSkipped, Text: host}
	if !e.broken {
		outcome, text, err := try()
		s.Outcome, s.Text = outcome, text
		if err != nil {
			s.Outcome, s.Text = StepFailed, err.Error()
			e.broken = true
		}
	}
	e.report(s)
}

func (e *examination) monitor(ctx context.Context, m config.MonitorSource) {
	var client *docusign.Client
	var stream *poll.Stream
	e.step("private key", func() (_, _ string, err error) {
		client, stream, err = openMonitor(m, slog.New(slog.DiscardHandler))
		return StepOK, "the file holds a private key and is not open to everybody", err
	})
	if client != nil {
		defer client.Close()
	}
	var roots *x509.CertPool
	if m.CAFile != "" && !e.broken {
		roots, _ = docusign.LoadRoots(m.CAFile) // it was loaded before
	}
	if client != nil {
		e.web(ctx, client.Environment().OAuth, roots)
	}
	e.step("token", func() (string, string, error) {
		if err := client.Token(ctx, stream.Scopes()); err != nil {
			return "", "", err
		}
		return StepOK, "DocuSign gives a token: key, user and consent are right", nil
	})
	e.step("clock", func() (string, string, error) {
		if skew := client.Skew(); skew.Abs() > noticeableSkew {
			return StepWarning, fmt.Sprintf("the clocks of this machine and of DocuSign are %s apart: set the clock (NTP) before tokens are refused", skew.Abs()), nil
		}
		return StepOK, "it agrees with DocuSign's", nil
	})
	if client != nil {
		e.hosts(ctx, "API host", roots, stream.Hosts()...)
	}
	e.step("organisation", func() (string, string, error) {
		id, err := stream.Organization(ctx)
		if id == "" {
			return StepOK, "api v2 goes by the user and needs none", err
		}
		e.organization = id
		return StepOK, id, err
	})
	var page *poll.Page
	e.step("page of events", func() (_, _ string, err error) {
		if page, err = stream.Page(ctx, time.Now().Add(-doctorSpan).UTC().Format(time.RFC3339), doctorRecords); err != nil {
			return "", "", err
		}
		return e.page(page)
	})
	e.step("call budget", func() (string, string, error) {
		l := page.Limits
		switch {
		case l.Remaining < 0:
			return StepOK, "DocuSign does not say it; the documented one is kept", nil
		case l.Limit > 0 && l.Remaining < l.Limit/10:
			return StepWarning, fmt.Sprintf("only %d of %d calls of this hour are left: another application of the account uses them up", l.Remaining, l.Limit), nil
		}
		return StepOK, fmt.Sprintf("%d calls of this hour are left", l.Remaining), nil
	})
}

// page says what a page holds.
func (e *examination) page(p *poll.Page) (string, string, error) {
	good, broken := 0, ""
	for _, raw := range p.Records {
		if _, err := monitor.Decode(raw); err != nil {
			broken = err.Error()
			continue
		}
		good++
	}
	switch {
	case broken != "":
		return StepWarning, fmt.Sprintf("%d of %d records can be read; of the others, the last: %s", good, len(p.Records), broken), nil
	case good == 0:
		return StepWarning, "DocuSign lets the user read, and the first page of the last 24 hours has no events: Monitor sees only users whose e-mail domain the organisation has claimed", nil
	}
	return StepOK, fmt.Sprintf("DocuSign lets the user read: %d events, the first page of the last 24 hours", good), nil
}
