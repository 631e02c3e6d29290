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
	// counts are what the latest statement of run has read.
	counts counts
}

// counts are the rows of a result, and what was read from tables for it.
type counts struct{ rows, readRows, readBytes uint64 }

func (c *counts) add(lib *library, r *cResult) {
	c.rows += lib.resultRows(r)
	c.readRows += lib.resultReadRows(r)
	c.readBytes += lib.resultReadBytes(r)
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
	c.counts = counts{}
	c.counts.add(c.lib, result)
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

// formatted is a statement as the engine's own formatter prints it, on one
// line. A statement that does not parse gives the engine's syntax error.
func (c *connection) formatted(sql string) (string, error) {
	text, err := c.text("SELECT formatQuerySingleLine({statement:String})", parameters{names: []string{"statement"}, values: []string{escapeParameter(sql)}})
	var e *exception
	if errors.As(err, &e) && e.code == codeSyntaxError {
		// The person wrote the statement and not the one around it.
		if said, _, found := strings.Cut(e.text, ": In scope SELECT formatQuerySingleLine("); found {
			err = newException(codeSyntaxError, e.name, "%s", strings.TrimPrefix(said, "Code: 62. DB::Exception: "))
		}
	}
	return text, err
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
