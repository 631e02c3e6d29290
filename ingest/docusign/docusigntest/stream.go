package docusigntest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// item is a record in the order in which it was taken in; one without a record is the end of a page.
type item struct {
	raw []byte
	at  time.Time
}

// Add appends records; each was taken in at the given time.
func (s *Server) Add(at time.Time, records ...string) {
	s.Change(func(s *Server) {
		for _, r := range records {
			s.items = append(s.items, item{[]byte(r), at})
		}
	})
}

// Gap appends a place at which a page ends, whatever is asked for; two of them make an empty page with a new cursor.
func (s *Server) Gap(at time.Time) {
	s.Change(func(s *Server) { s.items = append(s.items, item{nil, at}) })
}

// ForgetCursors makes every cursor that was given out unknown.
func (s *Server) ForgetCursors() { s.Change(func(s *Server) { s.generation++ }) }

// position finds the place of a cursor: one of its own, or a time.
func (s *Server) position(cursor string) (int, bool) {
	if at, err := time.Parse(time.RFC3339, cursor); err == nil {
		for i, one := range s.items {
			if !one.at.Before(at) {
				return i, true
			}
		}
		return len(s.items), true
	}
	var generation, n int
	if _, err := fmt.Sscanf(cursor, "aa_%d_%d", &generation, &n); err != nil || generation != s.generation || n > len(s.items) {
		return 0, false
	}
	return n, true
}

func (s *Server) stream(field string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if field == "resultData" && r.PathValue("organization") != OrganizationID {
			answer(w, http.StatusNotFound, map[string]string{"error": "Organization not found"})
			return
		}
		if !s.Entitled || len(s.Organizations) != 1 {
			w.WriteHeader(http.StatusForbidden)
			if !s.SilentRefusal {
				_ = json.NewEncoder(w).Encode(map[string]string{"error": "Organization does not have Monitor entitlement"})
			}
			return
		}
		q := r.URL.Query()
		limit, err := strconv.Atoi(q.Get("limit"))
		if err != nil || limit < 1 || limit > 2000 {
			answer(w, http.StatusBadRequest, map[string]string{"errorCode": "INVALID_REQUEST_PARAMETER", "message": "limit"})
			return
		}
		from, known := s.position(q.Get("cursor"))
		if !known {
			answer(w, http.StatusBadRequest, map[string]string{"errorCode": "INVALID_REQUEST_PARAMETER", "message": "The cursor is not valid."})
			return
		}
		s.last = s.page(field, from, min(limit, s.PageRecords))
		_, _ = w.Write(s.last)
	}
}

// page writes the page from there on.
func (s *Server) page(field string, from, limit int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"%s":[`, field)
	n := 0
	for ; from < len(s.items) && n < limit; from++ {
		if s.items[from].raw == nil {
			from++
			break
		}
		if n++; n > 1 {
			b.WriteByte(',')
		}
		b.Write(s.items[from].raw)
	}
	fmt.Fprintf(&b, `],"endCursor":"aa_%d_%d"}`, s.generation, from)
	return b.Bytes()
}

// Record is a made-up record.
func Record(id string, at time.Time) string {
	return fmt.Sprintf(`{"timestamp":%q,"eventId":%q,"site":"DEMO","accountId":"11111111-0000-4000-8000-000000000001","userId":"22222222-0000-4000-8000-000000000002",`+
		`"object":"Envelope","action":"Created","source":"Web","ipAddress":"198.51.100.7","data":{"EnvelopeId":"e"}}`, at.UTC().Format("2006-01-02T15:04:05.0000000Z"), id)
}
