package splunk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/splunk/splunktest"
)

func withAck(t *testing.T) *splunktest.Server {
	s := splunktest.New(t)
	s.Ack = true
	return s
}

func TestAcknowledged(t *testing.T) {
	s := withAck(t)
	o := options(t, s)
	o.MaxBytes = 4000
	x := newExporter(t, o)
	for n := range 3 {
		if got := export(t, x, changes(1+10*n, 10)); got.Kind != "ok" {
			t.Fatalf("%+v", got)
		}
	}
	if len(s.Events()) != 30 || s.Polls() < 3 {
		t.Errorf("%d events, %d questions", len(s.Events()), s.Polls())
	}
	other := newExporter(t, o) // another process
	if got := export(t, other, changes(31, 1)); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	channels := map[string]int{}
	for _, r := range s.Requests() {
		channels[r.Channel]++
	}
	if len(channels) != 2 || channels[""] > 0 {
		t.Errorf("channels %v, want one for each process", channels)
	}
}

// TestNotAcknowledgedInTime is sent again, and not before: what outlived an attempt is only asked for.
func TestNotAcknowledgedInTime(t *testing.T) {
	s := withAck(t)
	s.Unacknowledged = 1
	o := options(t, s)
	x := newExporter(t, o)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		asked := s.Polls()
		go func() { // the attempt ends when it has asked in vain
			for s.Polls() <= asked {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		var e *exporters.Error
		if err := x.Export(ctx, changes(1, 5)); !errors.As(err, &e) || e.Kind != exporters.Retryable || e.Accepted != 0 {
			t.Errorf("%v", err)
		}
		cancel()
	}
	if len(s.Requests()) != 1 || s.Polls() < 3 {
		t.Errorf("%d requests, %d questions", len(s.Requests()), s.Polls())
	}

	s = withAck(t)
	s.Unacknowledged = 1
	o = options(t, s)
	o.AckTimeout = 20 * time.Millisecond
	x = newExporter(t, o)
	if got := export(t, x, changes(1, 5)); got.Kind != "retryable" || got.Accepted != 0 || !strings.Contains(got.Words, "did not acknowledge within 20ms") {
		t.Fatalf("%+v", got)
	}
	o.AckTimeout = time.Minute // nothing is asked about ids of before
	if got := export(t, x, changes(1, 5)); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	if len(s.Requests()) != 2 || len(s.Events()) != 10 {
		t.Errorf("%d requests with %d events", len(s.Requests()), len(s.Events()))
	}
}

// TestPartlyAcknowledged sends again what is missing and no more, and reports the rest only behind it.
func TestPartlyAcknowledged(t *testing.T) {
	s := withAck(t)
	s.Unacknowledged = 1
	o := options(t, s)
	o.MaxBytes, o.AckTimeout = 4000, 100*time.Millisecond
	x := newExporter(t, o)
	got := export(t, x, changes(1, 12))
	if got.Kind != "retryable" || got.Accepted != 0 {
		t.Fatalf("%+v", got)
	}
	first := s.Requests()
	if len(first) < 3 {
		t.Fatalf("%d requests", len(first))
	}
	if got := export(t, x, changes(1, 12)); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	again := 0
	for _, r := range s.Requests()[len(first):] {
		again += r.Events
	}
	if again != first[0].Events {
		t.Errorf("%d events came again, want the %d of the first request", again, first[0].Events)
	}
}

// TestAnswerAboutAcknowledgementsLost: Splunk says once that an id is acknowledged, so that it has to be sent again.
func TestAnswerAboutAcknowledgementsLost(t *testing.T) {
	s := withAck(t)
	s.DropAckReplies = 1
	o := options(t, s)
	o.AckTimeout = 50 * time.Millisecond
	x := newExporter(t, o)
	if got := export(t, x, changes(1, 2)); got.Kind != "retryable" {
		t.Errorf("%+v", got)
	}
	if got := export(t, x, changes(1, 2)); got.Kind != "ok" || len(s.Events()) != 4 {
		t.Errorf("%+v, %d events", got, len(s.Events()))
	}
}

// TestCookie leads to the indexer that has the channel.
func TestCookie(t *testing.T) {
	s := withAck(t)
	s.Cookie = "indexer-7"
	x := newExporter(t, options(t, s))
	if got := export(t, x, changes(1, 2)); got.Kind != "ok" {
		t.Errorf("%+v", got)
	}
}

// TestAcknowledgementFails has what else the question may be answered with; nothing counts as delivered because of it, except where
// the token has no acknowledgement any more.
func TestAcknowledgementFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply splunktest.Reply
		want  outcome
		again string // how the next export ends
	}{
		{"busy", splunktest.Code(503, 9, -1), outcome{Kind: "ok", Accepted: 3}, "ok"},
		{"a page", splunktest.Reply{Status: 404, Body: "<html></html>"}, outcome{Kind: "unauthorized"}, "ok"},
		{"success and nothing else", splunktest.Code(200, 0, -1), outcome{Kind: "ok", Accepted: 3}, "ok"},
		{"token disabled", splunktest.Code(403, 1, -1), outcome{Kind: "unauthorized"}, "ok"},
		{"hangs up", splunktest.Reply{HangUp: true}, outcome{Kind: "ok", Accepted: 3}, "ok"},
		{"no acknowledgement any more", splunktest.Code(400, 14, -1), outcome{Kind: "ok", Accepted: 3}, "unauthorized"}, // this server still wants a channel
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withAck(t)
			x := newExporter(t, options(t, s))
			s.FailAcks(c.reply)
			got := export(t, x, changes(1, 3))
			got.Words = ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if got := export(t, x, changes(4, 3)); got.Kind != c.again {
				t.Errorf("afterwards: %+v", got)
			}
		})
	}
}

// TestNoAck sends no channel, and says what is wrong where the token wants one.
func TestNoAck(t *testing.T) {
	s := splunktest.New(t)
	o := options(t, s)
	o.NoAck = true
	x := newExporter(t, o)
	if got := export(t, x, changes(1, 3)); got.Kind != "ok" || s.Requests()[0].Channel != "" || s.Polls() > 0 {
		t.Errorf("%+v, %+v", got, s.Requests())
	}
	s.Change(func(s *splunktest.Server) { s.Ack = true })
	if got := export(t, x, changes(4, 3)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "this destination turns off") {
		t.Errorf("%+v", got)
	}
	s.Fail(splunktest.Code(400, 14, -1), splunktest.Code(400, 14, -1)) // senseless, and no loop
	if got := export(t, x, changes(4, 3)); got.Kind != "unauthorized" {
		t.Errorf("%+v", got)
	}
}

// TestIndexerDies: what it had not acknowledged goes to another.
func TestIndexerDies(t *testing.T) {
	a, b := withAck(t), withAck(t)
	a.Unacknowledged = 1000
	o := options(t, a, b)
	o.AckTimeout = 50 * time.Millisecond
	x := newExporter(t, o)
	if got := export(t, x, changes(1, 3)); got.Kind != "retryable" {
		t.Errorf("%+v", got)
	}
	a.CloseClientConnections()
	if got := export(t, x, changes(1, 3)); got.Kind != "ok" {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(numbers(1, 2, 3), sequences(b.Events())); d != "" {
		t.Error(d)
	}
}

// TestRefusalWithoutAcknowledgement: Splunk says of the events before a refused one that it took them, and gives no id to ask for. They
// are sent again in a request of their own, and acknowledged; where the token has no acknowledgement they are not.
func TestRefusalWithoutAcknowledgement(t *testing.T) {
	for _, c := range []struct {
		name    string
		before  bool // whether something was sent before
		reply   splunktest.Reply
		want    outcome
		indexed []string
	}{
		{"refused", true, splunktest.Code(400, 6, 3), outcome{Kind: "permanent", Accepted: 5, Failed: []int{3}}, numbers(1, 2, 3, 1, 2, 3, 5)},
		{"refused, the first request of all", false, splunktest.Code(400, 6, 3), outcome{Kind: "permanent", Accepted: 5, Failed: []int{3}}, numbers(1, 2, 3, 1, 2, 3, 5)},
		{"refused, the last", true, splunktest.Code(400, 6, 4), outcome{Kind: "permanent", Accepted: 4, Failed: []int{4}}, numbers(1, 2, 3, 4, 1, 2, 3, 4)},
		{"busy", true, splunktest.Code(503, 9, 3), outcome{Kind: "retryable"}, numbers(1, 2, 3)},
		{"the index", true, splunktest.Reply{Status: 400, Body: `{"code":7,"invalid-event-number":4}`, Take: 3}, outcome{Kind: "unauthorized"}, numbers(1, 2, 3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withAck(t)
			x := newExporter(t, options(t, s))
			if c.before {
				if got := export(t, x, changes(9, 1)); got.Kind != "ok" {
					t.Fatalf("%+v", got)
				}
			}
			already, polls := len(s.Events()), s.Polls()
			s.Fail(c.reply)
			got := export(t, x, changes(1, 5))
			got.Words = ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.indexed, sequences(s.Events()[already:])); d != "" {
				t.Error(d)
			}
			if c.want.Accepted > 0 && s.Polls() == polls {
				t.Error("nothing was asked for")
			}
			requests := s.Requests()
			if last := requests[len(requests)-1]; c.name == "refused" && (last.Events != 1 || requests[len(requests)-2].Events != 3) {
				t.Errorf("requests %+v", requests)
			}
		})
	}
}
