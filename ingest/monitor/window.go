package monitor

import (
	"bytes"
	"errors"
	"io"
)

const (
	// chunk is how much is read at once.
	chunk = 64 << 10
	// emptyReads is how many reads in a row may bring nothing.
	emptyReads = 100
)

// window is the part of a body that is in memory: what is to be kept and what was read ahead.
type window struct {
	src io.Reader
	err error
	buf []byte
	// at is the next byte; keep is the first that stays in memory, or none.
	at, keep int
	// base is the offset of buf[0] in the body.
	base int64
	// max bounds what is kept; over it, lost is set and nothing is kept any more.
	max  int
	lost bool
	// lines is the number of line ends before buf[counted].
	lines, counted int
}

// none says that nothing is to be kept.
const none = -1

func newWindow(src io.Reader, max int) *window { return &window{src: src, keep: none, max: max} }

// hold keeps everything from here on.
func (w *window) hold() { w.keep, w.lost = w.at, false }

// peek returns the next byte; ok is false at the end and after an error.
func (w *window) peek() (b byte, ok bool) {
	if w.at == len(w.buf) && !w.fill() {
		return 0, false
	}
	return w.buf[w.at], true
}

// fill reads on; it is called when all is used up.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if w.keep != none && w.at-w.keep > w.max {
		w.keep, w.lost = none, true
	}
	from := w.at
	if w.keep != none {
		from = w.keep
	}
	w.line(from)
	rest := copy(w.buf, w.buf[from:])
	w.base += int64(from)
	w.at -= from
	w.counted -= from
	if w.keep != none {
		w.keep = 0
	}
	if cap(w.buf)-rest < chunk {
		grown := make([]byte, rest, max(2*cap(w.buf), rest+chunk))
		copy(grown, w.buf[:rest])
		w.buf = grown
	}
	for range emptyReads {
		n, err := w.src.Read(w.buf[rest : rest+chunk])
		w.buf = w.buf[:rest+n]
		if err != nil {
			w.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// kept is what has been read since hold.
func (w *window) kept() []byte {
	if w.keep == none {
		return nil
	}
	return w.buf[w.keep:w.at]
}

// offset of the next byte in the body.
func (w *window) offset() int64 { return w.base + int64(w.at) }

// line is the number of the line in which buf[i] stands, from 1.
func (w *window) line(i int) int {
	if i < w.counted {
		return 1 + w.lines - bytes.Count(w.buf[i:w.counted], []byte{'\n'})
	}
	w.lines += bytes.Count(w.buf[w.counted:i], []byte{'\n'})
	w.counted = i
	return 1 + w.lines
}

// space skips white space.
func (w *window) space() {
	for {
		b, ok := w.peek()
		if !ok || b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			return
		}
		w.at++
	}
}

// skipLine goes behind the next line end.
func (w *window) skipLine() {
	for {
		if i := bytes.IndexByte(w.buf[w.at:], '\n'); i >= 0 {
			w.at += i + 1
			return
		}
		if w.at = len(w.buf); !w.fill() {
			return
		}
	}
}

// failed is the error that ended reading, nil at a proper end.
func (w *window) failed() error {
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.err
}
