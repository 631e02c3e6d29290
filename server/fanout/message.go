package fanout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// Message is one change, encoded when the first reader wants it, for all of them. It is immutable otherwise.
type Message struct {
	// Change MUST NOT be written to.
	Change alert.Change
	hub    *Hub

	wire, json form
	// token and tail, what follows the watermark, are made with json.
	token string
	tail  []byte
}

// errPanicked stays when the encoding does not come to its end: the next reader must not be sent what there is of it.
var errPanicked = errors.New("the encoding panicked")

// form is one encoding of a message.
type form struct {
	once  sync.Once
	bytes []byte
	err   error
}

// proto is the message of the API without the watermark, which is another at each time of sending. It stands in a buffer
// that the garbage collector owns, not in one of a pool: it is read by many connections at once, and the last of them
// need not be known.
func (m *Message) proto() ([]byte, error) {
	e := &m.wire
	e.once.Do(func() {
		m.hub.metrics.encodings.WithLabelValues("proto").Inc()
		e.err = errPanicked
		e.bytes, e.err = proto.Marshal(m.hub.o.Encode(&m.Change))
	})
	return e.bytes, e.err
}

// Frame is the message as Codec sends it, with the watermark of now: fields of a protobuf message may follow one another
// in any number of pieces.
func (m *Message) Frame() (*Frame, error) {
	b, err := m.proto()
	if err != nil {
		return nil, fmt.Errorf("encode change %d: %w", m.Change.Sequence, err)
	}
	return &Frame{mem.BufferSlice{mem.SliceBuffer(b), m.hub.mark().wire}}, nil
}

// Token is the resume token after the message.
func (m *Message) Token() string {
	m.encodeJSON()
	return m.token
}

// JSON appends the message in its JSON form, on one line, with the watermark of now.
func (m *Message) JSON(to []byte) ([]byte, error) {
	e := m.encodeJSON()
	if e.err != nil {
		return to, fmt.Errorf("encode change %d: %w", m.Change.Sequence, e.err)
	}
	to = append(to, e.bytes...)
	to = append(to, m.hub.mark().json...)
	return append(to, m.tail...), nil
}

func (m *Message) encodeJSON() *form {
	e := &m.json
	e.once.Do(func() {
		m.hub.metrics.encodings.WithLabelValues("json").Inc()
		e.err = errPanicked
		e.bytes, e.err = m.head()
	})
	return e
}

// head is the JSON form up to where the watermark stands. Names of enum values and tokens need no escape.
func (m *Message) head() ([]byte, error) {
	r := m.hub.o.Encode(&m.Change)
	m.token = r.GetResumeToken()
	a, err := JSON.Marshal(r.GetAlert())
	if err != nil {
		return nil, err
	}
	actor, err := json.Marshal(r.GetActor())
	if err != nil {
		return nil, err
	}
	fields := make([][]byte, len(r.GetFields()))
	for i, f := range r.GetFields() {
		if fields[i], err = JSON.Marshal(f); err != nil {
			return nil, err
		}
	}
	m.tail = fmt.Appendf(nil, `,"missed":null,"actor":%s,"fields":[%s]}`, actor, bytes.Join(fields, []byte(",")))
	return fmt.Appendf(nil, `{"change":%q,"alert":%s,"resumeToken":%q,"watermark":`, r.GetChange().String(), a, r.GetResumeToken()), nil
}

// JSON is the form in which REST shows messages: 0 and [] are answers too.
var JSON = protojson.MarshalOptions{EmitUnpopulated: true}
