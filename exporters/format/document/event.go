package document

import (
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/event"
)

// AppendEvent implements payload.Encoder.
func (Encoder) AppendEvent(b []byte, _ *event.Event, d *exporters.EventDocument) ([]byte, error) {
	text, err := d.Encode()
	return append(b, text...), err
}
