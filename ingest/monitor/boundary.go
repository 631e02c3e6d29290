package monitor

import (
	"errors"
	"fmt"
)

// maxNesting is how deep a value may be nested for its end to be found.
const maxNesting = 128

// errEnd is what a value that breaks off gives; the reader replaces it where reading itself had failed.
var errEnd = errors.New("the body ends too early")

// nesting is a stack of open brackets: a bit for each, set for an object.
type nesting struct {
	bits  [maxNesting / 64]uint64
	depth int
}

func (n *nesting) push(object bool) bool {
	if n.depth == maxNesting {
		return false
	}
	word, bit := n.depth/64, uint64(1)<<(n.depth%64)
	n.bits[word] &^= bit
	if object {
		n.bits[word] |= bit
	}
	n.depth++
	return true
}

func (n *nesting) object() bool { return n.bits[(n.depth-1)/64]>>((n.depth-1)%64)&1 == 1 }

// What may come next inside a value.
type expectation string

const (
	wantValue        expectation = "a value"
	wantElementOrEnd expectation = "an element or ']'"
	wantKey          expectation = "a key in double quotes"
	wantKeyOrEnd     expectation = "a key in double quotes or '}'"
	wantColon        expectation = "':' after a key"
	wantCommaOrEnd   expectation = "',' or the closing bracket"
)

// value goes behind the value that begins at the next byte. It checks structure and lines only, so that a value with a
// wrong word or escape in it still has an end; Decode finds those.
func (w *window) value() error {
	var open nesting
	want := wantValue
	for {
		if want != wantValue || open.depth > 0 {
			w.space()
		}
		b, ok := w.peek()
		if !ok {
			return errEnd
		}
		var err error
		switch {
		case want == wantColon:
			if b != ':' {
				return unexpected(b, want)
			}
			w.at++
			want = wantValue
			continue
		case want == wantCommaOrEnd && b == ',':
			w.at++
			if want = wantValue; open.object() {
				want = wantKey
			}
			continue
		case want == wantCommaOrEnd || want == wantKeyOrEnd && b == '}' || want == wantElementOrEnd && b == ']':
			if object := open.object(); object && b != '}' || !object && b != ']' {
				return unexpected(b, want)
			}
			w.at++
			open.depth--
		case want == wantKey || want == wantKeyOrEnd:
			if b != '"' {
				return unexpected(b, want)
			}
			if err := w.text(); err != nil {
				return err
			}
			want = wantColon
			continue
		case b == '{' || b == '[':
			w.at++
			if !open.push(b == '{') {
				return fmt.Errorf("nested deeper than %d levels", maxNesting)
			}
			if want = wantElementOrEnd; b == '{' {
				want = wantKeyOrEnd
			}
			continue
		case b == '"':
			err = w.text()
		default:
			err = w.word(want)
		}
		if err != nil || open.depth == 0 {
			return err
		}
		want = wantCommaOrEnd
	}
}

// text goes behind a string.
func (w *window) text() error {
	w.at++
	escaped := false
	for {
		buf := w.buf
		for i := w.at; i < len(buf); i++ {
			switch b := buf[i]; {
			case b == '\n':
				w.at = i
				return errors.New("found the end of the line, expected the end of a string")
			case escaped:
				escaped = false
			case b == '"':
				w.at = i + 1
				return nil
			case b == '\\':
				escaped = true
			}
		}
		if w.at = len(buf); !w.fill() {
			return errEnd
		}
	}
}

// word goes behind a number, true, false, null or what looks like one.
func (w *window) word(want expectation) error {
	for n := 0; ; n++ {
		b, ok := w.peek()
		if !ok || !inWord(b) {
			if n > 0 {
				return nil
			}
			return unexpected(b, want)
		}
		w.at++
	}
}

func inWord(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '-' || b == '+' || b == '.' || b == '_'
}

func unexpected(b byte, want expectation) error {
	return fmt.Errorf("found %q, expected %s", rune(b), want)
}

// ended replaces errEnd by the error that ended reading, if one did.
func (w *window) ended(err error) error {
	if failed := w.failed(); errors.Is(err, errEnd) && failed != nil {
		return failed
	}
	return err
}
