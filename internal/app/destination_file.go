package app

import (
	"cmp"
	"fmt"
	"log/slog"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/file"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/internal/config"
)

func newFile(b *config.FileDestination, log *slog.Logger) (exporters.Exporter, error) {
	settings, err := payloadSettings(b.AlertURL)
	if err != nil {
		return nil, err
	}
	encoder, err := format.New(b.Format, settings)
	if err != nil {
		return nil, err
	}
	return file.New(file.Options{Path: b.Path, Payload: encoder, MaxBytes: b.MaxBytes, MaxAge: b.MaxAge, Keep: b.Keep, Gzip: b.Gzip, Logger: log})
}

// file is the step that looks at the file and its folder, and changes neither.
func (e *examination) file(x *file.Exporter, b *config.FileDestination) {
	e.step("file", func() (string, string, error) {
		found, err := x.Look()
		if err != nil {
			return "", "", err
		}
		text := b.Path + " will be made"
		if found.Exists {
			text = fmt.Sprintf("%s has %d bytes", b.Path, found.Size)
		}
		text += fmt.Sprintf("; %d rotated; %d MiB are free", found.Rotated, found.Free>>20)
		if found.Torn > 0 {
			return StepWarning, fmt.Sprintf("%s; its last line has no end (%d bytes), because whoever wrote it was stopped, or is writing now: the next delivery, also that of --send, cuts it off and writes again what it told", text, found.Torn), nil
		}
		if most := cmp.Or(b.MaxBytes, 100<<20); found.Free < uint64(most) { //nolint:gosec // the configuration takes no negative number
			return StepWarning, text + ", which is less than one file takes (maxBytes)", nil
		}
		return StepOK, text, nil
	})
}
