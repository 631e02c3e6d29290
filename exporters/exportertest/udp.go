package exportertest

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
)

// UDPReceiver is a Receiver of datagrams. It knows the faults None and Refuse; of others a sender of datagrams learns nothing.
type UDPReceiver struct {
	t       testing.TB
	address string
	decode  func(datagram []byte) (Delivery, error)

	mu       sync.Mutex
	conn     net.PacketConn
	received []Delivery
	largest  int
	running  sync.WaitGroup
}

// NewUDPReceiver listens on a loopback port.
func NewUDPReceiver(t testing.TB, decode func(datagram []byte) (Delivery, error)) *UDPReceiver {
	t.Helper()
	r := &UDPReceiver{t: t, address: "127.0.0.1:0", decode: decode}
	r.listen()
	return r
}

// Address implements Receiver.
func (r *UDPReceiver) Address() string { return r.address }

// Received implements Receiver.
func (r *UDPReceiver) Received() []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.received...)
}

// Largest is the size of the largest datagram.
func (r *UDPReceiver) Largest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.largest
}

// Behave implements Receiver.
func (r *UDPReceiver) Behave(f Fault) {
	r.Close()
	if f != Refuse {
		r.listen()
	}
}

// Close implements Receiver.
func (r *UDPReceiver) Close() {
	r.mu.Lock()
	if r.conn != nil {
		_ = r.conn.Close()
		r.conn = nil
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *UDPReceiver) listen() {
	r.t.Helper()
	// A large buffer, so that a machine that is busy loses nothing.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return c.Control(func(fd uintptr) { enlarge(int(fd)) }) }}
	conn, err := config.ListenPacket(context.Background(), "udp", r.address)
	if err != nil {
		r.t.Fatalf("listening again: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.address, r.conn = conn.LocalAddr().String(), conn
	r.running.Go(func() { r.serve(conn) })
}

func (r *UDPReceiver) serve(conn net.PacketConn) {
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		d, err := r.decode(buffer[:n])
		if err != nil {
			r.t.Errorf("the receiver cannot read what was sent: %v in %q", err, buffer[:n])
			continue
		}
		r.mu.Lock()
		r.received, r.largest = append(r.received, d), max(r.largest, n)
		r.mu.Unlock()
	}
}
