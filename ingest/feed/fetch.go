package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/outbound"
	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// Kinds of failures.
const (
	KindNetwork = "network" // DNS, the connection, TLS, or an address that may not be called
	KindStatus  = "status"  // the server says no
	KindSize    = "size"    // too large
	KindFormat  = "format"  // not a list of that format, or too little of it can be read
	KindStorage = "storage" // the database takes nothing
	KindFile    = "file"    // a file cannot be read
)

// Failure is why a feed was not taken in.
type Failure struct {
	Kind string
	// Message for the operator: what was found and what to do. It has no secret of the address.
	Message string
	Err     error
}

// Error is the message with its cause.
func (f *Failure) Error() string {
	if f.Err == nil {
		return f.Message
	}
	return f.Message + ": " + f.Err.Error()
}

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Err }

func failure(kind string, err error, format string, args ...any) *Failure {
	return &Failure{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// mark is what a server needs to say whether there is anything new.
type mark struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// copied is one copy of a list.
type copied struct {
	body []byte
	mark mark
	// same says that it is the copy of the mark.
	same bool
	// after is how long the server wants to be left alone; 0 when it does not say.
	after time.Duration
}

func (c *copied) digest() string {
	sum := sha256.Sum256(c.body)
	return hex.EncodeToString(sum[:])
}

const (
	maxRedirects = 5
	callTimeout  = 5 * time.Minute
)

// fetcher gets copies of one list.
type fetcher struct {
	// address as configured: https, or a file.
	address string
	file    string
	http    *http.Client
	most    int64
	agent   string
	// accept is what the server is told to answer with; a TAXII server gives nothing without it.
	accept string
	// tokenFile and tokenHeader let it in.
	tokenFile, tokenHeader string
}

func newFetcher(o *Options) (*fetcher, error) {
	f := &fetcher{address: o.URL, most: o.MaxBytes, agent: o.UserAgent, accept: "text/plain, text/csv, */*", tokenFile: o.TokenFile, tokenHeader: o.TokenHeader}
	if o.Format == FormatSTIX {
		f.accept = "application/taxii+json;version=2.1, application/stix+json;version=2.1, application/json;q=0.9, */*;q=0.1"
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("url: it cannot be read; expected https://HOST/PATH, file:///PATH or a path")
	}
	switch {
	case u.Scheme == "https" && u.Hostname() != "" && u.User == nil:
	case u.Scheme == "file" && u.Host == "" && u.Path != "":
		f.file = u.Path
		return f, nil
	case u.Scheme == "" && o.URL != "":
		f.file = o.URL
		return f, nil
	default:
		return nil, fmt.Errorf("url: found %q, expected https://HOST/PATH, file:///PATH or a path", Shown(o.URL))
	}
	var roots *x509.CertPool
	if o.CAFile != "" {
		text, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("caFile: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("caFile: %s holds no certificate; expected PEM with BEGIN CERTIFICATE", o.CAFile)
		}
	}
	f.http = &http.Client{Transport: outbound.Transport(roots, o.AllowPrivate), Timeout: callTimeout, CheckRedirect: f.redirect}
	return f, nil
}

// redirect follows to https only, and takes the token nowhere else.
func (f *fetcher) redirect(r *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	if r.URL.Scheme != "https" || r.URL.User != nil {
		return fmt.Errorf("it redirects to %s, expected https", Shown(r.URL.String()))
	}
	if r.URL.Host != via[0].URL.Host {
		r.Header.Del(f.tokenHeader)
		r.Header.Del("Authorization")
	}
	return nil
}

// Shown is an address without what may be secret in it: user, password and query.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = "..."
	}
	return u.String()
}

// get fetches a copy, or says that it is still that of the mark.
func (f *fetcher) get(ctx context.Context, known mark) (*copied, *Failure) {
	if f.file != "" {
		return f.read(known)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.address, nil)
	if err != nil {
		return nil, failure(KindNetwork, nil, "the address cannot be called")
	}
	r.Header.Set("User-Agent", f.agent)
	r.Header.Set("Accept", f.accept)
	if known.ETag != "" {
		r.Header.Set("If-None-Match", known.ETag)
	}
	if known.Modified != "" {
		r.Header.Set("If-Modified-Since", known.Modified)
	}
	if fail := f.authorize(r); fail != nil {
		return nil, fail
	}
	resp, err := f.http.Do(r)
	if err != nil {
		return nil, failure(KindNetwork, bare(err), "%s cannot be reached", r.URL.Host)
	}
	defer func() { _ = resp.Body.Close() }()
	c := &copied{mark: mark{ETag: resp.Header.Get("ETag"), Modified: resp.Header.Get("Last-Modified")}}
	switch {
	case resp.StatusCode == http.StatusNotModified && known != mark{}:
		c.same, c.mark = true, known
		return c, nil
	case resp.StatusCode != http.StatusOK:
		fail := failure(KindStatus, nil, "%s answers %s%s", resp.Request.URL.Host, resp.Status, hint(resp.StatusCode))
		return &copied{after: retryAfter(resp)}, fail
	}
	if c.body, err = io.ReadAll(io.LimitReader(resp.Body, f.most+1)); err != nil {
		return nil, failure(KindNetwork, bare(err), "the connection to %s broke", resp.Request.URL.Host)
	}
	return c, f.fits(c)
}

func (f *fetcher) fits(c *copied) *Failure {
	if int64(len(c.body)) > f.most {
		return failure(KindSize, nil, "it is larger than %d bytes; raise maxBytes if that is right", f.most)
	}
	return nil
}

func hint(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ": it wants a token (tokenFile), or another one"
	case http.StatusNotFound, http.StatusGone:
		return ": the list has moved; look for its new address"
	case http.StatusTooManyRequests:
		return ": it is asked too often; raise interval"
	}
	return ""
}

// retryAfter is how long the server wants to be left alone.
func retryAfter(r *http.Response) time.Duration {
	text := r.Header.Get("Retry-After")
	if d, err := time.ParseDuration(text + "s"); err == nil && d > 0 {
		return d
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// bare is an error without the address that net/http puts around it.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

const maxTokenBytes = 16 << 10

// authorize puts the token of the file into the header; it is read each time, so that it can be changed.
func (f *fetcher) authorize(r *http.Request) *Failure {
	if f.tokenFile == "" {
		return nil
	}
	text, err := secretfile.Read("token", f.tokenFile, maxTokenBytes)
	if err != nil {
		return failure(KindFile, err, "the token cannot be read")
	}
	token := string(bytes.TrimSpace(text))
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return failure(KindFile, nil, "%s holds no token; expected one line", f.tokenFile)
	}
	if f.tokenHeader == "" {
		r.Header.Set("Authorization", "Bearer "+token)
	} else {
		r.Header.Set(f.tokenHeader, token)
	}
	return nil
}

// read reads a file; its mark is when it was changed, and its size.
func (f *fetcher) read(known mark) (*copied, *Failure) {
	s, err := os.Stat(f.file)
	if err != nil {
		return nil, failure(KindFile, err, "the file cannot be read")
	}
	if !s.Mode().IsRegular() { // before it is opened, because opening a pipe waits for whoever writes
		return nil, failure(KindFile, nil, "%s is no regular file", f.file)
	}
	in, err := os.Open(f.file)
	if err != nil {
		return nil, failure(KindFile, err, "the file cannot be read")
	}
	defer func() { _ = in.Close() }()
	if s, err = in.Stat(); err != nil {
		return nil, failure(KindFile, err, "the file cannot be read")
	}
	c := &copied{mark: mark{Modified: s.ModTime().UTC().Format(time.RFC3339Nano), ETag: fmt.Sprint(s.Size())}}
	if c.mark == known {
		c.same = true
		return c, nil
	}
	if c.body, err = io.ReadAll(io.LimitReader(in, f.most+1)); err != nil {
		return nil, failure(KindFile, err, "the file cannot be read")
	}
	return c, f.fits(c)
}

func (f *fetcher) close() {
	if f.http != nil {
		f.http.CloseIdleConnections()
	}
}
