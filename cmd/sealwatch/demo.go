package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/config"
)

// demoFlags are the options of the command.
type demoFlags struct {
	dir      string
	seed     uint64
	users    int
	days     int
	duration time.Duration
}

func (p *process) demoCommand() *cobra.Command {
	f := &demoFlags{}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the service on a made-up organisation under attack",
		Long: "Run the service on a fresh, throw-away data directory, play a made-up organisation with attacks into it through the public\n" +
			"ingest interface, and print each alert as it is raised. It goes on with live traffic until Ctrl-C.\n\n" +
			"The directory is emptied at the start, if an earlier demo made it.",
		Example: "  sealwatch demo\n  sealwatch demo --seed 7 --users 200",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&f.dir, "dir", ".demo", "directory of the demo")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "decides what happens")
	c.Flags().IntVar(&f.users, "users", 80, "people and service accounts")
	c.Flags().IntVar(&f.days, "days", 7, "days of history")
	durationVar(c.Flags(), &f.duration, "duration", 0, "stop after this time; 0 goes on until Ctrl-C")
	c.RunE = func(c *cobra.Command, _ []string) error { return p.demo(c.Context(), f) }
	return c
}

// demo runs service, traffic and alerts side by side until ctx ends; it fails when one of them does.
func (p *process) demo(ctx context.Context, f *demoFlags) error {
	if f.days < 1 || f.days > 365 {
		return usagef("--days: found %d, expected 1 to 365", f.days)
	}
	dir, marker, err := demoDirectory(f.dir)
	if err != nil {
		return err
	}
	defer func() { _ = marker.Close() }()
	cfg, err := p.demoConfig(dir)
	if err != nil {
		return err
	}
	logFile, err := os.Create(filepath.Join(dir, "sealwatch.log"))
	if err != nil {
		return fmt.Errorf("the demo's log: %w", err)
	}
	defer func() { _ = logFile.Close() }()
	log := slog.New(slog.NewTextHandler(logFile, nil))

	p.print("Starting the service; its log is %s", logFile.Name())
	// The service goes last, so that traffic and alerts end with nothing under way.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var service *demoService
	for try := 1; ; try++ {
		service = p.demoService(background, cfg, log)
		select {
		case a := <-service.started:
			err = p.demoTraffic(ctx, f, a, service, cfg)
		case <-service.ended:
			// somebody may take a port between the look and the service
			if errors.Is(service.err, syscall.EADDRINUSE) && try < demoStarts && ctx.Err() == nil {
				p.demoAddresses(&cfg)
				continue
			}
		case <-ctx.Done():
		}
		break
	}
	early := ctx.Err() == nil && service.gone()
	stop()
	<-service.ended
	switch {
	case service.err != nil:
		return fmt.Errorf("the service: %w (its log is %s)", service.err, logFile.Name())
	case early:
		return fmt.Errorf("the service ended by itself (its log is %s)", logFile.Name())
	case err == nil:
		p.print("The demo has ended; its data stays in %s until the next one.", dir)
	}
	return err
}

// demoService is a service that runs inside the demo.
type demoService struct {
	started chan addresses
	// ended is closed when it has ended; err says why.
	ended chan struct{}
	err   error
}

// demoService starts it.
func (p *process) demoService(ctx context.Context, cfg config.Config, log *slog.Logger) *demoService {
	s := &demoService{started: make(chan addresses, 1), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = p.serve(ctx, cfg, serveOptions{Logger: log, Started: func(a addresses) { s.started <- a }})
	}()
	return s
}

// gone says whether it has ended.
func (s *demoService) gone() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// demoTraffic plays the organisation and prints the alerts until ctx ends, which is no error, or one of the two or the
// service fails.
func (p *process) demoTraffic(ctx context.Context, f *demoFlags, a addresses, service *demoService, cfg config.Config) error {
	conn, err := connect(a.GRPC)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	p.demoHeader(a, filepath.Join(cfg.DataDir, "hunt.json"))
	if f.duration > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, f.duration)
		defer stop()
	}
	d := &demoRun{p: p, flags: f, conn: conn, now: p.now()}
	all, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{d.traffic, d.alerts} {
		all.Go(func() error {
			// The end of the demo is no failure, whatever it broke off.
			if err := part(ctx); ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	all.Go(func() error {
		select {
		case <-service.ended:
			return errServiceGone
		case <-ctx.Done():
			return nil
		}
	})
	err = all.Wait()
	d.report()
	return err
}

// errServiceGone ends the traffic; what is said is why the service ended.
var errServiceGone = errors.New("the service is gone")

// demoConfig is the configuration of the demo's service: the user's environment, but its own directory, the usual ports
// where they are free, and always the embedded engine.
func (p *process) demoConfig(dir string) (config.Config, error) {
	cfg, err := config.Load(config.Options{Environ: p.environ, Executable: p.executable, Override: func(c *config.Config) {
		c.Tenant, c.DataDir = "demo", filepath.Join(dir, "data")
		c.ClickHouse, c.Destinations = config.ClickHouse{}, nil
	}})
	if err != nil {
		return cfg, err
	}
	p.demoAddresses(&cfg)
	return cfg, nil
}

// demoStarts is how often the service is started at most when others take its ports.
const demoStarts = 5

// demoAddresses replaces addresses that are taken.
func (p *process) demoAddresses(cfg *config.Config) {
	for _, a := range []*string{&cfg.GRPCAddr, &cfg.HTTPAddr, &cfg.Hunting.Addr} {
		if free := freeAddress(*a); free != *a {
			p.print("%s is taken, so the demo uses a free port.", *a)
			*a = free
		}
	}
}

// demoHeader says where everything is.
func (p *process) demoHeader(a addresses, credentials string) {
	p.print("")
	p.print("  REST   http://%s      gRPC   %s", a.HTTP, a.GRPC)
	p.print("")
	p.print("  curl 'http://%s/v1/alerts?pageSize=5'", a.HTTP)
	p.print("  curl http://%s/v1/status", a.HTTP)
	p.print("  %s alerts list --addr %s", terminal.Text(cmp.Or(p.called, "sealwatch")), a.GRPC)
	p.print("  SQL with any client of ClickHouse: http://%s, user and password are in %s", a.Hunting, credentials)
	p.print("")
	p.print("Ctrl-C stops all of it.")
	p.print("")
}
