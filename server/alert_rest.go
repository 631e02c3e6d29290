package server

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/chain"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/validate"
)

const (
	alertStreamPath  = "/v1/alerts:stream"
	eventContentType = "text/event-stream"
	lastEventID      = "Last-Event-ID"
	// eventRetry is when a reader of events connects again, in milliseconds.
	eventRetry = 2000
)

// alertStream is StreamAlerts over REST: lines of JSON, or server-sent events. It does not go through the gateway, so that
// readers share an encoding here, too, and see what was sent at once.
type alertStream struct {
	*alertService
	queries   *queryRules
	validator *validate.Validator
}

func (a *alertStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sink, protocol := newRESTSink(w, r)
	req, err := a.request(r)
	if err != nil {
		chain.WriteError(w, r, err)
		return
	}
	sub, err := a.subscribe(r.Context(), req, host(r.RemoteAddr), protocol)
	if err != nil {
		chain.WriteError(w, r, err)
		return
	}
	defer sub.Close()
	ctx, cancel := endWith(r.Context(), a.draining)
	defer cancel()
	// A stopping server does not wait for a reader that takes nothing.
	stop := context.AfterFunc(ctx, func() { _ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(drainGrace)) })
	defer stop()
	h := w.Header()
	h.Set("Content-Type", sink.contentType())
	h.Set("X-Accel-Buffering", "no") // a proxy that collects an answer would show nothing
	w.WriteHeader(http.StatusOK)
	err = a.ended(ctx, sub, sub.Run(ctx, sink))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		sub.Stalled()
		chain.Fail(r, stalled(sub, err)) // for the log: nobody reads an answer
	case err != nil && r.Context().Err() == nil:
		sink.fail(chain.Fail(r, err).Proto())
	}
	// The reader may be gone.
	_ = sink.Flush()
}

// request is that of the query parameters. The header by which a reader of events resumes comes before after, which stays in the
// address of one that connects again, and before since.
func (a *alertStream) request(r *http.Request) (*pb.StreamAlertsRequest, error) {
	if err := a.queries.check(r); err != nil {
		return nil, err
	}
	req := &pb.StreamAlertsRequest{}
	if err := runtime.PopulateQueryParameters(req, r.URL.Query(), utilities.NewDoubleArray(nil)); err != nil {
		return nil, problem.Invalid(plain(err.Error()))
	}
	if id := r.Header.Get(lastEventID); id != "" {
		req.After, req.Since = id, nil
	}
	return req, a.validator.Message(req)
}

// restSink writes to an HTTP client.
type restSink interface {
	fanout.Sink
	contentType() string
	// fail writes the status with which the stream ends.
	fail(status proto.Message)
}

// newRESTSink is the one for what the client accepts: events when it asks for them, lines otherwise.
func newRESTSink(w http.ResponseWriter, r *http.Request) (sink restSink, protocol string) {
	base := restWriter{w: w, flusher: http.NewResponseController(w)}
	for _, value := range r.Header.Values("Accept") {
		for accepted := range strings.SplitSeq(value, ",") {
			if t, p, err := mime.ParseMediaType(accepted); err == nil && t == eventContentType && p["q"] != "0" {
				return &eventSink{restWriter: base}, "sse"
			}
		}
	}
	return &lineSink{base}, "ndjson"
}

// restWriter is what both forms share.
type restWriter struct {
	w       http.ResponseWriter
	flusher *http.ResponseController
	buffer  []byte
}

func (w *restWriter) write() error {
	_, err := w.w.Write(w.buffer)
	return err
}

// Flush sends what was written. What has no Flush holds nothing back.
func (w *restWriter) Flush() error { return w.flusher.Flush() }

func (w *restWriter) append(m proto.Message) error {
	b, err := fanout.JSON.Marshal(m)
	w.buffer = append(w.buffer, b...)
	return err
}

// lineSink writes newline-delimited JSON: {"result": message}, and {"error": status} at the end.
type lineSink struct{ restWriter }

func (*lineSink) contentType() string { return streamContentType }

func (l *lineSink) Change(m *fanout.Message) (err error) {
	if l.buffer, err = m.JSON(append(l.buffer[:0], `{"result":`...)); err != nil {
		return err
	}
	l.buffer = append(l.buffer, "}\n"...)
	return l.write()
}

func (l *lineSink) Note(m *pb.StreamAlertsResponse) error {
	l.buffer = append(l.buffer[:0], `{"result":`...)
	if err := l.append(m); err != nil {
		return err
	}
	l.buffer = append(l.buffer, "}\n"...)
	return l.write()
}

func (l *lineSink) fail(status proto.Message) {
	l.buffer = fmt.Appendf(l.buffer[:0], "{\"error\":%s}\n", statusJSON(status))
	// The client may be gone.
	_ = l.write()
}

// eventSink writes server-sent events. Their id is the resume token; heartbeats are comments with an id, which move on the
// place from which a reader resumes without being an event.
type eventSink struct {
	restWriter
	begun bool
}

func (*eventSink) contentType() string { return eventContentType }

// begin says first when to connect again.
func (e *eventSink) begin() {
	e.buffer = e.buffer[:0]
	if !e.begun {
		e.begun = true
		e.buffer = fmt.Appendf(e.buffer, "retry: %d\n\n", eventRetry)
	}
}

func (e *eventSink) Change(m *fanout.Message) (err error) {
	e.begin()
	e.buffer = fmt.Appendf(e.buffer, "id: %s\nevent: %s\ndata: ", m.Token(), m.Change.Kind)
	if e.buffer, err = m.JSON(e.buffer); err != nil {
		return err
	}
	e.buffer = append(e.buffer, "\n\n"...)
	return e.write()
}

func (e *eventSink) Note(m *pb.StreamAlertsResponse) error {
	e.begin()
	if m.GetChange() == pb.AlertChange_ALERT_CHANGE_HEARTBEAT {
		at := "none"
		if m.GetWatermark() != nil {
			at = m.GetWatermark().AsTime().Format(time.RFC3339Nano)
		}
		e.buffer = fmt.Appendf(e.buffer, ": heartbeat, watermark %s\nid: %s\n\n", at, m.GetResumeToken())
		return e.write()
	}
	e.buffer = fmt.Appendf(e.buffer, "id: %s\nevent: %s\ndata: ", m.GetResumeToken(), changeName(m.GetChange()))
	if err := e.append(m); err != nil {
		return err
	}
	e.buffer = append(e.buffer, "\n\n"...)
	return e.write()
}

func (e *eventSink) fail(status proto.Message) {
	e.begin()
	// Not "error": that is the name of an event that a browser makes itself.
	e.buffer = fmt.Appendf(e.buffer, "event: end\ndata: %s\n\n", statusJSON(status))
	_ = e.write()
}

func changeName(c pb.AlertChange) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "ALERT_CHANGE_"))
}

func statusJSON(status proto.Message) []byte {
	if b, err := protojson.Marshal(status); err == nil {
		return b
	}
	return []byte("{}")
}
