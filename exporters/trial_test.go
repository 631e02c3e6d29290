package exporters_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestTry sends what is in no log, leaves no trace of it, and says what the receiver said.
func TestTry(t *testing.T) {
	inWorld(t, func(w *world) {
		test := exportertest.Change(77)
		test.Sequence = 0
		r, _ := w.start()
		time.Sleep(time.Second)
		if err := r.Try(w.t.Context(), test); err != nil {
			t.Fatal(err)
		}
		w.wantTaken([]uint64{0})
		var denied atomic.Bool
		denied.Store(true)
		w.to.answers(func(context.Context, int, []alert.Change) error {
			if denied.Load() {
				return &exporters.Error{Kind: exporters.Unauthorized, Err: errors.New("token \x1b disabled")}
			}
			return nil
		})
		if err := r.Try(w.t.Context(), test); err == nil || err.Error() != "token   disabled" {
			t.Errorf("refused test: %v", err)
		}
		if d := r.Status(); d.State != status.DestinationOK || d.Delivered != 0 || d.DeadLetters != 0 || d.Pending != 0 {
			t.Errorf("a test changed the status: %+v", d)
		}
		w.log.Append(exportertest.Change(1))
		time.Sleep(10 * time.Second)
		if d := r.Status(); d.State != status.DestinationPaused {
			t.Fatalf("status %+v", d)
		}
		denied.Store(false)
		if err := r.Try(w.t.Context(), test); err != nil { // while it is paused, which ends by it
			t.Error(err)
		}
		time.Sleep(time.Second)
		w.wantTaken([]uint64{0, 0, 1})
		w.stop(r)
		w.wantCursor(1)
		if err := r.Try(w.t.Context(), test); err == nil || !contains(err.Error(), "stopped") {
			t.Errorf("after the end: %v", err)
		}
	})
}
