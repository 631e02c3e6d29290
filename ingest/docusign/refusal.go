package docusign

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxRefusalBytes is how much of a refusal is read.
const maxRefusalBytes = 16 << 10

func traceOf(resp *http.Response) string { return clean(resp.Header.Get("X-DocuSign-TraceToken")) }

// refusal makes the error of an answer other than 200, and closes its body. secret is what the answer must not repeat.
func (c *Client) refusal(resp *http.Response, secret string) *Error {
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusalBytes)) // what came is all there is to say
	said := strings.ReplaceAll(string(text), secret, "<secret>")
	host := resp.Request.URL.Host
	skew := c.Skew()
	e := &Error{Status: resp.StatusCode, Trace: traceOf(resp), Detail: detail(said), Limits: readLimits(resp.Header, skew)}
	e.RetryAfter = retryAfter(resp.Header, c.o.Now(), skew)
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests || s == http.StatusBadRequest && overLimit(said):
		e.Kind, e.Message = KindThrottled, "the call budget of the DocuSign account is used up for now; all its applications share it"
	case (s == http.StatusBadRequest || s == http.StatusUnauthorized) && lacksRights(said):
		e.Kind, e.Message = KindForbidden, "DocuSign does not let this user read that: it is for an administrator of the account, or the account does not have it"
	case s == http.StatusUnauthorized:
		e.Kind, e.Message = KindToken, "DocuSign refuses a token that it has only just given: was the integration key or the user removed, or are the key and the endpoint of different environments?"
	case s == http.StatusForbidden:
		e.Kind, e.Message = forbidden(said)
	case s == http.StatusNotFound:
		e.Kind, e.Message = KindNotFound, fmt.Sprintf("%s has nothing at %s", host, clean(resp.Request.URL.Path))
	case s == http.StatusRequestTimeout || s >= 500:
		e.Kind, e.Message = KindServer, fmt.Sprintf("%s failed; it is asked again", host)
	case s >= 300 && s < 400:
		e.Kind, e.Message = KindResponse, fmt.Sprintf("%s sends the call elsewhere, which is not followed: does a proxy or a portal answer in its place?", host)
	default:
		e.Kind, e.Message = KindRequest, fmt.Sprintf("%s cannot read the call", host)
	}
	return e
}

// forbidden tells the causes apart that the text names.
func forbidden(said string) (Kind, string) {
	low := strings.ToLower(said)
	switch {
	case strings.Contains(low, "entitlement"):
		return KindEntitlement, "the organisation has no DocuSign Monitor: it is a product of its own in production (with Enterprise Pro, for example); ask DocuSign to switch it on, for the environment that is configured"
	case strings.Contains(low, "organization") && (strings.Contains(low, "multiple") || strings.Contains(low, "more than one")):
		return KindOrganizations, severalOrganizations
	}
	return KindForbidden, "DocuSign does not let this user read the data"
}

const severalOrganizations = "the user is administrator of more than one organisation, whom DocuSign Monitor refuses: use a user of its own, who is administrator (or Security Reports Administrator) of this organisation only"

// lacksRights recognises how the eSignature API says that the user, or the account, may not.
func lacksRights(said string) bool {
	low := strings.ToLower(said)
	return strings.Contains(low, "lacks_permissions") || strings.Contains(low, "not_account_admin") || strings.Contains(low, "does_not_belong_to") || strings.Contains(low, "edition_lacks")
}

// overLimit recognises the older way of saying that a budget is used up.
func overLimit(said string) bool {
	low := strings.ToLower(said)
	return strings.Contains(low, "limit_exceeded") && (strings.Contains(low, "invocation") || strings.Contains(low, "polling") || strings.Contains(low, "burst") || strings.Contains(low, "hourly"))
}

// detail is what a body says, in the shapes that DocuSign's services use: error and error_description, errorCode and
// message; else the text itself.
func detail(said string) string {
	var fields struct {
		Error       any    `json:"error"`
		Description string `json:"error_description"`
		Code        any    `json:"errorCode"`
		Message     string `json:"message"`
		Title       string `json:"title"`
	}
	if err := json.Unmarshal([]byte(said), &fields); err == nil {
		var parts []string
		for _, v := range []any{fields.Error, fields.Code, fields.Description, fields.Message, fields.Title} {
			if s, ok := v.(string); ok && s != "" {
				parts = append(parts, s)
			}
		}
		if len(parts) > 0 {
			return clean(strings.Join(parts, ": "))
		}
	}
	return clean(said)
}
