package exportertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
)

// HTTPFactory makes what RunHTTP tests.
type HTTPFactory struct {
	Factory
	// NewHTTPReceiver returns a receiver that works; NewReceiver is not needed.
	NewHTTPReceiver func(t testing.TB) *HTTPReceiver
	// Secret is the credential that exporters of NewExporter send or sign with. It MUST NOT stand in any error, log or dead letter.
	Secret string
	// Kinds are the statuses that the exporter treats in another way than RunHTTP expects: 401 and 403 are Unauthorized, 400 and
	// 422 Permanent, as 413 is; 408, 425, 429 and 500 to 599 Retryable; and no other loses a change: Retryable or Unauthorized.
	Kinds map[int]exporters.ErrorKind
	// Refuse writes a refusal with the status as the receiver would; nil writes a text that repeats the request's headers.
	Refuse func(w http.ResponseWriter, r *http.Request, status int)
}

// RunHTTP runs the suite of Run, and what else can happen over HTTPS: every status, lost and broken answers, certificates, redirects.
func RunHTTP(t *testing.T, f HTTPFactory) {
	f.Acknowledged, f.secret = true, f.Secret
	before, output := slog.Default(), log.Writer()
	slog.SetDefault(watchful(t, f.Secret)) // of exporters to which no log is given
	defer func() { slog.SetDefault(before); log.SetOutput(output) }()
	f.NewReceiver = func(t testing.TB) Receiver { return f.NewHTTPReceiver(t) }
	if f.Refuse == nil {
		f.Refuse = refuse
	}
	Run(t, f.Factory)
	for _, c := range []struct {
		name string
		test func(*testing.T, *httpBench)
	}{
		{"statuses", statuses}, {"retry after", retryAfter}, {"redirects", redirects}, {"the answer is lost", answerLost}, {"the answer is broken", answerBroken},
		{"the answer never ends", answerNeverEnds}, {"a request too large", tooLarge}, {"everything too large", tooLargeForAll},
		{"some too large", tooLargeForSome}, {"certificates", certificates}, {"recovers from each status", recovers}, {"slow", slow},
	} {
		t.Run("http "+c.name, func(t *testing.T) {
			b := &httpBench{HTTPFactory: f, receiver: f.NewHTTPReceiver(t)}
			defer b.receiver.Close()
			c.test(t, b)
		})
	}
}

type httpBench struct {
	HTTPFactory
	receiver *HTTPReceiver
}

// refuse repeats what was sent, as careless servers and proxies do.
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	body, _ := io.ReadAll(r.Body)
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "refused: %v %s", r.Header, body[:min(len(body), 100)])
}

// export makes one attempt with a new exporter.
func (b *httpBench) export(t *testing.T, timeout time.Duration, changes int) error {
	t.Helper()
	x := b.NewExporter(t, b.receiver, timeout)
	defer func() { _ = x.Close(context.Background()) }()
	ctx, cancel := context.WithTimeout(t.Context(), timeout+30*time.Second)
	defer cancel()
	err := x.Export(ctx, Changes(1, changes))
	if ctx.Err() != nil {
		t.Errorf("Export did not return within its own time-out of %s", timeout)
	}
	if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), b.Secret) {
		t.Errorf("the secret stands in the error")
	}
	return err
}

// failed is the outcome of an attempt that must not have succeeded.
func (b *httpBench) failed(t *testing.T, timeout time.Duration) *exporters.Error {
	t.Helper()
	return b.failedWith(t, timeout, 3)
}

func (b *httpBench) failedWith(t *testing.T, timeout time.Duration, changes int) *exporters.Error {
	t.Helper()
	err := b.export(t, timeout, changes)
	var e *exporters.Error
	switch {
	case err == nil:
		t.Error("Export returned nil")
		return &exporters.Error{}
	case !errors.As(err, &e):
		e = &exporters.Error{Kind: exporters.Retryable, Err: err}
	}
	if e.Accepted != 0 {
		t.Errorf("%d changes count as accepted", e.Accepted)
	}
	if n := len(err.Error()); n > 4000 {
		t.Errorf("the error has %d bytes", n)
	}
	return e
}

// wanted says which kinds a status may be.
func (b *httpBench) wanted(status int) []exporters.ErrorKind {
	if k, ok := b.Kinds[status]; ok {
		return []exporters.ErrorKind{k}
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return []exporters.ErrorKind{exporters.Unauthorized}
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity, status == http.StatusRequestEntityTooLarge:
		return []exporters.ErrorKind{exporters.Permanent}
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		return []exporters.ErrorKind{exporters.Retryable}
	}
	return []exporters.ErrorKind{exporters.Retryable, exporters.Unauthorized}
}

func statuses(t *testing.T, b *httpBench) {
	for status := 300; status < 600; status++ {
		if http.StatusText(status) == "" && status%100 != 99 {
			continue // one that nobody has named of each hundred
		}
		b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) { b.Refuse(w, r, status) })
		e := b.failed(t, 5*time.Second)
		ok := false
		for _, k := range b.wanted(status) {
			ok = ok || e.Kind == k
		}
		if !ok || len(e.Failed) > 0 && e.Kind != exporters.Permanent {
			t.Errorf("status %d: kind %s with %d dead letters, want one of %v", status, e.Kind, len(e.Failed), b.wanted(status))
		}
	}
	if n := len(b.receiver.Received()); n != 0 {
		t.Errorf("%d changes arrived", n)
	}
}

func retryAfter(t *testing.T, b *httpBench) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for value, want := range map[string][2]time.Duration{
			"7":       {7 * time.Second, 7 * time.Second},
			"0":       {},
			"soon":    {},
			"-5":      {},
			"9999999": {time.Hour, 1 << 62}, // the runner bounds it
			time.Now().Add(time.Hour).UTC().Format(http.TimeFormat): {58 * time.Minute, time.Hour},
			"Mon, 02 Jan 2006 15:04:05 GMT":                         {},
		} {
			b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", value)
				b.Refuse(w, r, status)
			})
			if e := b.failed(t, 5*time.Second); e.RetryAfter < want[0] || e.RetryAfter > want[1] {
				t.Errorf("status %d with Retry-After: %s: %s, want %s to %s", status, value, e.RetryAfter, want[0], want[1])
			}
		}
	}
}

// redirects are never followed: the credential and the alerts would go to somebody else.
func redirects(t *testing.T, b *httpBench) {
	var followed atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, target := range []string{other.URL + "/elsewhere", b.receiver.URL() + "/elsewhere"} {
			b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					followed.Add(1)
				}
				http.Redirect(w, r, target, status)
			})
			_ = b.failed(t, 5*time.Second)
		}
	}
	if n := followed.Load(); n > 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func answerLost(t *testing.T, b *httpBench) {
	b.receiver.Answer(b.receiver.AcceptSilently)
	if e := b.failed(t, 2*time.Second); e.Kind != exporters.Retryable {
		t.Errorf("kind %s", e.Kind)
	}
}

func answerBroken(t *testing.T, b *httpBench) {
	hijacked := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			h, ok := w.(http.Hijacker)
			if !ok { // HTTP/2, where an answer cannot be broken in this way
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			conn, _, err := h.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	for _, text := range []string{"", "HTTP/1.1", "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nshort", "\x00\x01\x02", "HTTP/1.1 999999 x\r\n\r\n"} {
		b.receiver.Answer(hijacked(text))
		if e := b.failed(t, 5*time.Second); e.Kind == exporters.Permanent {
			t.Errorf("answer %q: permanent", text)
		}
	}
	b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInternalServerError)
		for page := strings.Repeat("x", 1<<16); ; {
			if _, err := io.WriteString(w, page); err != nil {
				return
			}
		}
	})
	_ = b.failed(t, 2*time.Second) // an answer without an end
}

func answerNeverEnds(t *testing.T, b *httpBench) {
	release := make(chan struct{})
	defer close(release)
	b.receiver.Answer(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	})
	if e := b.failed(t, 200*time.Millisecond); e.Kind != exporters.Retryable {
		t.Errorf("kind %s", e.Kind)
	}
	x := b.NewExporter(t, b.receiver, long)
	defer func() { _ = x.Close(context.Background()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := x.Export(ctx, Changes(1, 1)); err == nil {
		t.Error("Export returned nil after ctx was done")
	}
}

// tooLarge: a receiver, or a proxy before it, that takes small requests only gets everything in small ones.
func tooLarge(t *testing.T, b *httpBench) {
	const most = 20_000
	b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > most || r.ContentLength < 0 {
			b.Refuse(w, r, http.StatusRequestEntityTooLarge)
			return
		}
		b.receiver.Accept(w, r)
	})
	s := &bench{T: t, f: b.Factory, receiver: b.receiver, log: NewLog(), store: NewStore(), timeout: 10 * time.Second}
	s.log.Append(Changes(1, 300)...)
	_, kill := s.start()
	s.verify()
	kill()
	if n := len(s.store.DeadLetters(destination)); n > 0 {
		t.Errorf("%d dead letters", n)
	}
}

func certificates(t *testing.T, b *httpBench) {
	b.receiver.Behave(Refuse)
	b.receiver.tls = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // it has to be refused
	b.receiver.Behave(None)
	_ = b.failed(t, 5*time.Second)
	b.receiver.tls = nil
	b.receiver.Behave(Refuse)
	other := stranger(t)
	b.receiver.tls = &tls.Config{Certificates: []tls.Certificate{other}} //nolint:gosec // the versions are not what is tested
	b.receiver.Behave(None)
	if e := b.failed(t, 5*time.Second); e.Kind == exporters.Permanent {
		t.Error("a wrong certificate is permanent")
	}
	if n := b.receiver.Requests(); n > 0 {
		t.Errorf("%d requests reached somebody whose certificate was wrong", n)
	}
}

// recovers: whatever the receiver answers for a while, everything arrives in the end unless the answer was for good.
func recovers(t *testing.T, b *httpBench) {
	s := &bench{T: t, f: b.Factory, receiver: b.receiver, log: NewLog(), store: NewStore(), timeout: 5 * time.Second}
	r, kill := s.start()
	n := 1
	for _, status := range []int{302, 401, 403, 404, 429, 500, 503} {
		b.receiver.Answer(func(w http.ResponseWriter, q *http.Request) { b.Refuse(w, q, status) })
		s.log.Append(Changes(n, 5)...)
		n += 5
		s.failing(r)
		if strings.Contains(r.Status().LastError, b.Secret) {
			t.Errorf("status %d: the secret stands in the destination's status", status)
		}
		b.receiver.Answer(nil)
		s.verify()
		s.eventually("the failure is over", func() bool { return r.Status().LastError == "" })
	}
	kill()
	if n := len(s.store.DeadLetters(destination)); n > 0 {
		t.Errorf("%d dead letters", n)
	}
}

// slow: a receiver that reads a little at a time gets everything, once.
func slow(t *testing.T, b *httpBench) {
	b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		for part := make([]byte, 1024); ; {
			n, err := r.Body.Read(part)
			body.Write(part[:n])
			if err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		r.Body = io.NopCloser(&body)
		b.receiver.Accept(w, r)
	})
	s := &bench{T: t, f: b.Factory, receiver: b.receiver, log: NewLog(), store: NewStore(), timeout: time.Minute}
	s.log.Append(bulky(60)...)
	_, kill := s.start()
	s.verify()
	kill()
	s.once()
}
