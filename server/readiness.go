package server

import (
	"context"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// readyTimeout bounds one question; who does not answer in time is not ready.
const readyTimeout = 500 * time.Millisecond

// missing lists what keeps the server from its work.
func (s *Server) missing(ctx context.Context) []string {
	if s.draining.Err() != nil {
		return []string{"this server ends"}
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return s.options.Ready(ctx)
}

// watchReadiness keeps the gRPC health service up to date until the server stops.
func (s *Server) watchReadiness() {
	tick := time.NewTicker(s.options.ReadyInterval)
	defer tick.Stop()
	for {
		s.setServing(len(s.missing(s.draining)) == 0)
		select {
		case <-tick.C:
		case <-s.draining.Done():
			return
		}
	}
}

// setServing sets the state of the whole and of each service; after the health service was shut down it does nothing.
func (s *Server) setServing(yes bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if yes {
		state = healthpb.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", state)
	for name := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(name, state)
	}
}
