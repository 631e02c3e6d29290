package chain

import (
	"net/http"
	"time"
)

// stallTimeout is how long one write to an HTTP client may take: a client that reads nothing for that long is cut, and
// can resume where it was.
const stallTimeout = time.Minute

// response remembers the status code and bounds every write in time.
type response struct {
	http.ResponseWriter
	code int
}

func (w *response) WriteHeader(code int) {
	if w.code == 0 && code >= http.StatusOK {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *response) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	w.extend()
	return w.ResponseWriter.Write(b)
}

// extend gives the client another stallTimeout. Not every writer has deadlines (one of a test has none); then a write
// is bounded by the client alone.
func (w *response) extend() {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(stallTimeout))
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func codeOf(w http.ResponseWriter) int {
	if r, ok := w.(*response); ok && r.code != 0 {
		return r.code
	}
	return http.StatusOK
}

func begun(w http.ResponseWriter) bool {
	r, ok := w.(*response)
	return ok && r.code != 0
}
