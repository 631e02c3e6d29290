package client_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// read takes n changes and says which.
func read(t *testing.T, c *client.Client, after string, n int, options ...client.Option) (got []int64, err error) {
	t.Helper()
	for m, err := range c.Alerts(t.Context(), nil, after, options...) {
		if err != nil {
			return got, err
		}
		if m.Alert == nil {
			t.Errorf("got %v without an alert", m)
		}
		if got = append(got, m.Alert.GetSequence()); len(got) == n {
			break
		}
	}
	return got, nil
}

func upTo(n int64) (list []int64) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

// TestEachChangeOnce: whatever the service does, each change comes once and in order.
func TestEachChangeOnce(t *testing.T) {
	away := status.Error(codes.Unavailable, "going away")
	for name, c := range map[string]struct {
		acts  []act
		after []string
	}{
		"nothing happens":            {nil, []string{"0"}},
		"streams break":              {[]act{{send: 2, err: away}, {send: 1, err: away}}, []string{"0", "2", "3"}},
		"one ends without a word":    {[]act{{send: 2, end: true}, {send: 3, err: status.Error(codes.Internal, "a defect")}}, []string{"0", "2", "5"}},
		"the service is away":        {[]act{{err: away}, {send: 4, err: away}}, []string{"0", "0", "4"}},
		"the service repeats itself": {[]act{{send: 4, err: away}, {back: 3, send: 5, err: away}}, []string{"0", "4", "6"}},
		"changes are missed":         {[]act{{send: 3, miss: 4}}, []string{"0", "3"}},
		"they are missed again":      {[]act{{send: 3, miss: 4}, {miss: 2}, {send: 1, miss: 5}}, []string{"0", "3", "3", "4"}},
		"too many read":              {[]act{{err: refusal(codes.ResourceExhausted, "TOO_MANY_SUBSCRIBERS", nil)}}, []string{"0", "0"}},
		"the reader was given up":    {[]act{{send: 5, err: refusal(codes.Aborted, "READER_STALLED", nil)}}, []string{"0", "5"}},
		"a stream is dead":           {[]act{{silent: true}}, []string{"0", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &service{n: 10, acts: c.acts}
			got, err := read(t, serve(t, s), client.First, 10, client.Silence(300*time.Millisecond))
			if err != nil || !slices.Equal(got, upTo(10)) {
				t.Errorf("got %v, %v", got, err)
			}
			if after := s.after(); !slices.Equal(after, c.after) {
				t.Errorf("streams began after %v, want %v", after, c.after)
			}
		})
	}
}

// TestRefused: what trying again does not mend ends the iteration, with one error.
func TestRefused(t *testing.T) {
	for _, code := range []codes.Code{codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented} {
		s := &service{acts: []act{{err: refusal(code, "SOMETHING", nil)}}}
		if got, err := read(t, serve(t, s), client.First, 1); status.Code(err) != code || client.Reason(err) != "SOMETHING" || got != nil || len(s.after()) != 1 {
			t.Errorf("got %v, %v after %d streams, want %s", got, err, len(s.after()), code)
		}
	}
}

// TestExpired: a token that is too old is an error that says where to begin, and from there it goes on.
func TestExpired(t *testing.T) {
	s := &service{n: 10, acts: []act{{err: refusal(codes.OutOfRange, "RESUME_TOKEN_EXPIRED", map[string]string{"earliest": "6"})}}}
	c := serve(t, s)
	_, err := read(t, c, "2", 1)
	token, ok := client.Earliest(err)
	if !ok || token != "6" {
		t.Fatalf("earliest of %v: %q, %v", err, token, ok)
	}
	if _, ok := client.Earliest(status.Error(codes.OutOfRange, "another")); ok {
		t.Error("an error of another kind has an earliest token")
	}
	if got, err := read(t, c, token, 4); err != nil || !slices.Equal(got, []int64{7, 8, 9, 10}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestWhatIsTold: the callbacks see disconnects, connections and missed spans, and the pause that the service asks for is kept.
func TestWhatIsTold(t *testing.T) {
	wait := refusal(codes.Unavailable, "SHUTTING_DOWN", nil, &errdetails.RetryInfo{RetryDelay: durationpb.New(700 * time.Millisecond)})
	s := &service{n: 10, acts: []act{{err: wait}, {send: 3, miss: 5}}}
	var missed []client.Missed
	var pauses []time.Duration
	connected := 0
	got, err := read(t, serve(t, s), client.First, 10, client.OnMissed(func(m client.Missed) { missed = append(missed, m) }),
		client.OnRetry(func(_ error, pause time.Duration) { pauses = append(pauses, pause) }), client.OnConnect(func() { connected++ }))
	if err != nil || !slices.Equal(got, upTo(10)) {
		t.Errorf("got %v, %v", got, err)
	}
	if !slices.Equal(missed, []client.Missed{{After: "3", Until: "8", Count: 5}}) || len(pauses) != 1 || pauses[0] < 700*time.Millisecond || connected != 2 {
		t.Errorf("told of %v missed, the pauses %v and %d connections", missed, pauses, connected)
	}
}

func TestHeartbeatsAndTokens(t *testing.T) {
	s := &service{n: 2}
	var tokens []string
	for m, err := range serve(t, s).Alerts(t.Context(), nil, "1", client.Heartbeats()) {
		if err != nil {
			t.Fatal(err)
		}
		beat := m.Kind == sealwatchv1.AlertChange_ALERT_CHANGE_HEARTBEAT
		if beat != (m.Alert == nil) || beat && !m.Watermark.Equal(epoch) {
			t.Errorf("got %v", m)
		}
		if tokens = append(tokens, m.Token); !beat {
			break
		}
	}
	if !slices.Equal(tokens, []string{"1", "2"}) {
		t.Errorf("tokens %v", tokens)
	}
}

// TestSince asks by time until there is a token.
func TestSince(t *testing.T) {
	s := &service{n: 3, acts: []act{{err: status.Error(codes.Unavailable, "away")}, {send: 1, err: status.Error(codes.Unavailable, "away")}}}
	if got, err := read(t, serve(t, s), "", 3, client.Since(epoch)); err != nil || !slices.Equal(got, upTo(3)) {
		t.Fatalf("got %v, %v", got, err)
	}
	for i, want := range []bool{true, true, false} {
		if r := s.requests[i]; (r.GetSince() != nil) != want || want == (r.GetAfter() != "") {
			t.Errorf("stream %d asked for %v", i, r)
		}
	}
}

// TestEndOfContext: the iteration ends without an error wherever it is.
func TestEndOfContext(t *testing.T) {
	for name, s := range map[string]*service{
		"while it waits":  {n: 1},
		"while it pauses": {n: 1, acts: []act{{send: 1, err: status.Error(codes.Unavailable, "away")}, {err: status.Error(codes.Unavailable, "away")}, {err: status.Error(codes.Unavailable, "away")}}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		for _, err := range serve(t, s).Alerts(ctx, nil, client.First, client.OnRetry(func(error, time.Duration) { cancel() })) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			n++
			time.AfterFunc(10*time.Millisecond, cancel)
		}
		cancel()
		if n != 1 {
			t.Errorf("%s: %d changes", name, n)
		}
	}
}

func TestGiveUp(t *testing.T) {
	c, err := client.Dial("127.0.0.1:1") // nobody listens
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := read(t, c, "", 1, client.GiveUp(time.Millisecond)); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestDial(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:7400": true, "[::1]:7400": true, "localhost:7400": true, "192.0.2.1:7400": false, "127.0.0.1": false} {
		c, err := client.Dial(address)
		if (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}
