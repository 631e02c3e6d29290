package splunk

import (
	"errors"
	"io"
	"sync"
)

// lent is a body that is used again after the request. A connection may still read it when the answer is there already, as when a
// receiver refuses a request before it has read it; it reads nothing any more once the body was taken back.
type lent struct {
	mu   sync.Mutex
	body []byte
	back bool
}

var errTakenBack = errors.New("the request is over")

func (l *lent) takeBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.body, l.back = nil, true
}

// reader reads from the beginning.
func (l *lent) reader() io.ReadCloser { return &lentReader{of: l} }

type lentReader struct {
	of *lent
	at int
}

// Read implements io.Reader.
func (r *lentReader) Read(p []byte) (int, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	switch {
	case r.of.back:
		return 0, errTakenBack
	case r.at >= len(r.of.body):
		return 0, io.EOF
	}
	n := copy(p, r.of.body[r.at:])
	r.at += n
	return n, nil
}

// Close implements io.Closer.
func (r *lentReader) Close() error { return nil }
