package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/goleak"
)

// TestAcknowledgedRowsSurviveKills has four writers insert batches while the
// child is killed again and again. A writer repeats a batch, under the same
// token, until it is acknowledged; in the end every acknowledged row has to be
// there exactly once.
func TestAcknowledgedRowsSurviveKills(t *testing.T) {
	t.Parallel()
	e := startEngine(t, testOptions(t))
	conn := connect(t, e)
	mustExec(t, conn, "CREATE DATABASE d")
	mustExec(t, conn, `CREATE TABLE d.t (writer UInt8, row UInt64) ENGINE = MergeTree ORDER BY (writer, row)
		SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000`)
	const writers, batchRows, kills = 4, 100, 5
	var acknowledged, retries atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for batch := 0; ; batch++ {
				select {
				case <-stop:
					return
				default:
				}
				for insertBatch(t.Context(), conn, writer, batch, batchRows) != nil {
					retries.Add(1)
					time.Sleep(5 * time.Millisecond)
				}
				acknowledged.Add(batchRows)
			}
		})
	}
	for kill := range uint64(kills) {
		before := acknowledged.Load()
		waitFor(t, "batches are acknowledged", func() bool { return acknowledged.Load() > before+writers*batchRows })
		if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the child is replaced", func() bool {
			status := e.Status()
			return status.Restarts > kill && status.State == StateRunning
		})
	}
	close(stop)
	all.Wait()
	var rows, distinct uint64
	if err := conn.QueryRow(t.Context(), "SELECT count(), uniqExact(writer, row) FROM d.t").Scan(&rows, &distinct); err != nil {
		t.Fatal(err)
	}
	want := uint64(acknowledged.Load())
	t.Logf("%d rows acknowledged, %d retries, %d restarts", want, retries.Load(), e.Restarts())
	if rows != want || distinct != want {
		t.Errorf("acknowledged %d rows, stored %d, distinct %d", want, rows, distinct)
	}
	if e.Restarts() < kills || e.Status().LastError == "" {
		t.Errorf("status after %d kills: %+v", kills, e.Status())
	}
}

func insertBatch(ctx context.Context, conn driver.Conn, writer, number, rows int) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"insert_deduplication_token": fmt.Sprintf("%d-%d", writer, number)}))
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO d.t")
	if err != nil {
		return err
	}
	for row := range rows {
		if err := batch.Append(uint8(writer), uint64(number*rows+row)); err != nil {
			return err
		}
	}
	return batch.Send()
}

// TestConnectionsWaitForTheNextChild sends a request while no child runs.
func TestConnectionsWaitForTheNextChild(t *testing.T) {
	t.Parallel()
	e := startEngine(t, testOptions(t))
	if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the death is noticed", func() bool { return e.Status().State == StateRestarting || e.Restarts() > 0 })
	if status, body := post(t, e, e.User(), e.Password(), "SELECT 'still here'", nil); body != "still here\n" {
		t.Errorf("%d %q", status, body)
	}
}

func TestOneOwnerOfADirectory(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	e := startEngine(t, options)
	_, err := Start(t.Context(), options)
	var inUse *DirectoryInUseError
	if !errors.As(err, &inUse) || inUse.PID != e.PID() || inUse.Dir != options.DataDir {
		t.Errorf("second owner: %v, want one that names %s and process %d", err, options.DataDir, e.PID())
	}
	if got, err := ReadFile(options.DataDir); err != nil || got.PID != e.PID() {
		t.Errorf("the second owner touched the file of the first: %+v, %v", got, err)
	}
}

func TestEngineFile(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	e, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(options.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if f.Address != e.Addr() || f.User != "" || f.Password != "" || f.PID != e.PID() || f.Version == "" || !f.Confinement.Complete() {
		t.Errorf("engine.json: %+v", f)
	}
	for path, mode := range map[string]os.FileMode{"": 0o700, "engine.json": 0o600, "engine.lock": 0o600, "config/users.xml": 0o600} {
		info, err := os.Stat(filepath.Join(options.DataDir, path))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%q: %v, want mode %v (%v)", path, info.Mode(), mode, err)
		}
	}
	content, _ := os.ReadFile(filepath.Join(options.DataDir, "engine.json"))
	if strings.Contains(string(content), e.Password()) || strings.Contains(string(content), e.ReaderPassword()) || !json.Valid(content) {
		t.Errorf("engine.json holds a password or is no JSON")
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := ReadFile(options.DataDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("engine.json after the stop: %v", err)
	}
	if status := e.Status(); status.State != StateStopped || status.PID != 0 {
		t.Errorf("status after the stop: %+v", status)
	}
}

// TestStopLeavesNothing counts the parent's goroutines.
func TestStopLeavesNothing(t *testing.T) {
	options := testOptions(t)
	before := goleak.IgnoreCurrent()
	e, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	pid := e.PID()
	if err := e.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Errorf("second stop: %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
	goleak.VerifyNone(t, before)
}

// TestStopWaitsForRequests stops the engine under a query that is shorter
// than the drain time, and under one that is longer.
func TestStopWaitsForRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql      string
		finishes bool
	}{{"SELECT sleep(1)", true}, {"SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", false}} {
		e := startEngine(t, testOptions(t))
		conn := connect(t, e)
		done := make(chan error, 1)
		go func() { done <- conn.Exec(t.Context(), c.sql) }()
		waitFor(t, "the query runs", func() bool {
			return queryOne[uint64](t, conn, "SELECT count() FROM system.processes") == 2
		})
		started := time.Now()
		if err := e.Stop(t.Context()); err != nil {
			t.Errorf("%s: %v", c.sql, err)
		}
		if err := <-done; (err == nil) != c.finishes {
			t.Errorf("%s: %v", c.sql, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s: the stop took %v", c.sql, took)
		}
	}
}

// TestCrashLoopIsExplained starts children that die with a message.
func TestCrashLoopIsExplained(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	options.Command = []string{"/bin/sh", "-c", "echo the disk is on fire >&2; exit 3"}
	_, err := Start(t.Context(), options)
	if err == nil || !strings.Contains(err.Error(), "the disk is on fire") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	options = testOptions(t)
	options.Library = filepath.Join(t.TempDir(), "missing.so")
	if _, err := Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), "missing.so") {
		t.Errorf("missing library: %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for what, change := range map[string]func(*Options){
		"relative directory":  func(o *Options) { o.DataDir = "data" },
		"no command":          func(o *Options) { o.Command = nil },
		"any address":         func(o *Options) { o.Addr = "0.0.0.0:0" },
		"another machine":     func(o *Options) { o.Addr = "192.0.2.1:8123" },
		"a name":              func(o *Options) { o.Addr = "localhost:0" },
		"no name of database": func(o *Options) { o.Reader.Databases = []string{"a,b"} },
	} {
		options := testOptions(t)
		change(&options)
		if e, err := Start(t.Context(), options); err == nil {
			t.Errorf("%s: accepted", what)
			_ = e.Stop(t.Context())
		}
	}
}

// orphanArgument makes the test's executable a parent that waits to be killed.
const orphanArgument = "engine-parent"

func runParent(args []string) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = Start(context.Background(), Options{DataDir: args[0], Command: []string{executable, childArgument}})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

// TestChildEndsWithItsParent kills the parent, which can tell nobody.
func TestChildEndsWithItsParent(t *testing.T) {
	t.Parallel()
	options := testOptions(t)
	parent := exec.Command(options.Command[0], orphanArgument, options.DataDir)
	parent.Env = append(os.Environ(), "SEALWATCH_ENGINE_LIBRARY="+options.Library)
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := output.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(options.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	waitFor(t, "the child is gone", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.PID))
		return err != nil || strings.Contains(string(status), "\nState:\tZ")
	})
	e := startEngine(t, options)
	if e.PID() == f.PID {
		t.Error("no new child")
	}
}
