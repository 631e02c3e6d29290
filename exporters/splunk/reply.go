package splunk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
)

// action is what a reply calls for.
type action int

const (
	taken    action = iota // everything was accepted
	slower                 // everything was accepted, and the receiver is nearly full
	badEvent               // the event with the number is refused for good, those before it were accepted
	badBatch               // the request is refused for good, and nothing says because of which event
	tooLarge               // the request is too large
	busy                   // try again later, or elsewhere; those before the number were accepted
	person                 // somebody has to change something
	noAck                  // the token has no acknowledgement
)

// code is a reply code of HEC.
type code struct {
	action action
	// after is added to the number of the reply to have the event that it is about.
	after int
	hint  string
}

const (
	hintToken   = "check the token of this destination, and in Splunk under Settings, Data inputs, HTTP Event Collector whether it is enabled"
	hintChannel = "the token has indexer acknowledgement, which this destination turns off; allow it, or turn it off for the token"
)

// codes are all reply codes that Splunk documents.
var codes = map[int]code{
	0:  {action: taken},
	1:  {action: person, hint: hintToken},
	2:  {action: person, hint: hintToken},
	3:  {action: person, hint: hintToken},
	4:  {action: person, hint: hintToken},
	5:  {action: badBatch},
	6:  {action: badEvent},
	7:  {action: person, after: -1, hint: "the index does not exist, or the token may not write to it"},
	8:  {action: busy},
	9:  {action: busy},
	10: {action: person, hint: hintChannel},
	11: {action: person, hint: "something between here and Splunk changes the header X-Splunk-Request-Channel"},
	12: {action: badEvent},
	13: {action: badEvent},
	14: {action: noAck},
	15: {action: badEvent},
	16: {action: person, hint: "something between here and Splunk removes the header Authorization"},
	17: {action: busy},
	18: {action: busy},
	19: {action: busy},
	20: {action: busy},
	21: {action: person, hint: hintToken},
	22: {action: person, hint: hintToken},
	23: {action: busy},
	24: {action: slower},
	25: {action: slower},
	26: {action: busy},
	27: {action: busy},
}

// reply is what came back for a request with events.
type reply struct {
	action action
	// accepted is how many events at the beginning of the request were accepted; of taken and slower it means nothing.
	accepted int
	// ack is the id to ask for; nil when there is none.
	ack        *uint64
	retryAfter time.Duration
	// err says what came, except for taken.
	err error
}

// maxText bounds the receiver's own words in an error, in bytes.
const maxText = 200

// judge says what an answer to a request with so many events calls for.
func judge(status int, header http.Header, body []byte, events int) reply {
	var said struct {
		Text   string  `json:"text"`
		Code   *int    `json:"code"`
		Number *int    `json:"invalid-event-number"`
		Ack    *uint64 `json:"ackId"`
	}
	r := reply{ack: nil, retryAfter: retryAfter(header)}
	if err := json.Unmarshal(body, &said); err != nil || said.Code == nil {
		r.action, r.err = judgeStatus(status)
		if said := exporters.Answer(body); said != "" {
			r.err = fmt.Errorf("%w; it said: %s", r.err, said)
		}
		return r
	}
	r.err = fmt.Errorf("HTTP status %d, code %d (%.*s)", status, *said.Code, maxText, said.Text)
	number := -1
	c, known := codes[*said.Code]
	if said.Number != nil && *said.Number+c.after >= 0 && *said.Number+c.after <= events {
		number = *said.Number + c.after
		r.accepted = number
	}
	switch {
	case known:
		r.action = c.action
	case number >= 0 && number < events:
		r.action = badEvent
	case status >= 500 || status == http.StatusTooManyRequests:
		r.action = busy
	default: // nothing is given up because of a reply that nobody knows
		r.action = person
	}
	switch r.action {
	case taken, slower:
		if status != http.StatusOK {
			r.action, r.accepted = busy, 0
		} else {
			r.ack = said.Ack
		}
	case badEvent:
		r.ack = said.Ack
		if number < 0 || number >= events {
			r.action, r.accepted = badBatch, 0
		}
	case busy:
		r.ack = said.Ack
	}
	if c.hint != "" {
		r.err = fmt.Errorf("%w: %s", r.err, c.hint)
	}
	return r
}

// judgeStatus is about an answer that is none of HEC: of a proxy, a load balancer or another service.
func judgeStatus(status int) (action, error) {
	foreign := func(hint string) error {
		return fmt.Errorf("HTTP status %d without a reply of HEC: %s", status, hint)
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return tooLarge, foreign("the request is larger than the receiver takes")
	case status == http.StatusUnsupportedMediaType:
		return person, foreign("the receiver does not take gzip; turn the compression off for this destination")
	case status >= 300 && status < 400:
		return person, foreign("a redirect, which is not followed; configure the address that it leads to")
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status == http.StatusTooEarly, status >= 500, status < 300:
		return busy, foreign("something that is no collector answers in its place")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return person, foreign(hintToken)
	}
	return person, foreign("check the address; a collector listens on port 8088 unless it was changed")
}

// retryAfter is the header's, in seconds or as a date; 0 without one.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
