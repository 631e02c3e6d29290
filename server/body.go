package server

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
)

// idleTimeout is how long a client may send nothing in the middle of a body.
const idleTimeout = time.Minute

var errTooLarge = errors.New("the limit of the size is exceeded")

// boundedReader ends with an error after so many bytes.
type boundedReader struct {
	r    io.Reader
	left int64
	read int64
	// exceeded says that there was more.
	exceeded bool
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.exceeded {
		return 0, errTooLarge
	}
	// One byte more than is left tells a body that is too long from one that ends there.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		b.exceeded, n, err = true, int(b.left), errTooLarge
	}
	b.left -= int64(n)
	b.read += int64(n)
	return n, err
}

// patientBody gives a client idleTimeout for every piece of its body, instead of one time for all of it.
type patientBody struct {
	io.ReadCloser
	connection *http.ResponseController
	// end is when all of it has to be there; zero leaves that open.
	end time.Time
}

func (b *patientBody) Read(p []byte) (int, error) {
	// Not every writer has deadlines (one of a test has none).
	until := time.Now().Add(idleTimeout)
	if !b.end.IsZero() && b.end.Before(until) {
		until = b.end
	}
	_ = b.connection.SetReadDeadline(until)
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		// From here on the server watches the connection for its end; a deadline would look like one.
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}

// apiBody is the body of a REST call. The gateway tells little of what goes wrong with one, so it is kept here.
type apiBody struct {
	io.ReadCloser
	// values bounds each JSON value of a stream, whole the body of another call; one of the two is set.
	values *valueBound
	whole  *boundedReader

	mu      sync.Mutex
	failure error
}

func (b *apiBody) Read(p []byte) (int, error) {
	if b.whole != nil {
		n, err := b.whole.Read(p)
		if b.whole.exceeded {
			b.fail(fault.New(fault.BodyTooLarge, "the body is larger than %d bytes", b.whole.read))
		}
		return n, err
	}
	n, err := b.ReadCloser.Read(p)
	if within := b.values.scan(p[:n]); within < n {
		b.fail(fault.New(fault.BodyTooLarge, "a message is larger than %d bytes", b.values.limit))
		return within, errTooLarge
	}
	return n, err
}

// fail keeps the first failure.
func (b *apiBody) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure == nil {
		b.failure = err
	}
}

func (b *apiBody) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failure
}

// valueBound follows a sequence of JSON values and finds one that is longer than limit. It need not know whether they
// are well-formed: whatever does not return to the outermost level counts as one value.
type valueBound struct {
	limit, size, depth int
	text, escaped      bool
}

// scan returns how many bytes lie within the limit.
func (v *valueBound) scan(p []byte) int {
	for i, c := range p {
		switch {
		case v.escaped:
			v.escaped = false
		case v.text:
			v.escaped, v.text = c == '\\', c != '"'
		case c == '"':
			v.text = true
		case c == '{' || c == '[':
			v.depth++
		case c == '}' || c == ']':
			v.depth--
		}
		v.size++
		if v.size > v.limit {
			return i
		}
		if v.depth <= 0 && !v.text && (c == '}' || c == ']' || c == '\n') {
			v.size, v.depth = 0, 0
		}
	}
	return len(p)
}
