// Package monitor reads what the DocuSign Monitor API delivers: records, and the bodies that carry them.
package monitor

import (
	"fmt"
	"strconv"
)

// FieldError says which field of a record cannot be taken.
type FieldError struct {
	// Field by DocuSign's name, with a dot before a part of it; empty when the record as a whole is at fault.
	Field string
	// Problem says what was found and what was expected.
	Problem string
	// EventID of the record, when it could be read.
	EventID string
}

// Error names the event, the field and the problem.
func (e *FieldError) Error() string {
	s := e.Problem
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.EventID != "" {
		s = fmt.Sprintf("event %s: %s", quote(e.EventID), s)
	}
	return s
}

// SyntaxError says where a body is not what it should be.
type SyntaxError struct {
	// Index is the number, from 0, that the broken record has among all records of the body.
	Index int
	// Line and Offset are where the problem was seen: the line from 1, the byte of the uncompressed body from 0.
	Line   int
	Offset int64
	// Problem says what was found and what was expected.
	Problem string
	// Stopped says that nothing behind this place was read; otherwise reading goes on with the next record.
	Stopped bool
	// Empty says that there is nothing at all, not even a broken record.
	Empty bool
}

// Error names the line and the problem.
func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("line %d: %s", e.Line, e.Problem)
	if e.Stopped {
		s += "; reading stopped here, what came before is kept"
	}
	return s
}

// quote makes a foreign text fit for an error: short, on one line, without control characters.
func quote(s string) string {
	return strconv.QuoteToGraphic(shorten(s, 60))
}

func shorten(s string, most int) string {
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
