package exportertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
)

// Fault is a way in which a receiver misbehaves.
type Fault int

// Faults. None reads and keeps everything.
const (
	None Fault = iota
	// Refuse does not listen.
	Refuse
	// AcceptAndClose ends each connection at once.
	AcceptAndClose
	// Stall accepts and never reads.
	Stall
	// HalfClose ends its own direction after the first bytes and reads on.
	HalfClose
)

// Delivery is a change as the receiver read it, a heartbeat, or a forwarded event.
type Delivery struct {
	AlertID  string
	Sequence uint64
	// Heartbeat is the id of a heartbeat; the rest is empty then.
	Heartbeat string
	// Event is the id of an event; the rest is empty then.
	Event string
}

// Receiver is a receiver whose faults a test chooses.
type Receiver interface {
	// Address stays the same for the receiver's whole life.
	Address() string
	// Behave ends all connections and goes on with the fault.
	Behave(f Fault)
	// Received is everything in the order in which it was read.
	Received() []Delivery
	// Close ends the receiver and waits for its goroutines.
	Close()
}

// TCPReceiver is a Receiver that reads a byte stream.
type TCPReceiver struct {
	t       testing.TB
	address string
	decode  func(r io.Reader, got func(Delivery)) error
	secure  *tls.Config // nil without TLS

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
	received []Delivery
	running  sync.WaitGroup
}

// NewTCPReceiver listens on a loopback port. Decode reads one connection to its end and hands on what it finds; it
// returns an error for a stream that is not well-formed, a cut last message excepted.
func NewTCPReceiver(t testing.TB, decode func(r io.Reader, got func(Delivery)) error) *TCPReceiver {
	t.Helper()
	return NewTLSReceiver(t, nil, decode)
}

// NewTLSReceiver is like NewTCPReceiver, with TLS.
func NewTLSReceiver(t testing.TB, secure *tls.Config, decode func(r io.Reader, got func(Delivery)) error) *TCPReceiver {
	t.Helper()
	r := &TCPReceiver{t: t, address: "127.0.0.1:0", decode: decode, secure: secure, conns: map[net.Conn]struct{}{}}
	r.listen(None)
	return r
}

// Address implements Receiver.
func (r *TCPReceiver) Address() string { return r.address }

// Received implements Receiver.
func (r *TCPReceiver) Received() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.received...)
}

// Behave implements Receiver.
func (r *TCPReceiver) Behave(f Fault) {
	r.Close()
	if f != Refuse {
		r.listen(f)
	}
}

// Close implements Receiver.
func (r *TCPReceiver) Close() {
	r.mu.Lock()
	if r.listener != nil {
		_ = r.listener.Close()
		r.listener = nil
	}
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *TCPReceiver) listen(f Fault) {
	r.t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if f != Stall {
			return nil
		}
		// A small window, so that a sender soon notices that nobody reads.
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	l, err := config.Listen(context.Background(), "tcp", r.address)
	if err != nil {
		r.t.Fatalf("listening again: %v", err)
	}
	r.address = l.Addr().String()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listener = l
	r.running.Go(func() { r.accept(l, f) })
}

func (r *TCPReceiver) accept(l net.Listener, f Fault) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		switch {
		case f == AcceptAndClose, r.listener != l:
			_ = c.Close()
		default:
			r.conns[c] = struct{}{}
			r.running.Go(func() { r.serve(c, f) })
		}
		r.mu.Unlock()
	}
}

func (r *TCPReceiver) serve(c net.Conn, f Fault) {
	raw := c
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if f == Stall && r.listener != nil {
			return // stays open, unread, until Behave or Close
		}
		delete(r.conns, raw)
		_ = c.Close()
	}()
	if r.secure != nil {
		secure := tls.Server(c, r.secure)
		if secure.Handshake() != nil {
			return // the sender says why
		}
		c = secure
	}
	if f == Stall {
		return
	}
	stream := io.Reader(c)
	if f == HalfClose {
		var first [1]byte
		if _, err := io.ReadFull(c, first[:]); err != nil {
			return
		}
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
		stream = io.MultiReader(bytes.NewReader(first[:]), c)
	}
	err := r.decode(stream, func(d Delivery) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.received = append(r.received, d)
	})
	if err != nil {
		r.t.Errorf("the receiver cannot read what was sent: %v", err)
	}
}
