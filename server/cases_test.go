package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/sealwatch/sealwatch/server/problem"
)

// apiCase is one call and what has to come back. The cases of a file run in order against one server, once over gRPC
// and once over REST; testdata/cases/README.md describes the fields.
type apiCase struct {
	Name     string            `yaml:"name"`
	RPC      string            `yaml:"rpc"`
	Requests []any             `yaml:"requests"`
	REST     string            `yaml:"rest"`
	Body     string            `yaml:"body"`
	Headers  map[string]string `yaml:"headers"`
	Take     int               `yaml:"take"`
	Want     struct {
		Code       string   `yaml:"code"`
		HTTP       int      `yaml:"http"`
		Reason     string   `yaml:"reason"`
		Message    string   `yaml:"message"`
		Violations []string `yaml:"violations"`
		Responses  []any    `yaml:"responses"`
	} `yaml:"want"`
	Save map[string]string `yaml:"save"`
}

// got is what came back, in the same form from both protocols.
type got struct {
	status    *status.Status
	http      int
	responses []any
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	n := 0
	for _, file := range files {
		cases := readCases(t, file)
		n += len(cases)
		for _, protocol := range []string{"grpc", "rest"} {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml")+"/"+protocol, func(t *testing.T) {
				h, saved := start(t, nil), map[string]string{}
				for _, c := range cases {
					t.Run(c.Name, func(t *testing.T) { runCase(t, h, protocol, c, saved) })
				}
			})
		}
	}
	if n < 25 {
		t.Errorf("%d cases, want 25 at least", n)
	}
}

func readCases(t *testing.T, file string) []apiCase {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []apiCase
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

func runCase(t *testing.T, h *harness, protocol string, c apiCase, saved map[string]string) {
	var requests []string
	for _, r := range c.Requests {
		requests = append(requests, expand(toJSON(t, r), saved))
	}
	var g got
	switch {
	case protocol == "grpc" && c.RPC != "":
		g = callGRPC(t, h, c, requests)
	case protocol == "rest" && c.REST != "":
		g = callREST(t, h, c, requests, saved)
		if g.http != c.Want.HTTP {
			t.Errorf("HTTP status %d, want %d", g.http, c.Want.HTTP)
		}
	default:
		t.Skipf("not for %s", protocol)
	}
	compareStatus(t, g.status, c)
	if len(g.responses) != len(c.Want.Responses) {
		t.Fatalf("%d responses, want %d: %v", len(g.responses), len(c.Want.Responses), g.responses)
	}
	for i, want := range c.Want.Responses {
		typed(t, c, want)
		for _, d := range difference("", decode(t, expand(toJSON(t, want), saved)), g.responses[i]) {
			t.Errorf("response %d: %s", i, d)
		}
	}
	for name, path := range c.Save {
		saved[name] = fmt.Sprint(lookup(g.responses[len(g.responses)-1], path))
	}
}

func compareStatus(t *testing.T, s *status.Status, c apiCase) {
	t.Helper()
	if code := s.Code().String(); code != c.Want.Code {
		t.Fatalf("code %s (%s), want %s", code, s.Message(), c.Want.Code)
	}
	if r := problem.Reason(s); r != c.Want.Reason {
		t.Errorf("reason %q, want %q", r, c.Want.Reason)
	}
	if !strings.Contains(s.Message(), c.Want.Message) {
		t.Errorf("message %q does not contain %q", s.Message(), c.Want.Message)
	}
	if strings.Contains(fmt.Sprint(s.Proto()), secret) {
		t.Errorf("the cause reached the client: %v", s.Proto())
	}
	var fields []string
	for _, d := range s.Details() {
		for _, v := range asBadRequest(d).GetFieldViolations() {
			fields = append(fields, v.GetField())
		}
	}
	if !slices.Equal(fields, c.Want.Violations) {
		t.Errorf("violations %q, want %q", fields, c.Want.Violations)
	}
}

func asBadRequest(d any) *errdetails.BadRequest {
	b, _ := d.(*errdetails.BadRequest)
	return b
}

func method(t *testing.T, rpc string) protoreflect.MethodDescriptor {
	t.Helper()
	service, name, _ := strings.Cut(rpc, "/")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("sealwatch.v1." + service))
	if err != nil {
		t.Fatal(err)
	}
	m := d.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name))
	if m == nil {
		t.Fatalf("there is no rpc %s", rpc)
	}
	return m
}

func callGRPC(t *testing.T, h *harness, c apiCase, requests []string) got {
	m := method(t, c.RPC)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := h.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/sealwatch.v1."+c.RPC)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range requests {
		in := dynamicpb.NewMessage(m.Input())
		if err := protojson.Unmarshal([]byte(r), in); err != nil {
			t.Fatalf("the request is no %s: %v", m.Input().FullName(), err)
		}
		// The error of a stream that the server has ended comes from RecvMsg.
		if err := stream.SendMsg(in); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	g := got{status: status.New(codes.OK, "")}
	for c.Take == 0 || len(g.responses) < c.Take {
		out := dynamicpb.NewMessage(m.Output())
		if err := stream.RecvMsg(out); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			g.status = status.Convert(err)
			break
		}
		g.responses = append(g.responses, decode(t, marshal(t, out)))
	}
	return g
}

func callREST(t *testing.T, h *harness, c apiCase, requests []string, saved map[string]string) got {
	verb, path, _ := strings.Cut(expand(c.REST, saved), " ")
	body := c.Body
	if body == "" && (verb == http.MethodPost || verb == http.MethodPatch && c.Body == "") {
		body = strings.Join(requests, "\n")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, verb, h.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range c.Headers {
		req.Header.Set(k, v)
	}
	if v := c.Headers["Host"]; v != "" {
		req.Host = v
	}
	resp, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	g := got{status: status.New(codes.OK, ""), http: resp.StatusCode}
	dec := json.NewDecoder(resp.Body)
	for c.Take == 0 || len(g.responses) < c.Take {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		var line struct{ Result, Error json.RawMessage }
		ndjson := resp.Header.Get("Content-Type") == "application/x-ndjson"
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatalf("no JSON object: %s", raw)
		}
		switch {
		case line.Error != nil:
			g.status = statusOf(t, line.Error)
		case resp.StatusCode != http.StatusOK:
			g.status = statusOf(t, raw)
		case ndjson:
			g.responses = append(g.responses, decode(t, string(line.Result)))
		default:
			g.responses = append(g.responses, decode(t, string(raw)))
		}
	}
	return g
}

func statusOf(t *testing.T, raw []byte) *status.Status {
	t.Helper()
	var p spb.Status
	if err := protojson.Unmarshal(raw, &p); err != nil {
		t.Fatalf("no status: %s: %v", raw, err)
	}
	return status.FromProto(&p)
}

// typed holds an expected response to the contract: it must be one.
func typed(t *testing.T, c apiCase, want any) {
	t.Helper()
	if c.RPC == "" {
		return
	}
	out := method(t, c.RPC).Output()
	if err := protojson.Unmarshal([]byte(toJSON(t, want)), dynamicpb.NewMessage(out)); err != nil {
		t.Errorf("the expected response is no %s: %v", out.FullName(), err)
	}
}

// difference lists where actual is not as want; a key that want does not name may be anything.
func difference(path string, want, actual any) []string {
	switch w := want.(type) {
	case map[string]any:
		a, ok := actual.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v, want an object", path, actual)}
		}
		var out []string
		for k, v := range w {
			out = append(out, difference(path+"."+k, v, a[k])...)
		}
		return out
	case []any:
		a, ok := actual.([]any)
		if !ok || len(a) != len(w) {
			return []string{fmt.Sprintf("%s is %v, want %d elements", path, actual, len(w))}
		}
		var out []string
		for i, v := range w {
			out = append(out, difference(fmt.Sprintf("%s[%d]", path, i), v, a[i])...)
		}
		return out
	}
	if want != actual {
		return []string{fmt.Sprintf("%s is %#v, want %#v", path, actual, want)}
	}
	return nil
}

func lookup(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func expand(s string, saved map[string]string) string {
	for k, v := range saved {
		s = strings.ReplaceAll(s, "${"+k+"}", v)
	}
	return s
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func marshal(t *testing.T, m proto.Message) string {
	t.Helper()
	b, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func decode(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return v
}
