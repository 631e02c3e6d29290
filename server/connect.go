package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/chain"
)

const (
	connectPath = "/v1/connect"
	// signatureHeader is followed by the number of a key.
	signatureHeader = "X-Docusign-Signature-"
	// connectBodyTime is how long a delivery may take to arrive, and connectStoreTime how long it may take to be stored: together less
	// than the 100 seconds after which DocuSign counts it as failed.
	connectBodyTime  = 30 * time.Second
	connectStoreTime = 45 * time.Second
	// connectRetry is when a delivery that could not be stored is best made again.
	connectRetry = 30 * time.Second
)

// errUnsigned tells whoever is refused no more than that.
var errUnsigned = status.Error(codes.Unauthenticated, "the delivery is not signed with a key that is known here")

// connect takes deliveries of DocuSign Connect: POST /v1/connect and /v1/connect/NAME.
type connect struct {
	receiver ConnectReceiver
	maxBytes int64
	slots    chan struct{}
	draining context.Context //nolint:containedctx // it has the life of the server, not of a call
}

func newConnect(o *Options, draining context.Context) *connect {
	return &connect{receiver: o.Services.Connect, maxBytes: o.MaxConnectBytes, slots: make(chan struct{}, o.MaxConnects), draining: draining}
}

func (h *connect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.receiver == nil {
		chain.WriteError(w, r, fault.New(fault.NotFound, "no source of DocuSign Connect is configured (sources.connect)"))
		return
	}
	err := h.take(r)
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, struct{}{})
	case errors.Is(err, errUnsigned):
		chain.WriteErrorCode(w, r, err, http.StatusUnauthorized)
	case fault.Is(err, fault.BodyTooLarge), fault.Is(err, fault.InvalidArgument):
		chain.WriteError(w, r, err)
	default:
		// Whatever it is, DocuSign has to deliver again.
		f := fault.New(fault.StorageUnavailable, "the delivery could not be stored; deliver it again")
		f.Err, f.RetryAfter = err, connectRetry
		chain.WriteErrorCode(w, r, f, http.StatusServiceUnavailable)
	}
}

// take returns nil when the delivery need not come again.
func (h *connect) take(r *http.Request) error {
	if h.draining.Err() != nil {
		return errDraining
	}
	var signatures []string
	for name, values := range r.Header {
		if strings.HasPrefix(name, signatureHeader) {
			signatures = append(signatures, values...)
		}
	}
	source := r.PathValue("source")
	if len(signatures) == 0 {
		// Told for the count; it is not worth reading.
		_, _ = h.receiver.Receive(r.Context(), source, nil, nil)
		return errUnsigned
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		return fault.New(fault.QueueFull, "%d deliveries are under way, which is the limit", cap(h.slots))
	}
	body, err := h.read(r)
	if err != nil {
		if fault.Is(err, fault.BodyTooLarge) {
			h.receiver.Oversized(r.Context(), source, h.maxBytes)
		}
		return err
	}
	// A client that goes away does not stop the storing: what it sent is stored all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), connectStoreTime)
	defer cancel()
	authentic, err := h.receiver.Receive(ctx, source, signatures, body)
	if !authentic {
		return errUnsigned
	}
	return err
}

// read reads the body whole: its signature is over all of it.
func (h *connect) read(r *http.Request) ([]byte, error) {
	tooLarge := fault.New(fault.BodyTooLarge, "the delivery is larger than %d bytes", h.maxBytes)
	if r.ContentLength > h.maxBytes {
		return nil, tooLarge
	}
	if b, ok := r.Body.(*patientBody); ok {
		b.end = time.Now().Add(connectBodyTime)
	}
	limited := &boundedReader{r: r.Body, left: h.maxBytes}
	body, err := io.ReadAll(limited)
	switch {
	case limited.exceeded:
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fault.New(fault.InvalidArgument, "the delivery was not there after %s", connectBodyTime)
	case err != nil:
		return nil, fault.New(fault.InvalidArgument, "the delivery broke off")
	}
	return body, nil
}
