package embedded

import (
	"errors"
	"runtime"
	"strings"
	"unsafe"
)

// parameters are the values bound to {name:Type} in a statement: two lists of
// the same length, in the text form of ClickHouse's HTTP interface.
type parameters struct {
	names  []string
	values []string
}

// connection is one session of the engine. It runs one statement at a time
// and is not safe for concurrent use; the pool makes parallel work.
type connection struct {
	lib    *library
	handle *cHandle
}

// openConnection opens a session on the data directory in args ("--path=...").
// Other arguments are server options (the first connection of the process
// decides) or settings of this session.
func openConnection(lib *library, args []string) (*connection, error) {
	argv := make([]*byte, 0, len(args)+2)
	for _, a := range append([]string{"clickhouse"}, args...) {
		p, _ := cBytes(a)
		argv = append(argv, p)
	}
	count := int32(len(argv))
	argv = append(argv, nil)
	handle := lib.connect(count, &argv[0])
	runtime.KeepAlive(argv)
	if handle == nil {
		return nil, errors.New("the engine refused to open a session (its reason is on standard error)")
	}
	return &connection{lib: lib, handle: handle}, nil
}

// close ends the session. A stream that is still open must be closed first.
func (c *connection) close() {
	if c.handle != nil {
		c.lib.close(c.handle)
		c.handle = nil
	}
}

// run executes a statement to its end and hands the whole result, which the
// engine keeps in memory, to use. The bytes are gone when use returns.
func (c *connection) run(sql, format string, params parameters, use func([]byte) error) error {
	sqlPtr, sqlLen := cBytes(sql)
	formatPtr, formatLen := cBytes(format)
	names, nameLens := cVector(params.names)
	values, valueLens := cVector(params.values)
	result := c.lib.query(c.handle.connection, sqlPtr, sqlLen, formatPtr, formatLen, names, nameLens, values, valueLens, uintptr(len(params.names)))
	runtime.KeepAlive(params)
	if result == nil {
		return errNoResult
	}
	defer c.lib.resultDestroy(result)
	if err := c.resultError(result); err != nil {
		return err
	}
	return use(c.resultBytes(result))
}

// exec runs a statement and discards its result.
func (c *connection) exec(sql string) error {
	return c.run(sql, "Null", parameters{}, func([]byte) error { return nil })
}

// text runs a query and returns its result as the engine prints it, for
// queries of one value.
func (c *connection) text(sql string, params parameters) (string, error) {
	var out string
	err := c.run(sql, "TSVRaw", params, func(b []byte) error {
		out = strings.TrimSuffix(string(b), "\n")
		return nil
	})
	return out, err
}

var errNoResult = errors.New("the engine returned no result")

func (c *connection) resultError(r *cResult) error {
	if text := goString(c.lib.resultError(r)); text != "" {
		return parseException(text)
	}
	return nil
}

// resultBytes are the result's own bytes; they are gone when it is destroyed.
func (c *connection) resultBytes(r *cResult) []byte {
	n := c.lib.resultLength(r)
	if n == 0 {
		return nil
	}
	return unsafe.Slice(c.lib.resultBuffer(r), int(n))
}

// stream is a running query whose result is fetched piece by piece.
type stream struct {
	c       *connection
	handle  *cResult
	current *cResult
	ended   bool
}

// openStream starts a query. An error of analysis is returned here, an error
// of execution by next.
func (c *connection) openStream(sql, format string, params parameters) (*stream, error) {
	sqlPtr, sqlLen := cBytes(sql)
	formatPtr, formatLen := cBytes(format)
	names, nameLens := cVector(params.names)
	values, valueLens := cVector(params.values)
	handle := c.lib.stream(c.handle.connection, sqlPtr, sqlLen, formatPtr, formatLen, names, nameLens, values, valueLens, uintptr(len(params.names)))
	runtime.KeepAlive(params)
	if handle == nil {
		return nil, errNoResult
	}
	if err := c.resultError(handle); err != nil {
		c.lib.resultDestroy(handle)
		return nil, err
	}
	return &stream{c: c, handle: handle}, nil
}

// next returns the following piece of the result, valid until the next call,
// or nil at the end.
func (s *stream) next() ([]byte, error) {
	s.release()
	if s.ended {
		return nil, nil
	}
	piece := s.c.lib.fetch(s.c.handle.connection, s.handle)
	if piece == nil {
		s.ended = true
		return nil, errNoResult
	}
	s.current = piece
	if err := s.c.resultError(piece); err != nil {
		s.ended = true
		return nil, err
	}
	b := s.c.resultBytes(piece)
	if len(b) == 0 {
		s.ended = true
	}
	return b, nil
}

func (s *stream) release() {
	if s.current != nil {
		s.c.lib.resultDestroy(s.current)
		s.current = nil
	}
}

// close stops the query if it is still running and frees the result.
func (s *stream) close() {
	s.release()
	if !s.ended {
		s.c.lib.cancel(s.c.handle.connection, s.handle)
		s.ended = true
	}
	s.c.lib.resultDestroy(s.handle)
	s.handle = nil
}

// insertion is an INSERT whose rows are appended in the bytes of a format.
type insertion struct {
	c      *connection
	handle *cInsert
}

// openInsert starts an INSERT. sql has no FORMAT clause and no data.
func (c *connection) openInsert(sql, format string, params parameters) (*insertion, error) {
	sqlPtr, sqlLen := cBytes(sql)
	formatPtr, formatLen := cBytes(format)
	names, nameLens := cVector(params.names)
	values, valueLens := cVector(params.values)
	handle := c.lib.insert(c.handle.connection, sqlPtr, sqlLen, formatPtr, formatLen, names, nameLens, values, valueLens, uintptr(len(params.names)))
	runtime.KeepAlive(params)
	if handle == nil {
		return nil, errNoResult
	}
	if text := goString(c.lib.insertError(handle)); text != "" {
		c.lib.insertDestroy(handle)
		return nil, parseException(text)
	}
	return &insertion{c: c, handle: handle}, nil
}

// append hands over the next bytes and may wait until the engine has room. It
// returns false when the insert has already failed; commit then says why.
func (i *insertion) append(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	return i.c.lib.insertAppend(i.handle, &b[0], uintptr(len(b))) == 0
}

// commit ends the input, waits until the rows are written and returns their
// number, those written by materialised views included.
func (i *insertion) commit() (rows uint64, err error) {
	result := i.c.lib.insertDone(i.handle)
	defer i.destroy()
	if result == nil {
		return 0, errNoResult
	}
	defer i.c.lib.resultDestroy(result)
	if err := i.c.resultError(result); err != nil {
		return 0, err
	}
	return i.c.lib.resultWritten(result), nil
}

// abort gives the insert up. Blocks that the engine has already written stay.
func (i *insertion) abort() {
	i.c.lib.insertCancel(i.handle)
	i.destroy()
}

func (i *insertion) destroy() {
	i.c.lib.insertDestroy(i.handle)
	i.handle = nil
}

// statementClass is what a statement does, as the engine's parser sees it.
type statementClass uint32

const (
	classReads        statementClass = iota // SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK
	classWrites                             // INSERT, CREATE, ALTER, DROP, OPTIMIZE, ...
	classWritesGlobal                       // functions, users, named collections
	classControls                           // SET, USE, SYSTEM, KILL, BACKUP, INTO OUTFILE, ...
	classUnknown                            // not parsed
)

// classify says how many statements sql holds and the most restricted class
// among them. It runs nothing. Zero statements means that sql did not parse.
func (c *connection) classify(sql string) (statements int, class statementClass) {
	sqlPtr, sqlLen := cBytes(sql)
	out := cAnalysis{size: uint32(unsafe.Sizeof(cAnalysis{}))}
	if c.lib.classify(c.handle.connection, sqlPtr, sqlLen, nil, 0, &out) != 0 {
		return 0, classUnknown
	}
	return int(out.statements), statementClass(out.class)
}
