package embedded

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// response writes a result to a client. The status goes out with the first
// bytes, so an error after that can only be told inside the body.
type response struct {
	w       http.ResponseWriter
	control *http.ResponseController
	started bool
	begun   time.Time
	tag     string // closes an exception inside the body; the header announced it
	out     io.Writer
	packed  *compressedWriter
	framer  *nativeFramer
	// counts are of what was sent so far; the summary tells them at the end.
	counts counts
}

// stallTimeout is how long a client may leave a piece of a result unread
// before its query is given up, and a body may bring nothing.
const stallTimeout = 5 * time.Minute

func newResponse(w http.ResponseWriter, req *request, format string) *response {
	r := &response{w: w, control: http.NewResponseController(w), out: w, begun: time.Now(), tag: newPassword()[:16]}
	if req.compress != "" {
		r.packed = newCompressedWriter(w, req.compress)
		r.out = r.packed
	}
	if strings.EqualFold(format, "Native") {
		r.framer = newNativeFramer(req.revision)
	}
	h := w.Header()
	h.Set("X-ClickHouse-Format", format)
	h.Set("X-ClickHouse-Timezone", "UTC")
	h.Set("Trailer", summaryHeader)
	h.Set("X-ClickHouse-Exception-Tag", r.tag)
	h.Set("Content-Type", contentType(format))
	return r
}

// piece sends bytes of the result.
func (r *response) piece(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if r.started {
		if err := r.flush(); err != nil {
			return err
		}
	}
	r.started = true
	_ = r.control.SetWriteDeadline(time.Now().Add(stallTimeout))
	if r.framer != nil {
		return r.framer.write(r.out, b)
	}
	_, err := r.out.Write(b)
	return err
}

func (r *response) flush() error {
	if r.packed != nil {
		if err := r.packed.flush(); err != nil {
			return err
		}
	}
	return r.control.Flush()
}

// end completes the response and frees the client's connection of the
// deadline, which would outlive the request.
func (r *response) end() error {
	if r.packed != nil {
		if err := r.packed.flush(); err != nil {
			return err
		}
	}
	r.summary(false)
	_ = r.control.SetWriteDeadline(time.Time{})
	return nil
}

const summaryHeader = "X-ClickHouse-Summary"

// summary tells what was read: after the body, because only then all of it is
// known, unless whole says before the first byte that all of it is.
func (r *response) summary(whole bool) {
	text, err := json.Marshal(map[string]string{
		"read_rows": strconv.FormatUint(r.counts.readRows, 10), "read_bytes": strconv.FormatUint(r.counts.readBytes, 10),
		"result_rows": strconv.FormatUint(r.counts.rows, 10), "elapsed_ns": strconv.FormatInt(time.Since(r.begun).Nanoseconds(), 10),
	})
	if err != nil {
		return
	}
	if whole {
		r.w.Header().Del("Trailer")
	}
	r.w.Header().Set(summaryHeader, string(text))
}

// fail reports an error: as a status when nothing has been sent, else as
// ClickHouse's exception block, after which the connection is cut so that no
// client can take what it has for the whole result.
func (r *response) fail(err error) {
	e := asException(err)
	if !r.started {
		writeException(r.w, e)
		return
	}
	if r.packed != nil {
		_ = r.packed.flush()
	}
	text := e.Error()
	_, _ = fmt.Fprintf(r.w, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", r.tag, text, len(text)+1, r.tag)
	_ = r.control.Flush()
	panic(http.ErrAbortHandler) //nolint:forbidigo // the documented way for a handler to cut its connection
}

// writeException sends an error as the whole response.
func writeException(w http.ResponseWriter, e *exception) {
	h := w.Header()
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Del("X-ClickHouse-Format")
	h.Del("Trailer")
	if e.code == codeAuthentication {
		h.Set("WWW-Authenticate", `Basic realm="ClickHouse"`)
	}
	w.WriteHeader(e.httpStatus())
	_, _ = io.WriteString(w, e.Error()+"\n")
}

// writeSummary sets the header that tells how many rows were written.
func writeSummary(h http.Header, rows uint64) {
	summary, err := json.Marshal(map[string]string{"written_rows": strconv.FormatUint(rows, 10)})
	if err == nil {
		h.Set("X-ClickHouse-Summary", string(summary))
	}
}

func contentType(format string) string {
	f := strings.ToLower(format)
	switch {
	case strings.HasPrefix(f, "jsoneachrow"), strings.HasPrefix(f, "jsoncompacteachrow"), f == "jsonlines", f == "ndjson":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(f, "json"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(f, "csv"):
		return "text/csv; charset=UTF-8"
	case strings.HasPrefix(f, "tabseparated"), strings.HasPrefix(f, "tsv"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(f, "pretty"), f == "vertical", f == "values", f == "markdown":
		return "text/plain; charset=UTF-8"
	}
	return "application/octet-stream"
}
