package entra_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/ingest/entra"
	"github.com/sealwatch/sealwatch/ingest/entra/entratest"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// world is a tenant on one side and a directory on the other, by one clock.
type world struct {
	t      *testing.T
	now    time.Time
	server *entratest.Server
	states []directory.State
	stored string
	// steps in their order; held is how many would leave by the last delivery.
	steps   []string
	confirm bool
	failing int
	groups  []string
	news    []string
	leaves  bool
	secret  string
	waits   []time.Duration
	source  *entra.Source
	client  *entra.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start, server: entratest.New(t), secret: entratest.Secret}
	w.server.Change(func(s *entratest.Server) { s.Now = func() time.Time { return w.now } })
	for i := range 8 {
		w.server.Put(fmt.Sprintf("p%d", i), map[string]any{"createdDateTime": "2026-01-02T00:00:00Z"})
	}
	return w
}

// restart is a new process.
func (w *world) restart() {
	w.t.Helper()
	cloud, err := entra.CloudAt(w.server.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	file := w.server.SecretFile(w.t)
	credential, err := entra.LoadSecret(file)
	if err != nil {
		w.t.Fatal(err)
	}
	w.client, err = entra.NewClient(entra.ClientOptions{Cloud: cloud, TenantID: entratest.TenantID, ClientID: entratest.ClientID, Credential: credential, Transport: w.server.Client().Transport,
		Now: func() time.Time { return w.now }, Sleep: func(_ context.Context, d time.Duration) error { w.waits = append(w.waits, d); return nil }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.client.Close)
	w.source, err = entra.New(entra.Options{Name: "entra", Position: "entra/default/entra", Client: w.client, Groups: w.groups, LeaveDates: w.leaves, People: w, Positions: w, Watch: w, Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) Lost(_ context.Context, l rounds.Loss) error {
	w.news = append(w.news, fmt.Sprintf("lost %s %s %s", l.Source, l.Kind, l.Title))
	return nil
}

func (w *world) Restored(_ context.Context, source string, _ time.Time) error {
	w.news = append(w.news, "restored "+source)
	return nil
}

func (w *world) history() directory.History {
	h := directory.History{}
	slices.SortStableFunc(w.states, func(a, b directory.State) int { return a.From.Compare(b.From) })
	for i := range w.states {
		h[w.states[i].DirectoryID] = append(h[w.states[i].DirectoryID], directory.MarkOf(&w.states[i]))
	}
	return h
}

func (w *world) Deliver(_ context.Context, d directory.Delivery) (directory.Outcome, error) {
	if w.failing > 0 {
		w.failing--
		return directory.Outcome{}, errors.New("the database does not answer")
	}
	d.Confirm = w.confirm
	states, deleted, o := directory.Plan(&d, w.history())
	if o.Held {
		w.steps = append(w.steps, fmt.Sprintf("held %d", o.Left))
		return o, nil
	}
	for _, id := range deleted {
		s := w.now2(id)
		s.Status, s.From = directory.StatusDeleted, d.AsOf
		states = append(states, s)
	}
	for _, s := range states {
		w.states = append(slices.DeleteFunc(w.states, func(o directory.State) bool { return o.DirectoryID == s.DirectoryID && o.From.Equal(s.From) }), s)
	}
	w.steps = append(w.steps, fmt.Sprintf("full=%v new=%d changed=%d left=%d", d.Full, o.New, o.Changed, o.Left))
	o.Applied = true
	return o, nil
}

// now2 is the latest state of a person.
func (w *world) now2(id string) (s directory.State) {
	w.history()
	for _, one := range w.states {
		if one.DirectoryID == id {
			s = one
		}
	}
	return s
}

func (w *world) Groups(context.Context, string) (map[string][]string, error) {
	all := map[string][]string{}
	w.history()
	for _, s := range w.states {
		if all[s.DirectoryID] = s.Groups; s.Status == directory.StatusDeleted {
			delete(all, s.DirectoryID)
		}
	}
	return all, nil
}

func (w *world) Load(context.Context, string) (string, error) { return w.stored, nil }
func (w *world) Store(_ context.Context, name, position string) error {
	if name != "entra/default/entra" || strings.Contains(position, "secret") {
		w.t.Errorf("position %s of %s", position, name)
	}
	w.steps, w.stored = append(w.steps, "position"), position
	return nil
}

// round runs one and compares what it did; a quarter of an hour passes before it.
func (w *world) round(want ...string) []string {
	w.t.Helper()
	w.now = w.now.Add(15 * time.Minute)
	w.steps = nil
	warnings, err := w.source.Round(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(w.steps, want) {
		w.t.Errorf("the round did %q, expected %q", w.steps, want)
	}
	return warnings
}

// is lists the states of a person.
func (w *world) is(id string) string {
	var all []string
	w.history()
	for _, s := range w.states {
		if s.DirectoryID == id {
			from := "always"
			if !s.From.IsZero() {
				from = s.From.Format("01-02 15:04")
			}
			all = append(all, strings.TrimSpace(from+" "+s.Status+" "+strings.Join(s.Groups, "+")))
		}
	}
	return strings.Join(all, ", ")
}

func (w *world) expect(states map[string]string) {
	w.t.Helper()
	for id, want := range states {
		if got := w.is(id); got != want {
			w.t.Errorf("%s: %s, expected %s", id, got, want)
		}
	}
}

// TestRounds: everybody at first, then what changed; who left is dated by Entra where it says when, and by the reading where it
// does not; a group that changes is news; a restart goes on where the last process ended.
func TestRounds(t *testing.T) {
	w := newWorld(t)
	w.server.Group("g1", "Finance", "p1", "p2")
	w.server.Put("gone", nil)
	w.server.Delete("gone", start.Add(-48*time.Hour), false)
	w.groups = []string{"g1"}
	w.restart()
	w.round("full=true new=9 changed=0 left=0", "position")
	w.expect(map[string]string{"p0": "01-02 00:00 active", "p1": "01-02 00:00 active Finance", "gone": "05-02 09:00 deleted"})
	if s := w.now2("gone"); !slices.Equal(s.Emails, []string{"gone@example.com"}) {
		t.Errorf("addresses of a leaver: %v", s.Emails)
	}
	w.round()

	w.server.Change(func(s *entratest.Server) { s.Minimal = true })
	w.server.Put("p0", map[string]any{"displayName": "Ann"})
	w.server.Put("p3", map[string]any{"accountEnabled": false})
	w.round("full=false new=0 changed=2 left=1", "position")
	w.expect(map[string]string{"p0": "01-02 00:00 active, 05-04 09:45 active", "p3": "01-02 00:00 active, 05-04 09:45 disabled"})
	if s := w.now2("p0"); s.DisplayName != "Ann" || !slices.Equal(s.Emails, []string{"p0@example.com"}) {
		t.Errorf("a change of one field loses others: %+v", s)
	}

	w.restart()
	w.server.Delete("p4", w.now.Add(-5*time.Minute), false)
	w.round("full=false new=0 changed=1 left=1", "position")
	w.expect(map[string]string{"p4": "01-02 00:00 active, 05-04 09:40 deleted"})
	w.server.Delete("p5", w.now, true)
	w.server.Group("g1", "Finance", "p2", "p6")
	w.round("full=false new=0 changed=3 left=1", "position")
	w.expect(map[string]string{"p5": "01-02 00:00 active, 05-04 10:15 deleted", "p1": "01-02 00:00 active Finance, 05-04 10:15 active", "p6": "01-02 00:00 active, 05-04 10:15 active Finance", "p2": "01-02 00:00 active Finance"})
	if n := len(w.server.Calls("deltatoken")); n != 4 {
		t.Errorf("%d calls with a delta, expected 4", n)
	}
	w.server.Put("p4", map[string]any{"userPrincipalName": "p4@example.com"}) // restored
	w.round("full=false new=0 changed=1 left=0", "position")
	w.expect(map[string]string{"p4": "01-02 00:00 active, 05-04 09:40 deleted, 05-04 10:30 active"})

	// a restart after which a group changed is compared with what is stored
	w.restart()
	w.server.Group("g1", "Finance", "p2")
	w.round("full=false new=0 changed=1 left=0")
	w.expect(map[string]string{"p6": "01-02 00:00 active, 05-04 10:15 active Finance, 05-04 10:45 active"})
}

// TestResync: a delta that is not known any more, one that is a day old, and another question have everybody read as a snapshot, in
// which a missing person is deleted.
func TestResync(t *testing.T) {
	w := newWorld(t)
	w.restart()
	w.round("full=true new=8 changed=0 left=0", "position")
	w.server.Delete("p7", w.now, true)
	w.server.ForgetDeltas()
	w.round("full=true new=0 changed=1 left=1", "position")
	w.expect(map[string]string{"p7": "01-02 00:00 active, 05-04 09:30 deleted"})
	w.now = w.now.Add(24 * time.Hour)
	w.round("full=true new=0 changed=0 left=0", "position")
	w.groups = []string{"g1"}
	w.server.Group("g1", "Finance", "p1")
	w.restart()
	w.round("full=true new=0 changed=1 left=0", "position")
	w.server.Fail(entratest.PathDelta, entratest.Status(400, `{"error":{"code":"syncStateNotFound","message":"x"}}`))
	w.round("full=true new=0 changed=0 left=0", "position")
	w.stored = "{broken"
	w.round("full=true new=0 changed=0 left=0", "position")
}

// TestHeld: the position stays where it was, so that the same delivery comes again; who was disabled is dated by when that was
// first seen.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	w.restart()
	w.round("full=true new=8 changed=0 left=0", "position")
	for i := range 3 {
		w.server.Put(fmt.Sprintf("p%d", i), map[string]any{"accountEnabled": false})
	}
	warnings := w.round("held 3")
	if len(warnings) != 1 || !strings.Contains(warnings[0], "3 of 8 active people") || !strings.Contains(warnings[0], "sealwatch directory confirm entra --left 3") {
		t.Errorf("warnings %q", warnings)
	}
	w.round("held 3")
	w.confirm = true
	if warnings := w.round("full=false new=0 changed=3 left=3", "position"); len(warnings) != 0 {
		t.Errorf("warnings %q", warnings)
	}
	w.expect(map[string]string{"p0": "01-02 00:00 active, 05-04 09:30 disabled"})
	w.confirm = false
	w.round()
}

// TestFaults: a busy or failing Graph is asked again within the listing, which does not begin anew; nothing is lost when the database
// fails.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	w.restart()
	busy := entratest.Status(429, `{"error":{"code":"TooManyRequests"}}`, "Retry-After", "40")
	pass := func(w http.ResponseWriter, r *http.Request, service http.Handler) { service.ServeHTTP(w, r) }
	w.server.Fail(entratest.PathDelta, pass, busy, entratest.Status(503, ""), entratest.Cut, entratest.Status(200, "<html>"))
	w.server.Fail(entratest.PathToken, entratest.Status(500, ""))
	w.round("full=true new=8 changed=0 left=0", "position")
	if n := len(w.server.Calls("/v1.0/users/delta")); n != 3+4 || !slices.Contains(w.waits, 40*time.Second) {
		t.Errorf("%d calls of pages, waits %v", n, w.waits)
	}
	w.server.Put("p0", map[string]any{"accountEnabled": false})
	w.failing = 1
	if _, err := w.source.Round(t.Context()); err == nil || entra.Explain(err).Kind != entra.KindStorage || entra.Explain(err).Refused {
		t.Errorf("a database that fails: %v", err)
	}
	w.server.RevokeTokens()
	w.round("full=false new=0 changed=1 left=1", "position")
	w.server.Fail(entratest.PathDelta, entratest.Status(429, "", "Retry-After", "900"))
	if _, err := w.source.Round(t.Context()); entra.Explain(err).Kind != entra.KindThrottled || entra.Explain(err).RetryAfter != 15*time.Minute {
		t.Errorf("a long pause: %v", err)
	}
	w.server.Fail(entratest.PathDelta, entratest.Status(200, `{"value":[],"@odata.nextLink":"https://evil.example/v1.0/users/delta"}`))
	if _, err := w.source.Round(t.Context()); err == nil || !strings.Contains(err.Error(), "must not go") {
		t.Errorf("a page elsewhere: %v", err)
	}
	w.round()
}

// TestGroupIsGone: its members stay as they are stored, the rest is read, and it is a loss of its own; a group that never was is a warning.
func TestGroupIsGone(t *testing.T) {
	w := newWorld(t)
	w.server.Group("g1", "Finance", "p1", "p2")
	w.server.Group("g2", "Legal", "p2")
	w.groups = []string{"g1", "g2", "g9"}
	w.restart()
	if warnings := w.round("full=true new=8 changed=0 left=0", "position"); len(warnings) != 1 || !strings.Contains(warnings[0], "g9") {
		t.Errorf("warnings %q", warnings)
	}
	w.news = nil
	w.server.Forget("g1")
	w.server.Put("p1", map[string]any{"displayName": "Ann"})
	w.server.Group("g2", "Legal", "p3")
	w.restart()
	if warnings := w.round("full=false new=0 changed=3 left=0", "position"); len(warnings) != 2 || !strings.Contains(warnings[0], "Finance") {
		t.Errorf("warnings %q", warnings)
	}
	w.round()
	w.now = w.now.Add(25 * time.Hour)
	w.round("full=true new=0 changed=0 left=0", "position")
	for id, want := range map[string]string{"p1": "Finance", "p2": "Finance", "p3": "Legal"} {
		if s := w.now2(id); strings.Join(s.Groups, "+") != want {
			t.Errorf("%s is in %q, expected %s", id, s.Groups, want)
		}
	}
	w.server.Group("g1", "Finance", "p2")
	w.round("full=false new=0 changed=1 left=0")
	want := []string{"restored directory/entra/groups/g2", "lost directory/entra/groups/g1 group Sealwatch has lost its access to the group Finance of the directory entra (group)", "restored directory/entra/groups/g1"}
	if !slices.Equal(w.news, want) {
		t.Errorf("told %q", w.news)
	}
}

// TestRefusals are explained, and hold no secret.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*entratest.Server)
		kind   string
		words  string
	}{
		{"expired secret", func(s *entratest.Server) {
			s.Fail(entratest.PathToken, entratest.Status(401, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."}`))
		}, entra.KindSecret, "make a new one"},
		{"wrong secret", func(s *entratest.Server) {
			s.Fail(entratest.PathToken, entratest.Status(401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided: `+entratest.Secret+`"}`))
		}, entra.KindSecret, "not its id"},
		{"no permission", func(s *entratest.Server) { s.Permissions = nil }, entra.KindPermission, "User.Read.All"},
		{"a portal", func(s *entratest.Server) {
			s.Fail(entratest.PathToken, slices.Repeat([]entratest.Fault{entratest.Status(200, "<html>")}, 6)...)
		}, entra.KindResponse, "portal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.restart()
			c.change(w.server)
			_, err := w.source.Round(t.Context())
			if f := entra.Explain(err); err == nil || f.Kind != c.kind || f.Refused == (c.kind == entra.KindResponse) || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), entratest.Secret) || strings.Contains(err.Error(), "secret-token") {
				t.Errorf("%+v: %v", f, err)
			}
			if w.stored != "" || len(w.states) != 0 {
				t.Error("something was stored")
			}
		})
	}
}

// TestBadPerson: one who cannot be read stays as before, and is not missing in a snapshot.
func TestBadPerson(t *testing.T) {
	w := newWorld(t)
	w.restart()
	w.round("full=true new=8 changed=0 left=0", "position")
	w.server.Put("p0", map[string]any{"mail": "no address"})
	w.server.Put("p1", map[string]any{"accountEnabled": "maybe"})
	warnings := w.round("position")
	if len(warnings) != 1 || !strings.Contains(warnings[0], "2 people") || !strings.Contains(warnings[0], `found "no address"`) {
		t.Errorf("warnings %q", warnings)
	}
	w.server.ForgetDeltas()
	w.round("full=true new=0 changed=0 left=0", "position")
	w.expect(map[string]string{"p0": "01-02 00:00 active", "p1": "01-02 00:00 active"})
}

// TestLeaveDates: a date of leaving counts when it has come, though the delta does not tell.
func TestLeaveDates(t *testing.T) {
	w := newWorld(t)
	w.leaves = true
	w.server.Put("p0", map[string]any{"employeeLeaveDateTime": "2026-05-04T12:00:00Z"})
	w.restart()
	if _, err := w.source.Round(t.Context()); entra.Explain(err).Kind != entra.KindPermission || !strings.Contains(err.Error(), "User-LifeCycleInfo.Read.All") {
		t.Errorf("without the permission: %v", err)
	}
	w.server.Change(func(s *entratest.Server) { s.Permissions["User-LifeCycleInfo.Read.All"] = true })
	w.round("full=true new=8 changed=0 left=0", "position")
	w.round()
	w.now = w.now.Add(6 * time.Hour)
	w.round("full=true new=0 changed=1 left=1", "position")
	w.expect(map[string]string{"p0": "01-02 00:00 active, 05-04 12:00 disabled"})
}

// TestADeltaThatRepeats: the last word on a person counts, also one that takes the person back.
func TestADeltaThatRepeats(t *testing.T) {
	w := newWorld(t)
	w.restart()
	w.server.Fail(entratest.PathDelta, entratest.Status(200, fmt.Sprintf(`{"value":[{"id":"a","accountEnabled":true,"displayName":"old"},{"id":"b","accountEnabled":true},{"id":"a","accountEnabled":true,"displayName":"new"},{"id":"b","@removed":{"reason":"deleted"}},
 {"id":"c","@removed":{"reason":"changed"}},{"id":"c","accountEnabled":true}],"@odata.deltaLink":"%s/v1.0/users/delta?$deltatoken=0_8"}`, w.server.URL)))
	w.round("full=true new=2 changed=0 left=0", "position")
	if s := w.now2("a"); s.DisplayName != "new" || w.is("b") != "" || w.is("c") == "" {
		t.Errorf("a %+v, b %s, c %s", s, w.is("b"), w.is("c"))
	}
}
