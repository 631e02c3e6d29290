package hunting

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// packed writes an answer in the encoding that the client asked for. As with ClickHouse, Accept-Encoding counts only together with the
// argument enable_http_compression=1.
type packed struct {
	to      io.Writer
	packer  packer // nil for none
	control *http.ResponseController
}

type packer interface {
	io.WriteCloser
	Flush() error
}

func newPacked(w http.ResponseWriter, r *http.Request) (*packed, error) {
	p := &packed{to: w, control: http.NewResponseController(w)}
	if v := r.URL.Query().Get("enable_http_compression"); v != "1" && v != "true" {
		return p, nil
	}
	for wish := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(wish), ";")
		switch name {
		case "zstd":
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20))
			if err != nil {
				return nil, err
			}
			p.packer = z
		case "gzip":
			p.packer = gzip.NewWriter(w)
		default:
			continue
		}
		w.Header().Set("Content-Encoding", name)
		w.Header().Set("Vary", "Accept-Encoding")
		p.to = p.packer
		return p, nil
	}
	return p, nil
}

// write sends a piece.
func (p *packed) write(b []byte) error {
	if _, err := p.to.Write(b); err != nil {
		return err
	}
	return p.flush()
}

func (p *packed) flush() error {
	if p.packer != nil {
		if err := p.packer.Flush(); err != nil {
			return err
		}
	}
	return p.control.Flush()
}

func (p *packed) close() error {
	if p.packer != nil {
		return p.packer.Close()
	}
	return nil
}
