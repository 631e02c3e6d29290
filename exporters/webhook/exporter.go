package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/outbound"
)

// Exporter sends to one receiver. It implements exporters.Exporter, and is not for concurrent use.
type Exporter struct {
	o    Options
	host string // of the receiver, for errors: a path may be a secret of its own
	key  []byte
	http *http.Client
}

// New returns an exporter. The error names each option that is not as expected.
func New(o Options) (*Exporter, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	key, err := o.key()
	if err != nil {
		return nil, err
	}
	if _, err := o.token(); err != nil { // it is read again for each request, so that it can be changed
		return nil, err
	}
	roots, err := o.roots()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("webhook: the URL cannot be read: https://HOST/PATH was expected")
	}
	client := &http.Client{Transport: outbound.Transport(roots, o.AllowPrivate || loopback(u.Hostname())), Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Exporter{o: o, host: u.Host, key: key, http: client}, nil
}

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "webhook" }

// Close implements exporters.Exporter.
func (x *Exporter) Close(context.Context) error {
	x.http.CloseIdleConnections()
	return nil
}

// record is a change as it is sent; index is its place in the batch.
type record struct {
	index int
	text  []byte
}

// Export implements exporters.Exporter. A change counts as accepted when the receiver answered its request with 2xx.
func (x *Exporter) Export(ctx context.Context, changes []alert.Change) error {
	failed := map[int]string{}
	var part []record
	size := 0
	flush := func() *exporters.Error {
		if len(part) == 0 {
			return nil
		}
		e := x.post(ctx, x.body(part))
		if e != nil {
			e.Accepted, e.Failed = part[0].index, failed
		}
		part, size = part[:0], 0
		return e
	}
	for i := range changes {
		text, err := payload.Encode(x.o.Payload, &changes[i], x.o.MaxBytes-len("[]"))
		if err != nil {
			failed[i] = err.Error()
			continue
		}
		if size+len(text)+len(",]") > x.o.MaxBytes {
			if e := flush(); e != nil {
				return e
			}
		}
		part = append(part, record{i, text})
		size += len(text) + 1
	}
	if e := flush(); e != nil {
		return e
	}
	if len(failed) > 0 {
		return &exporters.Error{Kind: exporters.Permanent, Accepted: len(changes), Failed: failed}
	}
	return nil
}

// body of a request.
func (x *Exporter) body(part []record) []byte {
	var b bytes.Buffer
	if x.o.Form == Lines {
		for _, r := range part {
			b.Write(r.text)
			b.WriteByte('\n')
		}
		return b.Bytes()
	}
	separator := byte('[')
	for _, r := range part {
		b.WriteByte(separator)
		b.Write(r.text)
		separator = ','
	}
	b.WriteByte(']')
	return b.Bytes()
}

// sign fills in the headers of Standard Webhooks. The id is that of the body, so that a receiver knows a repetition of the same
// request; the time is that of the attempt, so that a stolen request is of no use for long.
func (x *Exporter) sign(h http.Header, body []byte) {
	sum := sha256.Sum256(body)
	id, at := "msg_"+hex.EncodeToString(sum[:16]), strconv.FormatInt(x.o.Clock().Unix(), 10)
	h["webhook-id"], h["webhook-timestamp"] = []string{id}, []string{at}
	if x.key == nil {
		return
	}
	mac := hmac.New(sha256.New, x.key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	h["webhook-signature"] = []string{"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}
}

// mostOfAnswer is how much of an answer is read, so that the connection can be used again.
const mostOfAnswer = 64 << 10

func (x *Exporter) post(ctx context.Context, body []byte) *exporters.Error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.o.URL, bytes.NewReader(body))
	if err != nil {
		return &exporters.Error{Kind: exporters.Unauthorized, Err: fmt.Errorf("webhook %s: no request can be made of the URL", x.host)}
	}
	r.Header.Set("Content-Type", "application/json")
	if x.o.Form == Lines {
		r.Header.Set("Content-Type", "application/x-ndjson")
	}
	r.Header.Set("User-Agent", "sealwatch")
	token, err := x.o.token()
	if err != nil {
		return &exporters.Error{Kind: exporters.Unauthorized, Err: err}
	}
	if token != "" && x.o.TokenHeader == "" {
		token = "Bearer " + token
	}
	if token != "" {
		r.Header.Set(x.o.header(), token)
	}
	x.sign(r.Header, body)
	response, err := x.http.Do(r)
	if err != nil {
		var wrapped *url.Error // it holds the URL, of which a path or a query may be a secret
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return &exporters.Error{Kind: exporters.Retryable, Err: fmt.Errorf("webhook %s: %w", x.host, err)}
	}
	defer func() { _ = response.Body.Close() }()
	// What the answer says is not repeated anywhere: it may hold what was sent, the token included.
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, mostOfAnswer))
	if status := response.StatusCode; status < 200 || status > 299 {
		return &exporters.Error{Kind: kind(status), RetryAfter: retryAfter(response.Header.Get("Retry-After"), x.o.Clock()), Err: fmt.Errorf("webhook %s: the receiver answered %d %s%s", x.host, status, http.StatusText(status), hint(status))}
	}
	if err != nil {
		return &exporters.Error{Kind: exporters.Retryable, Err: fmt.Errorf("webhook %s: the answer broke off: %w", x.host, err)}
	}
	return nil
}

// kind of a failure by its status. One that speaks of the address or of the method is one of the configuration.
func kind(status int) exporters.ErrorKind {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return exporters.Permanent
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusConflict, http.StatusLocked:
		return exporters.Retryable
	}
	if status >= 500 {
		return exporters.Retryable
	}
	return exporters.Unauthorized
}

func hint(status int) string {
	switch {
	case status >= 300 && status < 400:
		return ": redirects are not followed, because the alerts would go to somebody else; write the new address into the configuration"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ": look at the token and the secret"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone:
		return ": look at the address"
	}
	return ""
}

// retryAfter reads the header: seconds or a time. What cannot be read is no wish.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
