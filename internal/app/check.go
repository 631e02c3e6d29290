package app

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/connect"
	"github.com/sealwatch/sealwatch/internal/config"
)

// keyed is a problem with one key of an entry of the configuration.
type keyed struct {
	key string
	error
}

// Unwrap is the problem.
func (k keyed) Unwrap() error { return k.error }

// of says which key a problem is with; nil stays nil.
func of(key string, err error) error {
	if err == nil {
		return nil
	}
	return keyed{key, err}
}

// once is an error of an exporter, which begins with its kind, below the key of that name: the word is not said twice.
type once struct {
	kind string
	error
}

func (o once) Error() string {
	var lines []string
	for line := range strings.SplitSeq(o.error.Error(), "\n") {
		lines = append(lines, strings.TrimPrefix(line, o.kind+": "))
	}
	return strings.Join(lines, "\n")
}

func (o once) Unwrap() error { return o.error }

// ofKind is of for what an exporter says.
func ofKind(kind string, err error) error {
	if err == nil {
		return nil
	}
	return of(kind, once{kind, err})
}

// under are the problems of an entry, each with the whole name of its key.
func under(entry string, err error) error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { // errors.As would stop at the first of them
		var all []error
		for _, one := range many.Unwrap() {
			all = append(all, under(entry, one))
		}
		return errors.Join(all...)
	}
	var k keyed
	if errors.As(err, &k) {
		return fmt.Errorf("%s.%s: %w", entry, k.key, k.error)
	}
	return fmt.Errorf("%s: %w", entry, err)
}

// Check says what of a valid configuration the service would refuse: what only the features know. Each problem begins with the key
// that it is about.
func Check(cfg config.Config) error {
	_, _, err := loadDetections(cfg)
	_, rules := classify.New(classify.Options{File: cfg.Ingest.ClassificationFile})
	return errors.Join(err, under("ingest", of("classificationFile", rules)), checkSources(cfg), checkFeeds(cfg), checkDestinations(cfg))
}

// checkSources says what of the sources the service would refuse to start with.
func checkSources(cfg config.Config) error {
	var problems []error
	for i, m := range cfg.Sources.Monitor {
		_, _, err := openMonitor(m, slog.New(slog.DiscardHandler))
		problems = append(problems, under(fmt.Sprintf("sources.monitor[%d]", i), err))
	}
	for i, e := range cfg.Sources.Entra {
		_, err := openEntra(e, 0, slog.New(slog.DiscardHandler))
		problems = append(problems, under(fmt.Sprintf("sources.entra[%d]", i), err))
	}
	for i, c := range cfg.Sources.Connect {
		_, err := connectKeys(c)
		problems = append(problems, under(fmt.Sprintf("sources.connect[%d]", i), err))
	}
	return errors.Join(problems...)
}

// connectKeys are the keys of a source of DocuSign Connect.
func connectKeys(c config.ConnectSource) (keys []connect.Key, err error) {
	var problems []error
next:
	for i, name := range c.HMACKeyFiles {
		field := fmt.Sprintf("hmacKeyFiles[%d]", i)
		key, err := connect.LoadKey(name)
		if err != nil {
			problems = append(problems, of(field, err))
			continue
		}
		for _, other := range keys {
			if other.Same(key) {
				problems = append(problems, of(field, fmt.Errorf("HMAC key %s: another file of the source holds the same key", name)))
				continue next
			}
		}
		keys = append(keys, key)
	}
	return keys, errors.Join(problems...)
}

// checkFeeds says what of the configured feeds the service would refuse to start with.
func checkFeeds(cfg config.Config) error {
	var problems []error
	for i, c := range cfg.Feeds {
		_, err := feedOptions(cfg.Tenant, c)
		problems = append(problems, underKeys(fmt.Sprintf("feeds[%d]", i), err)...)
	}
	return errors.Join(problems...)
}

// underKeys is under for problems that begin with the key already.
func underKeys(entry string, err error) (all []error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, underKeys(entry, one)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{fmt.Errorf("%s.%w", entry, err)}
}
