package monitor

import (
	"github.com/sealwatch/sealwatch/ingest/internal/scan"
)

// object reads an object that is a record, or begins to read one that turns out to be a page: an object with an array
// under data or resultData and neither eventId nor timestamp before it.
func (r *Reader) object() (*Item, error) {
	r.mark()
	record, page := false, false
	for first := true; ; first = false {
		r.w.at++ // the brace or a comma
		key, closed, err := r.key(first)
		if err != nil {
			return nil, err
		}
		if closed {
			break
		}
		b, _ := r.w.peek()
		switch {
		case (key == "data" || key == "resultData") && !record:
			if b == '[' {
				r.open = append(r.open, frame{kind: inPage, line: r.begin, used: true}, frame{kind: inPageArray, line: r.begin})
				r.w.at++
				return nil, nil
			}
			page = page || b == 'n'
		case key == "endCursor":
			page = true
			if err := r.endCursor(); err != nil {
				return nil, err
			}
			b = 0
		case key == "eventId" || key == "timestamp" || key == "activity_log":
			record = true
		}
		if b != 0 {
			if err := r.w.value(); err != nil {
				return nil, err
			}
		}
		r.w.space()
		if b, ok := r.w.peek(); !ok {
			return nil, errEnd
		} else if b == '}' {
			r.w.at++
			break
		} else if b != ',' {
			return nil, unexpected(b, "',' or '}' after a value")
		}
	}
	if page && !record {
		r.cursor, r.pending = r.pending, ""
		return nil, nil
	}
	return r.item()
}

// key reads a key and its colon, and stands at the value then; closed says that the object ended instead.
func (r *Reader) key(mayEnd bool) (key string, closed bool, err error) {
	r.w.space()
	b, ok := r.w.peek()
	switch {
	case !ok:
		return "", false, errEnd
	case b == '}' && mayEnd:
		r.w.at++
		return "", true, nil
	case b != '"':
		return "", false, unexpected(b, wantKey)
	}
	from := r.w.offset()
	if err := r.w.text(); err != nil {
		return "", false, err
	}
	if first := from - r.w.base; first >= 0 { // otherwise the key is longer than any that matters
		key, _ = scan.New(string(r.w.buf[first:r.w.at])).Text()
	}
	r.w.space()
	if b, ok = r.w.peek(); !ok {
		return "", false, errEnd
	} else if b != ':' {
		return "", false, unexpected(b, wantColon)
	}
	r.w.at++
	r.w.space()
	if _, ok = r.w.peek(); !ok {
		return "", false, errEnd
	}
	return key, false, nil
}

// pageMember reads a member of a page behind its records.
func (r *Reader) pageMember() error {
	key, _, err := r.key(false)
	if err != nil {
		return err
	}
	b, _ := r.w.peek()
	switch {
	case (key == "data" || key == "resultData") && b == '[':
		r.open = append(r.open, frame{kind: inPageArray, line: r.w.line(r.w.at)})
		r.w.at++
		return nil
	case key == "endCursor":
		return r.endCursor()
	}
	return r.w.value()
}

// endCursor reads the value of endCursor, which is a string or null.
func (r *Reader) endCursor() error {
	from := r.w.offset()
	if err := r.w.value(); err != nil {
		return err
	}
	if first := from - r.w.base; first >= 0 {
		if c := scan.New(string(r.w.buf[first:r.w.at])); c.Kind() == scan.String {
			cursor, err := c.Text()
			if err != nil {
				return err
			}
			r.pending = cursor
		}
	}
	return nil
}
