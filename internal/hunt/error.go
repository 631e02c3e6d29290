package hunt

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	said     = regexp.MustCompile(`(?s)^Code: (\d+)\. DB::Exception: (.*?)(?: \(([A-Z][A-Z0-9_]+)\))?(?: \(version [^)]*\))?\s*$`)
	position = regexp.MustCompile(`failed at position (\d+)`)
)

// ParseError reads an error as ClickHouse writes it; sql is the statement that it is about.
func ParseError(text, sql string) *Error {
	text = strings.TrimSpace(text)
	e := &Error{Code: 1001, Name: "STD_EXCEPTION", Text: text}
	if m := said.FindStringSubmatch(text); m != nil {
		e.Code, _ = strconv.Atoi(m[1])
		e.Name, e.Text = m[3], m[2]
	}
	if m := position.FindStringSubmatch(e.Text); m != nil {
		e.Position, _ = strconv.Atoi(m[1])
		e.Line, e.Column = place(sql, e.Position)
	}
	return e
}

// place turns a byte position, from 1, into line and column, from 1; zeros when it is outside of the text.
func place(sql string, position int) (line, column int) {
	if position < 1 || position > len(sql)+1 {
		return 0, 0
	}
	before := sql[:position-1]
	at := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[at:]) + 1
}

// Codes of ClickHouse that have a meaning of their own.
const (
	codeTooManyRows       = 158
	codeTimeout           = 159
	codeReadonly          = 164
	codeTooManyQueries    = 202
	codeMemory            = 241
	codeTooManyBytes      = 307
	codeCancelled         = 394
	codeTooManyResultRows = 396
	codeAccess            = 497
)

// Refused says whether a wall kept the statement from running.
func (e *Error) Refused() bool { return e.Code == codeReadonly || e.Code == codeAccess }

// Limited says whether a limit ended it.
func (e *Error) Limited() bool {
	switch e.Code {
	case codeTooManyRows, codeTimeout, codeMemory, codeTooManyBytes, codeTooManyResultRows:
		return true
	}
	return false
}

// Crowded says whether others were in the way.
func (e *Error) Crowded() bool { return e.Code == codeTooManyQueries }

// Ended says whether it was stopped from outside.
func (e *Error) Ended() bool { return e.Code == codeCancelled }
