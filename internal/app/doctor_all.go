package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/config"
)

// DoctorOptions say how much is tried.
type DoctorOptions struct {
	// Send sends a test message to each destination.
	Send bool
	// EngineCommand is that of Options.
	EngineCommand []string
}

// checkup is one thing that Doctor tries: what it is of, as a Step names it, and how. Whoever adds a source or a destination adds
// its checkups to the list.
type checkup struct {
	source string
	try    func(ctx context.Context, e *examination)
}

// kindEntra is what the directories of Microsoft Entra ID are called on the command line and in the configuration.
const kindEntra = "entra"

// named says whether a checkup is meant by its whole name, or by what comes before the slash.
func (c checkup) named(name string) bool {
	kind, one, whole := strings.Cut(name, "/")
	if kind == kindEntra {
		kind = strings.TrimSuffix(directorySource(""), "/")
	}
	if whole {
		return c.source == kind+"/"+one
	}
	of, _, _ := strings.Cut(c.source, "/")
	return c.source == kind || of == kind
}

// DoctorNames are the names behind a kind of source, as Doctor takes them. The word after the kind can name one of its sources, or
// something else that is to be tried as well; mixed says that one does.
func DoctorNames(cfg config.Config, kind string, names []string) (all []string, mixed bool) {
	some := checkups(cfg, DoctorOptions{})
	configured := func(name string) bool {
		return slices.ContainsFunc(some, func(c checkup) bool { return c.named(name) })
	}
	own := false
	for _, name := range names {
		switch {
		case configured(kind + "/" + name):
			own = true
			name = kind + "/" + name
		case configured(name):
			of, _, whole := strings.Cut(name, "/")
			own = own || whole && of == kind
			mixed = true
		default:
			return nil, false
		}
		all = append(all, name)
	}
	if !own {
		all = append(all, kind)
	}
	return all, mixed && (own || configured(kind))
}

// checkups are all that there are for a configuration, in the order in which they are tried.
func checkups(cfg config.Config, opt DoctorOptions) []checkup {
	return slices.Concat(configurationCheckups(cfg), engineCheckups(cfg, opt), geoCheckups(cfg), monitorCheckups(cfg), docusignCheckups(cfg), entraCheckups(cfg), connectCheckups(cfg), feedCheckups(cfg),
		destinationCheckups(cfg, opt))
}

func monitorCheckups(cfg config.Config) (all []checkup) {
	for _, m := range cfg.Sources.Monitor {
		all = append(all, checkup{monitorSource(m.Name), func(ctx context.Context, e *examination) { e.monitor(ctx, m) }})
	}
	return all
}

func docusignCheckups(cfg config.Config) (all []checkup) {
	for _, d := range cfg.Sources.DocuSign {
		all = append(all, checkup{"docusign/" + d.Monitor, func(ctx context.Context, e *examination) { e.docusign(ctx, cfg, d) }})
	}
	return all
}

func entraCheckups(cfg config.Config) (all []checkup) {
	for _, s := range cfg.Sources.Entra {
		all = append(all, checkup{directorySource(s.Name), func(ctx context.Context, e *examination) { e.entra(ctx, s) }})
	}
	return all
}

func configurationCheckups(cfg config.Config) []checkup {
	return []checkup{{"configuration", func(_ context.Context, e *examination) {
		e.step("detections", func() (string, string, error) {
			definitions, tuned, err := loadDetections(cfg)
			if err != nil {
				return "", "", err
			}
			off, err := switchedOff(cfg, definitions)
			text := fmt.Sprintf("%d are in force", len(tuned))
			for i, d := range off {
				text += map[bool]string{true: "; off: ", false: ", "}[i == 0] + d.ID
			}
			return StepOK, text, err
		})
		for _, missing := range blind(cfg) {
			e.step("inputs", func() (string, string, error) { return StepWarning, missing, nil })
		}
		e.step("settings", func() (string, string, error) {
			return StepOK, "the service would start with them", Check(cfg)
		})
	}}}
}

// blind says which detections can find nothing, as far as the configuration tells it.
func blind(cfg config.Config) (all []string) {
	if len(cfg.Sources.Monitor)+len(cfg.Sources.Connect) == 0 {
		all = append(all, "no source of events is configured (sources.monitor, sources.connect): there are those that are imported, and no others; sealwatch connect makes the configuration")
	}
	_, tuned, err := loadDetections(cfg)
	if err != nil {
		return all // the step before says it
	}
	var directory, ranges []string
	for _, d := range tuned {
		if d.Inputs.Directory && len(cfg.Sources.Entra)+len(cfg.Sources.DocuSign) == 0 {
			directory = append(directory, d.ID)
		}
		if d.Inputs.Ranges && len(cfg.Feeds) == 0 {
			ranges = append(ranges, d.ID)
		}
	}
	if len(directory) > 0 {
		all = append(all, "no directory of people is configured (sources.entra, sources.docusign): unless sealwatch directory import brings one, this finds nothing: "+strings.Join(directory, ", "))
	}
	if len(ranges) > 0 {
		all = append(all, "no list of addresses is configured (feeds): unless sealwatch ip-ranges import brings one, this finds nothing: "+strings.Join(ranges, ", "))
	}
	return all
}

// Doctor tries everything that is configured, or what is named: by the whole name that a Step has, or by what comes before the
// slash. It stores nothing. It returns whether something is broken; the error is that of a name which does not exist, or of ctx.
func Doctor(ctx context.Context, cfg config.Config, names []string, opt DoctorOptions, report func(Step)) (broken bool, err error) {
	o := Options{EngineCommand: opt.EngineCommand, Logger: slog.New(slog.DiscardHandler)}
	if err := o.complete(); err != nil {
		return false, err
	}
	opt.EngineCommand = o.EngineCommand
	all := checkups(cfg, opt)
	for _, name := range names {
		if !slices.ContainsFunc(all, func(c checkup) bool { return c.named(name) }) {
			var known []string
			for _, c := range all {
				known = append(known, c.source)
			}
			return false, fmt.Errorf("nothing of the name %q is configured; expected one of %s", name, strings.Join(known, ", "))
		}
	}
	for _, c := range all {
		if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return c.named(name) }) {
			continue
		}
		e := examination{source: c.source, report: report}
		c.try(ctx, &e)
		if ctx.Err() != nil {
			return broken, ctx.Err()
		}
		broken = broken || e.broken
	}
	return broken, nil
}
