package splunktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// takeEvents is the endpoint /event.
func (s *Server) takeEvents(w http.ResponseWriter, r *http.Request, body []byte) {
	if !s.authorized(w, r) {
		return
	}
	channel, ok := s.channel(w, r)
	if !ok {
		return
	}
	plain, status := inflate(r, body)
	if status != 0 {
		html(w, status)
		return
	}
	objects, parseErr := split(plain)
	request := Request{Channel: channel, Gzip: r.Header.Get("Content-Encoding") == "gzip", Bytes: len(plain), Events: len(objects)}
	answered := &recorder{ResponseWriter: w}
	defer func() { request.Status = answered.status; s.requests = append(s.requests, request) }()

	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		take := f.Take
		if take < 0 {
			take = len(objects)
		}
		for _, o := range objects[:min(take, len(objects))] {
			if e, code, known := s.examine(o); code == 0 && known {
				s.events = append(s.events, e)
			}
		}
		s.answer(answered, f)
		return
	}
	if len(plain) > s.MaxBytes {
		html(answered, http.StatusRequestEntityTooLarge)
		return
	}
	if len(objects) == 0 && parseErr == nil {
		say(answered, http.StatusBadRequest, "No data", 5, nil)
		return
	}
	var silent bool // what comes behind an event with an unknown key is lost without a word
	for i, o := range objects {
		e, code, known := s.examine(o)
		if code != 0 {
			number := i
			if code == 7 {
				number++
			}
			say(answered, http.StatusBadRequest, texts[code], code, map[string]any{"invalid-event-number": number})
			return
		}
		if silent = silent || !known; !silent {
			s.events = append(s.events, e)
		}
	}
	if parseErr != nil {
		say(answered, http.StatusBadRequest, texts[6], 6, map[string]any{"invalid-event-number": len(objects)})
		return
	}
	more := map[string]any{}
	if s.Ack {
		if s.channels[channel] == nil {
			s.channels[channel] = map[uint64]bool{}
		}
		id := s.next[channel]
		s.next[channel]++
		s.channels[channel][id] = s.Unacknowledged <= 0
		s.Unacknowledged = max(0, s.Unacknowledged-1)
		more["ackId"] = id
	}
	say(answered, http.StatusOK, "Success", 0, more)
}

var texts = map[int]string{6: "Invalid data format", 7: "Incorrect index", 12: "Event field is required", 13: "Event field cannot be blank", 15: "Error in handling indexed fields"}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (s *Server) answer(w http.ResponseWriter, f Reply) {
	if f.HangUp {
		panic(http.ErrAbortHandler) //nolint:forbidigo // this is how net/http cuts a connection
	}
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // the client may have gone
}

// split reads concatenated objects, up to the first that is none.
func split(body []byte) (all []json.RawMessage, err error) {
	for d := json.NewDecoder(bytes.NewReader(body)); ; {
		var o json.RawMessage
		if err = d.Decode(&o); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, o)
	}
}

var keys = []string{"time", "host", "source", "sourcetype", "index", "fields", "event"}

var seconds = regexp.MustCompile(`^"?[0-9]{1,10}(\.[0-9]{1,9})?"?$`)

// examine says with which code Splunk refuses an object, 0 when it does not; known is false where it has a key that Splunk does not
// know.
func (s *Server) examine(o json.RawMessage) (e Event, code int, known bool) {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(o, &envelope) != nil || envelope == nil {
		return e, 6, true
	}
	known = true
	for k := range envelope {
		known = known && slices.Contains(keys, k)
	}
	switch event, found := envelope["event"]; {
	case !found:
		return e, 12, known
	case string(event) == "null", string(event) == "false":
		return e, 6, known
	case event[0] == '"' && strings.TrimSpace(strings.Trim(string(event), `"`)) == "":
		return e, 13, known
	}
	if t, found := envelope["time"]; found && !seconds.Match(t) {
		return e, 6, known
	}
	var fields map[string]any
	if raw, found := envelope["fields"]; found {
		if json.Unmarshal(raw, &fields) != nil || !flat(fields) {
			return e, 15, known
		}
	}
	if json.Unmarshal(o, &e) != nil {
		return e, 6, known
	}
	if e.Index != "" && !s.Indexes[e.Index] {
		return e, 7, known
	}
	_ = json.Unmarshal(e.Raw, &e.Event) // an event may be a text, too
	if s.Refuse != nil {
		return e, s.Refuse(e), known
	}
	return e, 0, known
}

// flat says whether each value is a text, a number, a truth value or a list of texts.
func flat(fields map[string]any) bool {
	for _, v := range fields {
		switch v := v.(type) {
		case map[string]any, nil:
			return false
		case []any:
			for _, each := range v {
				if _, text := each.(string); !text {
					return false
				}
			}
		}
	}
	return true
}

// sayAcks is the endpoint /ack.
func (s *Server) sayAcks(w http.ResponseWriter, r *http.Request, body []byte) {
	s.polls++
	if !s.authorized(w, r) {
		return
	}
	if len(s.ackFaults) > 0 {
		f := s.ackFaults[0]
		s.ackFaults = s.ackFaults[1:]
		s.answer(w, f)
		return
	}
	if !s.Ack {
		say(w, http.StatusBadRequest, "ACK is disabled", 14, nil)
		return
	}
	channel, ok := s.channel(w, r)
	if !ok {
		return
	}
	var asked struct {
		Acks []uint64 `json:"acks"`
	}
	if json.Unmarshal(body, &asked) != nil {
		say(w, http.StatusBadRequest, texts[6], 6, nil)
		return
	}
	// Without its cookie a client reaches any indexer, and that one knows nothing of the channel.
	cookie, err := r.Cookie("indexer")
	here := s.Cookie == "" || err == nil && cookie.Value == s.Cookie
	out := map[uint64]bool{}
	for _, id := range asked.Acks {
		out[id] = here && s.channels[channel][id]
		if out[id] {
			delete(s.channels[channel], id) // it is said once
		}
	}
	if s.DropAckReplies > 0 {
		s.DropAckReplies--
		panic(http.ErrAbortHandler) //nolint:forbidigo // this is how net/http cuts a connection
	}
	w.WriteHeader(http.StatusOK)
	_ = json.NewEncoder(w).Encode(map[string]any{"acks": out}) // the client may have gone
}
