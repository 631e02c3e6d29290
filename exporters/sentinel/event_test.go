package sentinel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// acts are events by what was done, with the table and the type that ASIM has for it.
var acts = []struct {
	activity, object, action, result string
	affected                         bool
	stream, kind, details            string
}{
	{"logon", "User", "Login", "Success", false, sentinel.StreamAuthentication, "Logon", ""},
	{"logoff", "User", "Logout", "Success", false, sentinel.StreamAuthentication, "Logoff", ""},
	{"failed_logon", "User", "Login", "InvalidPassword", false, sentinel.StreamAuthentication, "Logon", "Incorrect password"},
	{"failed_logon", "User", "LoginFailed", "User locked out", false, sentinel.StreamAuthentication, "Logon", "User locked"},
	{"failed_logon", "User", "LoginFailed", "PasswordExpired", false, sentinel.StreamAuthentication, "Logon", "Password expired"},
	{"failed_logon", "User", "LoginFailed", "UserNotFound", false, sentinel.StreamAuthentication, "Logon", "No such user"},
	{"failed_logon", "User", "LoginFailed", "InvalidCredentials", false, sentinel.StreamAuthentication, "Logon", "No such user or password"},
	{"failed_logon", "User", "LoginFailed", "AccountDisabled", false, sentinel.StreamAuthentication, "Logon", "User disabled"},
	{"failed_logon", "User", "LoginFailed", "MFA required", false, sentinel.StreamAuthentication, "Logon", "Logon violates policy"},
	{"failed_logon", "User", "LoginFailed", "SessionExpired", false, sentinel.StreamAuthentication, "Logon", "Session expired"},
	{"failed_logon", "User", "LoginFailed", "Failure", false, sentinel.StreamAuthentication, "Logon", "Other"},
	{"lockout", "User", "LockedOut", "", false, sentinel.StreamUserManagement, "UserLocked", ""},
	{"user_management", "User", "UserUnlocked", "Success", true, sentinel.StreamUserManagement, "UserUnlocked", ""},
	{"user_management", "User", "UserAdded", "Success", true, sentinel.StreamUserManagement, "UserCreated", ""},
	{"user_management", "User", "Closed", "Success", true, sentinel.StreamUserManagement, "UserDeleted", ""},
	{"user_management", "User", "UserDeactivated", "Success", true, sentinel.StreamUserManagement, "UserDisabled", ""},
	{"user_management", "User", "UserActivated", "Success", true, sentinel.StreamUserManagement, "UserEnabled", ""},
	{"user_management", "User", "UserUpdated", "Success", true, sentinel.StreamUserManagement, "UserModified", ""},
	{"user_management", "User", "PasswordChanged", "Success", true, sentinel.StreamUserManagement, "PasswordChanged", ""},
	{"user_management", "User", "PasswordReset", "Success", true, sentinel.StreamUserManagement, "PasswordReset", ""},
	{"group_management", "Group", "Created", "Success", false, sentinel.StreamUserManagement, "GroupCreated", ""},
	{"group_management", "Group", "Deleted", "Success", false, sentinel.StreamUserManagement, "GroupDeleted", ""},
	{"group_management", "Group", "Updated", "Success", false, sentinel.StreamUserManagement, "GroupModified", ""},
	{"group_management", "GroupMember", "Added", "Success", true, sentinel.StreamUserManagement, "UserAddedToGroup", ""},
	{"group_management", "Group", "UserRemovedFromGroup", "Success", true, sentinel.StreamUserManagement, "UserRemovedFromGroup", ""},
	{"view", "Envelope", "Viewed", "Success", false, sentinel.StreamAudit, "Read", ""},
	{"download", "Envelope", "Downloaded", "Success", false, sentinel.StreamAudit, "Read", ""},
	{"export", "Report", "Export", "Success", false, sentinel.StreamAudit, "Read", ""},
	{"create", "Template", "Created", "Success", false, sentinel.StreamAudit, "Create", ""},
	{"send", "Envelope", "Sent", "Success", false, sentinel.StreamAudit, "Execute", ""},
	{"void", "Envelope", "Voided", "Success", false, sentinel.StreamAudit, "Stop", ""},
	{"delete", "Template", "Deleted", "Success", false, sentinel.StreamAudit, "Delete", ""},
	{"settings", "AccountSettings", "Updated", "Success", false, sentinel.StreamAudit, "Set", ""},
	{"settings", "Account", "SsoDisabled", "Success", false, sentinel.StreamAudit, "Disable", ""},
	{"connect", "ConnectConfiguration", "Created", "Success", false, sentinel.StreamAudit, "Create", ""},
	{"integration", "IntegrationKey", "RsaKeyAdded", "Success", false, sentinel.StreamAudit, "Create", ""},
	{"permission", "User", "PermissionChanged", "Success", true, sentinel.StreamAudit, "Set", ""},
	{"permission", "User", "AdminRemoved", "Success", true, sentinel.StreamAudit, "Delete", ""},
	{"impersonation", "User", "Impersonated", "Success", true, sentinel.StreamAudit, "Execute", ""},
	{"recipient_authentication", "Recipient", "AccessCodeFailed", "Failed", false, sentinel.StreamAudit, "Other", ""},
	{"docusign_alert", "Alert", "", "", false, sentinel.StreamAudit, "Other", ""},
	{"unknown", "Thing", "Wobbled", "", false, sentinel.StreamAudit, "Other", ""},
	{"", "", "", "", false, sentinel.StreamAudit, "Other", ""},
}

// eventLists are ASIM's closed lists of each table.
var eventLists = map[string]map[string][]string{
	sentinel.StreamAuthentication: {"EventType": {"Logon", "Logoff", "Elevate"}, "EventSchemaVersion": {"0.1.4"}, "EventSubType": {"Interactive", "Service"}, "EventSchema": {"Authentication"},
		"EventResultDetails": {"No such user or password", "No such user", "Incorrect password", "Incorrect key", "Account expired", "Password expired", "User locked", "User disabled", "Logon violates policy", "Session expired", "Other"}},
	sentinel.StreamAudit: {"EventType": {"Set", "Read", "Create", "Delete", "Execute", "Install", "Clear", "Enable", "Disable", "Initialize", "Start", "Stop", "Other"}, "EventSchemaVersion": {"0.1.2"}, "EventSchema": {"AuditEvent"},
		"ObjectType": {"Cloud Resource", "Configuration Atom", "Policy Rule", "Event Log", "Scheduled Task", "Service", "Directory Service Object", "Other"}},
	sentinel.StreamUserManagement: {"EventSchemaVersion": {"0.1.2"}, "EventSchema": {"UserManagement"}, "EventType": {"UserCreated", "UserDeleted", "UserModified", "UserLocked", "UserUnlocked", "UserDisabled", "UserEnabled", "PasswordChanged", "PasswordReset", "GroupCreated", "GroupDeleted",
		"GroupModified", "UserAddedToGroup", "UserRemovedFromGroup", "GroupEnumerated", "UserRead", "GroupRead"}},
}

func actEvents() []event.Event {
	var all []event.Event
	for i, a := range acts {
		e := exportertest.Event(i + 1)
		e.Activity, e.Object, e.Action, e.Result = a.activity, a.object, a.action, a.result
		if a.affected {
			e.AffectedUserID = "11111111-2222-4333-8444-555555555555"
		}
		if a.object == "Envelope" {
			e.EnvelopeID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
		}
		all = append(all, e)
	}
	return all
}

// eventOptions are of the days of exportertest.Event.
func eventOptions(t *testing.T, s *sentineltest.Server) sentinel.Options {
	t.Helper()
	o := options(t, s)
	o.Clock = func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	s.Change(func(s *sentineltest.Server) { s.Now = o.Clock })
	return o
}

// TestEvents: each act comes into its table, with what ASIM makes mandatory and values of its lists only.
func TestEvents(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, eventOptions(t, s))
	events := actEvents()
	bare := event.Event{ID: "bare", Time: events[0].Time, Activity: "user_management"}
	if err := x.ExportEvents(t.Context(), append(slices.Clone(events), bare)); err != nil {
		t.Fatal(err)
	}
	rows := map[string]sentineltest.Row{}
	for _, r := range s.Rows() {
		rows[r.String("EventOriginalUid")] = r
	}
	columns := map[string][]sentinel.Declared{}
	for _, s := range sentinel.Streams() {
		columns[s.Name] = s.Columns
	}
	var golden strings.Builder
	shown := map[string]bool{}
	for i, a := range acts {
		r := rows[events[i].ID]
		if r.Stream != a.stream || r.String("EventType") != a.kind || r.String("EventResultDetails") != a.details {
			t.Errorf("%s %s %s %s: %s %q in %s, want %s %q in %s", a.activity, a.object, a.action, a.result, r.String("EventType"), r.String("EventResultDetails"), r.Stream, a.kind, a.details, a.stream)
		}
		if !shown[a.stream] || a.affected && !shown[a.stream+" affected"] {
			shown[a.stream], shown[a.stream+" affected"] = true, shown[a.stream+" affected"] || a.affected
			text, err := json.MarshalIndent(r.Values, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&golden, "== %s %s\n%s\n", r.Stream, a.activity, text)
		}
	}
	for id, r := range rows {
		for _, c := range columns[r.Stream] {
			value, has := r.Values[c.Name]
			if c.Class == "mandatory" && !has {
				t.Errorf("%s: no %s", id, c.Name)
			}
			if list := eventLists[r.Stream][c.Name]; has && list != nil && !slices.Contains(list, fmt.Sprint(value)) {
				t.Errorf("%s: %s is %v", id, c.Name, value)
			}
		}
		if result := r.String("EventResult"); result != "Success" && result != "Failure" {
			t.Errorf("%s: EventResult is %q", id, result)
		}
	}
	if name := rows["bare"].String("ActorUsername"); name != "unknown" {
		t.Errorf("an event without anybody is by %q", name)
	}
	compare(t, "events.txt", golden.String())
}

// TestGoldenEvents sends the events of which every format has a golden file, and those that encoders stumble over.
func TestGoldenEvents(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, eventOptions(t, s))
	events := exportertest.GoldenEvents()
	if err := x.ExportEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	rows := map[string]sentineltest.Row{}
	for _, r := range s.Rows() {
		rows[r.String("EventOriginalUid")] = r
	}
	var golden strings.Builder
	for i := range events {
		r := rows[events[i].ID]
		text, err := json.Marshal(r.Values)
		if err != nil || r.Stream == "" {
			t.Fatalf("event %s %s did not arrive: %v", events[i].ID, events[i].Activity, err)
		}
		fmt.Fprintf(&golden, "%s\t%s\t%s\n", events[i].Activity, r.Stream, text)
	}
	compare(t, "golden_events.txt", golden.String())
	var nasty []event.Event
	for n := range 40 {
		nasty = append(nasty, exportertest.NastyEvent(n))
	}
	before := len(s.Rows())
	if err := x.ExportEvents(t.Context(), nasty); err != nil || len(s.Rows()) != before+40 {
		t.Errorf("%v, %d rows", err, len(s.Rows())-before)
	}
}

// TestEventsAreNotRepeated: what one table took is not sent again because another refuses.
func TestEventsAreNotRepeated(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, eventOptions(t, s))
	events := actEvents()
	s.Fail(sentineltest.Fault{}, sentineltest.Fault{Status: 403, Code: "OperationFailed", Words: "no"})
	err := x.ExportEvents(t.Context(), events)
	var e *exporters.Error
	if !asError(err, &e) || e.Kind != exporters.Unauthorized || e.Accepted != 11 || len(e.Failed) > 0 {
		t.Fatalf("%+v", e)
	}
	if err := x.ExportEvents(t.Context(), events[e.Accepted:]); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range s.Rows() {
		seen[r.String("EventOriginalUid")]++
	}
	want := map[string]int{}
	for i := range events {
		want[events[i].ID] = 1
	}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
}

// TestMixedTables: when the log-ons lie between others, those that were taken out of turn are not sent twice.
func TestMixedTables(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, eventOptions(t, s))
	events := exportertest.Events(1, 9)
	for i := range events {
		if i%2 == 0 {
			events[i].Activity, events[i].Object, events[i].Action = "view", "Envelope", "Viewed"
		}
	}
	s.Fail(sentineltest.Fault{}, sentineltest.Fault{Status: 503})
	var e *exporters.Error
	if err := x.ExportEvents(t.Context(), events); !asError(err, &e) || e.Accepted != 0 || e.Kind != exporters.Retryable {
		t.Fatalf("%+v", e)
	}
	if err := x.ExportEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Rows()); n != 9 {
		t.Errorf("%d rows of 9 events", n)
	}
}

func asError(err error, e **exporters.Error) bool {
	var ok bool
	*e, ok = err.(*exporters.Error)
	return ok
}

// TestOddEvents: what is too long loses its open part and says so; broken texts arrive as text.
func TestOddEvents(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, eventOptions(t, s))
	long, nasty, old, mapped := exportertest.Event(1), exportertest.Event(2), exportertest.Event(3), exportertest.Event(4)
	long.Data = fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", 100_000))
	long.UserAgent = strings.Repeat("Mozilla ", 10_000)
	nasty.UserName, nasty.Data, nasty.Action, nasty.UserEmail = "\x1b[31mred\u202e \xff", "no JSON", "Log\nin", ""
	old.Time = old.Time.AddDate(-1, 0, 0)
	mapped.IP, mapped.Place.Kind = netip.MustParseAddr("::ffff:192.0.2.9"), event.PlaceUnknown
	if err := x.ExportEvents(t.Context(), []event.Event{long, nasty, old, mapped}); err != nil {
		t.Fatal(err)
	}
	rows := s.Rows()
	if told := fmt.Sprint(rows[0].Values["AdditionalFields"].(map[string]any)["Truncated"]); told != "[data HttpUserAgent]" {
		t.Errorf("Truncated is %s", told)
	}
	if name := rows[1].String("TargetUsername"); name != "\x1b[31mred\u202e \ufffd" {
		t.Errorf("%q", name)
	}
	if rows[2].String("TimeGenerated") != "2026-03-02T09:00:00Z" || rows[2].String("EventStartTime") != "2025-03-02T08:00:03Z" {
		t.Errorf("%s %s", rows[2].String("TimeGenerated"), rows[2].String("EventStartTime"))
	}
	if _, has := rows[3].Values["SrcGeoLatitude"]; has || rows[3].String("SrcIpAddr") != "192.0.2.9" {
		t.Errorf("%v", rows[3].Values)
	}
}

// forwarded runs the forwarder over a hundred events, of which each tenth is about settings, until done says so.
func forwarded(t *testing.T, s *sentineltest.Server, done func(r *exporters.Runner, rows int) bool) (*exporters.Runner, map[string]int) {
	t.Helper()
	log, store := exportertest.NewEventLog(), exportertest.NewStore()
	all := exportertest.Events(1, 100)
	for i := range all {
		if all[i].Activity = event.ActivityLogon; i%10 == 0 {
			all[i].Activity = "settings"
		}
	}
	log.Append(all...)
	r, err := exporters.NewForwarder(exporters.Options{Name: "x", Exporter: newExporter(t, eventOptions(t, s)), Cursors: store, DeadLetters: store, Start: exporters.Start{FromFirst: true},
		RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond, PausedInterval: 5 * time.Millisecond}, log, exporters.EventSelection{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	for ctx.Err() == nil && !done(r, len(s.Rows())) {
		time.Sleep(time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Errorf("%d rows, %+v", len(s.Rows()), r.Status())
	}
	cancel()
	<-ended
	seen := map[string]int{}
	for _, row := range s.Rows() {
		seen[row.String("EventOriginalUid")]++
	}
	return r, seen
}

// TestMissingTable: where the rule has no stream of a table, its events wait, and none is given up; what came is not sent again.
func TestMissingTable(t *testing.T) {
	streams := declared()
	missing := streams[sentinel.StreamAudit]
	delete(streams, sentinel.StreamAudit)
	s := sentineltest.New(t, streams)
	refused := 0
	r, seen := forwarded(t, s, func(r *exporters.Runner, rows int) bool {
		if d := r.Status(); d.State == status.DestinationPaused || d.DeadLetters > 0 {
			if refused++; refused == 50 { // it looked at it again and again
				s.Change(func(s *sentineltest.Server) { s.Streams[sentinel.StreamAudit] = missing })
			}
		}
		return r.Status().Pending == 0
	})
	if d := r.Status(); d.DeadLetters > 0 || len(seen) != 100 {
		t.Errorf("%d of 100 came, %+v", len(seen), d)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

// TestBadRow: what another table took is not sent again because of a row that is never taken.
func TestBadRow(t *testing.T) {
	s := sentineltest.New(t, declared())
	bad := exportertest.Event(1).ID
	s.Refuse = func(row map[string]any) bool { return row["EventOriginalUid"] == bad }
	r, seen := forwarded(t, s, func(r *exporters.Runner, _ int) bool { return r.Status().Pending == 0 })
	if d := r.Status(); d.DeadLetters != 1 || len(seen) != 99 || seen[bad] > 0 {
		t.Errorf("%d of 99 came, %+v", len(seen), d)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

// TestPassedOver: a token that could not be renewed before its time says nothing about a later failure.
func TestPassedOver(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, options(t, s))
	export(t, x, changes(1, 1))
	x.PassOver()
	s.Fail(sentineltest.Fault{Status: 429, Code: "TooMany", RetryAfter: "7"})
	if got := export(t, x, changes(2, 1)); got.Kind != "retryable" || got.RetryAfter != 7*time.Second {
		t.Errorf("%+v", got)
	}
}

// TestGuardIsForPersons: that a name has an address which is not of the Internet does not go away by itself.
func TestGuardIsForPersons(t *testing.T) {
	o := options(t, nil)
	o.Endpoint, o.Authority = "https://localhost:1", "https://localhost:1"
	if got := export(t, newExporter(t, o), changes(1, 1)); got.Kind != "unauthorized" {
		t.Errorf("%+v", got)
	}
}
