package sentinel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/outbound"
)

// mostOfAnswer is how much of an answer is read.
const mostOfAnswer = 64 << 10

// plain is a code as services write them; nothing else of an answer is repeated without its secrets being looked for.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// hints are what a status means here, and what to do.
var hints = map[int]string{
	http.StatusUnauthorized: "Azure does not take the token: look at cloud, and whether the endpoint is one of the same tenant",
	http.StatusForbidden: "the identity needs the role Monitoring Metrics Publisher on the data collection rule itself; a role that was just granted takes up to 30 minutes. " +
		"Look also whether ruleId is the immutable id of that rule, and whether the rule may be reached from this network",
	http.StatusNotFound:         "there is no such data collection rule or stream at this endpoint: look at ruleId (the immutable id, not the name), at stream, and whether the endpoint is that of the rule",
	http.StatusMovedPermanently: "a redirect, which is not followed",
}

// judge says what a failed request calls for. x-ms-client-request-id is id.
func (x *Exporter) judge(err error, id string) *exporters.Error {
	if f := x.credential.failed(); f != nil && statusOf(err) == 0 { // with an answer there was a token
		e := &exporters.Error{Kind: exporters.Retryable, Err: f.err}
		if f.person {
			e.Kind, e.Whole = exporters.Unauthorized, true
		}
		if f.response != nil {
			e.RetryAfter = outbound.RetryAfter(f.response.Header, time.Now())
		}
		return e
	}
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) {
		cause := x.transport.last()
		if cause == nil {
			cause = errors.New("what answered cannot be read")
		}
		e := &exporters.Error{Kind: exporters.Retryable, Err: fmt.Errorf("sentinel %s: %w (x-ms-client-request-id %s)", x.host, cause, id)}
		var forbidden *outbound.NotAllowedError
		if errors.As(cause, &forbidden) {
			e.Kind, e.Whole = exporters.Unauthorized, true
		}
		return e
	}
	e := &exporters.Error{}
	var body []byte
	header := http.Header{}
	if r := refused.RawResponse; r != nil {
		header = r.Header
		if r.Body != nil {
			body, _ = io.ReadAll(io.LimitReader(r.Body, mostOfAnswer)) // what came of it is enough
		}
	}
	code, words := x.words(body)
	e.Kind = kindOf(refused.StatusCode, code)
	e.Whole = e.Kind == exporters.Unauthorized
	e.RetryAfter = outbound.RetryAfter(header, time.Now())
	what := fmt.Sprintf("sentinel %s: HTTP status %d", x.host, refused.StatusCode)
	if code != "" {
		what += " " + code
	}
	if words != "" {
		what += " (" + words + ")"
	}
	hint := hints[refused.StatusCode]
	switch {
	case refused.StatusCode >= 300 && refused.StatusCode < 400:
		hint = hints[http.StatusMovedPermanently]
	case refused.StatusCode >= 200 && refused.StatusCode < 300:
		hint = "something that is not Azure Monitor answers in its place"
	case code == "InvalidStream":
		hint = hints[http.StatusNotFound]
	}
	if hint != "" {
		what += ": " + hint
	}
	what += "; x-ms-client-request-id " + id
	if s := header.Get("x-ms-request-id"); requestID.MatchString(s) {
		what += ", x-ms-request-id " + s
	}
	e.Err = errors.New(what)
	return e
}

// requestID is a GUID: anything longer could be a secret that is sent back.
var requestID = regexp.MustCompile(`^[0-9a-fA-F-]{32,36}$`)

// words are the code and the message of an answer in Azure's form, without secrets.
func (x *Exporter) words(body []byte) (code, words string) {
	var said struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || !plain.MatchString(said.Error.Code) {
		return "", ""
	}
	secrets := x.credential.known()
	return exporters.Answer([]byte(said.Error.Code), secrets...), exporters.Answer([]byte(said.Error.Message), secrets...)
}

func kindOf(status int, code string) exporters.ErrorKind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if code == "InvalidStream" {
			return exporters.Unauthorized
		}
		return exporters.Permanent
	case http.StatusRequestEntityTooLarge:
		return exporters.Permanent
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusConflict, http.StatusLocked:
		return exporters.Retryable
	}
	if status >= 500 || status >= 200 && status < 300 {
		return exporters.Retryable
	}
	return exporters.Unauthorized
}
