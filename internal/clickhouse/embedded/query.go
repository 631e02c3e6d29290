package embedded

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// streamable are the formats that the engine can hand out piece by piece:
// those with nothing after the last row, and with nothing before the first one
// or a head that headLength knows. Of any other the pieces would each carry that
// frame.
var streamable = map[string]bool{
	"native": true, "tabseparated": true, "tsv": true, "tabseparatedraw": true, "tsvraw": true, "raw": true,
	"csv": true, "jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsoncompacteachrow": true,
	"rowbinary": true, "lineasstring": true, "rawblob": true, "tskv": true, "null": true,
	"jsoncompacteachrowwithnames": true, "jsoncompacteachrowwithnamesandtypes": true, "jsoncompactstringseachrowwithnames": true,
	"jsoncompactstringseachrowwithnamesandtypes": true, "tabseparatedwithnames": true, "tabseparatedwithnamesandtypes": true,
	"tsvwithnames": true, "tsvwithnamesandtypes": true, "csvwithnames": true, "csvwithnamesandtypes": true,
	"rowbinarywithnames": true, "rowbinarywithnamesandtypes": true,
}

// errTimeLimit is the cause of a context whose request ran out of time.
var errTimeLimit = errors.New("time limit")

// guardGrace is what the engine gets beyond a request's time limit to notice
// it itself, before the query is killed.
const guardGrace = 3 * time.Second

// runQuery executes the request's statement on a session and writes the
// result. It reports every error to the client itself; the error it returns
// says that the session may not be used again.
func (s *server) runQuery(ctx context.Context, w http.ResponseWriter, conn *connection, tag string, req *request, reads bool, limit time.Duration) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit+guardGrace, errTimeLimit)
		defer cancel()
	}
	format := first(outputFormat(req.sql), req.format)
	out := newResponse(w, req, format)
	stop := s.killer.watch(ctx, tag)
	err := s.execute(conn, req, format, reads, out)
	stop()
	if err == nil {
		err = out.end()
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = stopped(cause)
		}
		out.fail(err)
	}
	return err
}

// stopped is the error of a request that was ended from outside.
func stopped(cause error) error {
	if errors.Is(cause, errTimeLimit) {
		return newException(codeTimeoutExceeded, "TIMEOUT_EXCEEDED", "the query exceeded its time limit and was stopped")
	}
	return newException(codeQueryCancelled, "QUERY_WAS_CANCELLED", "the query was stopped: %v", cause)
}

func (s *server) execute(conn *connection, req *request, format string, reads bool, out *response) error {
	if reads && streamable[strings.ToLower(format)] {
		err := s.stream(conn, req, format, out)
		if !isNotStreamable(err) {
			return err
		}
	}
	return conn.run(req.sql, req.format, req.params, func(b []byte) error {
		out.counts = conn.counts
		out.summary(true)
		return out.piece(b)
	})
}

func (s *server) stream(conn *connection, req *request, format string, out *response) error {
	rows, err := conn.openStream(req.sql, req.format, req.params)
	if err != nil {
		return err
	}
	defer rows.close()
	for first := true; ; first = false {
		b, err := rows.next()
		out.counts = rows.counts
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return nil
		}
		if !first {
			b = b[headLength(format, b):]
		}
		if err := out.piece(b); err != nil {
			return err
		}
	}
}

// isNotStreamable recognises the engine's refusal to stream statements such
// as SHOW or DESCRIBE; nothing has run then.
func isNotStreamable(err error) bool {
	var e *exception
	return errors.As(err, &e) && e.code == codeBadArguments && strings.Contains(e.text, "Streaming query is not supported")
}
