package embedded

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// readerRole is the role that the users' file grants to the reader's sessions.
const readerRole = "reader"

// readerStatements are the statements that a person may send.
var readerStatements = []string{"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS"}

// readerGate opens the reader's sessions and bounds their number.
type readerGate struct {
	opener *sessionOpener
	limits map[string]uint64
	// databases that may be the current one.
	databases []string
	slots     chan struct{}
	queue     chan struct{}
}

func newReaderGate(opener *sessionOpener, config engineConfig) *readerGate {
	n := config.Reader.Concurrency
	return &readerGate{opener: opener, limits: config.Reader.settings(), databases: append([]string{"", defaultDatabase}, config.Reader.Databases...), slots: make(chan struct{}, n), queue: make(chan struct{}, n+config.MaxQueue)}
}

// serveReader runs a request of the reader.
func (s *server) serveReader(ctx context.Context, w http.ResponseWriter, req *request) {
	if err := enter(ctx, s.readers.queue, s.readers.slots); err != nil {
		writeException(w, asException(err))
		return
	}
	defer func() {
		<-s.readers.slots
		<-s.readers.queue
	}()
	session, err := s.readers.session(req)
	if err != nil {
		writeException(w, asException(err))
		return
	}
	defer session.conn.close()
	if req.sql, err = admitReader(session.conn, req); err != nil {
		writeException(w, asException(err))
		return
	}
	_ = s.runQuery(ctx, w, session.conn, session.tag, req, true, session.timeLimit())
}

// session opens a session for one statement of the reader. The walls, from
// the outside in: the kernel, which gives the process no file outside its
// data, no socket and no other program; the role, which grants reading the
// configured databases and no access to any source; readonly, which refuses
// changes of data and is set last, so that nothing after it can be undone; the
// list of settings, readerSettings; and the statement's own check, admitReader.
// The last two alone guard the files of the data directory, which the kernel
// has to leave to the engine, and the limits, which readonly guards against the
// outermost SETTINGS clause only.
func (g *readerGate) session(req *request) (*session, error) {
	settings, err := readerSettings(g.limits, req.settings)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(g.databases, req.database) {
		return nil, newException(codeAccessDenied, "ACCESS_DENIED", "the user reader may not use the database %s; expected %s", req.database, strings.Join(g.databases[1:], " or "))
	}
	s, err := g.opener.open()
	if err != nil {
		return nil, err
	}
	if err := s.restrict(settings, req.database); err != nil {
		s.conn.close()
		return nil, err
	}
	return s, nil
}

func (s *session) restrict(settings map[string]string, database string) error {
	settings = maps.Clone(settings)
	settings["allow_introspection_functions"] = "0"
	if err := s.prepare(settings, database); err != nil {
		return err
	}
	if err := s.conn.exec("SET ROLE " + readerRole); err != nil {
		return err
	}
	return s.conn.exec("SET readonly = 1")
}

// admitReader checks a statement before it runs: exactly one, of a kind that
// reads, without the names that reach outside the tables and without settings,
// which the engine applies inside a subquery even to a read-only session. It
// returns the text to run, which is the statement as the engine's own
// formatter prints it and not as it came: what was checked is what runs.
func admitReader(conn *connection, req *request) (string, error) {
	if req.insert != nil {
		return "", newException(codeReadonly, "READONLY", "the user reader cannot insert")
	}
	statements, class := conn.classify(req.sql)
	switch {
	case statements > 1:
		return "", newException(codeSyntaxError, "SYNTAX_ERROR", "multi-statements are not allowed: send one statement a request")
	case class == classUnknown:
		// Let the engine's formatter say where the syntax is wrong.
	case class != classReads || !slices.Contains(readerStatements, firstWord(req.sql)):
		return "", readerReads()
	}
	canonical, err := conn.formatted(req.sql)
	if err != nil {
		return "", err
	}
	// The formatter prints some names without the quotes that they need, and
	// such a name would hide what follows it from a check of the text. Printing
	// is then not the same the second time.
	if again, err := conn.formatted(canonical); err != nil || again != canonical {
		return "", newException(codeReadonly, "READONLY", "the user reader may not send this statement: a name in it cannot be told from SQL; use letters, digits and underscores only")
	}
	statements, class = conn.classify(canonical)
	switch {
	case statements != 1 || class != classReads || !slices.Contains(readerStatements, firstWord(canonical)):
		return "", readerReads()
	case !showsSchema(canonical):
		return "", newException(codeAccessDenied, "ACCESS_DENIED", "the user reader may SHOW %s only", strings.Join(readerShows, ", "))
	case !explainsSafely(canonical):
		return "", newException(codeReadonly, "READONLY", "the user reader may send EXPLAIN %s only, without options: the plan of a view can be text without end", strings.Join(readerExplains, ", EXPLAIN "))
	case namesFile(canonical):
		return "", newException(codeReadonly, "READONLY", "the user reader may not send this statement")
	case setsSettings(canonical):
		return "", newException(codeReadonly, "READONLY", "the user reader may not use SETTINGS in a statement; those that he may change are arguments of the request")
	}
	if name := refusedSystemTable(canonical); name != "" {
		return "", newException(codeAccessDenied, "ACCESS_DENIED", "the user reader may not read %s; of system there are %s", name, strings.Join(readerSystem, ", "))
	}
	if name := refusedName(canonical); name != "" {
		return "", newException(codeAccessDenied, "ACCESS_DENIED", "the user reader may not use %s; if it is the name of a column, write it behind its table's name", name)
	}
	return canonical, nil
}

func readerReads() *exception {
	return newException(codeReadonly, "READONLY", "the user reader may only send SELECT, WITH, SHOW, DESCRIBE, EXPLAIN and EXISTS statements")
}
