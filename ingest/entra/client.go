package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxPageBytes bounds a page: 999 people with all their addresses are a tenth of it.
	maxPageBytes = 64 << 20
	// firstPause before a call is tried again, when the answer does not say it; it doubles.
	firstPause = 2 * time.Second
	// maxPause that a listing waits within itself; a longer Retry-After ends the round.
	maxPause = 5 * time.Minute
)

// ClientOptions of a Client. Cloud, TenantID, ClientID and Credential are needed.
type ClientOptions struct {
	Cloud              Cloud
	TenantID, ClientID string
	Credential         *Credential
	// Transport makes the calls; http.DefaultTransport when nil.
	Transport http.RoundTripper
	UserAgent string
	// CallTimeout is how long a call may take; two minutes.
	CallTimeout time.Duration
	// Attempts at one call, with growing pauses; 6, because a listing of many pages must not begin anew for one of them.
	Attempts int
	// Now is the clock, Sleep waits; those of the system.
	Now    func() time.Time
	Sleep  func(ctx context.Context, d time.Duration) error
	Logger *slog.Logger
}

// Client asks Microsoft Graph in the name of an application. It may be used concurrently.
type Client struct {
	o     ClientOptions
	http  *http.Client
	calls atomic.Uint64

	minting sync.Mutex
	access  string
	until   time.Time
}

// NewClient makes a Client; it makes no call.
func NewClient(o ClientOptions) (*Client, error) {
	if o.Cloud.Graph == "" || o.TenantID == "" || o.ClientID == "" || o.Credential == nil {
		return nil, errors.New("entra: a cloud, a tenant, a client id and a credential are needed")
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = 2 * time.Minute
	}
	if o.Attempts <= 0 {
		o.Attempts = 6
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	// A redirect would carry the secret or the token to wherever it says.
	h := &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{o: o, http: h}, nil
}

// Calls that were made.
func (c *Client) Calls() uint64 { return c.calls.Load() }

// Hosts are where its calls go: the one that gives tokens, and Microsoft Graph.
func (c *Client) Hosts() []string { return []string{c.o.Cloud.Login, c.o.Cloud.Graph} }

// Close ends connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// get asks for an address of Graph, and again when Graph is busy or fails; purpose says in an error what for.
func (c *Client) get(ctx context.Context, purpose, address string, into any) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := c.once(ctx, purpose, address, into)
		var e *Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &e) || n == c.o.Attempts {
			return err
		}
		switch e.Kind {
		case KindThrottled, KindServer, KindNetwork, KindResponse:
		default:
			return err
		}
		wait := max(pause, e.RetryAfter)
		if wait > maxPause {
			return err
		}
		c.o.Logger.InfoContext(ctx, "Microsoft Graph is asked again", slog.String("kind", e.Kind), slog.Duration("in", wait), slog.Any("error", err))
		if err := c.o.Sleep(ctx, wait); err != nil {
			return err
		}
		pause *= 2
	}
}

// once makes one call; a token that is refused is got anew.
func (c *Client) once(ctx context.Context, purpose, address string, into any) error {
	if !c.own(address) {
		return &Error{Kind: KindResponse, Message: fmt.Sprintf("Microsoft Graph names an address elsewhere (%s), where the token must not go", clean(hostOf(address)))}
	}
	for again := false; ; again = true {
		access, err := c.token(ctx)
		if err != nil {
			return err
		}
		failed, err := c.call(ctx, purpose, address, access, into)
		switch {
		case err != nil:
			return err
		case failed == nil:
			return nil
		case failed.Status != http.StatusUnauthorized || again:
			return failed
		}
		c.forget(access)
	}
}

// own says whether an address is one of Graph's: pages name that of the next one.
func (c *Client) own(address string) bool {
	u, err := url.Parse(address)
	g, gerr := url.Parse(c.o.Cloud.Graph)
	return err == nil && gerr == nil && u.Scheme == g.Scheme && u.Host == g.Host && u.User == nil
}

// call makes one call; failed is the answer when it is a refusal.
func (c *Client) call(ctx context.Context, purpose, address, access string, into any) (failed *Error, err error) {
	within, cancel := context.WithTimeout(ctx, c.o.CallTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(within, http.MethodGet, address, nil)
	if err != nil {
		return nil, &Error{Kind: KindRequest, Message: "the address of the call cannot be made", Err: err}
	}
	r.Header.Set("Authorization", "Bearer "+access)
	r.Header.Set("Accept", "application/json")
	if c.o.UserAgent != "" {
		r.Header.Set("User-Agent", c.o.UserAgent)
	}
	c.calls.Add(1)
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unreachable(r.URL.Host, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPageBytes+1))
	request := clean(resp.Header.Get("request-id"))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &Error{Kind: KindNetwork, Request: request, Message: "the answer of Microsoft Graph broke off", Err: err}
	case resp.StatusCode != http.StatusOK:
		return c.refusal(resp, purpose, request, strings.ReplaceAll(string(text), access, "<secret>")), nil
	case len(text) > maxPageBytes:
		return nil, &Error{Kind: KindResponse, Request: request, Message: fmt.Sprintf("the answer of Microsoft Graph has more than %d MiB", maxPageBytes>>20)}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, &Error{Kind: KindResponse, Request: request, Message: "the answer of Microsoft Graph is not as it should be: does a proxy or a portal answer in its place?", Err: err}
	}
	return nil, nil
}

// refusal makes the error of an answer other than 200.
func (c *Client) refusal(resp *http.Response, purpose, request, said string) *Error {
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal([]byte(said), &body) // what is no JSON is told as it is
	e := &Error{Status: resp.StatusCode, Request: request, Code: clean(body.Error.Code), Detail: clean(body.Error.Message), RetryAfter: retryAfter(resp.Header, c.o.Now())}
	if e.Code == "" && e.Detail == "" {
		e.Detail = clean(said)
	}
	low := strings.ToLower(e.Code)
	switch s := resp.StatusCode; {
	case s == http.StatusGone, s == http.StatusBadRequest && (strings.Contains(low, "syncstatenotfound") || strings.Contains(low, "resync") || strings.Contains(low, "syncstateinvalid")):
		e.Kind, e.Message = KindResync, "Microsoft Graph does not know the position any more; everybody is read anew"
	case s == http.StatusTooManyRequests:
		e.Kind, e.Message = KindThrottled, "Microsoft Graph is busy for this tenant; it is asked again"
	case s == http.StatusUnauthorized:
		e.Kind, e.Message = KindToken, "Microsoft Graph refuses a token that is new: was the application removed, or are tenant and cloud different ones?"
	case s == http.StatusForbidden:
		e.Kind, e.Message = KindPermission, fmt.Sprintf("the application may not read %s: add the application permission to the app registration, and let an administrator grant it", purpose)
	case s == http.StatusNotFound:
		e.Kind, e.Message = KindNotFound, fmt.Sprintf("Microsoft Graph has not what was asked for: %s", purpose)
	case s == http.StatusRequestTimeout || s >= 500:
		e.Kind, e.Message = KindServer, "Microsoft Graph failed; it is asked again"
	case s >= 300 && s < 400:
		e.Kind, e.Message = KindResponse, "the call is sent elsewhere, which is not followed: does a proxy or a portal answer in the place of Microsoft Graph?"
	default:
		e.Kind, e.Message = KindRequest, fmt.Sprintf("Microsoft Graph cannot read the call for %s", purpose)
	}
	return e
}

// retryAfter reads the header: seconds, or a time.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(0, s), 3600)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(0, at.Sub(now)), time.Hour)
	}
	return 0
}

func unreachable(host string, err error) *Error {
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err // without the address, which is long
	}
	e := &Error{Kind: KindNetwork, Err: err, Message: fmt.Sprintf("%s does not answer: check the firewall, the proxy (HTTPS_PROXY) and the certificate authorities (caFile) of this machine", host)}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		e.Message = fmt.Sprintf("the name %s cannot be resolved: check the DNS of this machine, and whether it has a way to the internet", host)
	}
	return e
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
