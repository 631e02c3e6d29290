package embedded

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// session is a pooled connection and what it remembers of earlier requests.
type session struct {
	conn     *connection
	tag      string            // marks its queries in system.processes
	base     map[string]string // settings that it was opened with
	applied  map[string]string // settings that differ from base
	database string
	broken   bool // not to be used again
}

const defaultDatabase = "default"

// prepare brings the session into the state that a request asks for: its
// settings and nothing of an earlier request's, its current database. The
// session's own tag stays in front of a log_comment of the request.
func (s *session) prepare(settings map[string]string, database string) error {
	wanted := maps.Clone(settings)
	if wanted == nil {
		wanted = map[string]string{}
	}
	if comment, ok := wanted["log_comment"]; ok {
		wanted["log_comment"] = s.tag + " " + comment
	}
	change, reset := map[string]string{}, []string{}
	for name, value := range wanted {
		if old, ok := s.applied[name]; !ok || old != value {
			change[name] = value
		}
	}
	for name := range s.applied {
		if _, ok := wanted[name]; ok {
			continue
		}
		if value, ok := s.base[name]; ok {
			change[name] = value
		} else {
			reset = append(reset, name+" = DEFAULT")
		}
	}
	if len(reset) > 0 {
		if err := s.conn.exec("SET " + strings.Join(reset, ", ")); err != nil {
			s.broken = true
			return err
		}
	}
	if len(change) > 0 {
		if err := s.conn.exec(setStatement(change)); err != nil {
			s.broken = true
			return err
		}
	}
	s.applied = wanted
	if _, ok := wanted["readonly"]; ok {
		s.broken = true
	}
	return s.use(database)
}

func (s *session) use(database string) error {
	if database == "" {
		database = defaultDatabase
	}
	if database == s.database {
		return nil
	}
	if err := s.conn.exec("USE " + quoteIdentifier(database)); err != nil {
		s.broken = true
		return err
	}
	s.database = database
	return nil
}

// timeLimit is how long a query may run with the settings that the session was
// prepared with; 0 for no limit.
func (s *session) timeLimit() time.Duration {
	const name = "max_execution_time"
	seconds, err := strconv.ParseFloat(first(s.applied[name], s.base[name]), 64)
	if err != nil || seconds <= 0 || seconds > 1e9 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// sessionOpener opens sessions of one kind, each with a tag of its own.
type sessionOpener struct {
	lib      *library
	server   []string
	settings map[string]string
	count    func() uint64
}

func (o *sessionOpener) open() (*session, error) {
	tag := fmt.Sprintf("sealwatch-session-%d", o.count())
	base := maps.Clone(o.settings)
	base["log_comment"] = tag
	conn, err := openConnection(o.lib, append(append([]string{}, o.server...), sessionArguments(base)...))
	if err != nil {
		return nil, fmt.Errorf("open a session of the engine: %w", err)
	}
	return &session{conn: conn, tag: tag, base: base, database: defaultDatabase}, nil
}
