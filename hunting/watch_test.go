package hunting_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// idle is a reader that takes the columns and then nothing, as a client that does not receive; its call ends when the test says so.
type idle struct {
	got
	until chan struct{}
}

func (i *idle) Rows([]json.RawMessage) error { <-i.until; return errors.New("the call is over") }

// cuttable is one whose waiting call can be ended.
type cuttable struct {
	idle
	once sync.Once
}

func (c *cuttable) Cut() { c.once.Do(func() { close(c.until) }) }

const wideRows = "SELECT number, repeat('x', 1000) FROM numbers(15000)"

// TestIdleReaders: readers that take nothing keep nobody else from hunting for longer than they may, and their queries are gone.
func TestIdleReaders(t *testing.T) {
	f := use(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
	for name, c := range map[string]struct {
		change func(*hunting.Options)
		reason fault.Reason
	}{
		"stalled": {func(o *hunting.Options) { o.Stall = 300 * time.Millisecond }, fault.ReaderStalled},
		"overdue": {func(o *hunting.Options) { o.Limits.Duration, o.Grace = time.Second, 100*time.Millisecond }, fault.LimitExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			o := f.options()
			c.change(&o)
			h, err := hunting.New(o)
			if err != nil {
				t.Fatal(err)
			}
			until, errs := make(chan struct{}), make(chan error, o.Concurrency)
			for range o.Concurrency {
				go func() {
					errs <- h.Query(t.Context(), hunt.Query{SQL: wideRows, Author: "idle-" + name}, &idle{until: until})
				}()
			}
			// It waits for a place in vain at first.
			if err := h.Query(t.Context(), hunt.Query{SQL: "SELECT 1"}, &got{}); err != nil {
				t.Errorf("beside idle readers: %v", err)
			}
			for range o.Concurrency {
				if err := <-errs; !fault.Is(err, c.reason) {
					t.Errorf("an idle reader got %v, want %s", err, c.reason)
				}
			}
			if f.running(t, "repeat('x', 1000)") {
				t.Error("a query of an idle reader still runs")
			}
			close(until)
		})
	}
	if got := f.audited(t, "idle-stalled"); !strings.Contains(got, `"cancelled"`) || !strings.Contains(got, "took nothing") {
		t.Errorf("the audit has %s", got)
	}
	t.Run("cut", func(t *testing.T) {
		o := f.options()
		o.Stall = 200 * time.Millisecond
		h, err := hunting.New(o)
		if err != nil {
			t.Fatal(err)
		}
		c := &cuttable{idle: idle{until: make(chan struct{})}}
		if err := h.Query(t.Context(), hunt.Query{SQL: wideRows}, c); !fault.Is(err, fault.ReaderStalled) {
			t.Errorf("got %v", err)
		}
		select {
		case <-c.until:
		default:
			t.Error("the call that waits was not ended")
		}
	})
}

// TestIdleReadersStop: a server that ends does not wait for readers that take nothing.
func TestIdleReadersStop(t *testing.T) {
	f := use(t)
	ctx, stop := context.WithCancel(t.Context())
	until, errs := make(chan struct{}), make(chan error, 4)
	defer close(until)
	for range 4 {
		go func() { errs <- f.Query(ctx, hunt.Query{SQL: wideRows, Author: "stopped"}, &idle{until: until}) }()
	}
	time.Sleep(300 * time.Millisecond)
	stop()
	for range 4 {
		select {
		case err := <-errs:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		case <-time.After(15 * time.Second):
			t.Fatal("a hunt goes on although its call is over")
		}
	}
}

// TestEndpointIdle: the same over ClickHouse's interface, where clients that read nothing, or a little now and then, have their time and no more.
func TestEndpointIdle(t *testing.T) {
	f := use(t)
	o := f.options()
	o.Stall, o.Limits.Duration, o.Grace, o.Limits.Bytes = 300*time.Millisecond, 2*time.Second, 100*time.Millisecond, 1<<30
	h, err := hunting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h.Endpoint(password))
	defer s.Close()
	const query = "SELECT repeat('x', 5000) FROM numbers(19000)"
	ask := func() net.Conn {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s", base64.StdEncoding.EncodeToString([]byte("idle:"+password)), len(query), query)
		return c
	}
	for _, drip := range []bool{false, true} {
		var all []net.Conn
		for range o.Concurrency {
			c := ask()
			all = append(all, c)
			if drip {
				go func() {
					r := bufio.NewReaderSize(c, 16<<10)
					for {
						if _, err := io.CopyN(io.Discard, r, 256<<10); err != nil {
							return
						}
						time.Sleep(100 * time.Millisecond)
					}
				}()
			}
		}
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		if resp, body := post(t, s.URL, "SELECT 1", nil, nil); resp.StatusCode != 200 || body != "1\n" {
			t.Errorf("drip %v: %d %q after %v", drip, resp.StatusCode, body, time.Since(began))
		}
		for _, c := range all {
			_ = c.Close()
		}
	}
}

// TestWideRow: a row that is larger than one may be is an error that names the column, and takes the service no memory to speak of.
func TestWideRow(t *testing.T) {
	f := use(t)
	o := f.options()
	o.Limits.Bytes = 1 << 30
	h, err := hunting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	g := &got{}
	err = h.Query(t.Context(), hunt.Query{SQL: "SELECT 1 AS one, groupArray(number) AS list, 2 FROM numbers(2000000)"}, g)
	var e *hunt.Error
	if !errors.As(err, &e) || e.Code != 396 || !e.Limited() || !strings.Contains(e.Text, "column list") || !strings.Contains(e.Text, "8 MiB") || len(g.rows) > 0 {
		t.Errorf("%d rows, %v", len(g.rows), err)
	}
	// Wide ones that may be take turns, and give their places back.
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2 {
				g := &got{}
				if err := h.Query(t.Context(), hunt.Query{SQL: "SELECT repeat('xxx', 1000000) FROM numbers(2)"}, g); err != nil || len(g.rows) != 2 || len(g.rows[0]) < 3_000_000 {
					t.Errorf("%d rows, %v", len(g.rows), err)
				}
			}
		})
	}
	all.Wait()
}

// TestTooLarge: what cannot be cut between rows ends with ClickHouse's error where it is larger than it may be.
func TestTooLarge(t *testing.T) {
	f := use(t)
	o := f.options()
	o.Limits.Bytes = 2 << 20
	h, err := hunting.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h.Endpoint(password))
	defer s.Close()
	const sql = "SELECT repeat('x', 1000) FROM numbers(19000)"
	resp, body := post(t, s.URL, sql, url.Values{"max_block_size": {"500"}}, nil)
	if resp.StatusCode != 200 || !strings.HasSuffix(body, "BROKEN") || !strings.Contains(body, "__exception__") || !strings.Contains(body, "Code: 396.") || len(body) > 3<<20 || len(body) < 1<<20 {
		t.Errorf("%d, %d bytes, %q", resp.StatusCode, len(body), body[max(0, len(body)-400):])
	}
	if got := f.audited(t, "dora"); !strings.Contains(got, `"failed"`) || !strings.Contains(got, "larger than 2097152 bytes") {
		t.Errorf("the audit has %s", got)
	}
	var e *hunt.Error
	if err := h.Query(t.Context(), hunt.Query{SQL: "SELECT generateUUIDv4() FROM numbers(19000 * 10)", Format: "ArrowStream", Limits: hunt.Limits{Bytes: 100_000}}, &got{}); !errors.As(err, &e) || e.Code != 396 {
		t.Errorf("a format: %v", err)
	}
	for _, c := range []struct {
		arguments url.Values
		rows      int
	}{
		{url.Values{"result_overflow_mode": {"break"}}, maxRows}, {url.Values{"result_overflow_mode": {"break"}, "max_result_rows": {"7"}}, 7},
		{url.Values{"result_overflow_mode": {"break"}, "max_result_rows": {"999999999"}}, maxRows}, {url.Values{"result_overflow_mode": {"break"}, "limit": {"3"}}, 3},
	} {
		resp, body := post(t, s.URL, "SELECT number FROM numbers(1000000)", c.arguments, nil)
		if n := strings.Count(body, "\n"); resp.StatusCode != 200 || n != c.rows {
			t.Errorf("%v: %d, %d rows, want %d", c.arguments, resp.StatusCode, n, c.rows)
		}
	}
	post(t, s.URL, "SELECT number FROM numbers(1000000)", url.Values{"result_overflow_mode": {"break"}}, nil)
	if got := f.audited(t, "dora"); !strings.Contains(got, `"truncated"`) {
		t.Errorf("the audit has %s", got)
	}
}
