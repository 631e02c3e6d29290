package exporters_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestBackOff: the pauses between attempts grow up to the cap, and are left to chance below their bound, so that many replicas do not knock
// together; after a success they begin anew.
func TestBackOff(t *testing.T) {
	inWorld(t, func(w *world) {
		const attempts, rows = 12, 20
		w.o.RetryMin, w.o.RetryMax = time.Second, time.Minute
		var pauses [rows][]time.Duration
		var last time.Time
		row, call := 0, 0
		w.to.answer = func(context.Context, int, []alert.Change) error {
			if call > 0 {
				pauses[row] = append(pauses[row], time.Since(last))
			}
			last = time.Now()
			if call++; call > attempts {
				row, call = row+1, 0
				return nil
			}
			return errors.New("connection refused")
		}
		r, _ := w.start()
		for n := range rows {
			w.log.Append(exportertest.Change(n + 1))
			time.Sleep(attempts * time.Minute)
			synctest.Wait()
		}
		w.stop(r)
		for n := range attempts {
			bound := min(time.Second<<n, time.Minute)
			var least, most time.Duration = time.Hour, 0
			for _, p := range pauses {
				if len(p) != attempts {
					t.Fatalf("%d pauses, want %d", len(p), attempts)
				}
				least, most = min(least, p[n]), max(most, p[n])
			}
			// That 20 times drawn from 0 to the bound are all within a twentieth of it happens less than once in 10^20 runs.
			if most > bound || most-least < bound/20 {
				t.Errorf("pause %d is from %s to %s, want any time up to %s", n+1, least, most, bound)
			}
		}
	})
}
