package document

import "github.com/sealwatch/sealwatch/exporters"

// AppendHeartbeat implements payload.Encoder.
func (Encoder) AppendHeartbeat(b []byte, h *exporters.Heartbeat) ([]byte, error) {
	d := exporters.NewHeartbeatDocument(h)
	text, err := d.Encode()
	return append(b, text...), err
}
