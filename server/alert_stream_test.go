package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
)

// history makes a log of alerts that come, change their state, their severity and their time, and go.
func history(seed uint64, n int) []alert.Change {
	r := rand.New(rand.NewPCG(seed, 1))
	states := []string{alert.StateNew, alert.StateInProgress, alert.StateResolved, alert.StateRetracted, alert.StateSuppressed}
	now := map[int]alert.Alert{}
	var out []alert.Change
	for range n {
		id, state := r.IntN(20), states[r.IntN(len(states))]
		a := storedAlert(id, []string{alert.SeverityLow, alert.SeverityHigh}[r.IntN(2)], state)
		a.End = epoch.Add(time.Duration(r.IntN(60)) * time.Minute)
		a.Start = a.End.Add(-time.Duration(r.IntN(60)) * time.Minute)
		c := alert.Change{Kind: alert.ChangeUpdated, Alert: a}
		if was, ok := now[id]; !ok {
			c.Kind = alert.ChangeCreated
		} else {
			c.Follow(&was)
			if state == alert.StateRetracted {
				c.Kind = alert.ChangeRetracted
			}
		}
		out = append(out, c)
		now[id] = a
	}
	return out
}

// expected is which changes a filter sends, told in another way than the server does: by what the reader knows.
func expected(log []alert.Change, f alert.Filter) (sequences []int64) {
	selected := map[string]bool{}
	for i := range log {
		c := &log[i]
		match := f.Match(&c.Alert)
		if match || selected[c.ID] {
			sequences = append(sequences, int64(i+1))
		}
		selected[c.ID] = match
	}
	return sequences
}

// TestResume cuts a stream again and again, while the log grows, and wants every change once and in order.
func TestResume(t *testing.T) {
	half := epoch.Add(30 * time.Minute)
	for _, filter := range []struct {
		message *pb.AlertFilter
		domain  alert.Filter
	}{
		{nil, alert.Filter{}},
		{&pb.AlertFilter{MinSeverity: pb.Severity_SEVERITY_HIGH}, alert.Filter{MinSeverity: alert.SeverityHigh}},
		{&pb.AlertFilter{States: []pb.AlertState{pb.AlertState_ALERT_STATE_NEW, pb.AlertState_ALERT_STATE_SUPPRESSED}},
			alert.Filter{States: []string{alert.StateNew, alert.StateSuppressed}}},
		{&pb.AlertFilter{StartTime: timestamppb.New(half), EndTime: timestamppb.New(half.Add(time.Minute)), MinSeverity: pb.Severity_SEVERITY_HIGH},
			alert.Filter{Start: half, End: half.Add(time.Minute), MinSeverity: alert.SeverityHigh}},
	} {
		t.Run(fmt.Sprint(filter.domain), func(t *testing.T) {
			h := start(t, func(h *harness, o *server.Options) {
				h.changes = newChanges()
				o.Services.Changes, o.Heartbeat = h.changes, time.Millisecond
			})
			client := pb.NewAlertServiceClient(h.conn)
			rapid.Check(t, func(r *rapid.T) {
				base := h.changes.Head()
				log := history(rapid.Uint64().Draw(r, "seed"), rapid.IntRange(1, 1200).Draw(r, "changes"))
				want := expected(log, filter.domain)
				written := make(chan struct{})
				go func() {
					defer close(written)
					for _, c := range log {
						h.changes.append(c)
					}
				}()
				defer func() { <-written }()
				var got []int64
				after := tokenOf(base)
				for len(got) < len(want) {
					got, after = readSome(r, client, filter.message, after, int64(base), got, rapid.IntRange(1, 400).Draw(r, "cut"), len(want))
				}
				if !slices.Equal(got, want) {
					r.Fatalf("got %v, want %v", got, want)
				}
			})
			if n := h.changes.largestPage(); n > 500 {
				t.Errorf("a stream asked for %d changes at once", n)
			}
		})
	}
}

// TestLeavingTheFilter: an alert that sinks below the severity is sent once, and no more after that.
func TestLeavingTheFilter(t *testing.T) {
	high, low := storedAlert(9, alert.SeverityHigh, alert.StateNew), storedAlert(9, alert.SeverityLow, alert.StateNew)
	sinks := alert.Change{Kind: alert.ChangeUpdated, Alert: low}
	sinks.Follow(&high)
	goes := alert.Change{Kind: alert.ChangeRetracted, Alert: storedAlert(9, alert.SeverityLow, alert.StateRetracted)}
	goes.Follow(&low)
	h := start(t, func(h *harness, o *server.Options) {
		h.changes = newChanges(change(alert.ChangeCreated, "", high), sinks, goes, change(alert.ChangeCreated, "", storedAlert(8, alert.SeverityHigh, alert.StateNew)))
		o.Services.Changes = h.changes
	})
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0",
		Filter: &pb.AlertFilter{MinSeverity: pb.Severity_SEVERITY_HIGH}})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for len(got) == 0 || got[len(got)-1] != 4 {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetAlert() != nil {
			got = append(got, m.GetAlert().GetSequence())
		}
	}
	if !slices.Equal(got, []int64{1, 2, 4}) {
		t.Errorf("got the changes %v, want the first, the one that sinks, and the last", got)
	}
}

// readSome reads up to n messages of a stream, or until all changes are there, and cuts it.
func readSome(t *rapid.T, client pb.AlertServiceClient, f *pb.AlertFilter, after string, base int64, got []int64, n, all int) ([]int64, string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := client.StreamAlerts(ctx, &pb.StreamAlertsRequest{After: after, Filter: f})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n && len(got) < all; i++ {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		after = m.GetResumeToken()
		if m.GetAlert() != nil {
			got = append(got, m.GetAlert().GetSequence()-base)
		}
	}
	return got, after
}

// TestSlowReader reads nothing while much happens, and then everything: it is told what it missed, can read that again, and
// nothing is kept for it.
func TestSlowReader(t *testing.T) {
	const n = 6000
	h := start(t, func(_ *harness, o *server.Options) { o.StreamWindow = 300 })
	client := pb.NewAlertServiceClient(h.conn)
	stream, err := client.StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: tokenOf(4)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	// the first heartbeat comes before the stream is live
	for !h.changes.waitedFor() {
		if t.Context().Err() != nil {
			t.Fatal("the stream does not wait for changes")
		}
		time.Sleep(time.Millisecond)
	}
	for i := range n {
		h.changes.append(change(alert.ChangeCreated, "", storedAlert(i, alert.SeverityHigh, alert.StateNew)))
	}
	// Others are served meanwhile.
	if code, _, body := h.do(t, http.MethodGet, "/v1/status", "", nil); code != http.StatusOK {
		t.Fatalf("got %d %s", code, body)
	}
	last, missed, token := int64(4), 0, tokenOf(4)
	take := func(m *pb.StreamAlertsResponse) {
		t.Helper()
		if m.GetAlert() != nil {
			if s := m.GetAlert().GetSequence(); s != last+1 {
				t.Fatalf("change %d came after %d", s, last)
			}
			last++
		}
		token = m.GetResumeToken()
	}
	for last < n+4 {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if span := m.GetMissed(); span != nil {
			missed++
			if span.GetAfter() != token || span.GetUntil() != m.GetResumeToken() || span.GetAfter() != tokenOf(uint64(last)) || span.GetCount() <= 300 {
				t.Fatalf("told that it missed %v, want what follows %d", span, last)
			}
			end := last + int64(span.GetCount())
			again, err := client.StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: span.GetAfter(), Until: span.GetUntil()})
			for err == nil {
				var m *pb.StreamAlertsResponse
				if m, err = again.Recv(); err == nil {
					take(m)
				}
			}
			if !errors.Is(err, io.EOF) || last != end {
				t.Fatalf("the missed span ended with %v at %d, want %d", err, last, end)
			}
		}
		take(m)
	}
	if missed == 0 {
		t.Error("it was not told that it was too slow")
	}
	if got := metric(t, h, "sealwatch_alert_stream_missed_spans_total"); got != float64(missed) {
		t.Errorf("the metric counts %v missed spans, want %d", got, missed)
	}
	if n := h.changes.largestPage(); n > 500 {
		t.Errorf("the stream asked for %d changes at once", n)
	}
}

// metric is the sum of a metric over its labels.
func metric(t *testing.T, h *harness, name string) (sum float64) {
	t.Helper()
	families, err := h.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
			return sum
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

func TestFromNow(t *testing.T) {
	h := start(t, nil)
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := stream.Recv(); err != nil || m.GetChange() != pb.AlertChange_ALERT_CHANGE_HEARTBEAT {
		t.Fatalf("got %v, %v, want a heartbeat", m, err)
	}
	h.changes.append(change(alert.ChangeCreated, "", storedAlert(9, alert.SeverityHigh, alert.StateNew)))
	if m, err := stream.Recv(); err != nil || m.GetAlert().GetSequence() != 5 {
		t.Errorf("got %v, %v, want change 5", m, err)
	}
}

func TestTokenBeyondTheEnd(t *testing.T) {
	h := start(t, nil)
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: tokenOf(5)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	if s := status.Convert(err); s.Code() != codes.InvalidArgument || problem.Reason(s) != "INVALID_RESUME_TOKEN" {
		t.Errorf("got %v", err)
	}
}

// TestTokenOfAnotherDatabase: a position in a database that was replaced is none in this one, although its log is longer.
func TestTokenOfAnotherDatabase(t *testing.T) {
	for name, c := range map[string]struct{ mine, its, want string }{
		"this one":                      {"a", "a", ""},
		"another one":                   {"a", "b", "INVALID_RESUME_TOKEN"},
		"one that was not known":        {"a", "", "INVALID_RESUME_TOKEN"},
		"any, where this one has no id": {"", "b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, func(_ *harness, o *server.Options) { o.Services.LogID = c.mine })
			stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: token.Log{Tenant: tenant, ID: c.its}.Resume(3)})
			if err != nil {
				t.Fatal(err)
			}
			m, err := stream.Recv()
			if got := problem.Reason(status.Convert(err)); got != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if again := (token.Log{Tenant: tenant, ID: c.mine}).Resume(3); err == nil && m.GetResumeToken() != again {
				t.Errorf("the stream goes on with %q, want %q", m.GetResumeToken(), again)
			}
		})
	}
}

// gappy is a log that has lost a change.
type gappy struct{ *changes }

func (g gappy) Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error) {
	list, err := g.changes.Read(ctx, after, limit)
	return slices.DeleteFunc(list, func(c alert.Change) bool { return c.Sequence == 2 }), err
}

func TestGapEndsTheStream(t *testing.T) {
	h := start(t, func(h *harness, o *server.Options) { o.Services.Changes = gappy{h.changes} })
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{After: "0"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; err == nil; n++ {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Internal || n != 3 {
		t.Errorf("got %v after %d messages, want Internal after a heartbeat and one change", err, n-1)
	}
}

// TestFilteredOutStillMovesTheToken: a reader whose filter wants nothing gets heartbeats whose token moves on.
func TestFilteredOutStillMovesTheToken(t *testing.T) {
	h := start(t, func(_ *harness, o *server.Options) { o.Heartbeat = time.Millisecond })
	stream, err := pb.NewAlertServiceClient(h.conn).StreamAlerts(t.Context(), &pb.StreamAlertsRequest{
		After: "0", Filter: &pb.AlertFilter{Detections: []string{"own_key"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for {
		m, err := stream.Recv()
		if err != nil || m.GetAlert() != nil {
			t.Fatalf("got %v, %v", m, err)
		}
		if m.GetResumeToken() == tokenOf(4) {
			return
		}
	}
}

// TestRESTStreamIsSentAtOnce: a reader of the REST stream sees a line as soon as there is one.
func TestRESTStreamIsSentAtOnce(t *testing.T) {
	h := start(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.base+"/v1/alerts:stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line := make([]byte, 16)
	if _, err := io.ReadFull(resp.Body, line); err != nil || string(line[:10]) != `{"result":` {
		t.Errorf("got %q, %v", line, err)
	}
	if ct := resp.Header.Get("Content-Type"); ct != "application/x-ndjson" {
		t.Errorf("content type %q", ct)
	}
}
