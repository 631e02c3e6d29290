package app

import (
	"errors"
	"io"

	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/server"
)

// splitter makes readers of the records in an import body. The server bounds the body as it was sent; what it holds
// unpacked is bounded here, whichever layer the packing is in.
func splitter(maxBytes int64) server.Splitter {
	return func(body io.Reader) server.RecordReader {
		return recordReader{monitor.NewReader(body, monitor.Options{MaxBodyBytes: maxBytes})}
	}
}

// recordReader is the reader of Monitor bodies as the server sees it.
type recordReader struct{ r *monitor.Reader }

func (s recordReader) Next() (server.RawRecord, error) {
	item, err := s.r.Next()
	var broken *monitor.SyntaxError
	switch {
	case errors.As(err, &broken):
		problem := broken.Problem
		if broken.Stopped {
			problem += "; reading stopped here, what came before is kept"
		}
		return server.RawRecord{}, &server.BadRecord{Index: broken.Index, Line: broken.Line, Problem: problem}
	case err != nil:
		return server.RawRecord{}, err
	}
	return server.RawRecord{Index: item.Index, Line: item.Line, JSON: item.Raw}, nil
}

func (s recordReader) EndCursor() string { return s.r.EndCursor() }
