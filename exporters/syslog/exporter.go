package syslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Exporter sends to one receiver. It implements exporters.Exporter and exporters.Keeper, and is not for concurrent use.
type Exporter struct {
	o       Options
	encoder encoder
	conn    net.Conn // nil while there is none
	tail    tail
}

// New returns an exporter; it connects when there is something to send. The error names each option that is not as
// expected.
func New(o Options) (*Exporter, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return &Exporter{o: o, encoder: newEncoder(&o), tail: tail{most: o.TailBytes}}, nil
}

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "syslog" }

// Export implements exporters.Exporter. It returns nil when everything was written and the connection was still there.
func (x *Exporter) Export(ctx context.Context, changes []alert.Change) error {
	return x.export(ctx, len(changes), func(i int) ([]byte, error) { return x.encoder.encode(&changes[i]) })
}

// ExportEvents implements exporters.EventExporter.
func (x *Exporter) ExportEvents(ctx context.Context, events []event.Event) error {
	return x.export(ctx, len(events), func(i int) ([]byte, error) { return x.encoder.event(&events[i]) })
}

func (x *Exporter) export(ctx context.Context, n int, encode func(i int) ([]byte, error)) error {
	frames := make([][]byte, 0, n)
	var failed map[int]string
	for i := range n {
		message, err := encode(i)
		if err != nil {
			if failed == nil {
				failed = map[int]string{}
			}
			failed[i] = err.Error()
			continue
		}
		frames = append(frames, x.framed(message))
	}
	if len(frames) > 0 {
		err := x.connect(ctx)
		if err == nil {
			err = x.write(ctx, frames)
		}
		if err != nil {
			return &exporters.Error{Kind: kindOf(err), Failed: failed, Err: err}
		}
		x.tail.add(frames, time.Now())
	}
	if failed != nil {
		return &exporters.Error{Kind: exporters.Permanent, Accepted: n, Failed: failed}
	}
	return nil
}

// Keep implements exporters.Keeper: it notices a lost connection, connects again and resends the tail.
func (x *Exporter) Keep(ctx context.Context) error {
	if err := x.connect(ctx); err != nil {
		return &exporters.Error{Kind: kindOf(err), Err: err}
	}
	return nil
}

// ExportHeartbeat implements exporters.HeartbeatExporter. It is not kept to be sent again.
func (x *Exporter) ExportHeartbeat(ctx context.Context, h *exporters.Heartbeat) error {
	message, err := x.encoder.heartbeat(h)
	if err != nil {
		return err
	}
	if err := x.connect(ctx); err != nil {
		return err
	}
	return x.write(ctx, [][]byte{x.framed(message)})
}

// framed is the message as the transport tells it from the next.
func (x *Exporter) framed(message []byte) []byte {
	switch {
	case x.o.Protocol == UDP:
		return message
	case x.o.Framing == LF:
		return append(message, '\n')
	}
	return append(fmt.Appendf(make([]byte, 0, len(message)+8), "%d ", len(message)), message...)
}

// connect makes sure of a connection that the receiver has not closed, with the tail sent again on a new one. The loss of
// a connection is an error, although the next call mends it: a receiver that takes nothing must not look well.
func (x *Exporter) connect(ctx context.Context) error {
	if x.conn != nil {
		err := x.probe(glance)
		if err == nil {
			x.tail.expire(time.Now().Add(-x.o.TailAge))
			return nil
		}
		x.drop()
		return fmt.Errorf("the connection to syslog receiver %s was lost: %w", x.o.Address, err)
	}
	conn, err := x.o.dial(ctx)
	if err != nil {
		return fmt.Errorf("connecting to syslog receiver %s: %w", x.o.Address, err)
	}
	x.conn = conn
	if x.o.Protocol == TLS {
		// With TLS 1.3 a receiver says only after the handshake that it does not take our certificate.
		if err := x.probe(patience); err != nil {
			x.drop()
			return fmt.Errorf("connecting to syslog receiver %s: %w", x.o.Address, err)
		}
	}
	frames := x.tail.all()
	if err := x.write(ctx, frames); err != nil {
		return err
	}
	if len(frames) > 0 {
		x.o.Logger.InfoContext(ctx, "syslog connection is back; sent again what may have been lost", slog.String("address", x.o.Address),
			slog.Int("messages", len(frames)))
	}
	return nil
}

// write sends frames and makes sure that the receiver has not gone. After an error there is no connection.
func (x *Exporter) write(ctx context.Context, frames [][]byte) error {
	if err := x.conn.SetWriteDeadline(time.Now().Add(x.o.WriteTimeout)); err != nil {
		x.drop()
		return fmt.Errorf("writing to syslog receiver %s: %w", x.o.Address, err)
	}
	conn := x.conn
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // it fails only on a closed connection
	err := send(ctx, conn, frames)
	if !release() {
		x.drop()
		return fmt.Errorf("writing to syslog receiver %s: %w", x.o.Address, context.Cause(ctx))
	}
	if err == nil {
		err = x.probe(glance)
	}
	if err != nil {
		x.drop()
		return fmt.Errorf("writing to syslog receiver %s: %w", x.o.Address, err)
	}
	return nil
}

var errClosed = errors.New("the receiver closed the connection")

// How long probe waits.
const (
	glance   = time.Millisecond
	patience = 100 * time.Millisecond
)

// probe returns an error when the receiver is known to have gone. Anything that it sends is thrown away.
func (x *Exporter) probe(wait time.Duration) error {
	var scrap [4096]byte
	for range 16 {
		if err := x.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return err
		}
		_, err := x.conn.Read(scrap[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, io.EOF):
			return errClosed
		case err != nil:
			return err
		}
	}
	return nil
}

func (x *Exporter) drop() {
	giveUp(x.conn) // because it failed
	x.conn = nil
}

// farewell is the most time that Close gives the receiver to take the rest.
const farewell = 2 * time.Second

// Close implements exporters.Exporter. It ends the stream and waits until the receiver has closed its side, which says
// that it has read everything.
func (x *Exporter) Close(ctx context.Context) error {
	if x.conn == nil {
		return nil
	}
	defer x.drop()
	conn, ok := x.conn.(interface {
		net.Conn
		CloseWrite() error
	})
	if !ok { // UDP knows no end
		return nil
	}
	if conn.CloseWrite() != nil || conn.SetReadDeadline(time.Now().Add(farewell)) != nil {
		return nil // the receiver has gone before
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := io.Copy(io.Discard, conn); err != nil {
		x.o.Logger.DebugContext(ctx, "syslog receiver did not confirm the end", slog.String("address", x.o.Address), slog.String("error", err.Error()))
	}
	return nil
}
