package sentineltest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// mostBytes is the most that Azure takes of a request, before and after compression.
const mostBytes = 1 << 20

// mostField is where Azure cuts a value, without a word.
const mostField = 64 << 10

// Row is one that the table has.
type Row struct {
	Stream string
	// Values by column, as they were sent; numbers are json.Number.
	Values map[string]any
	// Received is when it came.
	Received time.Time
}

// String of a column; empty without one.
func (r Row) String(column string) string {
	s, _ := r.Values[column].(string)
	return s
}

// Serve answers a request to the data collection rule, and returns the rows that it took.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := uuid.NewString()
	w.Header().Set("x-ms-request-id", id)
	s.requests = append(s.requests, Request{ClientRequestID: r.Header.Get("x-ms-client-request-id"), RequestID: id, Gzip: r.Header.Get("Content-Encoding") == "gzip", Bytes: r.ContentLength})
	this := &s.requests[len(s.requests)-1]
	refuse := func(status int, code, words string) []Row {
		this.Status = status
		writeJSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": words}})
		return nil
	}
	var fault Fault
	if len(s.faults) > 0 {
		fault = s.faults[0]
		s.faults = s.faults[1:]
	}
	if fault.Delay > 0 {
		time.Sleep(fault.Delay)
	}
	if fault != (Fault{}) && !fault.Take {
		this.Status = fault.Status
		fault.write(w)
		return nil
	}
	rows := s.look(r, this, refuse)
	if this.Status != 0 {
		return nil
	}
	s.rows = append(s.rows, rows...)
	if fault.Take {
		this.Status = fault.Status
		fault.write(w)
		return rows
	}
	this.Status = http.StatusNoContent
	w.WriteHeader(http.StatusNoContent)
	return rows
}

// look checks a request in the order in which Azure does.
func (s *Server) look(r *http.Request, this *Request, refuse func(int, string, string) []Row) []Row {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "dataCollectionRules" || parts[2] != "streams" {
		return refuse(http.StatusNotFound, "NotFound", "There is nothing at this path.")
	}
	if r.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "POST was expected.")
	}
	if v := r.URL.Query()["api-version"]; len(v) != 1 || v[0] != "2023-01-01" {
		return refuse(http.StatusBadRequest, "UnsupportedApiVersion", "The api-version is not supported.")
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if until, known := s.tokens[token]; !ok || !known || until.Before(time.Now()) {
		return refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "The authentication token provided is not valid.")
	}
	rule := parts[1]
	if rule != RuleID {
		return refuse(http.StatusNotFound, "NotFound", "Data collection rule with immutable Id '"+rule+"' not found.")
	}
	if s.NoRole {
		return refuse(http.StatusForbidden, "OperationFailed", "The authentication token provided does not have access to ingest data for the data collection rule with immutable Id '"+rule+"'.")
	}
	columns, ok := s.Streams[parts[3]]
	if !ok {
		return refuse(http.StatusBadRequest, "InvalidStream", "Stream '"+parts[3]+"' was not configured in the data collection rule.")
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "application/json was expected.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBytes+1))
	if err != nil || len(body) > s.MaxBytes {
		return refuse(http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", fmt.Sprintf("Maximum allowed content length: %d bytes (1 MB). Provided content length: %d bytes.", s.MaxBytes, r.ContentLength))
	}
	switch r.Header.Get("Content-Encoding") {
	case "":
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(io.LimitReader(z, 64<<20))
		}
		if err != nil {
			return refuse(http.StatusBadRequest, "InvalidRequestContent", "The content is not gzip.")
		}
	default:
		return refuse(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "gzip or nothing was expected.")
	}
	this.Uncompressed = len(body)
	if len(body) > s.MaxBytes {
		return refuse(http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", fmt.Sprintf("Maximum allowed content length: %d bytes (1 MB). Provided content length: %d bytes.", s.MaxBytes, len(body)))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var values []map[string]any
	if err := d.Decode(&values); err != nil || d.More() || len(values) == 0 {
		return refuse(http.StatusBadRequest, "InvalidRequestContent", "An array of objects was expected.")
	}
	rows := make([]Row, len(values))
	for i, v := range values {
		if v == nil {
			return refuse(http.StatusBadRequest, "InvalidRequestContent", "An array of objects was expected.")
		}
		if s.Refuse != nil && s.Refuse(v) {
			return refuse(http.StatusBadRequest, "InvalidRequestContent", "A row cannot be taken.")
		}
		rows[i] = Row{Stream: parts[3], Values: v, Received: s.Now()}
		s.lose(rows[i], columns)
	}
	this.Rows = len(rows)
	return rows
}

// reserved are names that Azure keeps to itself.
var reserved = map[string]bool{"_resourceid": true, "id": true, "_subscriptionid": true, "tenantid": true, "type": true, "uniqueid": true, "title": true}

var name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,44}$`)

// lose notes what Azure would drop, cut or replace, and say nothing of.
func (s *Server) lose(r Row, columns map[string]string) {
	lost := func(format string, args ...any) { s.losses = append(s.losses, fmt.Sprintf(format, args...)) }
	for column, value := range r.Values {
		kind, ok := columns[column]
		switch {
		case reserved[strings.ToLower(column)] || !name.MatchString(column):
			lost("%s: no column may have this name", column)
		case !ok:
			lost("%s: the stream %s has no such column", column, r.Stream)
		case !fits(kind, value):
			lost("%s: %v is no %s", column, value, kind)
		}
		if size := size(value); size > mostField {
			lost("%s: %d bytes, cut at %d", column, size, mostField)
		}
	}
	at, err := time.Parse(time.RFC3339Nano, r.String("TimeGenerated"))
	if err != nil {
		lost("TimeGenerated: %q is no time", r.String("TimeGenerated"))
	} else if at.Before(r.Received.Add(-48*time.Hour)) || at.After(r.Received.Add(24*time.Hour)) {
		lost("TimeGenerated: %s is replaced by %s", at, r.Received)
	}
}

func size(value any) int {
	if s, ok := value.(string); ok {
		return len(s)
	}
	b, err := json.Marshal(value)
	if err != nil {
		return math.MaxInt
	}
	return len(b)
}

func fits(kind string, value any) bool {
	switch v := value.(type) {
	case string:
		if kind == "datetime" {
			_, err := time.Parse(time.RFC3339Nano, v)
			return err == nil
		}
		return kind == "string"
	case bool:
		return kind == "boolean"
	case json.Number:
		bits := map[string]int{"int": 32, "long": 64}[kind]
		if bits > 0 {
			_, err := strconv.ParseInt(v.String(), 10, bits)
			return err == nil
		}
		return kind == "real"
	case nil:
		return false
	}
	return kind == "dynamic"
}
