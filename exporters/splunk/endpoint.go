package splunk

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/exporters"
)

// Paths of the service.
const (
	pathCollector = "/services/collector"
	pathEvent     = pathCollector + "/event"
	pathAck       = pathCollector + "/ack"
)

// endpoint is one collector. Ids of acknowledgements count by channel, so that the channel is of this process and this endpoint
// alone; behind a load balancer its cookie leads to the indexer that has the channel.
type endpoint struct {
	base    string
	channel string
	client  *http.Client
	// transport is that of the client.
	transport *http.Transport
	o         *Options
}

func newEndpoint(base string, o *Options) (*endpoint, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("splunk: cookies: %w", err)
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        60 * time.Second,
		MaxConnsPerHost:        1,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &endpoint{base: base, channel: uuid.NewString(), o: o, transport: transport, client: &http.Client{Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// send posts a body with so many events.
func (e *endpoint) send(ctx context.Context, body []byte, gzipped bool, events int) reply {
	status, header, answer, err := e.post(ctx, pathEvent, body, gzipped)
	var r reply
	if err != nil {
		r = reply{action: busy, err: err}
		if errors.As(err, new(*tokenError)) {
			r.action = person
		}
	} else {
		r = judge(status, header, answer, events)
	}
	if r.err != nil {
		r.err = fmt.Errorf("splunk %s: %w", e.base, e.redacted(r.err))
	}
	return r
}

// redacted is an error of which the text may repeat what the receiver said.
func (e *endpoint) redacted(err error) error {
	token, problem := e.token()
	if problem != nil { // it was not sent
		return err
	}
	if text := err.Error(); exporters.Redact(text, token) != text {
		return errors.New(exporters.Redact(text, token))
	}
	return err
}

// acked asks which of the ids are acknowledged. Splunk forgets an id when it has said so once.
func (e *endpoint) acked(ctx context.Context, ids []uint64) (map[uint64]bool, reply) {
	body, err := json.Marshal(map[string][]uint64{"acks": ids})
	if err != nil {
		return nil, reply{action: busy, err: err}
	}
	status, header, answer, err := e.post(ctx, pathAck, body, false)
	if err != nil {
		return nil, reply{action: busy, err: fmt.Errorf("splunk %s: asking for acknowledgements: %w", e.base, err)}
	}
	var said struct {
		Acks map[string]bool `json:"acks"`
	}
	if status == http.StatusOK && json.Unmarshal(answer, &said) == nil && said.Acks != nil {
		out := make(map[uint64]bool, len(said.Acks))
		for text, yes := range said.Acks {
			if id, err := strconv.ParseUint(text, 10, 64); err == nil && yes {
				out[id] = true
			}
		}
		return out, reply{action: taken}
	}
	r := judge(status, header, answer, 0)
	if r.action == taken || r.action == slower || r.err == nil {
		r = reply{action: busy, err: fmt.Errorf("HTTP status %d with an answer that has no acknowledgements", status)}
	}
	r.err = fmt.Errorf("splunk %s: asking for acknowledgements: %w", e.base, e.redacted(r.err))
	return nil, r
}

// tokenError says that there is no token to send.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// token is the one that holds now. The error is a *tokenError.
func (e *endpoint) token() (string, error) {
	token, err := e.o.Token()
	token = strings.TrimSpace(token)
	switch {
	case err != nil:
		return "", &tokenError{err}
	case token == "":
		return "", &tokenError{errors.New("the token is empty")}
	case strings.ContainsFunc(token, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7f }):
		return "", &tokenError{errors.New("the token has characters that none has, such as a line break; expected one word")}
	}
	return token, nil
}

// maxAnswer bounds what is read of an answer: those to questions for acknowledgements have some 20 bytes an id.
const maxAnswer = 1 << 20

// post makes one request. Neither the error nor the answer holds the token.
func (e *endpoint) post(ctx context.Context, path string, body []byte, gzipped bool) (int, http.Header, []byte, error) {
	token, err := e.token()
	if err != nil {
		return 0, nil, nil, err
	}
	limited, cancel := context.WithTimeout(ctx, e.o.RequestTimeout)
	defer cancel()
	lent := &lent{body: body}
	defer lent.takeBack()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, e.base+path, lent.reader())
	if err != nil {
		return 0, nil, nil, err
	}
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) { return lent.reader(), nil }
	request.Header.Set("Authorization", "Splunk "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "sealwatch")
	if gzipped {
		request.Header.Set("Content-Encoding", "gzip")
	}
	if !e.o.NoAck {
		request.Header.Set("X-Splunk-Request-Channel", e.channel)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return 0, nil, nil, e.explain(ctx, err, token)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, nil, e.explain(ctx, err, token)
	}
	return response.StatusCode, response.Header, bytes.ReplaceAll(answer, []byte(token), []byte("[token]")), nil
}

// explain says why no answer came.
func (e *endpoint) explain(ctx context.Context, err error, token string) error {
	var cert *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.As(err, &cert):
		err = fmt.Errorf("the certificate is not trusted; name its authority as caFile of this destination: %w", cert)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer within %s", e.o.RequestTimeout)
	}
	if text := err.Error(); strings.Contains(text, token) {
		return errors.New(strings.ReplaceAll(text, token, "[token]"))
	}
	return err
}

func (e *endpoint) close() { e.client.CloseIdleConnections() }
