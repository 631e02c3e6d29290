package file

import (
	"context"
	"os"
)

// OnStep calls f between what the exporter does, so that a test can stop it there.
func (x *Exporter) OnStep(f func(what string)) { x.step = f }

// OnWrite writes in the place of the exporter.
func (x *Exporter) OnWrite(f func(f *os.File, lines []byte) (int, error)) { x.write = f }

// Die is what the system does for a process that has ended.
func (x *Exporter) Die() { x.drop() }

// Tidy does at once what is done beside the writing.
func (x *Exporter) Tidy(ctx context.Context, keep int, compress bool) error {
	return tidyArchive(ctx, x.names, keep, compress, x.step)
}
