package docusign

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Options of a Client. Environment, IntegrationKey, UserID and Key are needed.
type Options struct {
	Environment Environment
	// IntegrationKey is the client id of the application in DocuSign, UserID the user that it acts for.
	IntegrationKey, UserID string
	Key                    *rsa.PrivateKey
	// RedirectURI of the application, for the address at which consent is given; empty leaves a place for it.
	RedirectURI string
	// Transport makes the calls; NewTransport(nil) when nil.
	Transport http.RoundTripper
	// UserAgent of the calls.
	UserAgent string
	// IdleTimeout is how long a call may be without a byte, CallTimeout how long it may take in all; 1 and 10 minutes.
	IdleTimeout, CallTimeout time.Duration
	// Now is the clock; time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Client makes calls in the name of one user. It may be used concurrently.
type Client struct {
	o    Options
	http *http.Client

	// minting is held while a token is got.
	minting sync.Mutex
	mu      sync.Mutex
	tokens  map[string]token
	// skew is how far DocuSign's clock is ahead of this one, by the last answer.
	skew time.Duration
}

// New makes a Client; it makes no call.
func New(o Options) (*Client, error) {
	if o.Key == nil || o.IntegrationKey == "" || o.UserID == "" || o.Environment.OAuth == "" {
		return nil, errors.New("docusign: an environment, an integration key, a user and a private key are needed")
	}
	if o.Transport == nil {
		o.Transport = NewTransport(nil)
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = time.Minute
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	// A redirect would carry the assertion or the token to wherever it says.
	h := &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{o: o, http: h, tokens: map[string]token{}}, nil
}

// Environment that the client speaks to.
func (c *Client) Environment() Environment { return c.o.Environment }

// Skew is how far DocuSign's clock is ahead of this one, to a second; zero before the first answer.
func (c *Client) Skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

// Close ends connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Response is the answer to a call that succeeded. The caller closes Body.
type Response struct {
	Body   io.ReadCloser
	Trace  string
	Limits Limits
}

// Get asks for an address with a token of the scopes. A token that is refused is got anew once. The error is an *Error, or
// that of ctx.
func (c *Client) Get(ctx context.Context, scopes Scopes, address string) (*Response, error) {
	for again := false; ; again = true {
		access, err := c.token(ctx, scopes)
		if err != nil {
			return nil, err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, &Error{Kind: KindRequest, Message: "the address of the call cannot be made", Err: err}
		}
		r.Header.Set("Authorization", "Bearer "+access)
		resp, err := c.do(r) //nolint:bodyclose // the caller closes it, or refusal does
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			return &Response{Body: resp.Body, Trace: traceOf(resp), Limits: readLimits(resp.Header, c.Skew())}, nil
		}
		failed := c.refusal(resp, access)
		if resp.StatusCode != http.StatusUnauthorized || again {
			return nil, failed
		}
		c.forget(scopes, access)
		c.o.Logger.InfoContext(ctx, "DocuSign refused the token, a new one is got", slog.String("trace", failed.Trace))
	}
}

// do makes one call; the body of the answer ends with an error when no byte comes for too long.
func (c *Client) do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), c.o.CallTimeout)
	w := &watched{cancel: cancel, idle: c.o.IdleTimeout}
	w.timer = time.AfterFunc(w.idle, w.stall)
	r.Header.Set("Accept", "application/json")
	if c.o.UserAgent != "" {
		r.Header.Set("User-Agent", c.o.UserAgent)
	}
	sent := c.o.Now()
	resp, err := c.http.Do(r.WithContext(ctx))
	if err != nil {
		w.end()
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return nil, unreachable(r.URL.Host, w.explain(err))
	}
	c.noteClock(resp.Header, sent)
	w.body = resp.Body
	resp.Body = w
	return resp, nil
}

// noteClock compares the clocks: the Date of an answer has whole seconds and lies between the call and now.
func (c *Client) noteClock(h http.Header, sent time.Time) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	now := c.o.Now()
	var skew time.Duration
	switch {
	case at.After(now):
		skew = at.Sub(now)
	case at.Add(time.Second).Before(sent):
		skew = at.Add(time.Second).Sub(sent)
	}
	c.mu.Lock()
	c.skew = skew.Round(time.Second)
	c.mu.Unlock()
}

// errIdle is what a call ends with that brought nothing for too long.
var errIdle = errors.New("no byte came for too long")

// watched is the body of an answer under a timer.
type watched struct {
	body   io.ReadCloser
	cancel context.CancelFunc
	timer  *time.Timer
	idle   time.Duration

	mu      sync.Mutex
	stalled bool
}

func (w *watched) stall() {
	w.mu.Lock()
	w.stalled = true
	w.mu.Unlock()
	w.cancel()
}

func (w *watched) end() {
	w.timer.Stop()
	w.cancel()
}

// explain says that it was the timer, where it was.
func (w *watched) explain(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.stalled && errors.Is(err, io.EOF): // that of the connection which the timer closed
		return errIdle
	case w.stalled:
		return fmt.Errorf("%w: %w", errIdle, err)
	}
	return err
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	w.timer.Reset(w.idle)
	if err != nil {
		err = w.explain(err)
	}
	return n, err
}

func (w *watched) Close() error {
	err := w.body.Close()
	w.end()
	return err
}
