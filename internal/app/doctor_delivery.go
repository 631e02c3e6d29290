package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/config"
)

// longPending is how long a change may wait before it is worth a warning.
const longPending = 15 * time.Minute

// delivery are the steps that ask the running service, where there is one, how the destination is doing and whether anybody is whom its
// filter names.
func (e *examination) delivery(ctx context.Context, cfg config.Config, d *config.Destination) {
	s := service{address: "http://" + cfg.HTTPAddr}
	var now struct {
		streamStatus
		Events *streamStatus `json:"events"`
	}
	code, err := s.get(ctx, "/v1/destinations/"+url.PathEscape(d.Name), &now)
	if err != nil { // the service does not run, or something else answers there: the step of the service says which
		e.step("events", func() (string, string, error) { return StepOK, forwarded(d), nil })
		return
	}
	e.step("delivery", func() (string, string, error) {
		if code != http.StatusOK {
			return StepWarning, fmt.Sprintf("the service that runs at %s does not have this destination: it was started with another configuration (HTTP status %d)", cfg.HTTPAddr, code), nil
		}
		wrong := now.wrong(d.Name)
		if len(wrong) > 0 {
			return StepWarning, strings.Join(wrong, "; "), nil
		}
		return StepOK, fmt.Sprintf("it is ok; changes that wait: %.0f, dead letters: none", now.Pending), nil
	})
	if code == http.StatusOK {
		e.step("events", func() (string, string, error) { return forwarding(d, now.Events) })
	}
	if code == http.StatusOK && len(d.Filter.Detections)+len(d.Filter.Users) > 0 {
		e.step("filter", func() (string, string, error) { return s.filter(ctx, &d.Filter) })
	}
}

// service is one that runs.
type service struct{ address string }

// filter says of which detections and users of a filter nobody knows.
func (s service) filter(ctx context.Context, f *config.DestinationFilter) (string, string, error) {
	var nobody []string
	for _, id := range f.Detections {
		if code, err := s.get(ctx, "/v1/detections/"+url.PathEscape(id), nil); err == nil && code == http.StatusNotFound {
			nobody = append(nobody, "no detection or policy has the id "+id)
		}
	}
	for _, u := range f.Users {
		if known, err := s.knows(ctx, u); err == nil && !known {
			nobody = append(nobody, fmt.Sprintf("no event, no alert and no directory knows the user %q", u))
		}
	}
	if len(nobody) > 0 {
		return StepWarning, strings.Join(nobody, "; ") + ": nothing is sent of them", nil
	}
	return StepOK, fmt.Sprintf("all %d detections and users of it are known", len(f.Detections)+len(f.Users)), nil
}

// knows says whether there is somebody of the id, e-mail or name: in events, in alerts, or in the directory by name.
func (s service) knows(ctx context.Context, user string) (bool, error) {
	var alerts struct {
		Alerts []json.RawMessage `json:"alerts"`
	}
	if code, err := s.get(ctx, "/v1/alerts?pageSize=1&filter.users="+url.QueryEscape(user), &alerts); err != nil || code != http.StatusOK || len(alerts.Alerts) > 0 {
		return true, err // what cannot be asked is no warning
	}
	now := url.QueryEscape(time.Now().UTC().Format(time.RFC3339))
	if code, err := s.get(ctx, "/v1/users/"+url.PathEscape(user)+"/timeline?hours=1&pageSize=1&aroundTime="+now, nil); err != nil || code != http.StatusNotFound {
		return true, err
	}
	if strings.Contains(user, "@") {
		return false, nil
	}
	for token := ""; ; {
		var page struct {
			Users []struct {
				DisplayName string `json:"displayName"`
			} `json:"users"`
			NextPageToken string `json:"nextPageToken"`
		}
		if code, err := s.get(ctx, "/v1/directoryUsers?pageSize=1000&pageToken="+url.QueryEscape(token), &page); err != nil || code != http.StatusOK {
			return true, err
		}
		for _, u := range page.Users {
			if strings.EqualFold(u.DisplayName, user) {
				return true, nil
			}
		}
		if token = page.NextPageToken; token == "" {
			return false, nil
		}
	}
}

// mostStatus bounds an answer.
const mostStatus = 16 << 20

// get reads what the service says. The error says that none is there.
func (s service) get(ctx context.Context, path string, into any) (code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+path, nil)
	if err != nil {
		return 0, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostStatus))
	if err != nil {
		return 0, err
	}
	if !json.Valid(body) {
		return 0, errors.New("something else answers")
	}
	if into != nil && answer.StatusCode == http.StatusOK {
		return answer.StatusCode, json.Unmarshal(body, into)
	}
	return answer.StatusCode, nil
}
