package app

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/sealwatch/sealwatch/internal/config"
)

// freePorts says which addresses of the listeners cannot be listened on. Somebody may still take one before the service does.
func freePorts(ctx context.Context, cfg config.Config) error {
	var problems []error
	hunting := cfg.Hunting.Addr
	if !cfg.ClickHouse.DSN.IsZero() { // nobody hunts through the service then
		hunting = ""
	}
	for _, l := range []struct{ option, addr string }{{"grpcAddr", cfg.GRPCAddr}, {"httpAddr", cfg.HTTPAddr}, {"hunting.addr", hunting}} {
		if l.addr == "" {
			continue
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.addr)
		if err == nil {
			err = listener.Close()
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("app: %s: cannot listen on %s; expected a free port: %w", l.option, l.addr, err))
		}
	}
	return errors.Join(problems...)
}
