package embedded

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
)

// server answers ClickHouse's HTTP interface from the engine in this process.
type server struct {
	config      engineConfig
	credentials credentials
	lib         *library
	pool        *pool
	killer      *killer
	classes     classes
	readers     *readerGate
	anchor      *session // kept open, because the engine shuts down with its last session
	log         *slog.Logger
	sessions    atomic.Uint64
}

// newServer opens the engine on the arguments' data directory. It returns
// when the engine has loaded its tables.
func newServer(lib *library, config engineConfig, arguments []string, log *slog.Logger) (*server, error) {
	s := &server{config: config, lib: lib, log: log}
	opener := &sessionOpener{lib: lib, server: arguments, settings: config.sessionSettings(), count: func() uint64 { return s.sessions.Add(1) }}
	s.credentials = credentials{full: config.Password, reader: config.ReaderPassword}
	s.pool = newPool(opener, config.Connections, config.MaxQueue)
	s.killer = &killer{opener: opener, log: log}
	s.readers = newReaderGate(opener, config)
	anchor, err := opener.open()
	if err != nil {
		return nil, err
	}
	s.anchor = anchor
	return s, nil
}

// close ends the sessions that are not in use, and with the last one the
// engine.
func (s *server) close() {
	s.pool.close()
	s.killer.close()
	s.anchor.conn.close()
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-ClickHouse-Server-Display-Name", "sealwatch")
	switch {
	case r.URL.Path == "/ping", r.URL.Path == "/" && r.Method == http.MethodGet && r.URL.RawQuery == "":
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		_, _ = w.Write([]byte("Ok.\n"))
		return
	case r.URL.Path != "/":
		http.Error(w, "There is no handler "+r.URL.Path, http.StatusNotFound)
		return
	}
	user, err := s.credentials.authenticate(r)
	if err != nil {
		writeException(w, asException(err))
		return
	}
	req, err := s.parseRequest(r, user)
	if err != nil {
		writeException(w, asException(err))
		return
	}
	w.Header().Set("X-ClickHouse-Query-Id", first(req.queryID, newPassword()[:32]))
	if user == UserReader {
		s.serveReader(r.Context(), w, req)
		return
	}
	s.serveFull(r.Context(), w, req)
}

// serveFull runs a request of the full user on a pooled session.
func (s *server) serveFull(ctx context.Context, w http.ResponseWriter, req *request) {
	session, err := s.pool.acquire(ctx)
	if err != nil {
		writeException(w, asException(err))
		return
	}
	defer s.pool.release(session)
	if err := session.prepare(req.settings, req.database); err != nil {
		writeException(w, asException(err))
		return
	}
	// A panic cuts the HTTP connection in the middle of a result; the session
	// is then in an unknown state, so it counts as broken until proven well.
	wasBroken := session.broken
	session.broken = true
	if req.insert != nil {
		if req.readOnly {
			writeException(w, readonlyMethod())
			return
		}
		err = s.runInsert(ctx, w, session.conn, session.tag, req)
		session.broken = wasBroken || err != nil
		return
	}
	statements, class := s.classes.of(session.conn, req)
	if err := admitFull(req, statements, class); err != nil {
		session.broken = wasBroken
		writeException(w, asException(err))
		return
	}
	err = s.runQuery(ctx, w, session.conn, session.tag, req, class == classReads, session.timeLimit())
	session.broken = wasBroken || err != nil || class >= classControls
}

// admitFull refuses what a ClickHouse server refuses over HTTP too.
func admitFull(req *request, statements int, class statementClass) error {
	switch {
	case statements > 1:
		return newException(codeSyntaxError, "SYNTAX_ERROR", "multi-statements are not allowed: send one statement a request")
	case req.readOnly && class != classReads && class != classUnknown:
		return readonlyMethod()
	case namesFile(req.sql):
		return newException(codeNotImplemented, "NOT_IMPLEMENTED", "INTO OUTFILE and FROM INFILE are for client programs; they are not supported here")
	}
	return nil
}

func readonlyMethod() *exception {
	return newException(codeReadonly, "READONLY", "cannot execute query in readonly mode: a GET request may only read; use POST")
}

// version is ClickHouse's version, not the library's.
func (s *server) version() (string, error) {
	return s.anchor.conn.text("SELECT version()", parameters{})
}
