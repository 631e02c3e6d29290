package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) alertsTail() *cobra.Command {
	c := &cobra.Command{
		Use:   "tail",
		Short: "Show alerts as they are raised and change",
		Long: "Show alerts as they are raised and change, until it is stopped. After a disconnect it goes on where it was, without a gap.\n" +
			"With -o json each change is one JSON object a line: the alert as GET /v1/alerts returns it.",
		Example: "  sealwatch alerts tail --severity medium\n  sealwatch alerts tail --from-start -o json | jq .title",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputFlag(c)
	f := &alertFlags{}
	f.add(c)
	first := c.Flags().Bool("from-start", false, "begin with the first change ever")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		filter, err := f.filter()
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		t := &tail{client: sealwatchv1.NewAlertServiceClient(conn), filter: filter, say: p.say}
		if *first {
			t.after = "0"
		}
		if !asJSON {
			p.print("%s", alertHeader())
		}
		return t.run(c.Context(), func(m *sealwatchv1.StreamAlertsResponse) error {
			line := alertLine(m.GetAlert(), changeName(m.GetChange()))
			if asJSON {
				if line, err = alertJSON(m.GetAlert(), ""); err != nil {
					return err
				}
			}
			_, err := io.WriteString(p.out, line+"\n")
			return err
		})
	}
	return c
}

// changeName is what happened to an alert, in one word.
func changeName(c sealwatchv1.AlertChange) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "ALERT_CHANGE_"))
}

// tail follows the alerts.
type tail struct {
	client sealwatchv1.AlertServiceClient
	filter *sealwatchv1.AlertFilter
	// after is the resume token of the last message.
	after string
	say   func(format string, args ...any)
}

// patienceOfTail is how long a tail that never got a message tries to reach the service.
const patienceOfTail = 10 * time.Second

// run calls show for every change until ctx ends, which is no error. It opens the stream again after the last message
// whenever it breaks; it gives up when the service refuses, or was never reached.
func (t *tail) run(ctx context.Context, show func(*sealwatchv1.StreamAlertsResponse) error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 200*time.Millisecond, 5*time.Second
	begun, reached, away := time.Now(), false, false
	for {
		err := t.stream(ctx, func(m *sealwatchv1.StreamAlertsResponse) error {
			if away {
				t.say("the service is back")
			}
			reached, away = true, false
			pause.Reset()
			if m.GetAlert() == nil {
				return nil
			}
			return show(m)
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case !again(err) || !reached && time.Since(begun) > patienceOfTail:
			return err
		case !away:
			t.say("%s; trying again", message(err))
			away = true
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
		}
	}
}

// stream follows one stream to its end.
func (t *tail) stream(ctx context.Context, each func(*sealwatchv1.StreamAlertsResponse) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := t.client.StreamAlerts(ctx, &sealwatchv1.StreamAlertsRequest{Filter: t.filter, After: t.after})
	if err != nil {
		return err
	}
	for {
		m, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if err := each(m); err != nil {
			return stop{err}
		}
		if m.GetResumeToken() != "" {
			t.after = m.GetResumeToken()
		}
	}
}

// stop is an error of this side.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

// again says whether opening the stream once more makes sense.
func again(err error) bool {
	if errors.As(err, new(stop)) {
		return false
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.Unimplemented, codes.PermissionDenied, codes.Unauthenticated, codes.FailedPrecondition, codes.OutOfRange, codes.NotFound:
		return false
	}
	return true
}
