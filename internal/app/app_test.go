package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/hunting"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == serviceArgument {
		if err := runServiceChild(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	testkit.Main(m)
}

// service is a running Sealwatch, as serve would run it.
type service struct {
	t    testing.TB
	cfg  config.Config
	at   app.Addresses
	conn *grpc.ClientConn

	stop   context.CancelFunc
	result chan error
}

func settings(t testing.TB) config.Config {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir, cfg.GRPCAddr, cfg.HTTPAddr, cfg.Hunting.Addr = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Engine.Library = testkit.Library(t)
	cfg.Ingest.CityDatabases, cfg.Ingest.ASNDatabases = nil, nil
	cfg.ShutdownTimeout = 20 * time.Second
	return cfg
}

func run(t testing.TB, cfg config.Config) *service {
	t.Helper()
	s, err := try(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// try starts the service and returns when it answers, or has failed.
func try(t testing.TB, cfg config.Config) (*service, error) {
	t.Helper()
	return tryWith(t, cfg, app.Options{})
}

// tryWith is try with more options.
func tryWith(t testing.TB, cfg config.Config, o app.Options) (*service, error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &service{t: t, cfg: cfg, stop: stop, result: make(chan error, 1)}
	started := make(chan app.Addresses, 1)
	go func() {
		o.Logger = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
		o.EngineCommand, o.Started = testkit.Command(t), func(a app.Addresses) { started <- a }
		s.result <- app.Run(ctx, cfg, o)
	}()
	select {
	case s.at = <-started:
	case err := <-s.result:
		stop()
		return nil, err
	}
	conn, err := grpc.NewClient(s.at.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	s.conn = conn
	t.Cleanup(s.end)
	return s, nil
}

// end stops the service as SIGTERM does; a second call does nothing.
func (s *service) end() {
	if s.result == nil {
		return
	}
	_ = s.conn.Close()
	s.stop()
	select {
	case err := <-s.result:
		if err != nil {
			s.t.Errorf("the service ended with %v", err)
		}
	case <-time.After(time.Minute):
		s.t.Error("the service does not stop")
	}
	s.result = nil
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) { l.t.Logf("%s", bytes.TrimSpace(p)); return len(p), nil }

func (s *service) get(path string) map[string]any {
	s.t.Helper()
	r, err := http.Get("http://" + s.at.HTTP + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s %s", path, r.Status, body)
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		s.t.Fatalf("GET %s: %v in %s", path, err, body)
	}
	return out
}

func (s *service) importBody(body string) map[string]any {
	s.t.Helper()
	r, err := http.Post("http://"+s.at.HTTP+"/v1/monitor:import", "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("import: %s %s", r.Status, text)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		s.t.Fatal(err)
	}
	return out["result"].(map[string]any)
}

// settled waits until every event has been through every detection.
func (s *service) settled() {
	s.t.Helper()
	for {
		analysis := s.get("/v1/status")["analysis"].(map[string]any)
		if analysis["pendingEvents"].(float64) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// logon is a Monitor record in NDJSON.
func logon(id, user string, at time.Time, result, city string, lat, lon float64) string {
	return fmt.Sprintf(`{"timestamp":%q,"eventId":%q,"userId":%q,"object":"User","action":"Login","result":%q,"source":"Web","ipAddress":"198.51.100.7","city":%q,"latitude":%g,"longitude":%g,"country":"germany","site":"DEMO","organizationId":"ignored"}`,
		at.UTC().Format(time.RFC3339Nano), id, user, result, city, lat, lon) + "\n"
}

func travel(n int, at time.Time) string {
	user := fmt.Sprintf("user-%d", n)
	away := logon(fmt.Sprintf("b-%d", n), user, at.Add(10*time.Minute), "Success", "sydney", -33.87, 151.21)
	// one address is in one place, whatever geo data say of it
	return logon(fmt.Sprintf("a-%d", n), user, at, "Success", "berlin", 52.52, 13.4) + strings.Replace(away, "198.51.100.7", "203.0.113.9", 1)
}

// receiver is a syslog receiver for octet-counted messages.
type receiver struct {
	address string
	mu      sync.Mutex
	lines   []string
	arrived chan struct{}
}

func listen(t *testing.T) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &receiver{address: l.Addr().String(), arrived: make(chan struct{}, 1000)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.read(c)
		}
	}()
	return r
}

func (r *receiver) read(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		var n int
		if _, err := fmt.Fscanf(in, "%d ", &n); err != nil {
			return
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(in, message); err != nil {
			return
		}
		r.mu.Lock()
		r.lines = append(r.lines, string(message))
		r.mu.Unlock()
		r.arrived <- struct{}{}
	}
}

func (r *receiver) received() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}

// TestMonitorRecordInAlertOut is the main job: records come in over REST, the alert is seen on the gRPC stream, in REST
// and at a syslog receiver; after a restart everything is still there, and nothing comes twice.
func TestMonitorRecordInAlertOut(t *testing.T) {
	cfg := settings(t)
	siem := listen(t)
	cfg.Destinations = []config.Destination{{Name: "siem", Heartbeat: "off", Syslog: &config.SyslogDestination{Address: siem.address}}}
	s := run(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // an alert that does not come is a failure, not a wait
	defer cancel()
	stream, err := sealwatchv1.NewAlertServiceClient(s.conn).StreamAlerts(ctx, &sealwatchv1.StreamAlertsRequest{After: "0"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-2 * time.Hour)
	if r := s.importBody(travel(1, at)); r["accepted"].(float64) != 2 {
		t.Fatalf("import: %v", r)
	}
	var seen *sealwatchv1.Alert
	for seen == nil {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		seen = m.GetAlert()
	}
	if seen.GetDetection() != "impossible_travel" || seen.GetSubject().GetId() != "user-1" || len(seen.GetEventIds()) != 2 {
		t.Errorf("stream: %v", seen)
	}
	s.settled()
	listed := s.get("/v1/alerts")["alerts"].([]any)
	if len(listed) != 1 {
		t.Fatalf("REST lists %d alerts", len(listed))
	}
	alert := listed[0].(map[string]any)
	for _, field := range []string{"name", "detection", "title", "severity", "state", "subject", "startTime", "endTime", "createTime", "eventIds", "evidence", "suppressedBy"} {
		if _, ok := alert[field]; !ok {
			t.Errorf("the alert has no %s: %v", field, alert)
		}
	}
	if alert["name"] != seen.GetName() {
		t.Errorf("REST says %v, the stream %s", alert["name"], seen.GetName())
	}
	<-siem.arrived
	if lines := siem.received(); !strings.Contains(lines[0], strings.TrimPrefix(seen.GetName(), "alerts/")) || !strings.HasPrefix(lines[0], "<") {
		t.Errorf("syslog: %q", lines)
	}
	if e := s.get("/v1/events/a-1"); e["activity"] != "logon" || e["tenant"] != "default" || e["source"] != "import" || !strings.Contains(e["raw"].(string), `"eventId":"a-1"`) {
		t.Errorf("event: %v", e)
	}
	cancel()
	s.end()

	s = run(t, cfg)
	if sources := s.get("/v1/status")["sources"].([]any); len(sources) != 1 || sources[0].(map[string]any)["source"] != "import" {
		t.Errorf("a source that was silent since the restart is forgotten: %v", sources)
	}
	if r := s.importBody(travel(1, at)); r["accepted"].(float64) != 0 || r["duplicates"].(float64) != 2 {
		t.Errorf("the same records again: %v", r)
	}
	s.importBody(travel(2, at))
	s.settled()
	if listed := s.get("/v1/alerts")["alerts"].([]any); len(listed) != 2 {
		t.Errorf("after the restart REST lists %d alerts, expected 2", len(listed))
	}
	<-siem.arrived
	lines := siem.received()
	if len(lines) != 2 || !strings.Contains(lines[1], "user-2") {
		t.Errorf("after the restart the receiver has %d messages: %q", len(lines), lines)
	}
	if d := s.get("/v1/status")["destinations"].([]any)[0].(map[string]any); d["state"] != "ok" || d["pending"].(float64) != 0 {
		t.Errorf("destination: %v", d)
	}
}

// TestEngineKilledDuringIngest kills the engine's process again and again while a client sends batches and repeats those
// that failed; in the end every event is stored exactly once and has been analysed.
func TestEngineKilledDuringIngest(t *testing.T) {
	s := run(t, settings(t))
	const batches, size = 60, 50
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 4 {
			time.Sleep(300 * time.Millisecond)
			if f, err := embedded.ReadFile(s.cfg.DataDir); err == nil {
				_ = syscall.Kill(f.PID, syscall.SIGKILL)
			}
		}
	}()
	client := sealwatchv1.NewIngestServiceClient(s.conn)
	at := time.Now().Add(-24 * time.Hour)
	var wait sync.WaitGroup
	work := make(chan int)
	for range 4 {
		wait.Go(func() {
			for b := range work {
				request := &sealwatchv1.BatchIngestEventsRequest{}
				for i := range size {
					record := logon(fmt.Sprintf("e-%d-%d", b, i), fmt.Sprintf("user-%d", i), at.Add(time.Duration(b)*time.Minute), "Success", "berlin", 52.52, 13.4)
					request.Records = append(request.Records, &sealwatchv1.IngestRecord{Record: &sealwatchv1.IngestRecord_MonitorJson{MonitorJson: []byte(record)}})
				}
				for {
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					_, err := client.BatchIngestEvents(ctx, request)
					cancel()
					if err == nil {
						break
					}
					t.Logf("batch %d: %v", b, err)
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
	}
	for b := range batches {
		work <- b
		time.Sleep(20 * time.Millisecond)
	}
	close(work)
	wait.Wait()
	<-done
	s.settled()
	status := s.get("/v1/status")
	engine := status["engine"].(map[string]any)
	if engine["eventsStored"].(float64) != batches*size {
		t.Errorf("%v events are stored, expected %d", engine["eventsStored"], batches*size)
	}
	if engine["restarts"].(float64) < 1 {
		t.Error("the engine was never killed: this tests nothing")
	}
	if n := s.count("SELECT count() - uniqExact(event_id) FROM sealwatch.events"); n != "0" {
		t.Errorf("%s events are stored twice", n)
	}
}

// count runs SQL as an ordinary client of ClickHouse would: with the password from hunt.json.
func (s *service) count(sql string) string {
	s.t.Helper()
	f, err := hunting.ReadAccess(s.cfg.DataDir)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, f.URL, strings.NewReader(sql))
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth(f.User, f.Password)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", sql, b)
	}
	return strings.TrimSpace(string(b))
}

func TestHuntingByHand(t *testing.T) {
	s := run(t, settings(t))
	// The engine's own port is for the service alone.
	access, err := hunting.ReadAccess(s.cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := embedded.ReadFile(s.cfg.DataDir)
	if err != nil || engine.Password != "" {
		t.Errorf("engine.json: %v, with a password: %v", err, engine.Password != "")
	}
	r, _ := http.NewRequest(http.MethodPost, engine.URL, strings.NewReader("SELECT 1"))
	r.SetBasicAuth("reader", access.Password)
	if answer, err := http.DefaultClient.Do(r); err != nil || answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("the engine lets hunters in: %v, %v", answer, err)
	} else {
		_ = answer.Body.Close()
	}
	s.importBody(travel(1, time.Now().Add(-2*time.Hour)))
	s.settled()
	if n := s.count("SELECT count() FROM sealwatch.detect_impossible_travel(from = '2020-01-01 00:00:00', to = '2100-01-01 00:00:00')"); n != "1" {
		t.Errorf("the view finds %s", n)
	}
	alert := s.get("/v1/alerts")["alerts"].([]any)[0].(map[string]any)
	rerun := strings.Replace(alert["rerun"].(string), "FROM detect_", "FROM sealwatch.detect_", 1)
	if n := s.count("SELECT finding_key = 'b-1' FROM (" + rerun + ")"); n != "1" && n != "true" {
		t.Errorf("the alert's own statement %q gives %q", rerun, n)
	}
}

func TestConflictsAndHeldEvents(t *testing.T) {
	s := run(t, settings(t))
	at := time.Now().Add(-time.Hour)
	first := s.importBody(logon("x", "u", at, "Success", "berlin", 52.52, 13.4))
	second := s.importBody(logon("x", "u", at, "Success", "paris", 48.86, 2.35))
	if first["accepted"].(float64) != 1 || second["conflicts"].(float64) != 1 {
		t.Errorf("receipts: %v, %v", first, second)
	}
	held := s.importBody(logon("y", "u", time.Now().Add(time.Hour), "Success", "berlin", 52.52, 13.4))
	if held["held"].(float64) != 1 {
		t.Errorf("receipt of a record from the future: %v", held)
	}
	s.settled()
	analysis := s.get("/v1/status")["analysis"].(map[string]any)
	if analysis["heldEvents"].(float64) != 1 || analysis["conflicts"].(float64) != 1 {
		t.Errorf("status: %v", analysis)
	}
	if w, err := time.Parse(time.RFC3339Nano, fmt.Sprint(analysis["watermark"])); err != nil || w.After(time.Now()) {
		t.Errorf("watermark %v is moved by a held event", analysis["watermark"])
	}
	if n := s.count("SELECT count() FROM sealwatch.events"); n != "2" {
		t.Errorf("%s events are stored, expected 2", n)
	}
}

// TestIntelligenceArrivesLater: activity that is stored and analysed becomes an alert when its address turns out to be Tor's.
func TestIntelligenceArrivesLater(t *testing.T) {
	s := run(t, settings(t))
	s.importBody(logon("x", "u", time.Now().Add(-time.Hour), "Success", "berlin", 52.52, 13.4))
	s.settled()
	if got := s.get("/v1/alerts")["alerts"].([]any); len(got) != 0 {
		t.Fatalf("%d alerts to begin with", len(got))
	}
	_, err := sealwatchv1.NewIpRangeServiceClient(s.conn).ImportIpRanges(t.Context(), &sealwatchv1.ImportIpRangesRequest{Ranges: []*sealwatchv1.IpRange{
		{Prefix: "198.51.100.0/24", Source: "tor-exits", Category: "risky", Tags: []string{"tor"}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.settled()
	got := s.get("/v1/alerts")["alerts"].([]any)
	if len(got) != 1 || got[0].(map[string]any)["detection"] != "anonymous_ip" {
		t.Errorf("alerts: %v", got)
	}
	if ranges := s.get("/v1/ipRanges")["ranges"].([]any); len(ranges) != 1 {
		t.Errorf("ranges: %v", ranges)
	}
}

func TestOneOwnerOfADataDirectory(t *testing.T) {
	cfg := settings(t)
	run(t, cfg)
	if _, err := try(t, cfg); err == nil || !strings.Contains(err.Error(), cfg.DataDir) {
		t.Errorf("a second service on the same directory: %v", err)
	}
	var inUse *embedded.DirectoryInUseError
	if _, err := try(t, cfg); !errors.As(err, &inUse) {
		t.Errorf("a second service on the same directory: %v", err)
	}
}

func TestRefusesDoubtfulSettings(t *testing.T) {
	for name, change := range map[string]func(*config.Config){
		"address beyond loopback": func(c *config.Config) { c.GRPCAddr = "0.0.0.0:0" },
		"unknown detection":       func(c *config.Config) { c.Analysis.Detections = map[string]config.Detection{"nonsense": {}} },
		"value out of bounds": func(c *config.Config) {
			c.Analysis.Detections = map[string]config.Detection{"failed_logins": {Parameters: map[string]string{"threshold": "1"}}}
		},
		"missing geo database": func(c *config.Config) { c.Ingest.CityDatabases = []string{filepath.Join(os.TempDir(), "no-such.mmdb")} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := settings(t)
			change(&cfg)
			if strings.Contains(name, "detection") || strings.Contains(name, "bounds") {
				if err := app.Check(cfg); err == nil {
					t.Error("the check finds it good")
				}
			}
			if s, err := try(t, cfg); err == nil {
				s.end()
				t.Error("the service started")
			} else {
				t.Log(err)
			}
		})
	}
}
