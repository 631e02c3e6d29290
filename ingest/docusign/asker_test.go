package docusign_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
)

// TestAsker: a call is tried again after a pause that no answer makes longer than an hour and a bit; one that asks once does not wait.
func TestAsker(t *testing.T) {
	s := docusigntest.New(t)
	s.NewAccount(docusigntest.AccountID)
	for _, once := range []bool{false, true} {
		var longest time.Duration
		a := docusign.NewAsker(client(t, s, nil), docusign.AskerOptions{Once: once, Sleep: func(_ context.Context, d time.Duration) error { longest = max(longest, d); return nil }})
		s.Fail("/oauth/userinfo", docusigntest.Status(503, "", "Retry-After", "86400"))
		_, err := a.Accounts(t.Context())
		var e *docusign.Error
		switch {
		case !once && (err != nil || longest != 65*time.Minute || a.Calls() != 2):
			t.Errorf("%v, %s, %d calls", err, longest, a.Calls())
		case once && (!errors.As(err, &e) || e.RetryAfter != 65*time.Minute || longest > 10*time.Second || a.Calls() != 1):
			t.Errorf("once: %v, %s, %d calls", err, longest, a.Calls())
		}
	}
}
