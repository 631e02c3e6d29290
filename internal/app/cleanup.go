package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// cleanups is the teardown of a run: what was set up last ends first. Each step has a name, so that the log says which
// one failed.
type cleanups struct {
	log   *slog.Logger
	steps []cleanup
}

type cleanup struct {
	name string
	run  func(context.Context) error
}

func (c *cleanups) add(name string, run func(context.Context) error) {
	c.steps = append(c.steps, cleanup{name, run})
}

// all runs every step once, whatever the others return.
func (c *cleanups) all(ctx context.Context) error {
	var problems []error
	for i := len(c.steps) - 1; i >= 0; i-- {
		s := c.steps[i]
		c.log.DebugContext(ctx, "stopping", slog.String("step", s.name))
		if err := s.run(ctx); err != nil {
			c.log.ErrorContext(ctx, "stopping failed", slog.String("step", s.name), slog.Any("error", err))
			problems = append(problems, fmt.Errorf("stop %s: %w", s.name, err))
		}
	}
	c.steps = nil
	return errors.Join(problems...)
}
