package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// openDestination makes the exporter of a destination, or says what is wrong with its settings and the files that they name.
func openDestination(d *config.Destination, log *slog.Logger) (exporters.Exporter, error) {
	x, wrong := newExporter(*d, log)
	if wrong != nil {
		wrong = ofKind(d.Kind(), wrong)
	} else if c, ok := x.(exporters.Checker); ok {
		wrong = ofKind(d.Kind(), c.Check())
	}
	if err := errors.Join(knownDetections(d), wrong); err != nil {
		if x != nil {
			err = errors.Join(err, x.Close(context.Background()))
		}
		return nil, err
	}
	return x, nil
}

// knownDetections says which detections of the filter there are not: nothing would ever be sent of them. Which policies there are is
// stored, and not known here.
func knownDetections(d *config.Destination) error {
	var problems []error
	known := DetectionIDs()
	for _, id := range d.Filter.Detections {
		if !slices.Contains(known, id) && !strings.HasPrefix(id, policy.DetectionPrefix) {
			problems = append(problems, of("filter.detections", fmt.Errorf("found %q, and no detection has that id%s", id, spelling.Hint(id, known))))
		}
	}
	return errors.Join(problems...)
}

// checkDestinations says what of the destinations the service would refuse to start with.
func checkDestinations(cfg config.Config) error {
	var problems []error
	for i := range cfg.Destinations {
		if cfg.Destinations[i].Block() == nil {
			continue // the configuration says so
		}
		x, err := openDestination(&cfg.Destinations[i], slog.New(slog.DiscardHandler))
		problems = append(problems, under(fmt.Sprintf("destinations[%d]", i), err))
		if x != nil {
			problems = append(problems, x.Close(context.Background()))
		}
	}
	return errors.Join(problems...)
}
