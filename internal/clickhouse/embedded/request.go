package embedded

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// request is what a client asks for.
type request struct {
	user     string
	readOnly bool   // sent with GET, which may not change anything
	queryID  string // for the client only; the engine numbers queries itself
	database string
	sql      string
	insert   *insertStatement // set when rows follow; sql is then empty
	rows     io.Reader        // the rows of insert
	params   parameters
	settings map[string]string
	format   string // of the result, if the statement does not name one
	revision int    // of Native blocks
	compress string // method of ClickHouse's block compression, "" for none
}

// peekBytes is how much of a body is looked at to tell a statement from a
// statement that is followed by rows.
const peekBytes = 64 << 10

// parseRequest reads everything but the rows of an insert.
func (s *server) parseRequest(r *http.Request, user string) (*request, error) {
	q := r.URL.Query()
	out := &request{
		user: user, queryID: q.Get("query_id"), database: first(q.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format: first(q.Get("default_format"), r.Header.Get("X-ClickHouse-Format"), "TabSeparated"),
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		out.readOnly = true
	case http.MethodPost:
	default:
		return nil, newException(codeNotImplemented, "NOT_IMPLEMENTED", "method %s is not supported: use GET or POST", r.Method)
	}
	if mediaType := r.Header.Get("Content-Type"); len(mediaType) >= 9 && mediaType[:9] == "multipart" {
		return nil, newException(codeNotImplemented, "NOT_IMPLEMENTED", "external tables (multipart bodies) are not supported by the embedded engine")
	}
	if q.Get("compress") == "1" {
		out.compress = first(q.Get("network_compression_method"), "LZ4")
	}
	if v := q.Get("client_protocol_version"); v != "" {
		revision, err := strconv.ParseUint(v, 10, 31)
		if err != nil {
			return nil, newException(codeBadArguments, "BAD_ARGUMENTS", "client_protocol_version %q is not a number", v)
		}
		out.revision = int(revision)
	}
	var err error
	if out.params, out.settings, err = splitArguments(q); err != nil {
		return nil, err
	}
	body, err := requestBody(r, s.config.MaxBodyBytes)
	if err != nil {
		return nil, err
	}
	return out, s.readStatement(out, q.Get("query"), body)
}

// readStatement finds the statement in the argument, in the body, or in both
// one after the other, as ClickHouse does.
func (s *server) readStatement(out *request, argument string, body io.Reader) error {
	if insert, ok := parseInsert(argument); ok {
		out.insert, out.rows = &insert, io.MultiReader(bytes.NewReader([]byte(insert.data)), body)
		return nil
	}
	buffered := bufio.NewReaderSize(body, peekBytes)
	if argument == "" {
		head, err := buffered.Peek(peekBytes)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return bodyError(err)
		}
		if insert, ok := parseInsert(string(head)); ok {
			if _, err := buffered.Discard(len(head) - len(insert.data)); err != nil {
				return bodyError(err)
			}
			out.insert, out.rows = &insert, buffered
			return nil
		}
	}
	text, err := io.ReadAll(&limitedReader{r: buffered, left: s.config.MaxStatementSize, max: s.config.MaxStatementSize})
	if err != nil {
		return bodyError(err)
	}
	out.sql = argument
	if len(text) > 0 {
		if out.sql != "" {
			out.sql += "\n"
		}
		out.sql += string(text)
	}
	if out.sql == "" {
		return newException(codeSyntaxError, "SYNTAX_ERROR", "the request has no query")
	}
	return nil
}

func bodyError(err error) error {
	var known *exception
	if errors.As(err, &known) {
		return err
	}
	return newException(codeCannotReadAllData, "CANNOT_READ_ALL_DATA", "read the request's body: %v", err)
}

// first is the first of the values that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
