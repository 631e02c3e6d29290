// Package token makes the opaque tokens of the API: page tokens and resume tokens. They are no secrets and give no
// rights; a checksum tells a damaged one, a hash of the query one that belongs to another call.
package token

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/sealwatch/sealwatch/internal/fault"
)

const sumLength = 8

// Page is where the next page begins: after the entry with this time and id.
type Page struct {
	// Time lies from 1925 up to, but not including, 2200; zero where the list is not ordered by time.
	Time time.Time
	// Key is by what else the list is ordered; 0 where it is not.
	Key int64
	ID  string
	// Head is the last change of which the pages know; 0 where they are no view of a log.
	Head uint64
}

// A page token holds a time from 1925 up to, but not including, 2200, in seconds since 1970: what lies outside cannot be
// stored, let alone listed.
const (
	firstSecond = -1420070400
	endSecond   = 7258118400
)

// page is the JSON form. The id is bytes, because ids may hold anything.
type page struct {
	Kind    string `json:"k"`
	Query   []byte `json:"q"`
	Seconds int64  `json:"s"`
	Nanos   int64  `json:"n"`
	Key     int64  `json:"o,omitempty"`
	ID      []byte `json:"i"`
	Head    uint64 `json:"h"`
}

// Query identifies a list call: what is listed, for whom, by which filter.
type Query struct {
	kind string
	hash [sumLength]byte
}

// NewQuery makes the identity of a call. The filter may be nil.
func NewQuery(kind, tenant string, filter proto.Message) (Query, error) {
	h := sha256.New()
	h.Write([]byte(tenant))
	h.Write([]byte{0})
	if filter != nil {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(filter)
		if err != nil {
			return Query{}, err
		}
		h.Write(b)
	}
	q := Query{kind: kind}
	copy(q.hash[:], h.Sum(nil))
	return q, nil
}

// Encode makes the token of a page.
func (q Query) Encode(p Page) (string, error) {
	b, err := json.Marshal(page{Kind: q.kind, Query: q.hash[:], Seconds: p.Time.Unix(), Nanos: int64(p.Time.Nanosecond()), Key: p.Key, ID: []byte(p.ID), Head: p.Head})
	if err != nil {
		return "", err
	}
	return seal(b), nil
}

// Decode reads a token; "" is the first page, for which found is false. The error is a fault with InvalidPageToken.
func (q Query) Decode(token string) (p Page, found bool, err error) {
	if token == "" {
		return Page{}, false, nil
	}
	b, err := open(token)
	if err != nil {
		return Page{}, false, invalidPage("it is damaged")
	}
	var stored page
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&stored); err != nil {
		return Page{}, false, invalidPage("it is damaged")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Page{}, false, invalidPage("it is damaged")
	}
	if stored.Kind != q.kind || !bytes.Equal(stored.Query, q.hash[:]) {
		return Page{}, false, invalidPage("it is from a call with another filter")
	}
	at := time.Unix(stored.Seconds, stored.Nanos).UTC()
	if s, n := stored.Seconds, stored.Nanos; !at.IsZero() && (s < firstSecond || s >= endSecond) || n < 0 || n >= int64(time.Second) {
		return Page{}, false, invalidPage("it holds a time that no entry has")
	}
	return Page{Time: at, Key: stored.Key, ID: string(stored.ID), Head: stored.Head}, true, nil
}

// Foreign is the error for a page token of another database.
func Foreign() error { return invalidPage("it is from another database") }

func invalidPage(why string) error {
	return fault.New(fault.InvalidPageToken,
		"pageToken: %s; expected the nextPageToken of a call with the same filter, or none for the first page", why)
}

// Log identifies the alert log of a tenant, of which a resume token is a position.
type Log struct {
	Tenant string
	// ID is the log's own, which no other log has; when it is empty, logs are not told apart.
	ID string
}

// Resume makes the resume token of a position.
func (l Log) Resume(sequence uint64) string {
	return seal(binary.AppendUvarint(append(hash("resume", l.Tenant), hash("log", l.ID)...), sequence))
}

// ParseResume reads a resume token of the log, which stands in that field of a request. The error is a fault with InvalidResumeToken.
func (l Log) ParseResume(field, token string) (uint64, error) {
	b, err := open(token)
	if err != nil || len(b) <= 2*hashLength {
		return 0, invalidResume(field, "it is damaged")
	}
	sequence, n := binary.Uvarint(b[2*hashLength:])
	switch {
	case n <= 0 || n != len(b)-2*hashLength:
		return 0, invalidResume(field, "it is damaged")
	case !bytes.Equal(b[:hashLength], hash("resume", l.Tenant)):
		return 0, invalidResume(field, "it belongs to another tenant")
	case l.ID != "" && !bytes.Equal(b[hashLength:2*hashLength], hash("log", l.ID)):
		return 0, invalidResume(field, "it belongs to another database")
	}
	return sequence, nil
}

func invalidResume(field, why string) error {
	return fault.New(fault.InvalidResumeToken,
		`%s: %s; expected a resumeToken of this stream, or for after "0" for the first change that is retained and "" for the next one`, field, why)
}

// hashLength is what a resume token holds of each name, in bytes.
const hashLength = 4

func hash(kind, name string) []byte {
	s := sha256.Sum256([]byte(kind + "\x00" + name))
	return s[:hashLength]
}

func seal(b []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(checksum(b), b...))
}

func open(token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, err
	}
	if len(b) < sumLength || subtle.ConstantTimeCompare(b[:sumLength], checksum(b[sumLength:])) == 0 {
		return nil, errors.New("checksum does not match")
	}
	return b[sumLength:], nil
}

func checksum(b []byte) []byte {
	s := sha256.Sum256(append([]byte("sealwatch.v1\x00"), b...))
	return s[:sumLength]
}

// Empty says whether a message says nothing.
func Empty(m proto.Message) bool { return proto.Size(m) == 0 }
