package monitor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Options bound a Reader; the zero value takes the defaults.
type Options struct {
	// MaxRecordBytes is the most that one record may have; 0 means 1 MiB.
	MaxRecordBytes int
	// MaxBodyBytes is the most that the uncompressed body may have; 0 means no limit.
	MaxBodyBytes int64
}

// DefaultMaxRecordBytes is the size of a record, beyond which it is not taken, unless Options say otherwise.
const DefaultMaxRecordBytes = 1 << 20

// Item is one record of a body, still unread.
type Item struct {
	// Index is its number among all records of the body, from 0.
	Index int
	// Line is where it begins, from 1.
	Line int
	// Raw is the record as delivered; the caller owns it.
	Raw []byte
}

// Reader splits a body into records without holding more than one of them: a page of Monitor API v2 (data) or v3
// (resultData), an array of records or pages, single records, one after the other or one a line. Any of them may be gzip.
type Reader struct {
	w         *window
	maxRecord int
	index     int
	// cursor is the endCursor of the last whole page, pending that of the present one.
	cursor, pending string
	// open is what the reader is inside of, the outermost first.
	open []frame
	// seen says that the body holds anything at all.
	seen bool
	// resync says that lines are passed over until one begins like a record.
	resync bool
	// loose says that an array or page was given up, so that what belongs between its elements and behind them is passed over.
	loose bool
	// begin is the line in which the present record begins.
	begin int
	final error
}

// frame is an array or a page that has begun and not ended.
type frame struct {
	kind frameKind
	// line where it began.
	line int
	// used says that an element or a member came before.
	used bool
}

type frameKind int

const (
	inArray frameKind = iota
	inPage
	inPageArray
)

// NewReader reads r, from the first call of Next on.
func NewReader(r io.Reader, opt Options) *Reader {
	if opt.MaxRecordBytes <= 0 {
		opt.MaxRecordBytes = DefaultMaxRecordBytes
	}
	const longestMark = 16 // what is looked at before a record begins has to fit in
	src := &body{src: r, limit: opt.MaxBodyBytes}
	return &Reader{w: newWindow(src, max(opt.MaxRecordBytes, longestMark)), maxRecord: opt.MaxRecordBytes}
}

// EndCursor is the endCursor of the last page that was read to its end; empty when there was none.
func (r *Reader) EndCursor() string { return r.cursor }

// Next returns the next record, and io.EOF after the last. After a *SyntaxError it MAY be called again: reading goes on
// behind the broken record unless Stopped is set, and then Next returns io.EOF. Any other error (reading failed, or
// fault.BodyTooLarge) stays.
func (r *Reader) Next() (Item, error) {
	for r.final == nil {
		item, err := r.step()
		switch {
		case err == nil && item == nil:
			continue
		case err == nil:
			item.Index = r.index
			r.index++
			return *item, nil
		}
		if err = r.failure(err); err != nil {
			return Item{}, err
		}
	}
	return Item{}, r.final
}

// failure turns an error of a step into what Next returns.
func (r *Reader) failure(err error) error {
	err = r.w.ended(err)
	failed := r.w.failed()
	syntax := &SyntaxError{Problem: err.Error()}
	switch {
	case errors.As(err, new(gzipError)):
		syntax.Stopped = true
	case errors.As(err, &syntax):
	case errors.Is(err, io.EOF) && r.seen:
		r.final = io.EOF
		return io.EOF
	case errors.Is(err, io.EOF):
		syntax = &SyntaxError{Problem: "the body is empty, expected Monitor records as JSON", Stopped: true, Empty: true}
	case failed != nil && errors.Is(err, failed):
		r.final = fmt.Errorf("reading line %d: %w", r.w.line(r.w.at), err)
		return r.final
	}
	if at := r.w.line(r.w.at); at != r.begin && !errors.As(err, new(tooLarge)) {
		syntax.Problem += fmt.Sprintf(" (seen at line %d)", at)
	}
	syntax.Index, syntax.Line, syntax.Offset = r.index, r.begin, r.w.offset()
	r.index++
	if !syntax.Stopped && !errors.As(err, new(tooLarge)) {
		syntax.Stopped = !r.recover()
	}
	if syntax.Stopped {
		r.final = io.EOF
	}
	return syntax
}

// tooLarge is a record that is over the limit; the reader stands behind it already.
type tooLarge struct{ limit int }

func (e tooLarge) Error() string {
	return fmt.Sprintf("found a record of more than %d bytes, expected less", e.limit)
}

// recover goes on behind a broken record, which can be done where all that is open began on the record's own line, and where
// the next record begins a line.
func (r *Reader) recover() bool {
	if len(r.open) > 0 && r.open[0].line != r.begin {
		// a record at the start of a line where none may follow: an array or page of an earlier line broke off
		if b, ok := r.w.peek(); !ok || b != '{' || !bytes.HasSuffix(r.w.kept(), []byte("\n")) {
			return false
		}
		r.open, r.pending, r.loose = nil, "", true
		return true
	}
	r.open, r.pending = nil, ""
	if i := bytes.IndexByte(r.w.kept(), '\n'); i >= 0 {
		r.w.at = r.w.keep + i + 1
		r.resync = true
		return true
	}
	r.w.skipLine()
	return true
}

// step goes one element, record or bracket forward.
func (r *Reader) step() (*Item, error) {
	if len(r.open) == 0 {
		return r.top()
	}
	f := &r.open[len(r.open)-1]
	r.mark()
	r.w.space()
	b, ok := r.w.peek()
	if !ok {
		return nil, errEnd
	}
	end, what := byte(']'), "',' or ']' after an element"
	if f.kind == inPage {
		end, what = '}', "',' or '}' after a value"
	}
	if b == end {
		r.w.at++
		if f.kind == inPage {
			r.cursor, r.pending = r.pending, ""
		}
		r.open = r.open[:len(r.open)-1]
		return nil, nil
	}
	if f.used {
		if b != ',' {
			return nil, unexpected(b, expectation(what))
		}
		r.w.at++
		r.w.space()
		if b, ok = r.w.peek(); !ok {
			return nil, errEnd
		}
	}
	f.used = true
	if f.kind == inPage {
		return nil, r.pageMember()
	}
	if b == '{' && f.kind == inArray {
		return r.object()
	}
	r.mark()
	if err := r.w.value(); err != nil {
		return nil, err
	}
	return r.item()
}

// mark is called where a record, or what leads to it, begins.
func (r *Reader) mark() {
	r.w.hold()
	r.begin = r.w.line(r.w.at)
}
