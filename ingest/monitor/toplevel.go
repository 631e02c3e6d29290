package monitor

import (
	"bytes"
	"io"
)

// top reads what stands outside of any array or page.
func (r *Reader) top() (*Item, error) {
	r.w.keep = none
	for r.resync {
		b, ok := r.w.peek()
		if !ok || b == '{' || b == '[' {
			r.resync = false
			break
		}
		r.w.skipLine()
	}
	r.w.space()
	r.mark()
	b, ok := r.w.peek()
	if !ok {
		if failed := r.w.failed(); failed != nil {
			return nil, failed
		}
		return nil, io.EOF
	}
	if r.loose && (b == ',' || b == ']' || b == '}') {
		r.w.at++
		return nil, nil
	}
	switch b {
	case '{':
		r.seen, r.pending = true, ""
		return r.object()
	case '[':
		r.seen = true
		r.open = append(r.open, frame{kind: inArray, line: r.w.line(r.w.at)})
		r.w.at++
		return nil, nil
	case 0xEF, 0xFE, 0xFF, 0:
		if bom, err := r.byteOrderMark(); err != nil || bom {
			return nil, err
		}
	}
	r.seen = true
	return nil, unexpected(b, "a Monitor record, page or array as JSON")
}

// byteOrderMark passes over the mark of UTF-8; UTF-16 is not read.
func (r *Reader) byteOrderMark() (bool, error) {
	mark := make([]byte, 0, 3)
	for b, ok := r.w.peek(); ok && len(mark) < 3; b, ok = r.w.peek() {
		mark = append(mark, b)
		r.w.at++
	}
	if bytes.Equal(mark, []byte{0xEF, 0xBB, 0xBF}) {
		return true, nil
	}
	r.w.at = r.w.keep
	if bytes.HasPrefix(mark, []byte{0xFF, 0xFE}) || bytes.HasPrefix(mark, []byte{0xFE, 0xFF}) || mark[0] == 0 {
		r.seen = true
		return false, &SyntaxError{Problem: "found UTF-16 or binary data, expected JSON in UTF-8", Stopped: true}
	}
	return false, nil
}

// item is the value that was just read.
func (r *Reader) item() (*Item, error) {
	raw := r.w.kept()
	if r.w.lost || len(raw) > r.maxRecord {
		return nil, tooLarge{r.maxRecord}
	}
	return &Item{Line: r.begin, Raw: bytes.Clone(raw)}, nil
}
