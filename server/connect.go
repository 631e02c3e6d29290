package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
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
	connectBodyTime  = 50 * time.Second
	connectStoreTime = 45 * time.Second
	// connectRate is how many bytes a delivery has to bring in a second, beyond its patience.
	connectRate = 128 << 10
	// connectPiece is what a delivery holds of the memory at least.
	connectPiece = 64 << 10
	// connectRetry is when a delivery that could not be stored is best made again.
	connectRetry = 30 * time.Second
)

// errUnsigned tells whoever is refused no more than that.
var errUnsigned = status.Error(codes.Unauthenticated, "the delivery is not signed with a key that is known here")

// connect takes deliveries of DocuSign Connect: POST /v1/connect and /v1/connect/NAME.
type connect struct {
	receiver ConnectReceiver
	maxBytes int64
	// memory is of the bodies that are being read, before anything is known of who sends them; slots are for those that are authentic.
	memory   *semaphore.Weighted
	slots    chan struct{}
	patience time.Duration
	draining context.Context //nolint:containedctx // it has the life of the server, not of a call
}

func newConnect(o *Options, draining context.Context) *connect {
	return &connect{receiver: o.Services.Connect, maxBytes: o.MaxConnectBytes, memory: semaphore.NewWeighted(o.MaxConnectMemory), slots: make(chan struct{}, o.MaxConnects), patience: o.ConnectPatience, draining: draining}
}

func (h *connect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.receiver == nil {
		chain.WriteError(w, r, fault.New(fault.NotFound, "no source of DocuSign Connect is configured (sources.connect)"))
		return
	}
	trial, err := h.take(r)
	if err != nil {
		// What is left of the body is read before the answer goes out, or after it, and nobody has to send it. Not every writer has
		// deadlines.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.patience))
	}
	switch {
	case err == nil && trial:
		writeJSON(w, http.StatusOK, map[string]string{"trial": "signed with a key of this source, and stored nowhere"})
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

// take returns nil when the delivery need not come again, and whether it was a trial.
func (h *connect) take(r *http.Request) (trial bool, err error) {
	if h.draining.Err() != nil {
		return false, errDraining
	}
	var signatures []string
	for name, values := range r.Header {
		if strings.HasPrefix(name, signatureHeader) {
			signatures = append(signatures, values...)
		}
	}
	source := r.PathValue("source")
	if !h.receiver.Known(source) {
		return false, errUnsigned
	}
	if len(signatures) == 0 {
		// Told for the count; it is not worth reading.
		h.receiver.Authentic(r.Context(), source, nil, nil)
		return false, errUnsigned
	}
	m := hold{memory: h.memory}
	defer m.release()
	body, err := h.read(r, &m)
	switch {
	case fault.Is(err, fault.BodyTooLarge):
		h.receiver.Oversized(r.Context(), source, h.maxBytes)
	case fault.Is(err, fault.QueueFull):
		h.receiver.Busy(r.Context(), source)
	case err != nil:
		h.receiver.Broken(r.Context(), source)
	}
	if err != nil {
		return false, err
	}
	if !h.receiver.Authentic(r.Context(), source, signatures, body) {
		return false, errUnsigned
	}
	if h.receiver.Trial(source, body) {
		return true, nil
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.receiver.Busy(r.Context(), source)
		return false, fault.New(fault.QueueFull, "%d deliveries are under way, which is the limit", cap(h.slots))
	}
	// A client that goes away does not stop the storing: what it sent is stored all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), connectStoreTime)
	defer cancel()
	return false, h.receiver.Store(ctx, source, body)
}

// read reads the body whole: its signature is over all of it. It holds memory only for what has come, and time only while more comes.
func (h *connect) read(r *http.Request, m *hold) ([]byte, error) {
	tooLarge := fault.New(fault.BodyTooLarge, "the delivery is larger than %d bytes", h.maxBytes)
	if r.ContentLength > h.maxBytes {
		return nil, tooLarge
	}
	begin := time.Now()
	patient, _ := r.Body.(*patientBody)
	limited := &boundedReader{r: r.Body, left: h.maxBytes}
	var body []byte
	for {
		if len(body) == cap(body) {
			// One byte more than the limit, so that the end of a body that is as large as it may be is seen.
			size := min(max(connectPiece, 2*int64(cap(body))), h.maxBytes+1)
			if !m.grow(size) {
				return nil, fault.New(fault.QueueFull, "the deliveries that are being read have taken all memory there is for them")
			}
			body = append(make([]byte, 0, size), body...)
			m.shrink(size)
		}
		if patient != nil {
			patient.end = begin.Add(min(h.patience+time.Duration(len(body))*time.Second/connectRate, connectBodyTime))
		}
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case limited.exceeded:
			return nil, tooLarge
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, fault.New(fault.InvalidArgument, "the delivery was not there in time: %d bytes came in %s", len(body), time.Since(begin).Round(time.Millisecond))
		case err != nil:
			return nil, fault.New(fault.InvalidArgument, "the delivery broke off")
		}
	}
}

// hold is what one delivery has of the memory.
type hold struct {
	memory *semaphore.Weighted
	bytes  int64
}

// grow takes more; false when there is not as much.
func (m *hold) grow(by int64) bool {
	if !m.memory.TryAcquire(by) {
		return false
	}
	m.bytes += by
	return true
}

// shrink gives back all but so much.
func (m *hold) shrink(to int64) {
	m.memory.Release(m.bytes - to)
	m.bytes = to
}

func (m *hold) release() { m.shrink(0) }
