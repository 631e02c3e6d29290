package syslog

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
)

// dial connects, with TLS when that is asked for.
func (o *Options) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.DialTimeout)
	defer cancel()
	if o.Protocol == UDP {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "udp", o.Address)
	}
	dialer := net.Dialer{Control: control(o.WriteTimeout),
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	var config *tls.Config
	if o.Protocol == TLS {
		var err error
		if config, err = o.Security.config(o.Address); err != nil { // read anew: certificates are renewed
			return nil, err
		}
	}
	conn, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil || config == nil {
		return conn, err
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the handshake's error says more
		return nil, explain(err)
	}
	return secure, nil
}

// Datagrams are sent in bursts with a pause between, because a receiver's buffer holds about a hundred and nobody says what it lost.
const (
	burst      = 20
	burstPause = 5 * time.Millisecond
)

// send writes all frames: over UDP each as a datagram.
func send(ctx context.Context, conn net.Conn, frames [][]byte) error {
	switch conn.(type) {
	case *net.UDPConn:
		for i, frame := range frames {
			if i > 0 && i%burst == 0 {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(burstPause):
				}
			}
			if _, err := conn.Write(frame); err != nil {
				return err
			}
		}
		return nil
	case *tls.Conn:
		_, err := conn.Write(bytes.Join(frames, nil)) // one record for many messages
		return err
	default:
		buffers := net.Buffers(slices.Clone(frames)) // WriteTo empties it
		_, err := buffers.WriteTo(conn)
		return err
	}
}

// giveUp closes without a farewell, for which TLS would wait.
func giveUp(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.Close()
}

// kindOf says whether a person has to change something: certificates, or a port that does not speak TLS.
func kindOf(err error) exporters.ErrorKind {
	var unverified *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var settings *securityError
	if errors.As(err, &unverified) || errors.As(err, &plain) || errors.As(err, &settings) || refused(err) {
		return exporters.Unauthorized
	}
	return exporters.Retryable
}

// refused says whether the receiver ended TLS because of what we are or speak; crypto/tls has these by their texts alone.
func refused(err error) bool {
	var remote *net.OpError
	if !errors.As(err, &remote) || remote.Op != "remote error" {
		return false
	}
	for _, reason := range []string{"certificate", "access denied", "handshake failure", "protocol version", "insufficient security"} {
		if strings.Contains(remote.Error(), reason) {
			return true
		}
	}
	return false
}
