// Package directory reads lists of an organisation's people: what Microsoft Graph's /users returns (an array, pages with
// "value", one object a line), and CSV with a header.
package directory

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"time"
	"unicode"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// maxFile bounds a file, in bytes; the pages of a hundred thousand people are a tenth of it.
const maxFile = 512 << 20

// Options for a Reader.
type Options struct {
	// Source is the name of the directory.
	Source string
	// AsOf is when the list was made: a date of leaving that lies behind it has not come yet.
	AsOf time.Time
}

// RecordError says which person of a list cannot be taken.
type RecordError struct {
	// Line from 1 on which the person begins.
	Line int
	// ID of the person, where it could be read; Field by the list's own name, empty when the record as a whole is at fault.
	ID, Field string
	// Problem says what was found and what was expected.
	Problem string
}

// Error names the line, the field and the problem.
func (e *RecordError) Error() string {
	text := fmt.Sprintf("line %d: ", e.Line)
	if e.ID != "" {
		text += fmt.Sprintf("person %.80q: ", e.ID)
	}
	if e.Field != "" {
		text += e.Field + ": "
	}
	return text + e.Problem
}

// Reader reads a list.
type Reader struct {
	o    Options
	next func() (directory.Record, error)
	// warnings say what is passed over of the whole list.
	warnings []string
}

// Warnings say which columns of a CSV are passed over, and what they may have been meant to be.
func (d *Reader) Warnings() []string { return d.warnings }

// NewReader looks at the beginning of r and reads what it is.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	lines := &lineCounter{r: io.LimitReader(r, maxFile+1)}
	in := bufio.NewReaderSize(lines, 64<<10)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = in.Discard(3)
		lines.skipped = 3
	}
	d := &Reader{o: o}
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			d.next = func() (directory.Record, error) { return directory.Record{}, io.EOF }
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		if unicode.IsSpace(rune(c)) {
			lines.skipped++
			continue
		}
		if err := in.UnreadByte(); err != nil {
			return nil, err
		}
		if c == '[' || c == '{' {
			d.next = newJSON(in, lines, o).next
			return d, nil
		}
		list, err := newCSV(in, lines, o)
		if err != nil {
			return nil, err
		}
		d.next, d.warnings = list.next, list.warnings()
		return d, nil
	}
}

// Next returns the next person and io.EOF after the last. After a *RecordError reading goes on; after another error it cannot.
func (d *Reader) Next() (directory.Record, error) { return d.next() }

// lineCounter remembers where lines end.
type lineCounter struct {
	r    io.Reader
	read int64
	ends []int64
	// skipped bytes come before what the decoder sees.
	skipped int64
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.read+int64(i))
		}
	}
	l.read += int64(n)
	if l.read > maxFile {
		return n, fmt.Errorf("the file is larger than %d MiB; expected a part of it", maxFile>>20)
	}
	return n, err
}

// at is the line, from 1, of an offset in what the decoder sees.
func (l *lineCounter) at(offset int64) int {
	offset += l.skipped
	return 1 + sort.Search(len(l.ends), func(i int) bool { return l.ends[i] >= offset })
}
