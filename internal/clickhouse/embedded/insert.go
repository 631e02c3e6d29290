package embedded

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// insertChunk is the number of bytes handed to the engine at a time.
const insertChunk = 1 << 20

// runInsert feeds the rows that follow an INSERT to the engine and answers
// when they are written. When the body breaks off, nothing that the engine
// has not yet written is written: a torn request is never acknowledged.
func (s *server) runInsert(ctx context.Context, w http.ResponseWriter, conn *connection, tag string, req *request) error {
	stop := s.killer.watch(ctx, tag)
	rows, err := insertRows(conn, req, http.NewResponseController(w))
	stop()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = stopped(cause)
		}
		writeException(w, asException(err))
		return err
	}
	writeSummary(w.Header(), rows)
	w.WriteHeader(http.StatusOK)
	return nil
}

func insertRows(conn *connection, req *request, control *http.ResponseController) (uint64, error) {
	into, err := conn.openInsert(req.insert.sql, req.insert.format, req.params)
	if err != nil {
		return 0, err
	}
	buffer := make([]byte, insertChunk)
	for {
		_ = control.SetReadDeadline(time.Now().Add(stallTimeout))
		n, ended, err := fill(req.rows, buffer)
		_ = control.SetReadDeadline(time.Time{})
		if err != nil {
			into.abort()
			return 0, bodyError(err)
		}
		if !into.append(buffer[:n]) || ended {
			return into.commit()
		}
	}
}

// fill reads until the buffer is full or the reader has ended. Only a reader
// that ends by itself gives io.EOF as such; one that breaks off gives another
// error, which io.ReadFull would not keep apart.
func fill(r io.Reader, buffer []byte) (n int, ended bool, err error) {
	for n < len(buffer) {
		m, err := r.Read(buffer[n:])
		n += m
		switch {
		case errors.Is(err, io.EOF):
			return n, true, nil
		case err != nil:
			return n, false, err
		}
	}
	return n, false, nil
}
