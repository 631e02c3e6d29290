package embedded

import "sync"

// maxRemembered bounds, in bytes of statements, what is remembered of their classes.
const maxRemembered = 8 << 20

// classes remembers what statements of the full user do. The same few are sent again and again with other values, and to parse
// that of a detection once more, only to learn that it reads, takes as long as a small query.
type classes struct {
	mu    sync.Mutex
	known map[classKey]classified
	size  int
}

// classKey is all that the class of a statement depends on: its text, and the language that it is read in.
type classKey struct{ sql, dialect string }

type classified struct {
	statements int
	class      statementClass
}

// of is what req does, asked of conn where it is not known. What does not parse is asked about again: a setting may forbid what another allows.
func (c *classes) of(conn *connection, req *request) (statements int, class statementClass) {
	key := classKey{req.sql, req.settings["dialect"]}
	c.mu.Lock()
	is, known := c.known[key]
	c.mu.Unlock()
	if known {
		return is.statements, is.class
	}
	statements, class = conn.classify(req.sql)
	if statements > 0 && class != classUnknown && len(req.sql) <= maxRemembered/8 {
		c.remember(key, classified{statements, class})
	}
	return statements, class
}

func (c *classes) remember(key classKey, is classified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.known[key]; known {
		return
	}
	if c.known == nil || c.size+len(key.sql) > maxRemembered {
		c.known, c.size = make(map[classKey]classified), 0
	}
	c.known[key] = is
	c.size += len(key.sql)
}
