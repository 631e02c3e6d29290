package embedded

import "runtime"

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
