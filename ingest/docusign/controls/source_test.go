package controls_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/docusign/controls"
	"github.com/sealwatch/sealwatch/ingest/docusign/docusigntest"
	"github.com/sealwatch/sealwatch/ingest/rounds"
	"github.com/sealwatch/sealwatch/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// world is DocuSign on one side and a store on the other.
type world struct {
	t       *testing.T
	now     time.Time
	server  *docusigntest.Server
	account *docusigntest.Account
	states  map[string]controls.State
	events  []*event.Record
	steps   []string
	// lose lets so many calls to store states fail, fail those to store events.
	lose, fail int
	// after lets storing states fail once events were stored; reject are ids of objects whose events are rejected.
	after      bool
	reject     string
	rejected   []controls.Rejected
	unkept     int
	principals []string
	admins     []string
	member     func(account, user string) bool
	// lookup is the error of looking the organisation up; news are losses and what came back.
	lookup error
	news   []string
	source *controls.Source
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start, server: docusigntest.New(t), states: map[string]controls.State{}}
	w.server.Change(func(s *docusigntest.Server) {
		s.Now = func() time.Time { return w.now }
		s.Domains = []map[string]any{{"id": "d1", "host_name": "example.com", "status": "active", "txt_token": "txt-secret"}}
		s.IdentityProviders = []map[string]any{{"id": "i1", "friendly_name": "Okta", "type": "saml_20", "links": []any{"x"}}}
	})
	a := w.server.NewAccount(docusigntest.AccountID)
	a.Connect = []map[string]any{{"connectId": "1", "name": "Archive", "urlToPublishTo": "https://user:pw@hook.example.com/x?code=listener-key", "password": "listener-password", "includeHMAC": "true", "allowEnvelopePublish": "true"}}
	a.PermissionProfiles = []map[string]any{{"permissionProfileId": "7", "permissionProfileName": "Sender", "userCount": "5", "modifiedDateTime": "2025-01-01T00:00:00.0000000Z", "settings": map[string]any{"allowAccountManagement": "false", "allowAccountManagementMetadata": map[string]any{"rights": "editable"}}}}
	for i := range 5 {
		a.TransferRules = append(a.TransferRules, map[string]any{"envelopeTransferRuleId": fmt.Sprint("t", i), "enabled": "true", "modifiedDate": "2025-01-01T00:00:00Z", "toUser": map[string]any{"userName": "Bob"}})
	}
	a.Settings = map[string]any{"sessionTimeout": "20", "allowDelegatedSigning": "false", "signerMustLoginToSign": "true", "rsaVeridPassword": "settings-password", "numberOfActiveCustomStamps": "3", "sessionTimeoutMetadata": map[string]any{}, "accountName": "Example"}
	a.PasswordRules = map[string]any{"minimumPasswordLength": "12", "passwordIncludeDigit": "true"}
	w.account = a
	w.restart()
	return w
}

func (w *world) restart() {
	w.t.Helper()
	roots := w.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := docusign.New(docusign.Options{Environment: w.server.Environment(w.t), IntegrationKey: docusigntest.IntegrationKey, UserID: docusigntest.UserID, Key: w.server.Key, Transport: docusign.NewTransport(roots),
		Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(client.Close)
	asker := docusign.NewAsker(client, docusign.AskerOptions{Sleep: func(_ context.Context, d time.Duration) error { w.now = w.now.Add(d); return nil }})
	w.source, err = controls.New(controls.Options{Origin: event.Origin{Tenant: "default", Source: "controls/main", Trust: 100}, Asker: asker, Organization: func(context.Context) (string, error) { return docusigntest.OrganizationID, w.lookup },
		Watch: w, Member: func(account, user string) bool { return w.member == nil || w.member(account, user) },
		Ingester: w, Rejects: w, Retention: 90 * 24 * time.Hour, States: w, Principals: func(context.Context) ([]string, []string, error) {
			return slices.Clone(w.admins), slices.Clone(w.principals), nil
		}, Now: func() time.Time { return w.now }})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) Ingest(_ context.Context, o event.Origin, batch []event.Submission) (event.Receipt, error) {
	if w.fail > 0 {
		w.fail--
		return event.Receipt{}, errors.New("the database does not answer")
	}
	out := event.Receipt{}
	for i, s := range batch {
		if w.reject != "" && strings.Contains(string(s.Record.Data), w.reject) {
			out.Rejections = append(out.Rejections, event.Rejection{Index: i, Field: "data", Problem: "too long"})
			continue
		}
		w.steps = append(w.steps, "event")
		if j := slices.IndexFunc(w.events, func(r *event.Record) bool { return r.EventID == s.Record.EventID }); j >= 0 && (!w.events[j].Timestamp.Equal(s.Record.Timestamp) || string(w.events[j].Data) != string(s.Record.Data)) {
			w.t.Errorf("a conflict: %s and %s, %s and %s", w.events[j].Timestamp, s.Record.Timestamp, w.events[j].Data, s.Record.Data)
		}
		if !slices.ContainsFunc(w.events, func(r *event.Record) bool { return r.EventID == s.Record.EventID }) {
			w.events = append(w.events, s.Record)
		}
	}
	out.Accepted, out.Rejected = len(batch)-len(out.Rejections), len(out.Rejections)
	return out, nil
}

func (w *world) KeepRejected(_ context.Context, all []controls.Rejected) error {
	if w.unkept > 0 {
		w.unkept--
		return errors.New("the database does not answer")
	}
	w.rejected = append(w.rejected, all...)
	return nil
}

func (w *world) Lost(_ context.Context, l rounds.Loss) error {
	w.news = append(w.news, fmt.Sprintf("lost %s %s %s", l.Source, l.Kind, l.Title))
	return nil
}

func (w *world) Restored(_ context.Context, source string, _ time.Time) error {
	w.news = append(w.news, "restored "+source)
	return nil
}

func (w *world) LoadStates(context.Context, string) (all []controls.State, err error) {
	for _, s := range w.states {
		all = append(all, s)
	}
	return all, nil
}

func (w *world) StoreStates(_ context.Context, source string, all []controls.State) error {
	if w.lose > 0 {
		w.lose--
		return errors.New("the database does not answer")
	}
	if w.after && slices.Contains(w.steps, "event") {
		return errors.New("the database does not answer")
	}
	w.steps = append(w.steps, "states")
	for _, s := range all {
		if strings.Contains(s.JSON, "password\":\"listener") || strings.Contains(s.JSON, "-secret") || strings.Contains(s.JSON, "listener-key") || strings.Contains(s.JSON, "settings-password") || strings.Contains(s.JSON, ":pw@") {
			w.t.Errorf("a secret is stored: %s", s.JSON)
		}
		key := s.Scope + "|" + s.Object
		if w.states[key].Version >= s.Version {
			w.t.Errorf("version %d of %s comes again", s.Version, key)
		}
		w.states[key] = s
	}
	return nil
}

// round reads once, an hour later, and compares the events that are new.
func (w *world) round(want ...string) []string {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	before := len(w.events)
	warnings, err := w.source.Round(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.expect(before, want...)
	return warnings
}

func (w *world) expect(before int, want ...string) {
	w.t.Helper()
	var got []string
	for _, r := range w.events[before:] {
		var data map[string]any
		if err := json.Unmarshal(r.Data, &data); err != nil {
			w.t.Fatal(err)
		}
		line := r.Object + " " + r.Action
		for _, more := range []string{r.Property, fmt.Sprint(data["ObjectId"]), r.UserID} {
			if more != "" {
				line += " " + more
			}
		}
		got = append(got, fmt.Sprintf("%s %v %v", line, short(data["Before"]), short(data["After"])))
		if strings.Contains(string(r.Data), "listener-") || strings.Contains(string(r.Data), "-password") {
			w.t.Errorf("a secret is in the event: %s", r.Data)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("events\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestChanges: the first look makes no events; each difference makes one, to and fro as well; what is noise makes none.
func TestChanges(t *testing.T) {
	w := newWorld(t)
	w.round()
	w.round()
	a := w.account
	a.PermissionProfiles[0]["userCount"] = "6"
	a.Settings["numberOfActiveCustomStamps"] = "4"
	a.Settings["aNewSettingOfARelease"] = "true"
	w.round()

	a.Connect = append(a.Connect, map[string]any{"connectId": "2", "name": "Exfil", "urlToPublishTo": "https://evil.example/in?k=v"})
	a.Connect[0]["password"] = "listener-other"
	a.Connect[0]["includeHMAC"] = "false"
	a.Settings["sessionTimeout"], a.Settings["signerMustLoginToSign"], a.Settings["allowDelegatedSigning"], a.Settings["accountName"] = "120", "false", "true", "Example 2"
	a.PasswordRules["minimumPasswordLength"] = "6"
	a.TransferRules[0]["enabled"] = "false"
	a.TransferRules[0]["modifiedDate"] = w.now.Truncate(time.Hour).Add(30 * time.Minute).Format(time.RFC3339)
	a.TransferRules[0]["modifiedUser"] = map[string]any{"userId": "USER-9", "userName": "Eve"}
	a.TransferRules = a.TransferRules[:4]
	a.PermissionProfiles[0]["settings"] = map[string]any{"allowAccountManagement": "true"}
	w.server.IdentityProviders = nil
	w.server.Domains[0]["status"] = "pending"
	w.round(
		`ConnectConfiguration Created 2 {} {"connectId":"2","name":"Exfil","urlToPublishTo":"https://evil.example/in?\u003csecret\u003e"}`,
		`ConnectConfiguration Updated 1 {"includeHMAC":"true"} {"includeHMAC":"false"}`,
		`AccountSettings Updated Authentication Relaxed sessionTimeout {"value":"20"} {"value":"120"}`,
		`AccountSettings Disabled Authentication signerMustLoginToSign {"value":"true"} {"value":"false"}`,
		`AccountSettings Enabled allowDelegatedSigning {"value":"false"} {"value":"true"}`,
		`AccountSettings Updated accountName {"value":"Example"} {"value":"Example 2"}`,
		`PasswordRules Updated Reduced minimumPasswordLength {"value":"12"} {"value":"6"}`,
		`EnvelopeTransferRule Updated t0 user-9 {"enabled":"true","modifiedDate":"2025-01-01T00:00:00Z"} {"enabled":"false","modifiedDate":"2026-05-04T12:30:00Z","modifiedUser":{"userId":"USER-9","userName":"Eve"}}`,
		`EnvelopeTransferRule Deleted t4 {"enabled":"true","envelopeTransferRuleId":"t4","modifiedDate":"2025-01-01T00:00:00Z","toUser":{"userName":"Bob"}} {}`,
		`PermissionProfile Updated 7 {"settings":{"allowAccountManagement":"false"}} {"settings":{"allowAccountManagement":"true"}}`,
		`IdentityProvider Deleted i1 {"friendly_name":"Okta","id":"i1","type":"saml_20"} {}`,
		`ReservedDomain Updated d1 {"status":"active"} {"status":"pending"}`,
	)
	for _, r := range w.events {
		at := w.now
		if strings.HasPrefix(r.Object, "EnvelopeTransfer") && r.Action == "Updated" {
			at = w.now.Add(-30 * time.Minute)
		}
		if at.Sub(r.Timestamp).Abs() > 2*time.Minute || (r.UserID == "") != (r.Object != "EnvelopeTransferRule" || r.Action != "Updated") || (r.AccountID == "") == (r.OrganizationID == "") {
			t.Errorf("%s %s %s of %q at %s", r.EventID, r.Object, r.Action, r.UserID, r.Timestamp)
		}
	}
	w.round()
	// to and fro
	for i, value := range []string{"false", "true", "false"} {
		was := []string{"true", "false", "true"}[i]
		a.Settings["allowDelegatedSigning"] = value
		w.round(fmt.Sprintf(`AccountSettings %s allowDelegatedSigning {"value":%q} {"value":%q}`, map[string]string{"true": "Enabled", "false": "Disabled"}[value], was, value))
	}
	w.server.IdentityProviders = []map[string]any{{"id": "i1", "friendly_name": "Okta", "type": "saml_20"}}
	w.round(`IdentityProvider Created i1 {} {"friendly_name":"Okta","id":"i1","type":"saml_20"}`)
}

// TestOnce: an event is durable before what was seen is, and a crash between the two, or a restart, makes no second one.
func TestOnce(t *testing.T) {
	w := newWorld(t)
	w.round()
	w.account.Settings["allowDelegatedSigning"] = "true"
	w.now = w.now.Add(time.Hour)
	w.fail = 1
	if _, err := w.source.Round(t.Context()); controls.Explain(err).Kind != "storage" {
		t.Errorf("%v", err)
	}
	w.steps, w.lose = nil, 5
	if _, err := w.source.Round(t.Context()); err == nil {
		t.Error("the states were not stored")
	}
	w.lose = 0
	w.restart()
	w.steps = nil
	if _, err := w.source.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(0, `AccountSettings Enabled allowDelegatedSigning {"value":"false"} {"value":"true"}`)
	if i := slices.Index(w.steps, "event"); i < 0 || !slices.Contains(w.steps[i:], "states") {
		t.Errorf("steps %v", w.steps)
	}
	w.round()
}

// TestLists that are cut short, empty at once or refused make no false deletions; one that could be read before is missed.
func TestLists(t *testing.T) {
	w := newWorld(t)
	w.account.Missing["shared_access"] = true
	if warnings := w.round(); len(warnings) != 1 || !strings.Contains(warnings[0], "shares of envelopes") || !strings.Contains(warnings[0], docusigntest.AccountID) {
		t.Errorf("warnings %q", warnings)
	}
	says := func(warnings []string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, text) }) {
				t.Errorf("warnings %q, expected %q", warnings, text)
			}
		}
	}
	rules := w.account.TransferRules
	w.account.TransferRules = nil
	says(w.round(), "suddenly empty")
	w.account.TransferRules = rules
	if warnings := w.round(); len(warnings) != 1 {
		t.Errorf("warnings %q", warnings)
	}
	w.account.TransferRules = nil
	says(w.round(), "suddenly empty")
	if _, err := w.source.Round(t.Context()); err != nil || len(w.events) != 5 {
		t.Errorf("an empty list twice: %v, %d events", err, len(w.events))
	}
	w.server.Fail(docusigntest.PathAccount(docusigntest.AccountID, "connect"), slices.Repeat([]docusigntest.Fault{docusigntest.Status(200, `{"totalRecords":"0"}`)}, 5)...)
	w.account.Settings["allowDelegatedSigning"] = "true"
	says(w.round(`AccountSettings Enabled allowDelegatedSigning {"value":"false"} {"value":"true"}`), "no list configurations") // the other lists are read
	w.round()
	w.news = nil
	w.account.Missing["connect"] = true
	w.server.Change(func(d *docusigntest.Server) { delete(d.Consents, "identity_provider_read") })
	w.restart()
	says(w.round(), "Connect listeners of "+docusigntest.AccountID+", which could be read before", "identity_provider_read")
	says(w.round(), "which could be read before")
	lost := slices.DeleteFunc(slices.Clone(w.news), func(n string) bool { return strings.HasPrefix(n, "restored") })
	slices.Sort(lost)
	if len(lost) != 2 || !strings.HasPrefix(lost[0], "lost controls/main/organization/domain consent Sealwatch has lost its access to domains of the organisation") || !strings.Contains(lost[1], "identity_provider consent") {
		t.Errorf("told %q", lost)
	}
}

// TestOneListFails: it is asked for at longer and longer intervals, the rest is read meanwhile, and the loss of another one is told.
func TestOneListFails(t *testing.T) {
	w := newWorld(t)
	w.round()
	path := docusigntest.PathAccount(docusigntest.AccountID, "connect")
	w.server.Fail(path, slices.Repeat([]docusigntest.Fault{docusigntest.Status(503, "")}, 1000)...)
	w.news = nil
	before := len(w.server.Calls(path))
	for i := range 48 {
		value := fmt.Sprint(30 + i)
		was := w.account.Settings["sessionTimeout"]
		w.account.Settings["sessionTimeout"] = value
		warnings := w.round(fmt.Sprintf(`AccountSettings Updated Authentication Relaxed sessionTimeout {"value":%q} {"value":%q}`, was, value))
		if len(warnings) != 1 || !strings.Contains(warnings[0], "Connect listeners of") {
			t.Errorf("warnings %q", warnings)
		}
	}
	if n := len(w.server.Calls(path)) - before; n > 10*5 {
		t.Errorf("the list was asked for by %d calls within two days", n)
	}
	w.account.Missing["envelopes/transfer_rules"] = true
	w.round()
	w.server.Forgive(path)
	for range 14 {
		w.round()
	}
	if len(w.news) != 3 || !strings.Contains(w.news[0], "connect_listener server Sealwatch cannot read Connect listeners of "+docusigntest.AccountID+" since 2026-05-04") || !strings.Contains(w.news[1], "transfer_rule forbidden") || !strings.HasPrefix(w.news[2], "restored") {
		t.Errorf("told %q", w.news)
	}
	// everything at once is the source's
	w.server.Change(func(d *docusigntest.Server) { d.Consents = map[string]bool{"impersonation": true, "signature": true} })
	w.account.Member = false
	w.restart()
	w.now = w.now.Add(time.Hour)
	if _, err := w.source.Round(t.Context()); !controls.Explain(err).Refused {
		t.Errorf("nothing can be read: %v", err)
	}
}

// TestLimits: a list that is too long is a warning; of shares only those count that share.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	for i := range 101 {
		w.account.PermissionProfiles = append(w.account.PermissionProfiles, map[string]any{"permissionProfileId": fmt.Sprint("p", i)})
	}
	for i := range 8 {
		one := map[string]any{"user": map[string]any{"userId": fmt.Sprint("u", i), "userName": "U"}}
		if i%5 == 2 {
			one["envelopes"] = []any{map[string]any{"shared": "shared_to"}}
		}
		w.account.Shares = append(w.account.Shares, one)
	}
	if warnings := w.round(); len(warnings) != 1 || !strings.Contains(warnings[0], "more than 100 permission profiles") {
		t.Errorf("warnings %q", warnings)
	}
	shares := 0
	for key := range w.states {
		if strings.Contains(key, "/shared_access|u") {
			shares++
		}
	}
	if shares != 2 || len(w.news) == 0 || slices.ContainsFunc(w.news, func(n string) bool { return strings.HasPrefix(n, "lost") }) {
		t.Errorf("%d shares, told %q", shares, w.news)
	}
}

// TestOrganizationIsRefused: the accounts are read while the organisation cannot be looked up, and that is a loss of its own.
func TestOrganizationIsRefused(t *testing.T) {
	w := newWorld(t)
	w.round()
	w.news = nil
	w.lookup = &docusign.Error{Kind: docusign.KindOrganizations, Message: "no organisations"}
	w.account.Settings["allowDelegatedSigning"] = "true"
	if warnings := w.round(`AccountSettings Enabled allowDelegatedSigning {"value":"false"} {"value":"true"}`); len(warnings) != 1 || !strings.Contains(warnings[0], "the organisation cannot be looked up") {
		t.Errorf("warnings %q", warnings)
	}
	w.round()
	w.lookup = nil
	w.round()
	if len(w.news) != 2 || !strings.HasPrefix(w.news[0], "lost controls/main/organization organizations") || w.news[1] != "restored controls/main/organization" {
		t.Errorf("told %q", w.news)
	}
}

// TestEverybodyHasATurn: also of administrators more than a round asks for, and only members of the account are asked.
func TestEverybodyHasATurn(t *testing.T) {
	w := newWorld(t)
	for i := range 250 {
		w.admins = append(w.admins, fmt.Sprintf("a%03d", i))
		w.principals = append(w.principals, fmt.Sprintf("u%03d", i))
	}
	w.member = func(account, user string) bool { return account == docusigntest.AccountID && user != "u007" }
	for i := range 3 {
		w.round()
		if i == 1 {
			w.restart() // the turn goes on
		}
	}
	asked := map[string]int{}
	for key := range w.states {
		if scope, _, _ := strings.Cut(key, "|"); strings.Contains(scope, "/authorization/") {
			asked[scope[strings.LastIndex(scope, "/")+1:]]++
		}
	}
	if len(asked) != 499 || asked["u007"] != 0 || asked["a249"] == 0 {
		t.Errorf("%d were asked, u007 %d, a249 %d", len(asked), asked["u007"], asked["a249"])
	}
}

// TestAuthorizations: who may act for whom is read by the user who grants it: administrators in each round, the others in turn. A first
// look at a user makes no events of what was granted before the account was first read, and one of what came later.
func TestAuthorizations(t *testing.T) {
	w := newWorld(t)
	for i := range 250 {
		w.principals = append(w.principals, fmt.Sprintf("u%03d", i))
	}
	w.admins = []string{"admin"}
	grant := func(of, id string) {
		w.account.Authorizations[of] = append(w.account.Authorizations[of], map[string]any{"authorizationId": id, "permission": "Manage", "created": w.now.Truncate(time.Hour).Add(10 * time.Minute).Format(time.RFC3339), "createdBy": "[Eve e@x.y]"})
	}
	told := func(verb, id string, at string) string {
		state := fmt.Sprintf(`{"authorizationId":%q,"created":%q,"createdBy":"[Eve e@x.y]","permission":"Manage"}`, id, at)
		if verb == "Granted" {
			return fmt.Sprintf("UserAuthorization Granted %s {} %s", id, state)
		}
		return fmt.Sprintf("UserAuthorization Revoked %s %s {}", id, state)
	}
	grant("u001", "old")
	w.now = w.now.Add(time.Hour)
	w.round()             // at 11, u000 to u198
	grant("u249", "late") // 11:10
	grant("admin", "first")
	w.round(told("Granted", "first", "2026-05-04T11:10:00Z"), told("Granted", "late", "2026-05-04T11:10:00Z")) // the others, for the first time
	for _, r := range w.events {
		if !r.Timestamp.Equal(time.Date(2026, 5, 4, 11, 10, 0, 0, time.UTC)) || r.UserID != "" {
			t.Errorf("%s at %s by %q", r.Action, r.Timestamp, r.UserID)
		}
	}
	w.account.Authorizations["u001"] = nil
	grant("u001", "new") // 12:10
	grant("admin", "second")
	w.round(told("Revoked", "old", "2026-05-04T09:10:00Z"), told("Granted", "new", "2026-05-04T12:10:00Z"), told("Granted", "second", "2026-05-04T12:10:00Z"))
}

// TestCrashBetween: the event of a change that is noticed again after a crash is the same one, though time has passed and another change
// came meanwhile.
func TestCrashBetween(t *testing.T) {
	w := newWorld(t)
	w.round()
	w.account.Settings["allowDelegatedSigning"] = "true"
	w.now = w.now.Add(time.Hour)
	noticed := w.now
	w.steps, w.after = nil, true
	if _, err := w.source.Round(t.Context()); controls.Explain(err).Kind != "storage" || len(w.events) != 1 {
		t.Fatalf("%v, %d events", err, len(w.events))
	}
	w.steps, w.after = nil, false
	w.account.Settings["sessionTimeout"] = "60"
	w.restart()
	w.round(`AccountSettings Updated Authentication Relaxed sessionTimeout {"value":"20"} {"value":"60"}`)
	if first, second := w.events[0].Timestamp, w.events[1].Timestamp; first.Sub(noticed).Abs() > time.Minute || second.Sub(w.now).Abs() > time.Minute {
		t.Errorf("noticed at %s and %s", first, second)
	}
	w.round()
}

// TestRejected: a change that cannot be an event is kept for people, and comes again until it is.
func TestRejected(t *testing.T) {
	w := newWorld(t)
	w.round()
	w.account.Settings["allowDelegatedSigning"] = "true"
	w.reject, w.unkept = "allowDelegatedSigning", 1
	if _, err := w.source.Round(t.Context()); controls.Explain(err).Kind != "storage" || len(w.rejected) != 0 {
		t.Errorf("%v, %d rejected", err, len(w.rejected))
	}
	w.round()
	w.round()
	if len(w.rejected) != 1 || w.rejected[0].Problem != "too long" || !strings.HasPrefix(w.rejected[0].EventID, "control-") || !strings.Contains(string(w.rejected[0].Raw), `"After":{"value":"true"}`) {
		t.Errorf("rejected %+v", w.rejected)
	}
}

// TestNoEventBeforeTheRetention: what DocuSign dates long ago is dated with the look that found it, and says DocuSign's time beside it.
func TestNoEventBeforeTheRetention(t *testing.T) {
	w := newWorld(t)
	w.admins = []string{"a", "b"}
	w.round()
	w.now = w.now.Add(200 * 24 * time.Hour) // Sealwatch was off
	old := start.Add(5 * 24 * time.Hour).Format(time.RFC3339)
	w.account.TransferRules[0]["enabled"], w.account.TransferRules[0]["modifiedDate"] = "false", old
	w.round(fmt.Sprintf(`EnvelopeTransferRule Updated t0 {"enabled":"true","modifiedDate":"2025-01-01T00:00:00Z"} {"enabled":"false","modifiedDate":%q}`, old))
	if at := w.events[0].Timestamp; w.now.Sub(at).Abs() > time.Minute || !strings.Contains(string(w.events[0].Data), `"ModifiedAt":"`+old+`"`) {
		t.Errorf("at %s: %s", at, w.events[0].Data)
	}
}
