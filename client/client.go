package client

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

const (
	// maxMessageBytes bounds one message of the service.
	maxMessageBytes = 64 << 20
	// pingTime and pingTimeout notice a connection that is dead without a word.
	pingTime, pingTimeout = 30 * time.Second, 10 * time.Second
)

// Client talks to one Sealwatch. Its functions may be called from many goroutines at once.
type Client struct {
	alerts sealwatchv1.AlertServiceClient
	conn   *grpc.ClientConn
}

// Dial makes a client for the gRPC listener at address, HOST:PORT, without connecting yet. The options come after the
// client's own. A service on this machine needs none; for any other they MUST hold transport credentials.
func Dial(address string, options ...grpc.DialOption) (*Client, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("sealwatch client: address %q: expected HOST:PORT such as 127.0.0.1:7400: %w", address, err)
	}
	own := []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingTime, Timeout: pingTimeout}),
		grpc.WithUserAgent("sealwatch-client"),
	}
	if onThisMachine(host) {
		own = append(own, grpc.WithTransportCredentials(insecure.NewCredentials()))
	} else if len(options) == 0 {
		return nil, fmt.Errorf("sealwatch client: address %q is not on this machine: expected grpc.WithTransportCredentials among the options", address)
	}
	conn, err := grpc.NewClient("dns:///"+address, append(own, options...)...)
	if err != nil {
		return nil, fmt.Errorf("sealwatch client: address %q: %w", address, err)
	}
	c := New(conn)
	c.conn = conn
	return c, nil
}

// New makes a client on a connection, which stays the caller's to close.
func New(conn grpc.ClientConnInterface) *Client {
	return &Client{alerts: sealwatchv1.NewAlertServiceClient(conn)}
}

// Close ends the connection that Dial made, and with it every iteration. Of New's it closes nothing.
func (c *Client) Close() error {
	if c.conn == nil {
		return nil
	}
	return c.conn.Close()
}

func onThisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
