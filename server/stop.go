package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	if n := s.chain.SentAway(); n > 0 {
		s.options.Logger.LogAttrs(ctx, slog.LevelInfo, "streams and calls were ended because the service stops; who follows alerts resumes", slog.Int64("ended", n))
	}
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

// flushGrace is how long a client has to read what was sent to it after the last handler has ended.
const flushGrace = 2 * time.Second

// unread closes when no handler has been under way for flushGrace: then what keeps a connection open is a client that reads
// nothing, and who reads nothing is not waited for.
func (s *Server) unread(ctx context.Context) <-chan struct{} {
	out := make(chan struct{})
	s.running.Go(func() {
		tick := time.NewTicker(flushGrace / 20)
		defer tick.Stop()
		for busy := time.Now(); time.Since(busy) < flushGrace; {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			case <-s.ended:
				return
			}
			if s.chain.UnderWay() > 0 {
				busy = time.Now()
			}
		}
		close(out)
	})
	return out
}

func (s *Server) endGRPC(ctx context.Context) error {
	graceful := s.ended
	go func() {
		defer close(graceful)
		s.grpc.GracefulStop()
	}()
	unread := false
	select {
	case <-graceful:
		return nil
	case <-s.unread(ctx):
		unread = true
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
		if unread {
			return nil
		}
		return fmt.Errorf("calls were cut: %w", ctx.Err())
	case <-time.After(cutGrace):
		return fmt.Errorf("calls were cut: %w: %w", ctx.Err(), errStuck)
	}
}
