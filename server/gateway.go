package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/chain"
	"github.com/sealwatch/sealwatch/server/mistake"
	"github.com/sealwatch/sealwatch/server/problem"
)

const (
	streamContentType = "application/x-ndjson"
	ingestPath        = "/v1/events:ingest"
	eventsPath        = "/v1/events/"
)

// gateway is the REST form of the gRPC services.
type gateway struct {
	mux             *runtime.ServeMux
	queries         *queryRules
	maxMessageBytes int
}

func newGateway(ctx context.Context, conn *grpc.ClientConn, maxMessageBytes int) (*gateway, error) {
	queries, err := newQueryRules()
	if err != nil {
		return nil, err
	}
	g := &gateway{queries: queries, maxMessageBytes: maxMessageBytes}
	g.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &marshaler{runtime.JSONPb{
			// 0 and [] are answers too.
			MarshalOptions: protojson.MarshalOptions{EmitUnpopulated: true},
			// A misspelt field must not pass for one that was left out.
			UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: false},
		}}),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(noHeader),
		runtime.WithOutgoingTrailerMatcher(noHeader),
		runtime.WithMetadata(func(ctx context.Context, _ *http.Request) metadata.MD {
			chain.Forwarded(ctx)
			return nil
		}),
		runtime.WithErrorHandler(writeGatewayError),
		runtime.WithStreamErrorHandler(func(ctx context.Context, err error) *status.Status {
			return problem.Status(fromGateway(err), chain.RequestID(ctx))
		}),
		runtime.WithRoutingErrorHandler(writeRoutingError),
	)
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		pb.RegisterIngestServiceHandler, pb.RegisterEventServiceHandler, pb.RegisterAlertServiceHandler,
		pb.RegisterDetectionServiceHandler, pb.RegisterSystemServiceHandler, pb.RegisterIpRangeServiceHandler, pb.RegisterFeedServiceHandler, pb.RegisterDirectoryServiceHandler, pb.RegisterExceptionServiceHandler, pb.RegisterHuntServiceHandler, pb.RegisterPolicyServiceHandler,
		pb.RegisterIncidentServiceHandler, pb.RegisterTimelineServiceHandler, pb.RegisterDestinationServiceHandler,
	} {
		if err := register(ctx, g.mux, conn); err != nil {
			return nil, fmt.Errorf("register the REST routes: %w", err)
		}
	}
	return g, nil
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := g.queries.check(r); err != nil {
		chain.WriteError(w, r, err)
		return
	}
	if strings.HasPrefix(r.URL.Path, eventsPath) {
		// The name of an event stands in the path as it is, percent-encoding included, and the handler decodes it. The
		// gateway would decode it too, and lose what tells a slash in an id from one in a path.
		u := *r.URL
		u.Path, u.RawPath = r.URL.EscapedPath(), ""
		r = r.Clone(r.Context())
		r.URL = &u
	}
	body := &apiBody{ReadCloser: r.Body}
	r.Body = body
	if r.URL.Path != ingestPath {
		body.whole = &boundedReader{r: body.ReadCloser, left: int64(g.maxMessageBytes)}
		g.mux.ServeHTTP(w, r)
		return
	}
	body.values = &valueBound{limit: g.maxMessageBytes}
	// Acknowledgements go out while batches come in. HTTP/2 can do that anyway, a writer of a test need not.
	_ = http.NewResponseController(w).EnableFullDuplex()
	// A stream may end before its body does, and then the connection with it; the client must not count on it.
	w.Header().Set("Connection", "close")
	out := &began{ResponseWriter: w}
	g.mux.ServeHTTP(out, r)
	if err := body.failed(); err != nil {
		writeStreamFailure(out, r, err)
	}
}

// writeStreamFailure ends a stream of acknowledgements with the reason for which the rest of the body was not read, in
// the form in which the gateway does. The gateway itself takes a message that it cannot decode for the end of the body.
func writeStreamFailure(w *began, r *http.Request, err error) {
	s := chain.Fail(r, err)
	line, err := protojson.Marshal(s.Proto())
	if err != nil {
		line = []byte("{}")
	}
	if !w.yes {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(problem.HTTPCode(s))
	}
	// The client may be gone.
	_, _ = fmt.Fprintf(w, "{\"error\":%s}\n", line)
}

// began remembers whether anything of the answer was written.
type began struct {
	http.ResponseWriter
	yes bool
}

func (b *began) WriteHeader(code int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(code)
}

func (b *began) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (b *began) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// marshaler is JSON, one message a line in streams.
type marshaler struct{ runtime.JSONPb }

// StreamContentType is that of newline-delimited JSON.
func (*marshaler) StreamContentType(any) string { return streamContentType }

// NewDecoder reports to the body what could not be decoded.
func (m *marshaler) NewDecoder(r io.Reader) runtime.Decoder {
	d := json.NewDecoder(r)
	body, ok := r.(*apiBody)
	n := 0
	return runtime.DecoderFunc(func(v any) error {
		var text json.RawMessage
		err := d.Decode(&text)
		if err == nil {
			err = m.Unmarshal(text, v)
			if err != nil {
				err = inWords(text, v, err)
			}
		}
		switch {
		case err == nil || errors.Is(err, io.EOF) || !ok:
		case body.values != nil:
			body.fail(problem.Invalid(fmt.Sprintf("message %d of the body: %s", n+1, plain(err.Error()))))
		default:
			body.fail(err)
		}
		n++
		return err
	})
}

// inWords says which field of a message is wrong, and what it takes, in the place of the decoder's words.
func inWords(text []byte, v any, err error) error {
	for t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Pointer; t = t.Elem() {
		if m, ok := reflect.Zero(t).Interface().(proto.Message); ok {
			if said := mistake.Refusal(m.ProtoReflect().Descriptor(), text, ""); said != nil {
				return said
			}
		}
	}
	return err
}

// incomingHeader is the list of headers that become metadata: the request id and nothing else.
func incomingHeader(name string) (string, bool) {
	return strings.ToLower(name), strings.EqualFold(name, chain.RequestIDHeader)
}

func noHeader(string) (string, bool) { return "", false }

func writeGatewayError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if body, ok := r.Body.(*apiBody); ok {
		// What the gateway makes of it has lost the fields.
		if failure := body.failed(); fault.Is(failure, fault.BodyTooLarge) || fault.Is(failure, fault.InvalidArgument) {
			err = failure
		}
	}
	chain.WriteError(w, r, fromGateway(err))
}

// fromGateway puts the gateway's own errors into the API's form; what the services answered passes as it is.
func fromGateway(err error) error {
	var malformed *runtime.HTTPStatusError
	if errors.As(err, &malformed) {
		return problem.Invalid(plain(malformed.Error()))
	}
	s, ok := status.FromError(err)
	if !ok || problem.Reason(s) != "" {
		return err
	}
	switch s.Code() {
	case codes.InvalidArgument:
		return problem.Invalid(plain(s.Message()))
	case codes.Unavailable:
		// The connection inside this process ends only with the process.
		return fault.New(fault.ShuttingDown, "this server ends; try again")
	case codes.ResourceExhausted:
		return fault.New(fault.BodyTooLarge, "the message is larger than the limit")
	}
	return err
}

func writeRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if code == http.StatusMethodNotAllowed {
		writeMethodNotAllowed(w, r)
		return
	}
	writeNoRoute(w, r)
}

// plain replaces the spaces by which protobuf keeps programs from relying on its messages.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }
