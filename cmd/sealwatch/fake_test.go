package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/ingest/monitor"
)

// fake is a service in memory.
type fake struct {
	sealwatchv1.UnimplementedIngestServiceServer
	sealwatchv1.UnimplementedAlertServiceServer
	sealwatchv1.UnimplementedSystemServiceServer
	sealwatchv1.UnimplementedDetectionServiceServer
	mu     sync.Mutex
	stored map[string]bool
	// alerts that there are; a stream sends them as changes.
	alerts []*sealwatchv1.Alert
	// listed are the requests for lists.
	listed []*sealwatchv1.ListAlertsRequest
	// cut ends a stream after so many changes, once for each entry.
	cut []int
	// after are the tokens that streams began with.
	after []string
	// behind is how often the status still shows pending events.
	behind int
}

func (f *fake) IngestEvents(s grpc.BidiStreamingServer[sealwatchv1.IngestEventsRequest, sealwatchv1.IngestEventsResponse]) error {
	for {
		request, err := s.Recv()
		if err != nil {
			return nil
		}
		result := &sealwatchv1.IngestResult{}
		f.mu.Lock()
		for i, r := range request.GetRecords() {
			record, err := monitor.Decode(r.GetMonitorJson())
			switch {
			case err != nil:
				rejection := &sealwatchv1.RecordRejection{Index: int32(i), Problem: err.Error()}
				if field, ok := err.(*monitor.FieldError); ok {
					rejection.EventId, rejection.Field, rejection.Problem = field.EventID, field.Field, field.Problem
				}
				result.Rejected++
				result.Rejections = append(result.Rejections, rejection)
			case f.stored[record.EventID]:
				result.Duplicates++
			default:
				f.stored[record.EventID] = true
				result.Accepted++
			}
		}
		result.LastSequence = int64(len(f.stored))
		f.mu.Unlock()
		if err := s.Send(&sealwatchv1.IngestEventsResponse{BatchId: request.GetBatchId(), Result: result}); err != nil {
			return err
		}
	}
}

func (f *fake) GetStatus(context.Context, *sealwatchv1.GetStatusRequest) (*sealwatchv1.SystemStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &sealwatchv1.AnalysisStatus{AnalyzedSequence: int64(len(f.stored))}
	if f.behind > 0 {
		f.behind--
		a.PendingEvents = int32(f.behind)
		a.AnalyzedSequence -= int64(f.behind)
	}
	return &sealwatchv1.SystemStatus{Analysis: a, Engine: &sealwatchv1.EngineStatus{Kind: "embedded", State: "ready", Version: "26.1", EventsStored: 1},
		Sources:         []*sealwatchv1.SourceStatus{{Source: "monitor/main", Polling: &sealwatchv1.PollingStatus{State: "refused", LastError: "nobody has given\x1b consent"}}},
		Destinations:    []*sealwatchv1.DestinationStatus{{Destination: "siem", State: "paused", Pending: 7, DeadLetters: 1, LastError: "401", Events: &sealwatchv1.EventForwarding{State: "retrying", PendingCount: 30, DeadLetterCount: 2, LastError: "busy\x1b"}}},
		LimitedPolicies: []*sealwatchv1.LimitedPolicy{{Policy: "policies/wide", Title: "Wide", Limit: 1, Days: fakeDays()}}}, nil
}

func (f *fake) ListAlerts(_ context.Context, r *sealwatchv1.ListAlertsRequest) (*sealwatchv1.ListAlertsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = append(f.listed, r)
	if names := r.GetFilter().GetNames(); len(names) > 0 {
		answer := &sealwatchv1.ListAlertsResponse{}
		for _, a := range f.alerts {
			if strings.HasPrefix(a.GetName(), names[0]) {
				answer.Alerts, answer.TotalSize = append(answer.Alerts, a), answer.GetTotalSize()+1
			}
		}
		return answer, nil
	}
	if states := r.GetFilter().GetStates(); len(states) == 1 && states[0] == sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED {
		other := fakeSuppressed()
		other.SuppressedBy = []string{"familiar_places"}
		return &sealwatchv1.ListAlertsResponse{Alerts: []*sealwatchv1.Alert{fakeSuppressed(), other}}, nil
	}
	if users := r.GetFilter().GetUsers(); len(users) == 1 && strings.Contains(users[0], " ") { // the alerts know nobody by name
		return &sealwatchv1.ListAlertsResponse{}, nil
	}
	if some := r.GetFilter().GetSeverities(); len(some) == 1 && r.GetPageSize() == 1 {
		return &sealwatchv1.ListAlertsResponse{TotalSize: map[sealwatchv1.Severity]int32{sealwatchv1.Severity_SEVERITY_HIGH: 2, sealwatchv1.Severity_SEVERITY_LOW: 1}[some[0]]}, nil
	}
	from := 0
	if r.GetPageToken() != "" {
		from, _ = strconv.Atoi(r.GetPageToken())
	}
	// Pages of two, however many are asked for.
	to := min(from+2, from+int(r.GetPageSize()), len(f.alerts))
	answer := &sealwatchv1.ListAlertsResponse{Alerts: f.alerts[from:to], TotalSize: int32(len(f.alerts))}
	if to < len(f.alerts) {
		answer.NextPageToken = strconv.Itoa(to)
	}
	return answer, nil
}

func (f *fake) GetAlert(_ context.Context, r *sealwatchv1.GetAlertRequest) (*sealwatchv1.Alert, error) {
	for _, a := range f.alerts {
		if a.GetName() == r.GetName() {
			return a, nil
		}
	}
	if a := fakeSuppressed(); a.GetName() == r.GetName() {
		return a, nil
	}
	return nil, status.Errorf(codes.NotFound, "no alert %q", r.GetName())
}

func (f *fake) StreamAlerts(r *sealwatchv1.StreamAlertsRequest, s grpc.ServerStreamingServer[sealwatchv1.StreamAlertsResponse]) error {
	f.mu.Lock()
	f.after = append(f.after, r.GetAfter())
	cut := -1
	if len(f.cut) > 0 {
		cut, f.cut = f.cut[0], f.cut[1:]
	}
	f.mu.Unlock()
	if r.GetAfter() == "bad" {
		refused, err := status.New(codes.InvalidArgument, "after: the token is damaged").WithDetails(
			&errdetails.ErrorInfo{Reason: "INVALID_RESUME_TOKEN", Domain: "sealwatch.io"})
		if err != nil {
			return err
		}
		return refused.Err()
	}
	from, _ := strconv.Atoi(r.GetAfter())
	token := func(n int) string { return strconv.Itoa(n) }
	if err := s.Send(&sealwatchv1.StreamAlertsResponse{Change: sealwatchv1.AlertChange_ALERT_CHANGE_HEARTBEAT, ResumeToken: token(from)}); err != nil {
		return err
	}
	for i, a := range f.alerts[from:] {
		if i == cut {
			return status.Error(codes.Unavailable, "going away")
		}
		if err := s.Send(&sealwatchv1.StreamAlertsResponse{Change: sealwatchv1.AlertChange_ALERT_CHANGE_CREATED, Alert: a, ResumeToken: token(from + i + 1)}); err != nil {
			return err
		}
	}
	<-s.Context().Done()
	return s.Context().Err()
}

// ListDetections are three, in two pages.
func (f *fake) ListDetections(_ context.Context, r *sealwatchv1.ListDetectionsRequest) (*sealwatchv1.ListDetectionsResponse, error) {
	if r.GetPageToken() == "" {
		return &sealwatchv1.ListDetectionsResponse{Detections: []*sealwatchv1.Detection{{Name: "detections/failed_logins", ExceptionAttributes: []string{"ipAddress"}, Parameters: []*sealwatchv1.DetectionParameter{{Name: "threshold", Description: "How many."}}},
			{Name: "detections/impossible_travel", ExceptionAttributes: []string{"fromCountry"}, Parameters: []*sealwatchv1.DetectionParameter{{Name: "speed_kmh"}}}}, NextPageToken: "next"}, nil
	}
	return &sealwatchv1.ListDetectionsResponse{Detections: []*sealwatchv1.Detection{{Name: "detections/own_key"}}}, nil
}

// GetDetection has one of each state; a span of the past of the first was judged again.
func (f *fake) GetDetection(_ context.Context, r *sealwatchv1.GetDetectionRequest) (*sealwatchv1.Detection, error) {
	day := func(year int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(year, 1, 2, 0, 0, 0, 0, time.UTC))
	}
	d := &sealwatchv1.Detection{Name: r.GetName(), Status: &sealwatchv1.DetectionStatus{ActiveAlerts: 4}}
	switch r.GetName() {
	case "detections/failed_logins":
		d.Status.State = sealwatchv1.DetectionState_DETECTION_STATE_OK
		d.Title, d.Description, d.Severity, d.Response = "Many failed", "Somebody\nguesses passwords.", sealwatchv1.Severity_SEVERITY_MEDIUM, []string{"Ask the user."}
		d.Parameters = []*sealwatchv1.DetectionParameter{{Name: "threshold", Value: "7", DefaultValue: "5", Unit: "failures", Description: "How many."}, {Name: "mode", Value: "users", DefaultValue: "users"},
			{Name: "window_us", Value: "900000000", DefaultValue: "600000000", Minimum: "1000000", Maximum: "21600000000", Unit: "µs", Text: &sealwatchv1.DetectionParameterText{Value: "15m", DefaultValue: "10m", Minimum: "1s", Maximum: "6h"}}}
		d.Versions = []*sealwatchv1.DetectionVersion{{Revision: 3, StartTime: day(2024), EndTime: day(2025)}, {Revision: 2, StartTime: day(2026), EndTime: day(2200)}, {Revision: 1, StartTime: day(1970), EndTime: day(2200)}}
	case "detections/impossible_travel":
		d.Status.State = sealwatchv1.DetectionState_DETECTION_STATE_BLIND
		d.Versions = []*sealwatchv1.DetectionVersion{{Revision: 1, StartTime: timestamppb.New(time.Unix(0, 0)), EndTime: day(2200)}}
		d.Status.Inputs = []*sealwatchv1.DetectionInput{{Name: "event", Events: 9}, {Name: "place of kind user", LikelyCauses: []string{"no location \x1b[31m", "another cause"}},
			{Name: "activity a", LikelyCauses: []string{"nobody did that"}}, {Name: "activity b", LikelyCauses: []string{"nobody did that"}}, {Name: "activity c", LikelyCauses: []string{"nobody did that"}}, {Name: "activity d", LikelyCauses: []string{"nobody did that"}}}
	case "detections/policy_wide", "detections/policy_gone":
		d.Status.State = sealwatchv1.DetectionState_DETECTION_STATE_OK
		d.Title, d.Parameters = "Wide", []*sealwatchv1.DetectionParameter{{Name: "back_us", Value: "1201000000", Description: "of the policy"}}
	default:
		d.Status.State, d.Status.OffReason = sealwatchv1.DetectionState_DETECTION_STATE_OFF, "nothing says which keys"
	}
	return d, nil
}

// Backtest answers with the settings that it was asked for; a value "bad" is refused.
func (f *fake) Backtest(r *sealwatchv1.BacktestRequest, s grpc.ServerStreamingServer[sealwatchv1.BacktestResponse]) error {
	result := &sealwatchv1.BacktestResult{Detection: "impossible_travel", StartTime: r.GetStartTime(), EndTime: r.GetEndTime()}
	count := func(proposed, present int32) *sealwatchv1.BacktestCount {
		return &sealwatchv1.BacktestCount{Proposed: proposed, Present: present}
	}
	result.Alerts, result.Suppressed, result.Subjects = count(2, 2), count(1, 1), count(1, 1)
	result.Notes = []string{"It is \x1b[31moff: live it raises nothing."}
	for _, v := range r.GetSettings() {
		if v.GetValue() == "bad" {
			return status.Errorf(codes.InvalidArgument, "settings[0]: parameter %s of impossible_travel: bad: expected 100 to 10000 km/h", v.GetParameter())
		}
		result.Settings = append(result.Settings, &sealwatchv1.BacktestSetting{Detection: "impossible_travel", Parameter: v.GetParameter(), Value: v.GetValue(), PresentValue: "900"})
		result.Alerts.Present, result.Removed = 3, 1
	}
	user := &sealwatchv1.Principal{Type: "user", Id: "u1", Email: "ada@example.com"}
	result.Severities = []*sealwatchv1.BacktestSeverity{{Severity: sealwatchv1.Severity_SEVERITY_HIGH, Alerts: result.GetAlerts()}}
	result.Days = []*sealwatchv1.BacktestDay{{Date: "2026-03-01", Alerts: result.GetAlerts(), Suppressed: count(1, 1)}}
	result.TopSubjects = []*sealwatchv1.BacktestSubject{{Subject: user, Alerts: result.GetAlerts(), Suppressed: count(1, 1)}}
	result.Suppressions = []*sealwatchv1.BacktestSuppression{{Reason: "familiar_places", Description: "Both ends are places where the user was on several earlier days.", Findings: count(1, 1)}}
	if result.GetRemoved() > 0 {
		result.RemovedExamples = []*sealwatchv1.BacktestExample{{Title: "Ada was in two \x1b[31mplaces", Subject: user, Severity: sealwatchv1.Severity_SEVERITY_HIGH,
			StartTime: timestamppb.New(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)), EndTime: timestamppb.New(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))}}
	}
	for _, m := range []*sealwatchv1.BacktestResponse{
		{Content: &sealwatchv1.BacktestResponse_Progress{Progress: &sealwatchv1.BacktestProgress{Detection: "impossible_travel", Fraction: 1, Alerts: 2}}},
		{Content: &sealwatchv1.BacktestResponse_Result{Result: result}},
	} {
		if err := s.Send(m); err != nil {
			return err
		}
	}
	return nil
}

// Reevaluate shows one difference of each kind; without detections none.
func (f *fake) Reevaluate(r *sealwatchv1.ReevaluateRequest, s grpc.ServerStreamingServer[sealwatchv1.ReevaluateResponse]) error {
	end := r.GetEndTime()
	if end == nil {
		end = timestamppb.New(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	}
	result := &sealwatchv1.ReevaluateResult{Detection: "failed_logins", StartTime: r.GetStartTime(), EndTime: end, Revisions: []int32{1, 2}, PreviewToken: "0123456789abcdef0123456789abcdef",
		Total: &sealwatchv1.ReevaluateCount{Unchanged: 4, Alerts: 3, AlertsNow: 3}}
	if len(r.GetDetections()) > 0 {
		at := timestamppb.New(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))
		result.Total = &sealwatchv1.ReevaluateCount{Created: 1, Changed: 1, Withdrawn: 1, Unchanged: 4, Alerts: 3, AlertsNow: 4}
		result.Days = []*sealwatchv1.ReevaluateDay{{Date: "2026-03-01", Count: &sealwatchv1.ReevaluateCount{Created: 1, Changed: 1, Withdrawn: 1}}}
		high, low, raised := sealwatchv1.Severity_SEVERITY_HIGH, sealwatchv1.Severity_SEVERITY_LOW, sealwatchv1.AlertState_ALERT_STATE_NEW
		result.Examples = []*sealwatchv1.ReevaluateExample{
			{Difference: sealwatchv1.AlertChange_ALERT_CHANGE_CREATED, Title: "Ada failed \x1b[31mfive times", Severity: low, State: raised, StartTime: at},
			{Difference: sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED, Title: "Bob failed nine times", Severity: low, PreviousSeverity: high, State: sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED, PreviousState: raised, StartTime: at, Fields: []*sealwatchv1.FieldDifference{
				{Field: "severity", Before: "high", After: "low"}, {Field: "suppressedBy", After: "expired\x1b[31m_credentials"}, {Field: "events", Before: "e1", After: "e2, e3"}, {Field: "evidence.failures", Before: "8", After: "9"}}},
			{Difference: sealwatchv1.AlertChange_ALERT_CHANGE_RETRACTED, Title: "Cleo failed three times", Severity: high, PreviousSeverity: high, State: sealwatchv1.AlertState_ALERT_STATE_RETRACTED, PreviousState: raised, StartTime: at},
		}
	}
	return s.Send(&sealwatchv1.ReevaluateResponse{Content: &sealwatchv1.ReevaluateResponse_Result{Result: result}})
}

// ApplyReevaluation makes a version of what was shown, and of nothing else.
func (f *fake) ApplyReevaluation(_ context.Context, r *sealwatchv1.ApplyReevaluationRequest) (*sealwatchv1.ApplyReevaluationResponse, error) {
	answer := &sealwatchv1.ApplyReevaluationResponse{}
	for _, d := range r.GetDetections() {
		if d.GetPreviewToken() != "0123456789abcdef0123456789abcdef" || r.GetAuthor() != "ann" {
			return nil, status.Error(codes.InvalidArgument, "not what was shown to ann")
		}
		answer.Versions = append(answer.Versions, &sealwatchv1.AppliedVersion{Detection: d.GetDetection(), Version: &sealwatchv1.DetectionVersion{Revision: 3, StartTime: r.GetStartTime(), EndTime: r.GetEndTime()}})
	}
	return answer, nil
}

// serve runs the fake on a loopback port until the test ends, and returns its address.
func (f *fake) serve(t *testing.T) string {
	t.Helper()
	if f.stored == nil {
		f.stored = map[string]bool{}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := f.serveOn(l)
	t.Cleanup(stop)
	return l.Addr().String()
}

// serveOn serves on a listener; the function that it returns stops it.
func (f *fake) serveOn(l net.Listener) func() {
	s := grpc.NewServer()
	sealwatchv1.RegisterIngestServiceServer(s, f)
	sealwatchv1.RegisterAlertServiceServer(s, f)
	sealwatchv1.RegisterSystemServiceServer(s, f)
	sealwatchv1.RegisterDetectionServiceServer(s, f)
	sealwatchv1.RegisterDirectoryServiceServer(s, fakeDirectory{})
	sealwatchv1.RegisterExceptionServiceServer(s, fakeExceptions{})
	sealwatchv1.RegisterIncidentServiceServer(s, fakeIncidents{})
	sealwatchv1.RegisterDestinationServiceServer(s, &fakeDestinations{})
	sealwatchv1.RegisterTimelineServiceServer(s, fakeTimeline{})
	sealwatchv1.RegisterHuntServiceServer(s, limited{})
	sealwatchv1.RegisterPolicyServiceServer(s, newFakePolicies())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	return func() { s.Stop(); <-done }
}

// fakeAlert is an alert about a journey.
func fakeAlert(n int) *sealwatchv1.Alert {
	at := time.Date(2026, 3, 2, 10, n, 0, 0, time.UTC)
	evidence, err := structpb.NewStruct(map[string]any{
		"from":       map[string]any{"time": "2026-03-02T10:00:00Z", "city": "london", "country": "GB", "ipAddress": "203.0.113.1", "browser": "Chrome 126", "os": "Windows 10", "activity": "logon"},
		"to":         map[string]any{"time": "2026-03-02T10:09:00Z", "city": "tokyo", "country": "JP", "ipAddress": "192.0.2.9", "activity": "logon"},
		"distanceKm": 9560.5, "hours": 0.15, "speedKmh": 63737.0, "allowedSpeedKmh": 900.0,
	})
	if err != nil {
		panic(err)
	}
	return &sealwatchv1.Alert{
		Name: fmt.Sprintf("alerts/%032x", n), Tenant: "default", Detection: "impossible_travel",
		Title:    "User was in london and 9 minutes later in tokyo, 9560 km away",
		Severity: sealwatchv1.Severity_SEVERITY_HIGH, State: sealwatchv1.AlertState_ALERT_STATE_NEW,
		Subject:   &sealwatchv1.Principal{Type: "user", Id: fmt.Sprintf("00000000-0000-4000-8000-%012d", n)},
		StartTime: timestamppb.New(at.Add(-time.Minute)), EndTime: timestamppb.New(at), CreateTime: timestamppb.New(at),
		EventIds: []string{"a", "b"}, EventCount: 2, Score: 70.8, Evidence: evidence, Sequence: int64(n),
	}
}

// fakeAlerts are n of them; one has a nasty title.
// describe gives an alert everything that one can have.
func describe(a *sealwatchv1.Alert) {
	at := func(hour int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC))
	}
	a.Response = []string{"Ask the user by telephone.", "Close the \x1b[31mmembership."}
	a.Rerun, a.AllEvents, a.Assignee = "SELECT 1", "SELECT 2", "kim"
	a.Comments = []*sealwatchv1.AlertComment{{Author: "kim", Text: "looking", CreateTime: at(11)}}
	a.Context = &sealwatchv1.AlertContext{FirstArrivalTime: at(9), LastArrivalTime: at(10),
		Directory: &sealwatchv1.DirectoryState{Source: "entra", DisplayName: "Ada", Status: "disabled", StatusTime: at(1), Role: "administrator", Groups: []string{"Finance", "Leavers"}},
		Addresses: []*sealwatchv1.AlertTrait{{Value: "192.0.2.1", Label: "Example Net", New: true}},
		Networks:  []*sealwatchv1.AlertTrait{{Value: "64500", Label: "Example Net", DayCount: 1, OtherUserCount: 12}},
		Devices:   []*sealwatchv1.AlertTrait{{Value: "Chrome 126 on Windows 10", Label: "desktop", DayCount: 30, OtherUserCount: 1, Family: "Chrome on Windows", FamilyDayCount: 41}},
		NextHour:  []*sealwatchv1.AlertDeed{{Activity: "download", Count: 40}, {Activity: "send", Count: 1}}, NextHourComplete: true,
		Gaps: []*sealwatchv1.CoverageGap{{StartTime: at(3), EndTime: at(5)}}}
}

// fakeSuppressed is suppressed by the exception that is made of it; no list has it that does not ask for such.
func fakeSuppressed() *sealwatchv1.Alert {
	a := fakeAlert(9)
	a.State, a.SuppressedBy = sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED, []string{"exception:e1f2a3b4-0000-7000-8000-00000000000e"}
	return a
}

func fakeAlerts(n int) []*sealwatchv1.Alert {
	var all []*sealwatchv1.Alert
	for i := range n {
		a := fakeAlert(i + 1)
		if i == 1 {
			a.Title = "red \x1b[31mand \u202eturned\u009b\nround"
			a.Subject.Email = "someone.with.a.very.long.address@mail.example.com"
		}
		if i == 2 {
			describe(a)
		}
		all = append(all, a)
	}
	return all
}

// invoke runs a command line in this process.
func invoke(t *testing.T, ctx context.Context, p *process, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	p.out, p.err = &o, &e
	if p.in == nil {
		p.in = strings.NewReader("")
	}
	if p.now == nil {
		p.now = func() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }
	}
	code = p.run(ctx, args)
	return code, o.String(), e.String()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
