package server_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server"
)

func TestMessageTooLarge(t *testing.T) {
	h := start(t, nil)
	large := strings.Repeat("x", 2<<20)
	_, err := pb.NewIngestServiceClient(h.conn).BatchIngestEvents(t.Context(), &pb.BatchIngestEventsRequest{
		Records: []*pb.IngestRecord{{Record: &pb.IngestRecord_MonitorJson{MonitorJson: []byte(large)}}}})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("gRPC: %v", err)
	}
	for name, c := range map[string]struct {
		path, body string
		code       int
	}{
		"a body":                       {"/v1/events:batchIngest", batchOf(typedRecord(large)), 413},
		"a first message of a stream":  {"/v1/events:ingest", batchOf(typedRecord(large)), 413},
		"a second message of a stream": {"/v1/events:ingest", batchOf(typedRecord("a")) + "\n" + batchOf(typedRecord(large)), 200},
		"a text without an end":        {"/v1/events:ingest", `{"batchId":"` + strings.Repeat("x", 2<<20), 413},
		"white space within":           {"/v1/events:ingest", "{" + strings.Repeat(" ", 2<<20), 413},
	} {
		code, _, body := h.do(t, http.MethodPost, c.path, c.body, nil)
		if code != c.code || !strings.Contains(body, "BODY_TOO_LARGE") {
			t.Errorf("%s: got %d %.300s", name, code, body)
		}
	}
}

// TestLongStreamIsNoLargeMessage: the limit is that of a message, and a stream has as many as it wants.
func TestLongStreamIsNoLargeMessage(t *testing.T) {
	h := start(t, nil)
	var body strings.Builder
	n := 0
	for body.Len() < 3<<20 {
		fmt.Fprintln(&body, batchOf(typedRecord(fmt.Sprintf("%d-{[\"%s", n, strings.Repeat("é", 50)))))
		n++
	}
	code, _, answer := h.do(t, http.MethodPost, "/v1/events:ingest", body.String(), nil)
	if lines := strings.Count(answer, `"accepted":1`); code != http.StatusOK || lines != n {
		t.Errorf("got %d and %d acknowledgements of %d: %.300s", code, lines, n, answer)
	}
}

// TestRestOfABodyIsNoRequest: a body that was not read to its end must not be taken for the next request.
func TestRestOfABodyIsNoRequest(t *testing.T) {
	h := start(t, nil)
	for _, path := range []string{"/v1/events:ingest", "/v1/events:batchIngest", "/v1/monitor:import", "/v1/nothing"} {
		conn, err := net.Dial("tcp", h.Addresses().HTTP)
		if err != nil {
			t.Fatal(err)
		}
		hidden := "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
		body := "nonsense" + strings.Repeat(" ", 4<<20) + strings.Repeat(hidden, 1000)
		go func() {
			// The server may close before all of it is sent.
			_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
		}()
		if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		// It ends by the server's close or by the deadline, where the connection was kept.
		answer, _ := io.ReadAll(conn)
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(answer), "alive") || strings.Count(string(answer), "HTTP/1.1 ") > 1 {
			t.Errorf("%s: a part of the body was answered: %.500s", path, answer)
		}
	}
}

func TestRESTStreamAcknowledgesWhileItReads(t *testing.T) {
	h := start(t, nil)
	body, in := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.base+"/v1/events:ingest", body)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(in, batchOf(typedRecord("first"))+"\n") }()
	resp, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 10)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, batchOf(typedRecord("second"))+"\n"); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(resp.Body)
	if err != nil || strings.Count(string(first)+string(rest), `"accepted":1`) != 2 {
		t.Errorf("got %s%s, %v", first, rest, err)
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestImportGzip(t *testing.T) {
	h := start(t, nil)
	body := zipped(t, `{"eventId":"a"}{"eventId":"b"}`)
	for name, header := range map[string]http.Header{"by its magic": nil, "by its header": {"Content-Encoding": {"gzip"}}} {
		code, _, answer := h.do(t, http.MethodPost, "/v1/monitor:import", body, header)
		if code != http.StatusOK || !strings.Contains(answer, `"rejected":0`) && !strings.Contains(answer, `"rejected": 0`) {
			t.Errorf("%s: got %d %s", name, code, answer)
		}
	}
	h.ingester.mu.Lock()
	defer h.ingester.mu.Unlock()
	if o := h.ingester.origins[0]; o.Source != "import" || o.Tenant != tenant || o.Trust != 2 {
		t.Errorf("the records of an import have the origin %+v", o)
	}
}

func TestImportTooLarge(t *testing.T) {
	const limit = 3 << 20
	h := start(t, func(_ *harness, o *server.Options) { o.MaxImportBytes = limit })
	var long strings.Builder
	for i := 0; long.Len() < 2*limit; i++ {
		fmt.Fprintf(&long, `{"eventId":"%d","pad":%q}`+"\n", i, strings.Repeat("x", 1000))
	}
	for name, c := range map[string]struct {
		body   string
		header http.Header
	}{
		"plain":          {long.String(), nil},
		"a bomb":         {zipped(t, long.String()), http.Header{"Content-Encoding": {"gzip"}}},
		"one long value": {`{"eventId":"` + strings.Repeat("x", 2*limit), nil},
	} {
		code, _, body := h.do(t, http.MethodPost, "/v1/monitor:import", c.body, c.header)
		if code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "BODY_TOO_LARGE") {
			t.Errorf("%s: got %d %.300s", name, code, body)
		}
		if stored := strings.Contains(body, "recordsStored"); stored != (name != "one long value") {
			t.Errorf("%s: what was stored before is not said, or wrongly: %.300s", name, body)
		}
	}
}

// unpacked is a splitter that finds, after one record, that a body unpacks to too much.
type unpacked struct{ n int }

func (u *unpacked) Next() (server.RawRecord, error) {
	if u.n++; u.n > 1 {
		return server.RawRecord{}, fault.New(fault.BodyTooLarge, "the body unpacks to too much")
	}
	return server.RawRecord{JSON: []byte(`{"eventId":"a"}`), Line: 1}, nil
}

func (*unpacked) EndCursor() string { return "" }

func TestImportThatUnpacksToTooMuch(t *testing.T) {
	h := start(t, func(_ *harness, o *server.Options) {
		o.Services.Splitter = func(io.Reader) server.RecordReader { return &unpacked{} }
	})
	code, _, body := h.do(t, http.MethodPost, "/v1/monitor:import", "x", nil)
	if code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "recordsStored") || !strings.Contains(body, "unpacks") {
		t.Errorf("got %d %s", code, body)
	}
}

// TestImportOfManyBatches: the order of the records is that of the body, over all batches.
func TestImportOfManyBatches(t *testing.T) {
	h := start(t, nil)
	var body strings.Builder
	const n = 30000
	for i := range n {
		if i%10 == 3 {
			fmt.Fprintln(&body, "5")
			continue
		}
		fmt.Fprintf(&body, "{\"eventId\":\"%d\"}\n", i)
	}
	code, _, answer := h.do(t, http.MethodPost, "/v1/monitor:import", body.String(), nil)
	answer = strings.ReplaceAll(answer, " ", "")
	for _, want := range []string{`"accepted":27000`, `"rejected":3000`, `"index":3,`, `"index":9993,`} {
		if code != http.StatusOK || !strings.Contains(answer, want) {
			t.Errorf("got %d %.200s, want %s", code, answer, want)
		}
	}
	if count := strings.Count(answer, `"index"`); count != 1000 {
		t.Errorf("%d rejections are named, want the first thousand", count)
	}
}

// TestWindow: a client that sends on while nothing is stored is held, not collected.
func TestWindow(t *testing.T) {
	h := start(t, func(h *harness, _ *server.Options) { h.ingester.gate = make(chan struct{}) })
	stream, err := pb.NewIngestServiceClient(h.conn).IngestEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const n = 50
	pad := strings.Repeat("x", 100_000)
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			err := stream.Send(&pb.IngestEventsRequest{BatchId: fmt.Sprint(i), Records: []*pb.IngestRecord{{
				Record: &pb.IngestRecord_MonitorJson{MonitorJson: fmt.Appendf(nil, `{"eventId":"%d","pad":%q}`, i, pad)}}}})
			if err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	h.ingester.await(8)
	close(h.ingester.gate)
	for i := range n {
		if m, err := stream.Recv(); err != nil || m.GetBatchId() != fmt.Sprint(i) {
			t.Fatalf("acknowledgement %d is %v, %v", i, m.GetBatchId(), err)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	// One is waited for, seven are queued, one is begun and waits for its place in the queue.
	if _, most := h.ingester.underWay(); most > 9 {
		t.Errorf("%d batches were under way", most)
	}
}

// TestPendingBytes: a bound that is smaller than a message lets the messages through one at a time.
func TestPendingBytes(t *testing.T) {
	h := start(t, func(_ *harness, o *server.Options) { o.MaxPendingBytes = 10 })
	code, _, body := h.do(t, http.MethodPost, "/v1/events:ingest",
		strings.Repeat(batchOf(typedRecord("a"))+"\n", 20), nil)
	_, most := h.ingester.underWay()
	if code != http.StatusOK || strings.Count(body, `"result":{"batchId"`) != 20 || most != 1 {
		t.Errorf("got %d, %d at once: %.200s", code, most, body)
	}
}

func TestBusyServerRefusesAndLives(t *testing.T) {
	h := start(t, func(h *harness, o *server.Options) {
		h.ingester.gate = make(chan struct{})
		o.MaxCalls, o.MaxStreams = 1, 1
	})
	done := make(chan int, 1)
	go func() {
		code, _, _ := h.do(t, http.MethodPost, "/v1/events:batchIngest", batchOf(typedRecord("a")), nil)
		done <- code
	}()
	h.ingester.await(1)
	code, header, body := h.do(t, http.MethodGet, "/v1/status", "", nil)
	if code != http.StatusTooManyRequests || header.Get("Retry-After") != "1" || !strings.Contains(body, "QUEUE_FULL") {
		t.Errorf("got %d %v %s", code, header, body)
	}
	for _, probe := range []string{"/healthz", "/readyz", "/metrics"} {
		if code, _, _ := h.do(t, http.MethodGet, probe, "", nil); code != http.StatusOK {
			t.Errorf("%s: got %d", probe, code)
		}
	}
	close(h.ingester.gate)
	if code := <-done; code != http.StatusOK {
		t.Errorf("the first call got %d", code)
	}
}
