package hunting

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/clickhouse/reader"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// Endpoint answers ClickHouse's HTTP interface, for the clients that there are for it. Whoever has the password may ask; the user's name is
// who they say they are. What is asked goes the way of Query: the same walls, places and audit.
func (h *Hunting) Endpoint(password string) http.Handler { return &endpoint{h, password} }

type endpoint struct {
	*Hunting
	password string
}

const summaryHeader = "X-ClickHouse-Summary"

// passedOn are the headers of the engine's answer that its clients read.
var passedOn = []string{
	"Content-Type", "X-ClickHouse-Format", summaryHeader, "X-ClickHouse-Timezone", "X-ClickHouse-Exception-Code", "X-ClickHouse-Exception-Tag",
	"X-ClickHouse-Server-Display-Name",
}

// dropped are arguments that clients send as a matter of course and that mean nothing here: each request stands alone, and who asks is
// settled before.
var dropped = []string{"query", "user", "password", "quota_key", "decompress", "session_id", "session_timeout", "session_check", "role", "enable_http_compression"}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/ping", r.URL.Path == "/" && r.URL.RawQuery == "" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		_, _ = io.WriteString(w, "Ok.\n")
		return
	case r.URL.Path != "/":
		http.Error(w, "There is no handler "+r.URL.EscapedPath()+"; expected / or /ping", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "expected GET or POST", http.StatusMethodNotAllowed)
		return
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" && site != "same-origin" || !ownOrigin(r) {
		writeError(w, http.StatusForbidden, 497, "ACCESS_DENIED", "a page of another origin may not ask: a browser sends the password that it remembers along")
		return
	}
	author, ok := e.author(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="ClickHouse"`)
		writeError(w, http.StatusUnauthorized, 516, "AUTHENTICATION_FAILED", "Authentication failed: the password is not the one in the service's hunt.json")
		return
	}
	sql, err := embedded.RequestStatement(r, MaxStatementBytes)
	if err != nil {
		// The error is in ClickHouse's form already.
		said := hunt.ParseError(err.Error(), "")
		writeError(w, http.StatusBadRequest, said.Code, said.Name, said.Text)
		return
	}
	e.answer(w, r, author, sql)
}

// ownOrigin says whether a request comes from no page of a browser, or from one of this address.
func ownOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// author is who says to ask; false without the password. As with ClickHouse it may be in its own headers, in those of HTTP, or in the address.
func (e *endpoint) author(r *http.Request) (string, bool) {
	name, password := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if name == "" && password == "" {
		var ok bool
		if name, password, ok = r.BasicAuth(); !ok {
			q := r.URL.Query()
			name, password = q.Get("user"), q.Get("password")
		}
	}
	given, want := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(e.password))
	const most = 200
	name = strings.ToValidUTF8(name[:min(len(name), most)], "")
	return name, subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// answer runs a statement and passes the answer on while it comes.
func (e *endpoint) answer(w http.ResponseWriter, r *http.Request, author, sql string) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	run := &run{Hunting: e.Hunting, id: newID(), limits: e.o.Limits, began: e.o.Clock(),
		query: hunt.Query{SQL: sql, Author: author, Via: hunt.ViaClickHouse, Parameters: map[string]string{}}}
	arguments := url.Values{}
	for name, values := range r.URL.Query() {
		if slices.Contains(dropped, name) {
			continue
		}
		arguments[name] = values
		if parameter, ok := strings.CutPrefix(name, "param_"); ok {
			run.query.Parameters[parameter] = strings.Join(values, "")
		}
	}
	for name, header := range map[string]string{"database": "X-ClickHouse-Database", "default_format": "X-ClickHouse-Format"} {
		if v := r.Header.Get(header); v != "" && !arguments.Has(name) {
			arguments.Set(name, v)
		}
	}
	if d := arguments.Get("database"); d == "" || d == "default" {
		arguments.Set("database", e.o.Database)
	}
	// The client's own id and comment are for the client; the engine knows the hunt by its mark.
	w.Header().Set("X-ClickHouse-Query-Id", firstOf(arguments.Get("query_id"), run.id))
	arguments.Set("log_comment", mark(run.id))

	run.bound(arguments)
	var cut bool
	control := http.NewResponseController(w)
	// A write that waits for the client ends when its time does.
	err := run.placed(ctx, func() { _ = control.SetWriteDeadline(time.Now()) }, func(ctx context.Context) (err error) {
		cut, err = e.pass(ctx, w, r, run, arguments)
		return err
	})
	e.audit(ctx, run.record(err))
	switch {
	case cut:
		panic(http.ErrAbortHandler) //nolint:forbidigo // the documented way for a handler to cut its connection: a result that broke off must not look whole
	case err != nil:
		writeProblem(w, err)
	}
}

// pass sends the engine's answer; cut says that it broke off after its beginning.
func (e *endpoint) pass(ctx context.Context, w http.ResponseWriter, r *http.Request, run *run, arguments url.Values) (cut bool, err error) {
	answer, err := e.o.Engine.Run(ctx, run.query.SQL, arguments)
	if err != nil {
		return false, run.unreachable(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	for _, name := range passedOn {
		if v := answer.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	if answer.Header.Get(summaryHeader) == "" {
		w.Header().Set("Trailer", summaryHeader)
	}
	out, err := newPacked(w, r)
	if err != nil {
		return false, err
	}
	broken, err := run.copyPieces(out, answer)
	if err == nil {
		err = run.pass(out.close)
	}
	if err != nil {
		return true, broken.or(run.unreachable(ctx, err))
	}
	run.summarise(answer)
	w.Header().Set(summaryHeader, answer.Summary())
	return false, nil
}

// tail is the end of what was sent, in which ClickHouse's block tells why a result broke off.
type tail struct{ bytes []byte }

const tailBytes = 8 << 10

func (t *tail) add(b []byte) {
	t.bytes = append(t.bytes, b[max(0, len(b)-tailBytes):]...)
	t.bytes = t.bytes[max(0, len(t.bytes)-tailBytes):]
}

// or is the error that the block tells, or other.
func (t *tail) or(other error) error {
	const mark = "\r\n__exception__\r\n"
	_, block, found := strings.Cut(string(t.bytes), mark)
	if !found {
		return other
	}
	_, text, _ := strings.Cut(block, "\r\n")
	text, _, _ = strings.Cut(text, "\n")
	return hunt.ParseError(text, "")
}

// bound holds a client to the limits: the engine cuts a result off between its blocks where result_overflow_mode is break, which is not
// at the row that was asked for.
func (r *run) bound(arguments url.Values) {
	rows := r.limits.Rows
	if n, err := strconv.ParseUint(arguments.Get("max_result_rows"), 10, 64); err == nil && n > 0 && (rows == 0 || n < rows) {
		rows = n
	} else if rows > 0 {
		arguments.Set("max_result_rows", strconv.FormatUint(rows, 10))
	}
	if arguments.Get("result_overflow_mode") != "break" || rows == 0 {
		return
	}
	if n, err := strconv.ParseUint(arguments.Get("limit"), 10, 64); err == nil && n > 0 && n <= rows {
		return // that was asked for
	}
	arguments.Set("limit", strconv.FormatUint(rows, 10))
	r.cutAt = rows
}

// copyPieces passes each piece on when it comes.
func (r *run) copyPieces(out *packed, answer *reader.Answer) (*tail, error) {
	last := &tail{}
	buffer := make([]byte, 128<<10)
	for {
		n, err := answer.Body.Read(buffer)
		if n > 0 {
			last.add(buffer[:n])
			if err := r.room(uint64(n)); err != nil { //nolint:gosec // not negative
				_ = r.pass(func() error { return out.write(exceptionBlock(answer.Header.Get("X-ClickHouse-Exception-Tag"), err)) })
				return last, err
			}
			if err := r.pass(func() error { return out.write(buffer[:n]) }); err != nil {
				return last, fmt.Errorf("the client does not read on: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			// What came of the error goes out before the connection is cut.
			_ = r.pass(out.flush)
			return last, fmt.Errorf("the result broke off: %w", err)
		}
	}
}

// exceptionBlock ends a result as ClickHouse does when it fails on its way.
func exceptionBlock(tag string, err error) []byte {
	text := err.Error()
	if said := (&hunt.Error{}); errors.As(err, &said) {
		text = fmt.Sprintf("Code: %d. DB::Exception: %s (%s)", said.Code, said.Text, said.Name)
	}
	return fmt.Appendf(nil, "\r\n%s\r\n%s\r\n%s\n%d %s\r\n%s\r\n", exceptionMark, tag, text, len(text)+1, tag, exceptionMark)
}

// writeProblem is an error in ClickHouse's form, before anything of a result was sent.
func writeProblem(w http.ResponseWriter, err error) {
	var (
		said *hunt.Error
		ours *fault.Error
	)
	switch {
	case errors.As(err, &said):
		writeError(w, statusOf(said), said.Code, said.Name, said.Text)
	case errors.As(err, &ours) && ours.Reason == fault.TooManyHunts:
		w.Header().Set("Retry-After", strconv.Itoa(int((ours.RetryAfter+time.Second-1)/time.Second)))
		writeError(w, http.StatusServiceUnavailable, 202, "TOO_MANY_SIMULTANEOUS_QUERIES", ours.Message)
	case errors.As(err, &ours) && ours.Reason == fault.LimitExceeded:
		writeError(w, http.StatusRequestTimeout, 159, "TIMEOUT_EXCEEDED", ours.Message)
	case errors.As(err, &ours) && ours.Reason == fault.ReaderStalled:
		writeError(w, http.StatusServiceUnavailable, 394, "QUERY_WAS_CANCELLED", ours.Message)
	case errors.As(err, &ours):
		writeError(w, http.StatusServiceUnavailable, 210, "NETWORK_ERROR", ours.Message)
	default:
		writeError(w, http.StatusServiceUnavailable, 394, "QUERY_WAS_CANCELLED", "the query was stopped")
	}
}

func statusOf(e *hunt.Error) int {
	switch {
	case e.Refused():
		return http.StatusForbidden
	case e.Crowded():
		return http.StatusServiceUnavailable
	case e.Ended():
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

func writeError(w http.ResponseWriter, status, code int, name, text string) {
	h := w.Header()
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(code))
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Del("X-ClickHouse-Format")
	h.Del("Content-Encoding")
	h.Del("Trailer")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "Code: %d. DB::Exception: %s (%s)\n", code, text, name)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
