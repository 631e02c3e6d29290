package policies

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// Reread takes over what the files say now. When something is wrong with one of them, all stay as they were last good.
func (b *Book) Reread(ctx context.Context, files map[string]policy.Policy) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	before := b.o.Files
	b.o.Files = files
	changed, err := b.fromFiles()
	if err := errors.Join(err, b.acceptable(ctx, changed)); err != nil {
		b.o.Files = before
		return err
	}
	for _, s := range changed {
		if _, err := b.save(ctx, s); err != nil {
			return err // what is left follows with the next time
		}
		b.o.Logger.InfoContext(ctx, "a policy follows its file", slog.String("policy", s.ID), slog.String("file", s.File), slog.Bool("removed", s.Removed))
	}
	return nil
}

// acceptable says which new versions of files cannot be evaluated or look for what nothing can have, and logs what may be mistyped.
func (b *Book) acceptable(ctx context.Context, changed []policy.Stored) error {
	var problems []error
	for i := range changed {
		s := &changed[i]
		if s.Removed {
			continue
		}
		if _, err := b.evaluable(s); err != nil {
			problems = append(problems, fmt.Errorf("policies.folder: %s: %w", s.File, err))
			continue
		}
		doubts, err := b.Doubts(ctx, &s.Policy)
		if err != nil {
			return err
		}
		for _, d := range doubts {
			if d.Never && !s.Disabled {
				problems = append(problems, fmt.Errorf("policies.folder: %s: %s: %s", s.File, d.Where, d.Text))
				continue
			}
			b.o.Logger.WarnContext(ctx, "a policy looks for what nothing has", slog.String("policy", s.ID), slog.String("file", s.File), slog.String("where", d.Where), slog.String("what", d.Text))
		}
	}
	return errors.Join(problems...)
}

// Follow reads the folder every so often, until ctx ends, and takes over what changed and was the same twice: who writes a file writes
// it in pieces.
func (b *Book) Follow(ctx context.Context, folder string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := b.o.Files
	taken := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		files, err := ReadFolder(folder)
		if err != nil {
			taken = false
			last = nil
			b.wrong(ctx, fmt.Errorf("policies.folder: %w", err))
			continue
		}
		if !reflect.DeepEqual(files, last) {
			last, taken = files, false
			continue
		}
		if !taken {
			err := b.Reread(ctx, files)
			taken = err == nil
			b.wrong(ctx, err)
		}
	}
}

// wrong keeps what is wrong with the folder, nil for nothing, and says it once.
func (b *Book) wrong(ctx context.Context, err error) {
	text := ""
	if err != nil {
		text = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	b.mu.Lock()
	same := b.folder == text
	b.folder = text
	b.mu.Unlock()
	switch {
	case same || ctx.Err() != nil:
	case err != nil:
		b.o.Logger.ErrorContext(ctx, "the folder of policies cannot be taken over; the policies stay as they were", slog.String("error", text))
	default:
		b.o.Logger.InfoContext(ctx, "the folder of policies is in order again")
	}
}
