// Package reader sends what people ask to the embedded engine as the user who may only read, over HTTP and without a driver between: the
// result passes as the engine writes it.
package reader

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/hunt"
)

// Client of one engine.
type Client struct {
	url            string
	user, password string
	http           *http.Client
}

// New makes a client; nothing is sent before the first request. Addr is HOST:PORT.
func New(addr, user, password string) *Client {
	return &Client{url: "http://" + addr + "/", user: user, password: password, http: &http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
		// The body passes through as it is; whoever asks for it decides how it is packed.
		DisableCompression: true,
	}}}
}

// Close ends the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Answer is an answer that has begun.
type Answer struct {
	Header http.Header
	// Body MUST be closed.
	Body io.ReadCloser
	// trailer is filled when the body was read to its end.
	trailer *http.Header
}

// Summary is what the engine says was read; it is known when the body was read to its end.
func (a *Answer) Summary() string {
	const name = "X-Clickhouse-Summary"
	if s := a.Header.Get(name); s != "" {
		return s
	}
	return a.trailer.Get(name)
}

// maxErrorBytes bounds the text of an error.
const maxErrorBytes = 64 << 10

// Run sends a statement with arguments of ClickHouse's HTTP interface. An answer that is an error is returned as a *hunt.Error; any other
// error means that the engine does not answer. The query ends with ctx.
func (c *Client) Run(ctx context.Context, sql string, arguments url.Values) (*Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"?"+arguments.Encode(), strings.NewReader(sql))
	if err != nil {
		return nil, fmt.Errorf("reader: %w", err)
	}
	r.SetBasicAuth(c.user, c.password)
	resp, err := c.http.Do(r)
	if err != nil {
		// The address of the request has the values of the parameters.
		if u, ok := err.(*url.Error); ok { //nolint:errorlint // Do returns it as it is
			err = u.Err
		}
		return nil, fmt.Errorf("reader: the engine does not answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
		if err != nil {
			return nil, fmt.Errorf("reader: the engine's error: %w", err)
		}
		return nil, hunt.ParseError(string(text), sql)
	}
	return &Answer{Header: resp.Header, Body: resp.Body, trailer: &resp.Trailer}, nil
}
