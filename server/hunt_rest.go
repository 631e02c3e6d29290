package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/hunt"
	"github.com/sealwatch/sealwatch/server/chain"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/mistake"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
	"github.com/sealwatch/sealwatch/server/validate"
)

const (
	huntQueryPath = "/v1/hunt:query"
	// huntPath is that of a hunt; with runSuffix it is run.
	huntPath  = "/v1/hunts/{hunt}"
	runSuffix = ":run"
)

// huntREST is Query and RunHunt over REST. They do not go through the gateway, which would hold each row several times, in a form that takes
// many times what it has in JSON: here a row goes out as the engine wrote it.
type huntREST struct {
	*huntService
	validator *validate.Validator
	maxBytes  int
}

// query answers POST /v1/hunt:query.
func (h *huntREST) query(w http.ResponseWriter, r *http.Request) {
	req := &pb.QueryRequest{}
	h.serve(w, r, req, "", func(ctx context.Context, sink hunt.Sink) error { return h.huntService.query(ctx, req, sink) })
}

// run answers POST /v1/hunts/ID:run.
func (h *huntREST) run(w http.ResponseWriter, r *http.Request, id string) {
	req := &pb.RunHuntRequest{}
	h.serve(w, r, req, translate.HuntPrefix+id, func(ctx context.Context, sink hunt.Sink) error { return h.huntService.run(ctx, req, sink) })
}

// saved passes what does not run a hunt on.
func (h *huntREST) saved(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutSuffix(r.PathValue("hunt"), runSuffix); ok && r.Method == http.MethodPost {
			h.run(w, r, id)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *huntREST) serve(w http.ResponseWriter, r *http.Request, req proto.Message, name string, hunts func(context.Context, hunt.Sink) error) {
	if err := h.decode(r, req, name); err != nil {
		chain.WriteError(w, r, err)
		return
	}
	out := &huntLines{w: w, control: http.NewResponseController(w), part: name != ""}
	err := h.answer(r.Context(), func(ctx context.Context) error { return hunts(ctx, out) })
	switch {
	case err == nil:
	case !out.begun:
		chain.WriteError(w, r, err)
	case r.Context().Err() == nil:
		// The client may be gone.
		_ = out.write(`{"error":`, statusJSON(chain.Fail(r, err).Proto()), "}\n")
	}
}

// decode reads the request; the path has the name of what is run.
func (h *huntREST) decode(r *http.Request, req proto.Message, name string) error {
	body := &apiBody{ReadCloser: r.Body}
	body.whole = &boundedReader{r: body.ReadCloser, left: int64(h.maxBytes)}
	text, err := io.ReadAll(body)
	if err != nil {
		return cmp.Or(body.failed(), err)
	}
	if len(text) > 0 {
		if err := protojson.Unmarshal(text, req); err != nil {
			if said := mistake.Refusal(req.ProtoReflect().Descriptor(), text, ""); said != nil {
				return said
			}
			return problem.Invalid("the body: " + plain(err.Error()))
		}
	}
	if run, ok := req.(*pb.RunHuntRequest); ok {
		run.Name = name
	}
	return h.validator.Message(req)
}

// huntLines sends a result as lines, each {"result": message}.
type huntLines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	// part puts each message into a RunHuntResponse.
	part  bool
	begun bool
}

// Cut ends a write that waits for the client.
func (l *huntLines) Cut() { _ = l.control.SetWriteDeadline(time.Now()) }

func (l *huntLines) write(before string, content []byte, after string) error {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", streamContentType)
		l.w.WriteHeader(http.StatusOK)
	}
	line := make([]byte, 0, len(before)+len(content)+len(after))
	line = append(append(append(line, before...), content...), after...)
	if _, err := l.w.Write(line); err != nil {
		return fmt.Errorf("the client does not read on: %w", err)
	}
	return l.control.Flush()
}

// result writes the text of a QueryResponse.
func (l *huntLines) result(text []byte) error {
	if l.part {
		return l.write(`{"result":{"part":`, text, "}}\n")
	}
	return l.write(`{"result":`, text, "}\n")
}

func (l *huntLines) message(m *pb.QueryResponse) error {
	text, err := fanout.JSON.Marshal(m)
	if err != nil {
		return err
	}
	return l.result(text)
}

// Columns is a message.
func (l *huntLines) Columns(columns []hunt.Column) error {
	return huntSink{send: l.message}.Columns(columns)
}

// Rows are a message of the rows as they are.
func (l *huntLines) Rows(rows []json.RawMessage) error {
	text := []byte(`{"rows":{"rows":[`)
	for i, row := range rows {
		if !json.Valid(row) {
			return fmt.Errorf("row %d of a result is no JSON", i)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, row...)
	}
	return l.result(append(text, "]}}"...))
}

// Data is a message.
func (l *huntLines) Data(b []byte) error { return huntSink{send: l.message}.Data(b) }

// Progress is a message.
func (l *huntLines) Progress(p hunt.Progress) error { return huntSink{send: l.message}.Progress(p) }

// Summary is a message.
func (l *huntLines) Summary(s hunt.Summary) error { return huntSink{send: l.message}.Summary(s) }
