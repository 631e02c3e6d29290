package main

import (
	"net"
	"sync"
	"testing"
	"time"
)

// siem is a receiver that notes what comes.
type siem struct {
	address string
	mu      sync.Mutex
	got     string
}

func listenForLine(t *testing.T) *siem {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &siem{address: l.Addr().String()}
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			reading.Go(func() {
				defer func() { _ = conn.Close() }()
				b := make([]byte, 16<<10)
				for {
					n, err := conn.Read(b)
					r.mu.Lock()
					r.got += string(b[:n])
					r.mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); reading.Wait() })
	return r
}

func (r *siem) line() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

// wait waits until something came.
func (r *siem) wait() string {
	for range 500 {
		if got := r.line(); got != "" {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ""
}
