package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Stop ends the server: it says that it serves no longer, ends the streams with a status that tells the clients to
// resume, takes no new calls and waits for those under way, as long as ctx allows. Then it cuts what is left and says
// so in the error. Stop MUST be called for every server that New returned, started or not.
func (s *Server) Stop(ctx context.Context) error {
	var err error
	s.stop.Do(func() { err = s.end(ctx) })
	return err
}

func (s *Server) end(ctx context.Context) error {
	s.drain()
	s.health.Shutdown()
	var (
		ending                         sync.WaitGroup
		httpErr, rpcErr, clickhouseErr error
	)
	ending.Go(func() {
		if httpErr = s.http.Shutdown(ctx); httpErr != nil {
			httpErr = errors.Join(fmt.Errorf("HTTP requests were cut: %w", httpErr), s.http.Close())
		}
	})
	if s.clickhouse != nil {
		ending.Go(func() {
			if clickhouseErr = s.clickhouse.Shutdown(ctx); clickhouseErr != nil {
				clickhouseErr = errors.Join(fmt.Errorf("hunts were cut: %w", clickhouseErr), s.clickhouse.Close())
			}
		})
	}
	ending.Go(func() { rpcErr = s.endGRPC(ctx) })
	ending.Wait()
	// Last, because requests that HTTP was waiting for go over it.
	connErr := s.connection.Close()
	if !errors.Is(rpcErr, errStuck) {
		s.running.Wait()
	}
	return errors.Join(httpErr, clickhouseErr, rpcErr, connErr)
}

// errStuck says that a handler did not end although its context did; it is a defect of what the handler waits for.
var errStuck = errors.New("a handler does not end")

// cutGrace is how long a handler has to notice that its call was cut.
const cutGrace = time.Second

func (s *Server) endGRPC(ctx context.Context) error {
	graceful := make(chan struct{})
	go func() {
		defer close(graceful)
		s.grpc.GracefulStop()
	}()
	select {
	case <-graceful:
		return nil
	case <-ctx.Done():
	}
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		s.grpc.Stop()
		<-graceful
	}()
	select {
	case <-cut:
		return fmt.Errorf("calls were cut: %w", ctx.Err())
	case <-time.After(cutGrace):
		return fmt.Errorf("calls were cut: %w: %w", ctx.Err(), errStuck)
	}
}
