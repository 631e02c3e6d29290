package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
	"github.com/sealwatch/sealwatch/server/problem"
)

// TestOneEncoding: however many read, each change is encoded once for each form, and all forms say the same.
func TestOneEncoding(t *testing.T) {
	const readers, n = 3, 300 // more than a chunk of the log
	h := start(t, func(h *harness, o *server.Options) { h.changes = minutes(n); o.Services.Changes = h.changes })
	client := pb.NewAlertServiceClient(h.conn)
	var wg sync.WaitGroup
	answers := make([][]*pb.StreamAlertsResponse, 3*readers)
	for i := range answers {
		wg.Go(func() {
			var err error
			if answers[i], err = messages(t.Context(), h, client, i%3, n); err != nil {
				t.Errorf("reader %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	for i, list := range answers {
		if len(list) != n {
			t.Fatalf("reader %d has %d messages, want %d", i, len(list), n)
		}
		for k, m := range list {
			if !proto.Equal(m, answers[0][k]) {
				t.Fatalf("reader %d was told %v, another %v", i, m, answers[0][k])
			}
		}
	}
	if m := answers[0][7]; m.GetResumeToken() != tokenOf(8) || !m.GetWatermark().AsTime().Equal(epoch) || m.GetChange() != pb.AlertChange_ALERT_CHANGE_UPDATED || m.GetAlert().GetSequence() != 8 ||
		m.GetActor() != "a\"n<n>\u2028" || len(m.GetFields()) != 3 || m.GetFields()[1].GetBefore() != `b\o` {
		t.Errorf("the message of a change is %v", m)
	}
	if got := metric(t, h, "sealwatch_alert_stream_encodings_total"); got != 2*n {
		t.Errorf("%v encodings for %d readers of %d changes in two forms, want %d", got, len(answers), n, 2*n)
	}
	if got := metric(t, h, "sealwatch_alert_stream_messages_total"); got < float64(len(answers)*n) {
		t.Errorf("%v messages were counted, want %d and heartbeats", got, len(answers)*n)
	}
}

// messages are the first n changes in one form: gRPC, lines or events.
func messages(ctx context.Context, h *harness, client pb.AlertServiceClient, form, n int) (list []*pb.StreamAlertsResponse, err error) {
	if form == 0 {
		stream, err := client.StreamAlerts(ctx, &pb.StreamAlertsRequest{After: "0", Until: tokenOf(uint64(n))})
		for err == nil {
			var m *pb.StreamAlertsResponse
			if m, err = stream.Recv(); m.GetAlert() != nil {
				list = append(list, m)
			}
		}
		if !errors.Is(err, io.EOF) {
			return nil, err
		}
		return list, nil
	}
	header := http.Header{}
	if form == 2 {
		header.Set("Accept", "text/html, text/event-stream;q=0.9")
	}
	resp, err := h.open(ctx, "after=0&until="+tokenOf(uint64(n)), header)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		text := lines.Text()
		if form == 1 {
			var line struct{ Result json.RawMessage }
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				return nil, err
			}
			text = "data: " + string(line.Result)
		}
		text, ok := strings.CutPrefix(text, "data: ")
		if !ok {
			continue
		}
		m := &pb.StreamAlertsResponse{}
		if err := protojson.Unmarshal([]byte(text), m); err != nil {
			return nil, err
		}
		// The JSON form has every field, as that of the gateway.
		whole, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
		if err != nil || !sameJSON(text, string(whole)) {
			return nil, fmt.Errorf("the JSON is %s, want %s, %w", text, whole, err)
		}
		if m.GetAlert() != nil {
			list = append(list, m)
		}
	}
	return list, nil
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// TestSubscriberLimits: one client does not take what others need, and who is refused is told why.
func TestSubscriberLimits(t *testing.T) {
	for name, c := range map[string]struct {
		all, each int
		want      string
	}{"in all": {2, 9, "2 streams of alerts are open"}, "for one client": {9, 2, "this client has 2 streams"}} {
		t.Run(name, func(t *testing.T) {
			h := start(t, func(_ *harness, o *server.Options) { o.MaxSubscribers, o.MaxSubscribersPerClient = c.all, c.each })
			client := pb.NewAlertServiceClient(h.conn)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			first, err := client.StreamAlerts(ctx, &pb.StreamAlertsRequest{})
			if err == nil {
				_, err = first.Recv()
			}
			if err != nil {
				t.Fatal(err)
			}
			resp, err := h.open(t.Context(), "", http.Header{})
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := metric(t, h, "sealwatch_alert_stream_subscribers"); got != 2 {
				t.Errorf("%v subscribers, want 2", got)
			}
			asked := func() error {
				stream, err := client.StreamAlerts(t.Context(), &pb.StreamAlertsRequest{})
				if err == nil {
					_, err = stream.Recv()
				}
				return err
			}
			err = asked()
			if s := status.Convert(err); s.Code() != codes.ResourceExhausted || problem.Reason(s) != "TOO_MANY_SUBSCRIBERS" || !strings.Contains(s.Message(), c.want) || problem.RetryAfter(s) == 0 {
				t.Errorf("got %v", s.Proto())
			}
			if code, header, body := h.do(t, http.MethodGet, "/v1/alerts:stream", "", nil); code != http.StatusTooManyRequests || header.Get("Retry-After") == "" || !strings.Contains(body, "TOO_MANY_SUBSCRIBERS") {
				t.Errorf("got %d %s", code, body)
			}
			cancel()
			for deadline := time.Now().Add(10 * time.Second); ; {
				err := asked()
				if err == nil {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("a stream that has ended leaves no room: %v", err)
				}
			}
		})
	}
}

// TestStalledReaderIsGivenUp: who takes nothing is ended with a status that says where to resume, holds nothing, and does not
// hold up the end of the server.
func TestStalledReaderIsGivenUp(t *testing.T) {
	const n = 5000
	h := start(t, func(h *harness, o *server.Options) {
		h.changes = minutes(n)
		o.Services.Changes, o.StreamStall = h.changes, 50*time.Millisecond
	})
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0"})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); metric(t, h, "sealwatch_alert_stream_stalled_total") == 0; {
		if time.Now().After(deadline) {
			t.Fatal("it was not given up")
		}
		time.Sleep(time.Millisecond)
	}
	last := int64(0)
	for {
		m, e := stream.Recv()
		if err = e; err != nil {
			break
		}
		if s := m.GetAlert().GetSequence(); s != 0 && s != last+1 {
			t.Fatalf("change %d came after %d", s, last)
		}
		last = max(last, m.GetAlert().GetSequence())
	}
	s := status.Convert(err)
	if s.Code() != codes.Aborted || problem.Reason(s) != "READER_STALLED" || !strings.Contains(s.Proto().String(), tokenOf(uint64(last))) || last == 0 || last == n {
		t.Errorf("after %d changes the stream ended with %v", last, s.Proto())
	}
	if got := metric(t, h, "sealwatch_alert_stream_subscribers"); got != 0 {
		t.Errorf("%v subscribers are left", got)
	}
}

// TestStopWithAStalledReader: who takes nothing does not hold up the end, over neither protocol.
func TestStopWithAStalledReader(t *testing.T) {
	const n = 8000
	h := start(t, func(h *harness, o *server.Options) {
		h.changes = minutes(n)
		o.Services.Changes = h.changes
	})
	if _, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0"}); err != nil {
		t.Fatal(err)
	}
	resp, err := h.open(t.Context(), "after=0", http.Header{"Accept": {"text/event-stream"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	settle(t, h)
	if err := stopWithin(t, h, time.Minute); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// settle returns when no stream moves any more.
func settle(t *testing.T, h *harness) {
	t.Helper()
	for last, same := -1.0, 0; same < 20; time.Sleep(5 * time.Millisecond) {
		if now := metric(t, h, "sealwatch_alert_stream_messages_total"); now != last || now == 0 {
			last, same = now, 0
		} else {
			same++
		}
	}
}

// TestEventsEndWithAReason: a browser learns from the last event why, connects again by itself, and with the id of the last one.
func TestEventsEndWithAReason(t *testing.T) {
	h := start(t, nil)
	resp, err := h.open(t.Context(), "after=0", http.Header{"Accept": {"text/event-stream"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if ct := resp.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Errorf("content type %q", ct)
	}
	b := bufio.NewReader(resp.Body)
	if line, err := b.ReadString('\n'); err != nil || line != "retry: 2000\n" {
		t.Errorf("it begins with %q, %v", line, err)
	}
	for id := ""; id != tokenOf(4); {
		e, err := readEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		id = e.id
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stopWithin(t, h, time.Minute) }()
	e, err := readEvent(b)
	if err != nil || e.name != "end" || e.id != "" || !strings.Contains(e.data, "SHUTTING_DOWN") || !strings.Contains(e.data, tokenOf(4)) {
		t.Errorf("it ended with %+v, %v", e, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestPanicOfAStream: the process outlives a panic in the goroutine that sends, and the stack is in the log.
func TestPanicOfAStream(t *testing.T) {
	var log bytes.Buffer
	h := start(t, func(h *harness, o *server.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		o.Services.Guide = func(*alert.Alert) alert.Guide { panic("the guide knows " + secret) }
	})
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0"})
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
	// The next one shares the encoding that was not made.
	stream, err = pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0"})
	for err == nil {
		var m *pb.StreamAlertsResponse
		if m, err = stream.Recv(); err == nil && m.GetChange() != pb.AlertChange_ALERT_CHANGE_HEARTBEAT {
			t.Fatalf("got %v", m)
		}
	}
	if status.Code(err) != codes.Internal {
		t.Errorf("got %v", err)
	}
	if got := metric(t, h, "sealwatch_panics_total"); got != 1 {
		t.Errorf("%v panics were counted", got)
	}
	if err := stopWithin(t, h, time.Minute); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "the guide knows") || !strings.Contains(log.String(), "fanout") {
		t.Errorf("the log has no stack: %s", &log)
	}
}
