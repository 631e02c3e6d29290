package analytics

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/status"
)

// notesBefore are what is known of a trial before it is evaluated: that the detection is off, and which settings change nothing.
func (b *Backtester) notesBefore(t *trial, settings []alert.Setting) (notes []string) {
	if b.o.Tuning[t.present.ID].Disabled {
		note := "It is off: live it raises nothing, whatever is counted here."
		if why := b.o.Off[t.present.ID]; why != "" {
			note = "It is off, so that live it raises nothing, whatever is counted here: " + why + "."
		}
		notes = append(notes, note)
	}
	for i, p := range t.present.Parameters {
		asked := false
		for _, s := range settings {
			asked = asked || parameterNamed(t.present.Parameters, s.Parameter) == i && (s.Detection == "" || s.Detection == t.present.ID)
		}
		if is := t.proposed.Values[p.Name]; asked && p.same(is, t.present.Values[p.Name]) {
			notes = append(notes, fmt.Sprintf("%s is %s already: there is no difference to try.", p.Name, is))
		}
	}
	return notes
}

// same says whether two values are one, be they written differently.
func (p *Parameter) same(a, b string) bool {
	if a == b {
		return true
	}
	switch p.Type {
	case "UInt32", "UInt64", "Float64":
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		return errX == nil && errY == nil && x == y
	case "Bool":
		x, errX := strconv.ParseBool(a)
		y, errY := strconv.ParseBool(b)
		return errX == nil && errY == nil && x == y
	}
	return false
}

// blindness says, of trials that found nothing at all, what there was none of that the detection needs: finding nothing
// means nothing then. The events are counted once, and only where something found nothing.
type blindness struct {
	b        *Backtester
	from, to time.Time
	counted  bool
	seen     map[clickhouse.Input]clickhouse.InputCount
	unknown  []status.UnknownActivity
}

func (w *blindness) notes(ctx context.Context, d *Detection) (notes []string, err error) {
	if !w.counted && !w.from.IsZero() {
		if w.seen, err = w.b.o.Store.InputCounts(ctx, w.b.o.Tenant, w.from.Add(-tick), w.to.Add(-tick)); err != nil {
			return nil, fmt.Errorf("inputs of the backtest: %w", err)
		}
		if w.unknown, err = w.b.o.Store.UnknownActivities(ctx, w.from); err != nil {
			return nil, fmt.Errorf("inputs of the backtest: %w", err)
		}
		w.counted = true
	}
	var missing []string
	cause := ""
	for _, i := range d.InputsSeen(w.seen, w.unknown) {
		if len(i.LikelyCauses) > 0 {
			missing, cause = append(missing, i.Name), cmp.Or(cause, i.LikelyCauses[0])
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("It is blind: in this time there is no %s, so that finding nothing means nothing. The likeliest cause: %s.", strings.Join(missing, ", no "), cause)}, nil
}
