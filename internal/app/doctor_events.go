package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/status"
)

// streamStatus is how the alerts or the events of a destination are doing, as the service tells it.
type streamStatus struct {
	State             string    `json:"state"`
	Pending           float64   `json:"pendingCount"`
	Delivered         float64   `json:"deliveredCount"`
	DeadLetters       float64   `json:"deadLetterCount"`
	LastError         string    `json:"lastError"`
	LastSuccessTime   time.Time `json:"lastSuccessTime"`
	NextAttemptTime   time.Time `json:"nextAttemptTime"`
	OldestPendingTime time.Time `json:"oldestPendingTime"`
}

// wrong is what somebody should look at; queue is what the dead letters are listed by.
func (s *streamStatus) wrong(queue string) []string {
	var wrong []string
	if s.State != status.DestinationOK {
		text := "it is " + s.State + ": " + s.LastError
		if !s.NextAttemptTime.IsZero() {
			text += "; next attempt " + s.NextAttemptTime.UTC().Format(time.RFC3339)
		}
		wrong = append(wrong, text)
	}
	if s.DeadLetters > 0 {
		wrong = append(wrong, fmt.Sprintf("dead letters: %.0f; sealwatch exporters dead-letters list --destination %s shows them", s.DeadLetters, queue))
	}
	if age := time.Since(s.OldestPendingTime); !s.OldestPendingTime.IsZero() && age > longPending {
		wrong = append(wrong, fmt.Sprintf("what waits (%.0f) has waited since %s", s.Pending, s.OldestPendingTime.UTC().Format(time.RFC3339)))
	}
	return wrong
}

// notForwarded says so, and how it is done.
const notForwarded = "none are forwarded, only alerts are; events: {} in the destination forwards all, docs/forwarding.md says how to select some"

// forwarded says which events the configuration forwards.
func forwarded(d *config.Destination) string {
	v := d.Events
	if v == nil {
		return notForwarded
	}
	which := slices.Concat(v.Presets, v.Activities)
	said := "forwarded are: all"
	if len(which) > 0 {
		said = "forwarded are: " + strings.Join(which, ", ")
	}
	if v.Outcome != "" {
		said += ", those with the outcome " + v.Outcome
	}
	switch n := len(v.Users); {
	case n == 1:
		said += ", of " + v.Users[0]
	case n > 1:
		said += fmt.Sprintf(", of %s and %d more", v.Users[0], n-1)
	}
	return said
}

// forwarding says whether events are forwarded, and how far that is.
func forwarding(d *config.Destination, now *streamStatus) (string, string, error) {
	said := forwarded(d)
	switch {
	case d.Events == nil && now == nil:
		return StepOK, said, nil
	case d.Events == nil:
		return StepWarning, "the service that runs forwards events, and this configuration does not: it was started with another one", nil
	case now == nil:
		return StepWarning, said + "; the service that runs does not: it was started with another configuration", nil
	}
	if wrong := now.wrong(exporters.EventsName(d.Name)); len(wrong) > 0 {
		return StepWarning, said + "; " + strings.Join(wrong, "; "), nil
	}
	if now.Pending > 0 {
		said += fmt.Sprintf("; stored events that were not looked at yet: %.0f", now.Pending)
	} else {
		said += "; every stored event has been looked at"
	}
	if !now.LastSuccessTime.IsZero() {
		said += fmt.Sprintf(", %.0f sent since the start, the last at %s", now.Delivered, now.LastSuccessTime.UTC().Format(time.RFC3339))
	} else {
		said += ", none was to be sent since the start"
	}
	return StepOK, said + ", dead letters: none", nil
}
