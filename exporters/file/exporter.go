package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Exporter appends to one file. It implements exporters.Exporter and exporters.Keeper, and is not for concurrent use; other processes
// with the same path, such as sealwatch doctor, wait for one another.
type Exporter struct {
	o      Options
	names  names
	at     *current    // nil while no file is open
	ready  bool        // the rotated files have been looked at
	before fs.FileInfo // the file that was rotated last; nil before

	background sync.WaitGroup
	once       sync.Once
	wake       chan struct{}
	ctx        context.Context // ends with Close
	cancel     context.CancelFunc
	tidying    tidying

	// Tests stop the process at any of these.
	step  func(what string)
	write func(f *os.File, lines []byte) (int, error)
}

// New returns an exporter. The error names each option that is not as expected. Nothing is opened before the first export.
func New(o Options) (*Exporter, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	x := &Exporter{o: o, names: namesOf(o.Path), wake: make(chan struct{}, 1), step: func(string) {}, write: (*os.File).Write}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	return x, nil
}

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "file" }

// Close implements exporters.Exporter. A compression that is under way is given up; the next start makes it anew.
func (x *Exporter) Close(ctx context.Context) error {
	x.drop()
	x.cancel()
	done := make(chan struct{})
	go func() { x.background.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("file %s: a rotated file is still being compressed: %w", x.o.Path, ctx.Err())
	}
}

// mostAtOnce bounds what is encoded before it is written.
const mostAtOnce = 8 << 20

// Export implements exporters.Exporter. A change counts as accepted when its line, and the name of its file, are on the disk.
func (x *Exporter) Export(ctx context.Context, changes []alert.Change) error {
	return x.lines(ctx, len(changes), func(i, longest int) ([]byte, error) { return payload.Encode(x.o.Payload, &changes[i], longest) })
}

// ExportEvents implements exporters.EventExporter.
func (x *Exporter) ExportEvents(ctx context.Context, events []event.Event) error {
	return x.lines(ctx, len(events), func(i, longest int) ([]byte, error) { return payload.EncodeEvent(x.o.Payload, &events[i], longest) })
}

// ExportHeartbeat implements exporters.HeartbeatExporter: a line among the others, for whoever ships the file to where silence is noticed.
func (x *Exporter) ExportHeartbeat(ctx context.Context, h *exporters.Heartbeat) error {
	return x.lines(ctx, 1, func(int, int) ([]byte, error) { return x.o.Payload.AppendHeartbeat(nil, h) })
}

// lines appends n lines, each of at most so many bytes as encode is told.
func (x *Exporter) lines(ctx context.Context, n int, encode func(i, longest int) ([]byte, error)) error {
	failed := map[int]string{}
	accepted, err := x.export(ctx, n, encode, failed)
	if err != nil || len(failed) > 0 {
		return failure(accepted, failed, err)
	}
	return nil
}

func (x *Exporter) export(ctx context.Context, n int, encode func(i, longest int) ([]byte, error), failed map[int]string) (accepted int, err error) {
	err = x.open(ctx)
	defer x.release()
	if err == nil && x.due() {
		err = x.rotate(ctx)
	}
	if err != nil {
		return 0, err
	}
	if !x.ready { // what an earlier process left
		x.ready = true
		x.tidy()
	}
	var lines []byte
	flush := func(upTo int) error {
		if len(lines) > 0 {
			if err := x.append(lines); err != nil {
				return err
			}
		}
		accepted, lines = upTo, lines[:0]
		return nil
	}
	longest := int(min(x.o.MaxBytes, math.MaxInt32)) - 1
	for i := range n {
		if err := ctx.Err(); err != nil {
			return accepted, err
		}
		text, err := encode(i, longest)
		if err != nil {
			failed[i] = err.Error()
			continue
		}
		size := x.at.size + int64(len(lines))
		full := size > 0 && size+int64(len(text))+1 > x.o.MaxBytes
		if full || len(lines)+len(text) > mostAtOnce {
			if err := flush(i); err != nil {
				return accepted, err
			}
		}
		if full {
			if err := x.rotate(ctx); err != nil {
				return accepted, err
			}
		}
		lines = append(append(lines, text...), '\n')
	}
	err = flush(n)
	return accepted, err
}

// failure is what the runner is told. What is doubtful about the file pauses the destination; everything else goes away by itself, or
// when a person does what the error says.
func failure(accepted int, failed map[int]string, err error) error {
	kind := exporters.Retryable
	var refused *refusal
	switch {
	case err == nil:
		kind = exporters.Permanent
	case errors.As(err, &refused):
		kind = exporters.Unauthorized
	}
	return &exporters.Error{Kind: kind, Accepted: accepted, Failed: failed, Err: err}
}
