package poll_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/monitor/poll"
	"github.com/sealwatch/sealwatch/internal/status"
)

// TestLoss: what takes the access away is told once it is certain, and that it is back is told, too.
func TestLoss(t *testing.T) {
	for _, c := range []struct {
		name  string
		take  func(*docusigntest.Server)
		give  func(*docusigntest.Server)
		kind  docusign.Kind
		words string
	}{
		{"entitlement", func(s *docusigntest.Server) { s.Entitled = false }, func(s *docusigntest.Server) { s.Entitled = true }, docusign.KindEntitlement, "no DocuSign Monitor"},
		{"entitlement, silently", func(s *docusigntest.Server) { s.Entitled, s.SilentRefusal = false, true }, func(s *docusigntest.Server) { s.Entitled = true }, docusign.KindEntitlement, `Most probably the organisation has no DocuSign Monitor`},
		{"two organisations", func(s *docusigntest.Server) {
			s.SilentRefusal = true
			s.Organizations = append(s.Organizations, docusign.Organization{ID: "o2", Name: "Second"})
		}, func(s *docusigntest.Server) { s.Organizations = s.Organizations[:1] }, docusign.KindOrganizations, `administrator of 2 organisations, "Example" (` + docusigntest.OrganizationID + `), "Second" (o2)`},
		{"no organisation", func(s *docusigntest.Server) { s.SilentRefusal, s.Organizations = true, nil }, func(s *docusigntest.Server) {
			s.Organizations = []docusign.Organization{{ID: docusigntest.OrganizationID}}
		}, docusign.KindRole, "Security Reports Administrator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill(5, start.Add(-time.Hour))
			taken, given := time.Time{}, false
			w.until(2*time.Hour, func() bool {
				now := w.clock.Now()
				switch {
				case taken.IsZero() && w.atEnd():
					taken = now
					w.server.Change(c.take)
				case !taken.IsZero() && !given && now.Sub(taken) > 20*time.Minute:
					if s := w.poller.Status().Polling.State; s != status.PollingRefused {
						t.Errorf("state %s", s)
					}
					given = true
					w.server.Change(c.give)
				}
				return given && w.atEnd()
			})
			if d := cmp.Diff([]string{"restored monitor/main", string(c.kind), "restored monitor/main"}, w.watch.news); d != "" {
				t.Fatalf("told (-want +got):\n%s", d)
			}
			l := w.watch.lost[0]
			if !strings.Contains(l.Problem, c.words) || !strings.Contains(l.Problem, "trace-") || l.Failures != 2 || l.Since.After(taken) || l.Source != "monitor/main" {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestConsentWithdrawn: the token still holds for a while; then the loss is told with the address to give consent at.
func TestConsentWithdrawn(t *testing.T) {
	w := newWorld(t)
	w.until(time.Hour, w.atEnd)
	w.server.Change(func(s *docusigntest.Server) { s.Consents = nil })
	w.server.RevokeTokens()
	w.until(time.Hour, func() bool { return len(w.watch.lost) > 0 })
	if l := w.watch.lost[0]; l.Kind != "consent" || !strings.Contains(l.Problem, "https://account-d.docusign.com/oauth/auth?") {
		t.Errorf("%+v", l)
	}
}

// TestBehind: failures that pass by themselves are a loss after a quarter of an hour, also where the watch fails at first.
func TestBehind(t *testing.T) {
	w := newWorld(t)
	w.watch.failures = 2
	w.until(time.Hour, w.atEnd)
	begun := w.clock.Now()
	for range 14 {
		w.server.Fail(docusigntest.PathV3, docusigntest.Cut)
	}
	w.until(2*time.Hour, func() bool { return len(w.watch.lost) > 0 && w.atEnd() })
	if d := cmp.Diff([]string{"restored monitor/main", "network", "restored monitor/main"}, w.watch.news); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	if l := w.watch.lost[0]; l.Since.Sub(begun) > time.Minute || l.Failures < 5 {
		t.Errorf("%+v", l)
	}
}

// TestFirstBackfillIsNoLoss: history that takes hours is not being behind; a backlog after that is.
func TestFirstBackfillIsNoLoss(t *testing.T) {
	w := newWorld(t)
	w.server.Change(func(s *docusigntest.Server) { s.Limit, s.PageRecords = 20, 1 })
	w.fill(50, start.Add(-2*time.Hour))
	w.until(6*time.Hour, w.atEnd)
	w.whole(50)
	if w.watch.lost != nil {
		t.Errorf("told %v", w.watch.lost)
	}
	for range 50 {
		w.server.Add(start, docusigntest.Record("e0", start.Add(-2*time.Hour)))
	}
	w.until(6*time.Hour, w.atEnd)
	if len(w.watch.lost) == 0 || w.watch.news[len(w.watch.news)-1] != "restored monitor/main" {
		t.Errorf("told %v", w.watch.news)
	}
}

// TestOrganization is looked up once, or not at all where it is configured or not needed.
func TestOrganization(t *testing.T) {
	w := newWorld(t)
	w.fill(3, start.Add(-time.Hour))
	w.until(time.Hour, w.atEnd)
	if n := len(w.server.Calls(docusigntest.PathOrganizations)); n != 1 {
		t.Errorf("looked up %d times", n)
	}
	w.server.Change(func(s *docusigntest.Server) { s.Consents = map[string]bool{"signature": true, "impersonation": true} })
	w.organization = docusigntest.OrganizationID
	w.until(time.Hour, w.atEnd)
	w.generation = poll.V2
	w.until(time.Hour, w.atEnd)
	if n := len(w.server.Calls(docusigntest.PathOrganizations)); n != 1 {
		t.Errorf("looked up %d times", n)
	}
	w.generation, w.organization = poll.V3, "11111111-0000-4000-8000-00000000000f"
	w.until(time.Hour, func() bool { return len(w.watch.lost) > 0 })
	if l := w.watch.lost[0]; l.Kind != "not_found" || !strings.Contains(l.Problem, w.organization) || !strings.Contains(l.Problem, "organizationId") {
		t.Errorf("%+v", l)
	}
	// without the scope the cause of a refusal cannot be told
	w.watch.lost, w.organization = nil, docusigntest.OrganizationID
	w.server.Change(func(s *docusigntest.Server) { s.Entitled, s.SilentRefusal = false, true })
	w.until(time.Hour, func() bool { return len(w.watch.lost) > 0 })
	if l := w.watch.lost[0]; l.Kind != "forbidden" || !strings.Contains(l.Problem, "organization_read") || !strings.Contains(l.Problem, "more than one organisation") {
		t.Errorf("%+v", l)
	}
	if _, err := poll.NewStream(nil, "v4", "", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("v4 is accepted")
	}
}

// TestRestartDuringALoss: nothing is told to be back before it is.
func TestRestartDuringALoss(t *testing.T) {
	w := newWorld(t)
	w.until(time.Hour, w.atEnd)
	w.watch.news = nil
	w.server.Change(func(s *docusigntest.Server) { s.Entitled = false })
	for range 2 {
		w.until(time.Hour, func() bool { return w.poller.Status().Polling.Calls >= 3 })
	}
	if d := cmp.Diff([]string{"entitlement", "entitlement"}, w.watch.news); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
}

// TestBacklogThatGrows: pages come, and the end does not: that is a loss, too, where the end was once reached; a failure in
// between changes nothing of that.
func TestBacklogThatGrows(t *testing.T) {
	for _, reached := range []bool{true, false} {
		w := newWorld(t)
		w.server.Change(func(s *docusigntest.Server) { s.Limit, s.PageRecords = 0, 1 })
		w.options.MaxBehind = 20 * time.Second
		if reached {
			w.until(time.Hour, w.atEnd)
			w.watch.news = nil
		}
		w.fill(300, start.Add(-2*time.Hour))
		for range 300 - 20 {
			w.server.Fail(docusigntest.PathV3, func(rw http.ResponseWriter, r *http.Request, service http.Handler) { service.ServeHTTP(rw, r) })
		}
		w.server.Fail(docusigntest.PathV3, docusigntest.Status(500, ""))
		w.until(time.Hour, w.atEnd)
		w.whole(300)
		want := []string{"restored monitor/main"}
		if reached {
			want = []string{poll.KindBehind, "restored monitor/main"}
		}
		if d := cmp.Diff(want, w.watch.news); d != "" {
			t.Errorf("reached %t: told (-want +got):\n%s", reached, d)
		}
	}
}

// TestLossThatTurns: of a source that is lost, news is only what somebody has to act on.
func TestLossThatTurns(t *testing.T) {
	w := newWorld(t)
	w.until(time.Hour, w.atEnd)
	w.watch.news = nil
	for range 9 {
		w.server.Fail(docusigntest.PathV3, docusigntest.Status(500, ""))
	}
	for range 3 {
		w.server.Fail(docusigntest.PathV3, docusigntest.Status(404, ""))
	}
	w.server.Fail(docusigntest.PathV3, docusigntest.Status(500, ""))
	w.until(3*time.Hour, func() bool { return len(w.watch.news) > 0 && w.atEnd() })
	if d := cmp.Diff([]string{"server", "not_found", "restored monitor/main"}, w.watch.news); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
}
