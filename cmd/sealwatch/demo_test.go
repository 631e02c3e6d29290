package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/config"
)

// demoProcess is a process whose service is a fake.
func demoProcess(f *fake, fail error) *process {
	f.stored = map[string]bool{}
	return &process{now: time.Now, serve: func(ctx context.Context, cfg config.Config, o serveOptions) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer f.serveOn(l)()
		o.Logger.Info("started", "dataDir", cfg.DataDir)
		o.Started(addresses{GRPC: l.Addr().String(), HTTP: "127.0.0.1:7401", Engine: "http://127.0.0.1:8123"})
		if fail != nil {
			return fail
		}
		<-ctx.Done()
		return nil
	}}
}

func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	for range 2 { // the second run finds what the first one left
		f := &fake{alerts: fakeAlerts(2)}
		code, out, errs := invoke(t, t.Context(), demoProcess(f, nil), "demo", "--dir", dir, "--duration", "3s", "--days", "2", "--users", "20")
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		for _, part := range []string{"REST   http://127.0.0.1:7401", "Ctrl-C stops all of it", "events of history are stored", "2 alerts raised",
			"ALERT  2026-03-02T10:01:00Z  HIGH  User was in london", "from    2026-03-02T10:00:00Z  London, United Kingdom  203.0.113.1  Chrome 126 on Windows 10  log-on",
			"why     9560 km apart, 9 minutes between, faster than any aircraft, 900 km/h are possible, score 70.8"} {
			if !strings.Contains(out, part) {
				t.Errorf("the output lacks %q:\n%s", part, out)
			}
		}
		if len(f.stored) < 100 {
			t.Errorf("%d events were stored", len(f.stored))
		}
		if strings.ContainsAny(out, "\x1b\u202e") {
			t.Error("the output can turn the terminal over")
		}
	}
}

func TestDemoFailsWithTheService(t *testing.T) {
	for name, fail := range map[string]error{"at once": errors.New("no engine"), "later": errors.New("engine lost")} {
		t.Run(name, func(t *testing.T) {
			p := demoProcess(&fake{}, fail)
			if name == "at once" {
				p.serve = func(context.Context, config.Config, serveOptions) error { return fail }
			}
			code, _, errs := invoke(t, t.Context(), p, "demo", "--dir", filepath.Join(t.TempDir(), "d"), "--duration", "1m", "--days", "1", "--users", "10")
			if code != exitError || !strings.Contains(errs, "the service: "+fail.Error()) {
				t.Fatalf("exit %d: %s", code, errs)
			}
		})
	}
}

// TestDemoTriesAgainWhenAPortIsTaken: somebody else takes a port after the demo looked, once or always. No traffic begins.
func TestDemoTriesAgainWhenAPortIsTaken(t *testing.T) {
	for name, always := range map[string]bool{"once": false, "always": true} {
		t.Run(name, func(t *testing.T) {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			_ = free.Close()
			var tried []string
			p := &process{now: time.Now, environ: []string{"SEALWATCH_HTTP_ADDR=" + free.Addr().String()}, serve: func(_ context.Context, cfg config.Config, _ serveOptions) error {
				if tried = append(tried, cfg.HTTPAddr); len(tried) > 1 && !always {
					return errors.New("enough")
				}
				l, err := net.Listen("tcp", cfg.HTTPAddr)
				if err == nil {
					t.Cleanup(func() { _ = l.Close() })
					_, err = net.Listen("tcp", l.Addr().String())
				}
				return fmt.Errorf("httpAddr: cannot listen: %w", err)
			}}
			code, out, errs := invoke(t, t.Context(), p, "demo", "--dir", filepath.Join(t.TempDir(), "d"))
			why, tries := "enough", 2
			if always {
				why, tries = "cannot listen", demoStarts
			}
			if code != exitError || len(tried) != tries || !strings.Contains(errs, why) {
				t.Fatalf("exit %d after %q: %s", code, tried, errs)
			}
			if tried[1] == tried[0] || !strings.Contains(out, tried[0]+" is taken, so the demo uses a free port.") {
				t.Errorf("tried %q:\n%s", tried, out)
			}
		})
	}
}

func TestDemoKeepsItsHandsOffOthersFiles(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := invoke(t, t.Context(), demoProcess(&fake{}, nil), "demo", "--dir", dir, "--duration", "1s")
	if code != exitError || !strings.Contains(errs, "holds files that no demo made") {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Fatal(err)
	}
}

func TestFreeAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := l.Addr().String()
	if got := freeAddress(taken); got != "127.0.0.1:0" {
		t.Errorf("a taken address gives %s", got)
	}
	_ = l.Close()
	if got := freeAddress(taken); got != taken {
		t.Errorf("a free address gives %s", got)
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var seen config.Config
	p := &process{serve: func(ctx context.Context, cfg config.Config, o serveOptions) error {
		seen = cfg
		o.Logger.Info("ready")
		o.Started(addresses{GRPC: "g", HTTP: "h", Engine: "e"})
		cancel()
		<-ctx.Done()
		return nil
	}}
	code, _, errs := invoke(t, ctx, p, "serve", "--data-dir", "/x", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0")
	if code != exitOK || seen.DataDir != "/x" || !strings.Contains(errs, "msg=ready") {
		t.Fatalf("exit %d, %+v: %s", code, seen, errs)
	}
	p.serve = func(context.Context, config.Config, serveOptions) error { return errors.New("boom") }
	if code, _, errs := invoke(t, t.Context(), p, "serve"); code != exitError || errs != "sealwatch: boom\n" {
		t.Fatalf("exit %d: %s", code, errs)
	}
}

func TestSimulateWritesItsFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"simulate", "--users", "30", "--start", "2026-03-02", "--end", "2026-03-16T00:00:00Z", "--labels", at("labels"), "--users-file", at("users"), "-o", at("events"), "--format", "page-v3"}
	code, out, errs := invoke(t, t.Context(), &process{}, args...)
	if code != exitOK || out != "" {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	for name, part := range map[string]string{"labels": `"expectedDetection":"failed_logins"`, "users": `"userName": "`, "events": `{"resultData":[`} {
		text, err := os.ReadFile(at(name))
		if err != nil || !bytes.Contains(text, []byte(part)) {
			t.Errorf("%s lacks %s, %v", name, part, err)
		}
	}
}
