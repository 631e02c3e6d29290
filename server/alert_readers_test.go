package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"pgregory.net/rapid"

	"github.com/sealwatch/sealwatch/client"
	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
)

// reader takes at most n changes after a token, and says where it ended.
type reader func(ctx context.Context, h *harness, minimum pb.Severity, after string, n int) (got []int64, token string, err error)

// TestManyReaders: readers of every kind, who leave and come back at random points while alerts change, each see exactly
// the sequence. The window is so small that some are too slow.
func TestManyReaders(t *testing.T) {
	h := start(t, func(h *harness, o *server.Options) {
		h.changes = newChanges()
		o.Services.Changes, o.Heartbeat, o.StreamWindow = h.changes, 5*time.Millisecond, 40
	})
	kinds := []reader{readByClient, readEvents, readLines}
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		log := history(seed, rapid.IntRange(1, 250).Draw(r, "changes"))
		base := h.changes.Head()
		var wg sync.WaitGroup
		problems := make(chan string, 8)
		for i := range rapid.IntRange(1, 5).Draw(r, "readers") {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				minimum, f := pb.Severity_SEVERITY_UNSPECIFIED, alert.Filter{}
				if random.IntN(2) == 0 {
					minimum, f = pb.Severity_SEVERITY_HIGH, alert.Filter{MinSeverity: alert.SeverityHigh}
				}
				var got []int64
				want, token := expected(log, f), tokenOf(base)
				for len(got) < len(want) {
					some, next, err := kinds[(i+int(seed%3))%3](t.Context(), h, minimum, token, min(1+random.IntN(60), len(want)-len(got)))
					if err != nil {
						problems <- fmt.Sprintf("reader %d: %v", i, err)
						return
					}
					for _, s := range some {
						got = append(got, s-int64(base))
					}
					token = next
				}
				if !slices.Equal(got, want) {
					problems <- fmt.Sprintf("reader %d got %v, want %v", i, got, want)
				}
			})
		}
		for i, c := range log {
			h.changes.append(c)
			if i%50 == 0 {
				time.Sleep(time.Millisecond) // so that some read while it is written
			}
		}
		wg.Wait()
		close(problems)
		for p := range problems {
			r.Error(p)
		}
	})
}

func readByClient(ctx context.Context, h *harness, minimum pb.Severity, after string, n int) (got []int64, token string, err error) {
	token = after
	for c, err := range client.New(h.conn).Alerts(ctx, &pb.AlertFilter{MinSeverity: minimum}, after) {
		if err != nil {
			return got, token, err
		}
		got, token = append(got, c.Alert.GetSequence()), c.Token
		if len(got) == n {
			break
		}
	}
	return got, token, nil
}

// open begins a REST stream.
func (h *harness) open(ctx context.Context, query string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+"/v1/alerts:stream?"+query, nil)
	if err != nil {
		return nil, err
	}
	req.Header = header
	resp, err := h.client.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("answered %s", resp.Status)
	}
	return resp, err
}

// readLines resumes by the query, and reads what it missed by another stream.
func readLines(ctx context.Context, h *harness, minimum pb.Severity, after string, n int) (got []int64, token string, err error) {
	resp, err := h.open(ctx, url.Values{"after": {after}, "filter.minSeverity": {minimum.String()}}.Encode(), http.Header{})
	if err != nil {
		return nil, after, err
	}
	defer resp.Body.Close()
	token = after
	for dec := json.NewDecoder(resp.Body); len(got) < n; {
		var line struct{ Result, Error json.RawMessage }
		if err := dec.Decode(&line); err != nil || line.Error != nil {
			return got, token, fmt.Errorf("a line: %w %s", err, line.Error)
		}
		var m pb.StreamAlertsResponse
		if err := protojson.Unmarshal(line.Result, &m); err != nil {
			return got, token, err
		}
		if m.GetMissed() != nil {
			return got, m.GetMissed().GetAfter(), nil
		}
		if m.GetAlert() != nil {
			got = append(got, m.GetAlert().GetSequence())
		}
		token = m.GetResumeToken()
	}
	return got, token, nil
}

// sse is one server-sent event; one with an id alone is a heartbeat.
type sse struct{ id, name, data string }

// readEvent reads one as a browser does.
func readEvent(b *bufio.Reader) (e sse, err error) {
	for {
		line, err := b.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e != (sse{}) {
				return e, nil
			}
		}
	}
}

// readEvents resumes as a browser does: by the header, with the first address.
func readEvents(ctx context.Context, h *harness, minimum pb.Severity, after string, n int) (got []int64, token string, err error) {
	resp, err := h.open(ctx, url.Values{"after": {"0"}, "filter.minSeverity": {minimum.String()}}.Encode(),
		http.Header{"Accept": {"text/event-stream"}, "Last-Event-Id": {after}})
	if err != nil {
		return nil, after, err
	}
	defer resp.Body.Close()
	token = after
	for b := bufio.NewReader(resp.Body); len(got) < n; {
		e, err := readEvent(b)
		if err != nil {
			return got, token, err
		}
		token = e.id
		if e.data == "" {
			continue
		}
		var m pb.StreamAlertsResponse
		if err := protojson.Unmarshal([]byte(e.data), &m); err != nil {
			return got, token, err
		}
		if m.GetMissed() != nil {
			return got, m.GetMissed().GetAfter(), nil
		}
		if m.GetResumeToken() != e.id || strings.ToLower(strings.TrimPrefix(m.GetChange().String(), "ALERT_CHANGE_")) != e.name {
			return got, token, fmt.Errorf("the event %q %q carries %v", e.id, e.name, m.GetChange())
		}
		got = append(got, m.GetAlert().GetSequence())
	}
	return got, token, nil
}
