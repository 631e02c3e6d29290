package exportertest

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/sealwatch/sealwatch/exporters"
)

// mostAtOnce is how many requests one export of a hundred changes makes at most of a receiver that takes none of them.
const mostAtOnce = 60

// tooLargeForAll: to a receiver, or a proxy before it, that finds everything too large and is busy now and then, nothing is given up,
// and the status says what it answers.
func tooLargeForAll(t *testing.T, b *httpBench) {
	for _, busy := range []int32{0, 20} {
		var n atomic.Int32
		b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
			if n := n.Add(1); busy > 0 && n%busy == 0 {
				b.Refuse(w, r, http.StatusServiceUnavailable)
				return
			}
			b.Refuse(w, r, http.StatusRequestEntityTooLarge)
		})
		if busy == 0 {
			before := b.receiver.Requests()
			if e := b.failedWith(t, 10*time.Second, 100); e.Kind != exporters.Permanent {
				t.Errorf("kind %s", e.Kind)
			}
			if n := b.receiver.Requests() - before; n > mostAtOnce {
				t.Errorf("%d requests of one export", n)
			}
		}
		s := &bench{T: t, f: b.Factory, receiver: b.receiver, log: NewLog(), store: NewStore(), timeout: 10 * time.Second}
		s.log.Append(Changes(1, 100)...)
		start := n.Load()
		r, kill := s.start()
		s.eventually("it was tried often", func() bool { return n.Load()-start > 150 })
		s.eventually("the status says what the receiver answers", func() bool { return strings.Contains(r.Status().LastError, "413") })
		if l := s.store.DeadLetters(destination); len(l) > 0 {
			t.Errorf("busy each %d: %d dead letters of a receiver that took nothing", busy, len(l))
		}
		b.receiver.Answer(nil)
		s.eventually("everything has arrived", s.delivered)
		kill()
		if l := s.store.DeadLetters(destination); len(l) > 0 {
			t.Errorf("busy each %d: %d dead letters of a receiver that takes everything", busy, len(l))
		}
	}
}

// tooLargeForSome: those that are found too large whatever their size are put aside, wherever they are, and all others arrive.
func tooLargeForSome(t *testing.T, b *httpBench) {
	bad := []uint64{1, 2, 3, 4, 5, 6, 7, 40, 60, 61, 100}
	changes := Changes(1, 100)
	var n atomic.Int32
	b.receiver.Answer(func(w http.ResponseWriter, r *http.Request) {
		text := content(t, r)
		switch {
		case slices.ContainsFunc(bad, func(s uint64) bool { return strings.Contains(text, changes[s-1].ID) }):
			b.Refuse(w, r, http.StatusRequestEntityTooLarge)
		case n.Add(1)%5 == 0:
			b.Refuse(w, r, http.StatusServiceUnavailable)
		default:
			b.receiver.Accept(w, r)
		}
	})
	s := &bench{T: t, f: b.Factory, receiver: b.receiver, log: NewLog(), store: NewStore(), timeout: 10 * time.Second}
	s.log.Append(changes...)
	_, kill := s.start()
	s.eventually("every change has arrived or is put aside", s.delivered)
	kill()
	letters := s.store.DeadLetters(destination)
	for _, q := range bad {
		if !strings.Contains(letters[q].Reason, "413") {
			t.Errorf("change %d: dead letter with the reason %q", q, letters[q].Reason)
		}
		delete(letters, q)
	}
	for q := range letters {
		t.Errorf("change %d is a dead letter because of others", q)
	}
}

// content of a request, which can be read once more.
func content(t *testing.T, r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("reading a request: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			t.Errorf("decompressing a request: %v", err)
		}
	}
	return string(body)
}
