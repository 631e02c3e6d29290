package embedded

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// ClickHouse's error codes that this package gives out itself.
const (
	codeCannotReadAllData  = 33
	codeBadArguments       = 36
	codeNotImplemented     = 48
	codeUnknownType        = 50
	codeSyntaxError        = 62
	codeUnknownCompression = 89
	codeUnknownSetting     = 115
	codeTimeoutExceeded    = 159
	codeReadonly           = 164
	codeTooManyQueries     = 202
	codeTooManyBytes       = 307
	codeQueryCancelled     = 394
	codeAccessDenied       = 497
	codeAuthentication     = 516
	codeStdException       = 1001
)

// exception is an error in ClickHouse's terms: a stable number, its name and
// the text for a person.
type exception struct {
	code int
	name string
	text string
}

// Error has the form that ClickHouse's clients read the code from.
func (e *exception) Error() string {
	if strings.HasPrefix(e.text, "Code: ") {
		return e.text
	}
	return fmt.Sprintf("Code: %d. DB::Exception: %s (%s)", e.code, e.text, e.name)
}

func newException(code int, name, format string, args ...any) *exception {
	return &exception{code: code, name: name, text: fmt.Sprintf(format, args...)}
}

var exceptionPrefix = regexp.MustCompile(`Code:\s*(\d+)\.`)
var exceptionName = regexp.MustCompile(`\(([A-Z][A-Z0-9_]+)\)`)

// parseException reads the engine's error text. Text without a code becomes
// STD_EXCEPTION, as a ClickHouse server reports errors of other libraries.
func parseException(text string) *exception {
	text = strings.TrimSpace(text)
	at := exceptionPrefix.FindStringSubmatchIndex(text)
	if at == nil {
		return &exception{code: codeStdException, name: "STD_EXCEPTION", text: text}
	}
	code, err := strconv.Atoi(text[at[2]:at[3]])
	if err != nil {
		return &exception{code: codeStdException, name: "STD_EXCEPTION", text: text}
	}
	e := &exception{code: code, text: text[at[0]:]}
	if names := exceptionName.FindAllStringSubmatch(e.text, -1); names != nil {
		e.name = names[len(names)-1][1]
	}
	return e
}

// asException gives any error an exception's form.
func asException(err error) *exception {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	return &exception{code: codeStdException, name: "STD_EXCEPTION", text: err.Error()}
}

// httpStatus maps a code to the status that ClickHouse's HTTP interface uses.
func (e *exception) httpStatus() int {
	switch e.code {
	case codeAuthentication:
		return http.StatusUnauthorized
	case codeAccessDenied, codeReadonly:
		return http.StatusForbidden
	case codeSyntaxError, codeBadArguments, codeUnknownSetting, 6, 26, 27, 38, 41, 42, 43, 44, 46, 47, 53, 70, 72, 73, 86, 130, 131, 456, 457:
		return http.StatusBadRequest
	case 60, 81, 16:
		return http.StatusNotFound
	case codeTooManyBytes:
		return http.StatusRequestEntityTooLarge
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooManyQueries:
		return http.StatusServiceUnavailable
	case codeTimeoutExceeded:
		return http.StatusRequestTimeout
	}
	return http.StatusInternalServerError
}
