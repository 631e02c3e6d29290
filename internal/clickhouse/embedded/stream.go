package embedded

import "runtime"

// stream is a running query whose result is fetched piece by piece.
type stream struct {
	c       *connection
	handle  *cResult
	current *cResult
	ended   bool
	counts  counts
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
	s.counts.add(s.c.lib, piece)
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
