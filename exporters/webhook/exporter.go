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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/outbound"
)

// Exporter sends to one receiver. It implements exporters.Exporter, and is not for concurrent use.
type Exporter struct {
	o    Options
	host string // of the receiver, for errors: a path may be a secret of its own
	key  []byte
	http *http.Client
	// transport is that of http.
	transport *http.Transport
	// requests and singles bound a body, and one with a single change.
	requests, singles payload.Limit
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
	transport := outbound.Transport(roots, o.AllowPrivate || loopback(u.Hostname()))
	client := &http.Client{Transport: transport, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Exporter{o: o, host: u.Host, key: key, http: client, transport: transport,
		requests: payload.Limit{Configured: o.MaxBytes}, singles: payload.Limit{Configured: o.MaxBytes}}, nil
}

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "webhook" }

// Transport implements exporters.Web.
func (x *Exporter) Transport() *http.Transport { return x.transport }

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
	return x.export(ctx, len(changes), func(i, most int) ([]byte, error) { return payload.Encode(x.o.Payload, &changes[i], most) })
}

// ExportEvents implements exporters.EventExporter.
func (x *Exporter) ExportEvents(ctx context.Context, events []event.Event) error {
	return x.export(ctx, len(events), func(i, most int) ([]byte, error) { return payload.EncodeEvent(x.o.Payload, &events[i], most) })
}

// encoding returns a record of a batch in at most so many bytes.
type encoding func(i, most int) ([]byte, error)

// within is the encoding for a body of at most so many bytes.
func (f encoding) within(i, most int) ([]byte, error) { return f(i, max(1, most-len("[]"))) }

func (x *Exporter) export(ctx context.Context, n int, encode encoding) error {
	failed := map[int]string{}
	limit, single := x.requests.Bytes(x.o.Clock()), x.singles.Bytes(x.o.Clock())
	most, at, refused := n, 0, 0
	for at < n && refused < exporters.MostRefused {
		part, next := x.part(n, encode, at, most, limit, single, failed)
		if len(part) == 0 {
			at = next
			continue
		}
		body := x.body(part)
		status, e := x.post(ctx, body)
		switch {
		case e == nil:
			x.requests.Taken(limit, x.o.Clock())
			x.singles.Taken(single, x.o.Clock())
			at, most = next, 2*most
		case status == http.StatusRequestEntityTooLarge && len(part) > 1:
			limit, most = max(len(body)/2, leastBytes), len(part)/2
		case status == http.StatusRequestEntityTooLarge:
			if _, err := encode.within(part[0].index, len(body)/2); err == nil {
				single = len(body) / 2
				continue
			}
			failed[part[0].index] = fmt.Sprintf("%v; %d bytes were too many, and it cannot be half as long", e, len(body))
			at, single, refused = next, x.singles.Bytes(x.o.Clock()), refused+1 // what no alert could keep to says nothing about others
		default:
			e.Accepted, e.Failed = part[0].index, failed
			return e
		}
	}
	if len(failed) == 0 {
		return nil
	}
	accepted := at
	for accepted > 0 && failed[accepted-1] != "" {
		accepted--
	}
	return &exporters.Error{Kind: exporters.Permanent, Accepted: accepted, Failed: failed}
}

// part is the next request, and where the one behind it begins. What cannot be encoded has failed.
func (x *Exporter) part(n int, encode encoding, at, most, limit, single int, failed map[int]string) (part []record, next int) {
	size := 0
	for ; at < n && len(part) < max(most, 1); at++ {
		text, err := encode.within(at, single)
		if err != nil && single < x.o.MaxBytes {
			text, err = encode.within(at, x.o.MaxBytes)
		}
		if err != nil {
			failed[at] = err.Error()
			continue
		}
		if len(part) > 0 && size+len(text)+len(",]") > limit {
			break
		}
		part = append(part, record{at, text})
		size += len(text) + 1
	}
	return part, at
}

// ExportHeartbeat implements exporters.HeartbeatExporter: it is a request of its own.
func (x *Exporter) ExportHeartbeat(ctx context.Context, h *exporters.Heartbeat) error {
	text, err := x.o.Payload.AppendHeartbeat(nil, h)
	if err != nil {
		return err
	}
	if _, e := x.post(ctx, x.body([]record{{text: text}})); e != nil {
		return e
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

// post returns the status, 0 without an answer, and what is wrong.
func (x *Exporter) post(ctx context.Context, body []byte) (int, *exporters.Error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.o.URL, bytes.NewReader(body))
	if err != nil {
		return 0, &exporters.Error{Kind: exporters.Unauthorized, Err: fmt.Errorf("webhook %s: no request can be made of the URL", x.host)}
	}
	r.Header.Set("Content-Type", "application/json")
	if x.o.Form == Lines {
		r.Header.Set("Content-Type", "application/x-ndjson")
	}
	r.Header.Set("User-Agent", "sealwatch")
	token, err := x.o.token()
	if err != nil {
		return 0, &exporters.Error{Kind: exporters.Unauthorized, Err: err}
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
		e := &exporters.Error{Kind: exporters.Retryable}
		if errors.As(err, new(*outbound.NotAllowedError)) {
			e.Kind = exporters.Unauthorized
		}
		var wrapped *url.Error // it holds the URL, of which a path or a query may be a secret
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		e.Err = fmt.Errorf("webhook %s: %w", x.host, err)
		return 0, e
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostOfAnswer))
	if status := response.StatusCode; status < 200 || status > 299 {
		e := &exporters.Error{Kind: kind(status), RetryAfter: retryAfter(response.Header.Get("Retry-After"), x.o.Clock())}
		e.Err = fmt.Errorf("webhook %s: the receiver answered %d %s%s", x.host, status, http.StatusText(status), hint(status))
		if said := exporters.Answer(answer, x.secrets(r.Header)...); said != "" {
			e.Err = fmt.Errorf("%w; it said: %s", e.Err, said)
		}
		return status, e
	}
	if err != nil {
		return 0, &exporters.Error{Kind: exporters.Retryable, Err: fmt.Errorf("webhook %s: the answer broke off: %w", x.host, err)}
	}
	return response.StatusCode, nil
}

// secrets are what an answer may repeat and nobody is to see: the token as it was sent, the signature, the key, and what of the URL
// stands behind its host.
func (x *Exporter) secrets(sent http.Header) []string {
	header := sent.Get(x.o.header())
	_, token, _ := strings.Cut(header, " ")
	all := []string{x.o.URL, header, token, string(x.key), base64.StdEncoding.EncodeToString(x.key)}
	for name, values := range sent {
		if strings.EqualFold(name, "webhook-signature") {
			all = append(all, values...)
		}
	}
	if u, err := url.Parse(x.o.URL); err == nil {
		all = append(all, u.RequestURI(), u.RawQuery, u.EscapedPath())
		for _, values := range u.Query() {
			all = append(all, values...)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < leastSecretPart })
}

// leastSecretPart is how long a text is at least that is taken out of answers: the path / would take every slash out.
const leastSecretPart = 4

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
