package ingest

import (
	"context"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// MaxRejections is how many rejections a Receipt lists; all are counted.
const MaxRejections = 1000

// Pipeline takes records in. It may be used concurrently.
type Pipeline struct {
	opt        Options
	normaliser *Normaliser
	writer     *writer
	sources    *sources
	metrics    *metrics
}

// New starts a Pipeline with its writer; Close ends it.
func New(opt Options) (*Pipeline, error) {
	if err := opt.complete(); err != nil {
		return nil, err
	}
	m := newMetrics(opt.Registerer)
	p := &Pipeline{opt: opt, normaliser: opt.Normaliser, writer: newWriter(opt, m), sources: newSources(), metrics: m}
	m.watch(opt.Registerer, p.writer.queue)
	return p, nil
}

// Ingest returns when every record is durable, known already or rejected; a record that is rejected does not keep the
// others back. An error says that nothing is known about any of the records: they MUST be sent again, which counts no
// event twice. fault.QueueFull and fault.ShuttingDown come before anything was taken.
func (p *Pipeline) Ingest(ctx context.Context, o event.Origin, batch []event.Submission) (event.Receipt, error) {
	if err := p.writer.queue.check(len(batch), 0); err != nil {
		return event.Receipt{}, err
	}
	arrival := p.opt.Now()
	b, err := p.prepare(ctx, o, batch, arrival)
	if err != nil {
		return event.Receipt{}, err
	}
	r := &request{events: b.events, bytes: b.bytes, outcomes: make([]outcome, len(b.events)), done: make(chan struct{})}
	if len(b.events) > 0 {
		if err := p.writer.write(ctx, r); err != nil {
			return event.Receipt{}, err
		}
	}
	receipt := b.receipt(r, p.opt.Now())
	p.metrics.count(o.Source, receipt)
	p.sources.add(o.Source, receipt, arrival, latest(b.events, arrival))
	return receipt, nil
}

// Sources is the state of each way in since the start, by name.
func (p *Pipeline) Sources() []status.Source { return p.sources.list() }

// Close lets nothing in any more, stores what waits and returns when that is done. When ctx ends before, what is left is
// given up, its callers are told to send it again, and the error is that of ctx.
func (p *Pipeline) Close(ctx context.Context) error { return p.writer.close(ctx) }
