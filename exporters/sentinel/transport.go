package sentinel

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// transport reads no answer without an end, because the SDK reads the whole of it into memory, and keeps the last failure below HTTP, because
// the SDK hands it on as a text with the address and sometimes an answer in it.
type transport struct {
	*http.Transport
	mu     sync.Mutex
	broken error
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(r)
	t.keep(err)
	if err == nil {
		response.Body = &body{Reader: io.LimitReader(response.Body, mostOfAnswer), Closer: response.Body, keep: t.keep}
	}
	return response, err
}

func (t *transport) keep(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = err
}

// last is the failure of the last request; nil when it had an answer.
func (t *transport) last() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken
}

type body struct {
	io.Reader
	io.Closer
	keep func(error)
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.keep(fmt.Errorf("the answer broke off: %w", err))
	}
	return n, err
}

// statusOf is the HTTP status of an answer; 0 without one.
func statusOf(err error) int {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}
