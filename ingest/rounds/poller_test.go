package rounds_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errRefused = errors.New("the secret is wrong")
	errBusy    = errors.New("busy")
)

// world plays outcomes of rounds, one each, by a clock that moves when the Poller sleeps.
type world struct {
	now      time.Time
	outcomes []error
	warnings []string
	news     []string
	sleeps   []time.Duration
	failures int
}

func (w *world) Lost(_ context.Context, l rounds.Loss) error {
	if w.failures > 0 {
		w.failures--
		return errors.New("the log does not answer")
	}
	w.news = append(w.news, fmt.Sprintf("%s %s %d %s", l.Source, l.Kind, l.Failures, l.Title))
	return nil
}

func (w *world) Restored(_ context.Context, source string, _ time.Time) error {
	w.news = append(w.news, "restored "+source)
	return nil
}

func (w *world) run(t *testing.T) *rounds.Poller {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	p, err := rounds.New(rounds.Options{Source: "directory/e", Title: "the directory e", Watch: w, Interval: 10 * time.Minute, MaxBehind: time.Hour, Now: func() time.Time { return w.now }, Registerer: prometheus.NewRegistry(),
		Round: func(context.Context) ([]string, error) {
			err := w.outcomes[0]
			w.outcomes = w.outcomes[1:]
			return w.warnings, err
		},
		Explain: func(err error) rounds.Failure {
			return map[error]rounds.Failure{errRefused: {Kind: "secret", Refused: true}, errBusy: {Kind: "throttled", RetryAfter: 25 * time.Minute}}[err]
		},
		Sleep: func(ctx context.Context, d time.Duration, _ <-chan struct{}) error {
			w.sleeps = append(w.sleeps, d)
			if len(w.outcomes) == 0 {
				end()
				return ctx.Err()
			}
			w.now = w.now.Add(d)
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	p.Run(ctx)
	return p
}

func TestPoller(t *testing.T) {
	start := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	w := &world{now: start, warnings: []string{"look"}, outcomes: []error{nil, nil, errRefused, nil}}
	s := w.run(t).Status().Polling
	if s.State != status.PollingCurrent || s.LastError != "" || !slices.Equal(s.Warnings, []string{"look"}) || s.Errors["secret"] != 1 || !slices.Equal(w.news, []string{"restored directory/e"}) {
		t.Errorf("%+v, told %v", s, w.news)
	}
	if d := w.sleeps[0]; d > 10*time.Minute || d < 9*time.Minute {
		t.Errorf("waits %v", d)
	}

	w = &world{now: start, outcomes: []error{errRefused, errRefused, errRefused}, failures: 1}
	s = w.run(t).Status().Polling
	if want := []string{"directory/e secret 3 Sealwatch has lost its access to the directory e (secret)"}; s.State != status.PollingRefused || s.LastError != errRefused.Error() || !slices.Equal(w.news, want) {
		t.Errorf("%+v, told %v", s, w.news)
	}
	if w.sleeps[0] >= w.sleeps[2] {
		t.Errorf("the pauses do not grow: %v", w.sleeps)
	}

	w = &world{now: start, outcomes: []error{nil, errBusy, errBusy, errBusy, errBusy, nil}}
	w.run(t)
	if want := []string{"restored directory/e", "directory/e throttled 4 Sealwatch cannot read the directory e since 2026-05-04 09:00 UTC (throttled)", "restored directory/e"}; !slices.Equal(w.news, want) {
		t.Errorf("told %q", w.news)
	}
	if w.sleeps[1] < 25*time.Minute {
		t.Errorf("comes again before it may: %v", w.sleeps)
	}
}

// TestWake: a round begins at once when somebody wants it.
func TestWake(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	n := 0
	var p *rounds.Poller
	p, err := rounds.New(rounds.Options{Source: "s", Title: "s", Interval: time.Hour, Explain: func(error) rounds.Failure { return rounds.Failure{} }, Round: func(context.Context) ([]string, error) {
		if n++; n == 3 {
			end()
		}
		p.Wake()
		p.Wake()
		return nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	p.Run(ctx)
	if n != 3 {
		t.Errorf("%d rounds", n)
	}
}

func TestOptions(t *testing.T) {
	if _, err := rounds.New(rounds.Options{Source: "s"}); err == nil {
		t.Error("nothing is needed")
	}
}
