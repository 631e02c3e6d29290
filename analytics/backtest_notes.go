package analytics

import (
	"fmt"
	"strconv"

	"github.com/sealwatch/sealwatch/internal/alert"
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
