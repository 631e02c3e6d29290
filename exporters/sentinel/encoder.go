package sentinel

import (
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// encoder writes a change as a row of a table.
type encoder struct {
	columns  []column[*alertView]
	settings payload.Settings
}

func newEncoder(table Table, settings payload.Settings) encoder {
	e := encoder{columns: asimAlert, settings: settings.Complete()}
	if table == Custom {
		e.columns = customAlert
	}
	return e
}

// oldest and newest are how far the time of a row may be from that of its sending. Azure itself puts the time of arrival in the
// place of one older than two days, or a day ahead; with a day here it never has to, and a query over the last 26 hours misses
// nothing that arrives.
const (
	oldest = 24 * time.Hour
	newest = time.Hour
)

// generated is what TimeGenerated has of something that was at a time and is sent now.
func generated(at, now time.Time) time.Time {
	if at.Before(now.Add(-oldest)) || at.After(now.Add(newest)) {
		return now
	}
	return at
}

// encode returns the row in at most so many bytes, shortened where that is needed. The error says that it cannot be short enough.
func (e *encoder) encode(c *alert.Change, now time.Time, most int) ([]byte, error) {
	var view *payload.View // of the whole alert: what it tells of, such as addresses, stays although the evidence is shortened
	return payload.FitTo(c, func(d *exporters.Document) ([]byte, bool, error) {
		if view == nil {
			view = e.settings.View(c, d)
		}
		view.Document = d
		v := &alertView{View: view, version: e.settings.Version, generated: generated(c.Updated, now)}
		r := appendRow(make([]byte, 0, 4096+len(d.Evidence)), e.columns, v, func(name string) { v.cut = append(v.cut, name) })
		return r.b, r.fits && len(r.b) <= most, nil
	})
}
