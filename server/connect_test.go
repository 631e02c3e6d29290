package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server"
)

// deliveries is a receiver that takes what is signed "good".
type deliveries struct {
	mu        sync.Mutex
	taken     []string
	oversized int
	unsigned  int
	broken    int
	busy      int
	fail      error
	// inside is told of each delivery that is being taken, which then waits for hold.
	inside, hold chan struct{}
}

func (d *deliveries) Known(source string) bool { return source != "stranger" }

func (d *deliveries) Authentic(_ context.Context, _ string, signatures []string, _ []byte) bool {
	if slices.Contains(signatures, "good") {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unsigned++
	return false
}

func (d *deliveries) Trial(_ string, body []byte) bool { return string(body) == "trial" }

func (d *deliveries) Store(ctx context.Context, source string, body []byte) error {
	if d.hold != nil {
		d.inside <- struct{}{}
		<-d.hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("a delivery has no deadline")
	}
	if d.fail == nil {
		d.taken = append(d.taken, source+" "+string(body))
	}
	return d.fail
}

func (d *deliveries) Oversized(context.Context, string, int64) { d.note(&d.oversized) }
func (d *deliveries) Broken(context.Context, string)           { d.note(&d.broken) }
func (d *deliveries) Busy(context.Context, string)             { d.note(&d.busy) }

func (d *deliveries) note(n *int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*n++
}

func (d *deliveries) noted(n *int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *n
}

func receiving(t *testing.T, d *deliveries) *harness {
	t.Helper()
	return start(t, func(_ *harness, o *server.Options) {
		o.Services.Connect = d
		o.MaxConnectBytes, o.MaxConnects = 100, 2
	})
}

func signed(numbers ...string) http.Header {
	h := http.Header{}
	for i, s := range numbers {
		h.Set("X-DocuSign-Signature-"+string(rune('1'+i)), s)
	}
	return h
}

// TestConnect: an answer says what DocuSign has to do, and strangers learn nothing.
func TestConnect(t *testing.T) {
	d := &deliveries{}
	h := receiving(t, d)
	type step struct {
		name, method, path, body string
		header                   http.Header
		fail                     error
		code                     int
		says                     string
	}
	full := fault.New(fault.QueueFull, "full")
	for _, s := range []step{
		{"taken", "POST", "/v1/connect/main", "{}", signed("good"), nil, 200, "{}"},
		{"short address", "POST", "/v1/connect", "{1}", signed("bad", "good"), nil, 200, "{}"},
		{"unsigned", "POST", "/v1/connect/main", "{}", nil, nil, 401, "not signed with a key"},
		{"signed by another", "POST", "/v1/connect/main", "{}", signed("bad"), nil, 401, "not signed with a key"},
		{"no such source", "POST", "/v1/connect/stranger", "{}", signed("good"), nil, 401, "not signed with a key"},
		{"full", "POST", "/v1/connect/main", "{}", signed("good"), full, 503, "deliver it again"},
		{"defect", "POST", "/v1/connect/main", "{}", signed("good"), errors.New("hunter2"), 503, "deliver it again"},
		{"too large", "POST", "/v1/connect/main", strings.Repeat("x", 101), signed("good"), nil, 413, "larger than 100 bytes"},
		{"as large as may be", "POST", "/v1/connect/main", strings.Repeat("x", 100), signed("good"), nil, 200, "{}"},
		{"another method", "GET", "/v1/connect/main", "", signed("good"), nil, 405, "does not take"},
		{"deeper", "POST", "/v1/connect/main/x", "{}", signed("good"), nil, 404, ""},
	} {
		d.fail = s.fail
		code, header, body := h.do(t, s.method, s.path, s.body, s.header)
		if code != s.code || !strings.Contains(body, s.says) || strings.Contains(body, "hunter2") {
			t.Errorf("%s: %d %s", s.name, code, body)
		}
		if code == 503 && header.Get("Retry-After") != "30" {
			t.Errorf("%s: Retry-After %q", s.name, header.Get("Retry-After"))
		}
	}
	if want := []string{"main {}", " {1}", "main " + strings.Repeat("x", 100)}; strings.Join(d.taken, "|") != strings.Join(want, "|") || d.oversized != 1 || d.unsigned != 2 {
		t.Errorf("taken %q, %d oversized, %d unsigned", d.taken, d.oversized, d.unsigned)
	}
	_, _, metrics := h.do(t, "GET", "/metrics", "", nil)
	if !strings.Contains(metrics, `sealwatch_http_requests_total{code="401",route="/v1/connect/{source}"} 3`) {
		t.Error("the requests are not counted by route")
	}
}

// TestConnectThroughAProxy: a proxy passes the Host header on; that opens the deliveries and nothing else.
func TestConnectThroughAProxy(t *testing.T) {
	h := receiving(t, &deliveries{})
	header := signed("good")
	header.Set("Host", "sealwatch.example.com")
	if code, _, body := h.do(t, "POST", "/v1/connect/main", "{}", header); code != 200 {
		t.Errorf("a delivery: %d %s", code, body)
	}
	for _, path := range []string{"/v1/alerts", "/v1/status", "/metrics", "/v1/connect/../alerts"} {
		if code, _, body := h.do(t, "GET", path, "", header); code != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestConnectIsOffWithoutASource(t *testing.T) {
	if code, _, body := start(t, nil).do(t, "POST", "/v1/connect", "{}", signed("good")); code != 404 || !strings.Contains(body, "sources.connect") {
		t.Errorf("%d %s", code, body)
	}
}

// TestConnectIsBounded: more deliveries than there are slots for come again, and take nothing from the calls.
func TestConnectIsBounded(t *testing.T) {
	d := &deliveries{inside: make(chan struct{}), hold: make(chan struct{})}
	h := start(t, func(_ *harness, o *server.Options) { o.Services.Connect, o.MaxConnects, o.MaxCalls = d, 2, 1 })
	var under sync.WaitGroup
	for range 2 {
		under.Go(func() {
			if code, _, body := h.do(t, "POST", "/v1/connect", "{}", signed("good")); code != 200 {
				t.Errorf("%d %s", code, body)
			}
		})
		<-d.inside
	}
	code, header, _ := h.do(t, "POST", "/v1/connect", "{}", signed("good"))
	if code != 503 || header.Get("Retry-After") == "" || d.noted(&d.busy) != 1 {
		t.Errorf("a third one: %d, %d counted", code, d.noted(&d.busy))
	}
	if code, _, body := h.do(t, "GET", "/v1/status", "", nil); code != 200 {
		t.Errorf("a call beside them: %d %s", code, body)
	}
	close(d.hold)
	under.Wait()
}

// TestConnectGoesOnWithoutTheClient: what was sent whole is stored although nobody waits for the answer.
func TestConnectGoesOnWithoutTheClient(t *testing.T) {
	d := &deliveries{inside: make(chan struct{}), hold: make(chan struct{})}
	h := receiving(t, d)
	conn, err := net.Dial("tcp", h.Addresses().HTTP)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST /v1/connect HTTP/1.1\r\nHost: localhost\r\nX-DocuSign-Signature-1: good\r\nContent-Length: 2\r\n\r\n{}")); err != nil {
		t.Fatal(err)
	}
	<-d.inside
	conn.Close()
	close(d.hold)
	for range 500 {
		d.mu.Lock()
		n := len(d.taken)
		d.mu.Unlock()
		if n == 1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it was not stored")
}

// TestConnectBrokenOff: half a delivery is nothing.
func TestConnectBrokenOff(t *testing.T) {
	d := &deliveries{}
	h := receiving(t, d)
	conn, err := net.Dial("tcp", h.Addresses().HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("POST /v1/connect HTTP/1.1\r\nHost: localhost\r\nX-DocuSign-Signature-1: good\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || len(d.taken) > 0 {
		t.Errorf("%d, taken %q", resp.StatusCode, d.taken)
	}
}

// stall begins deliveries to a source that are signed with junk, sends a byte of each and then nothing.
func stall(t *testing.T, h *harness, n int, source string) []net.Conn {
	t.Helper()
	var all []net.Conn
	for range n {
		conn, err := net.Dial("tcp", h.Addresses().HTTP)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := conn.Write([]byte("POST /v1/connect/" + source + " HTTP/1.1\r\nHost: localhost\r\nX-DocuSign-Signature-1: junk\r\nContent-Length: 90\r\n\r\n{")); err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	return all
}

// TestSlowStrangersTakeNoPlace: those who sign with junk and send slowly keep nobody's place, and are cut off.
func TestSlowStrangersTakeNoPlace(t *testing.T) {
	d := &deliveries{}
	h := start(t, func(_ *harness, o *server.Options) {
		o.Services.Connect, o.MaxConnects, o.MaxConnectBytes, o.ConnectPatience = d, 2, 100, time.Second
	})
	strangers := stall(t, h, 40, "main")
	for range 20 {
		if code, _, body := h.do(t, "POST", "/v1/connect/main", "{}", signed("good")); code != 200 {
			t.Fatalf("a genuine one: %d %s", code, body)
		}
	}
	for _, conn := range strangers {
		answer, err := io.ReadAll(conn) // its end is that of the connection
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Fatalf("a stranger: %v %q", err, answer)
		}
	}
	if n := d.noted(&d.broken); n != len(strangers) || d.noted(&d.busy) != 0 {
		t.Errorf("%d are counted, %d as busy", n, d.busy)
	}
}

// TestConnectMemoryIsShared: what is being read has one bound, those who are turned away are counted, and it comes free again. To no
// source nothing is read.
func TestConnectMemoryIsShared(t *testing.T) {
	d := &deliveries{}
	h := start(t, func(_ *harness, o *server.Options) {
		o.Services.Connect, o.MaxConnectBytes, o.MaxConnectMemory, o.ConnectPatience = d, 1<<20, 3*(64<<10), time.Minute
	})
	stall(t, h, 10, "stranger")
	deliver := func() int {
		code, _, _ := h.do(t, "POST", "/v1/connect/main", "{}", signed("good"))
		return code
	}
	if code := deliver(); code != 200 {
		t.Fatalf("beside strangers to no source: %d", code)
	}
	var strangers []net.Conn
	for deliver() != 503 { // a stranger, too, may be turned away, because of a delivery
		if strangers = append(strangers, stall(t, h, 1, "main")...); len(strangers) > 500 {
			t.Fatal("the memory has no bound")
		}
	}
	if d.noted(&d.busy) == 0 {
		t.Error("who is turned away is not counted")
	}
	for _, conn := range strangers {
		_ = conn.Close()
	}
	for end := time.Now().Add(time.Minute); deliver() != 200; {
		if time.Now().After(end) {
			t.Fatal("the memory does not come free")
		}
	}
}
