package exporters_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestLongBacklogIsBounded: what is in memory of alerts that were sent does not grow with the log, also when the queue is never empty.
func TestLongBacklogIsBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		const backlog = 60_000
		low := exportertest.Change(1)
		low.Severity = alert.SeverityLow
		changes := make([]alert.Change, backlog)
		for i := range changes {
			changes[i] = low
			changes[i].ID = fmt.Sprint("low-", i)
			if i%17 == 0 { // not sent, so that pages and batches do not end together
				changes[i].SuppressedBy = []string{"exception"}
			}
		}
		w.log.Append(changes...)
		var r atomic.Pointer[exporters.Runner]
		most := 0
		w.to.answer = func(context.Context, int, []alert.Change) error {
			if r := r.Load(); r != nil {
				most = max(most, exporters.Known(r))
			}
			return nil
		}
		started, _ := w.start()
		r.Store(started)
		synctest.Wait()
		w.stop(started)
		if most > 25_000 || most < 10_000 {
			t.Errorf("%d alerts were in memory", most)
		}
		w.wantCursor(backlog)
	})
}

// patient waits longer than an attempt may take otherwise.
type patient struct {
	*receiver
	takes, patience time.Duration
}

func (p patient) Patience() time.Duration { return p.patience }

func (p patient) Export(ctx context.Context, batch []alert.Change) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(p.takes):
		return p.receiver.Export(ctx, batch)
	}
}

// TestPatience: an exporter that waits for acknowledgements ends its own export.
func TestPatience(t *testing.T) {
	inWorld(t, func(w *world) {
		w.o.Exporter = patient{w.to, 2 * time.Minute, 3 * time.Minute}
		w.log.Append(exportertest.Changes(1, 3)...)
		r, _ := w.start()
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		w.wantTaken(upTo(1, 3))
		if s := r.Status(); s.LastError != "" {
			t.Errorf("%+v", s)
		}
		w.stop(r)
	})
}
