package hunting

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/clickhouse/reader"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// rowsFormat is how rows come from the engine: a line of names, one of types, and a line for each row.
const rowsFormat = "JSONCompactEachRowWithNamesAndTypes"

// A batch of rows goes out when it has so many rows or bytes, or when nothing more has come.
const (
	batchRows  = 1000
	batchBytes = 256 << 10
)

// run is one hunt under way.
type run struct {
	*Hunting
	query  hunt.Query
	id     string
	limits hunt.Limits
	began  time.Time

	counting sync.Mutex
	summary  hunt.Summary

	mu   sync.Mutex // one call of sink at a time
	sink hunt.Sink
	// passed counts the beginnings and the ends of what goes to the reader.
	passed  atomic.Uint64
	givenUp atomic.Bool
	// cutAt is the number of rows at which the engine cuts a result off without saying so; 0 where it does not.
	cutAt uint64
}

// through runs the query to its end.
func (r *run) through(ctx context.Context) error {
	watched, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		r.watch(ctx, stop)
	}()
	answer, err := r.o.Engine.Run(ctx, r.query.SQL, r.arguments())
	if err == nil {
		defer func() { _ = answer.Body.Close() }()
		if r.query.Format != "" {
			err = r.data(answer)
		} else {
			err = r.rows(ctx, answer)
		}
	}
	close(stop)
	<-watched
	if err != nil {
		return r.unreachable(ctx, err)
	}
	r.summarise(answer)
	return r.send(func(s hunt.Sink) error { return s.Summary(r.counted()) })
}

// unreachable keeps what the engine and the caller said, and makes of everything else that the database does not answer.
func (r *run) unreachable(ctx context.Context, err error) error {
	var (
		said   *hunt.Error
		ours   *fault.Error
		failed *sinkError
	)
	switch {
	case errors.As(err, &failed):
		return failed.error
	case errors.As(err, &said), errors.As(err, &ours):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fault.Unavailable(err)
}

// sinkError marks an error of whoever takes the result.
type sinkError struct{ error }

// arguments of the request to the engine.
func (r *run) arguments() url.Values {
	a := url.Values{}
	set := func(name string, value uint64) {
		if value > 0 {
			a.Set(name, strconv.FormatUint(value, 10))
		}
	}
	a.Set("database", r.o.Database)
	a.Set("log_comment", mark(r.id))
	set("max_execution_time", uint64((r.limits.Duration+time.Second-1)/time.Second)) //nolint:gosec // not negative
	set("max_rows_to_read", r.limits.ReadRows)
	set("max_bytes_to_read", r.limits.ReadBytes)
	set("max_memory_usage", r.limits.Memory)
	for name, value := range embedded.Bind(r.query.SQL, r.query.Parameters) {
		a.Set(name, value)
	}
	if r.query.Format != "" {
		a.Set("default_format", r.query.Format)
		set("limit", r.limits.Rows)
		r.cutAt = r.limits.Rows
		set("max_result_bytes", r.limits.Bytes)
		return a
	}
	// One more than is passed on says whether there is more.
	if r.limits.Rows > 0 {
		set("limit", r.limits.Rows+1)
	}
	a.Set("default_format", rowsFormat)
	// Numbers that JSON's readers would round, and those that JSON has not, come as text.
	for _, name := range []string{"64bit_integers", "decimals", "denormals"} {
		a.Set("output_format_json_quote_"+name, "1")
	}
	a.Set("output_format_json_validate_utf8", "1")
	a.Set("output_format_json_escape_forward_slashes", "0")
	return a
}

// mark is how a hunt is found among the queries that run.
func mark(id string) string { return "hunt-" + id }

// watch tells how far the query has come until stop.
func (r *run) watch(ctx context.Context, stop <-chan struct{}) {
	again := time.NewTicker(r.o.ProgressInterval)
	defer again.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-again.C:
		}
		p, running, err := r.o.Store.HuntProgress(ctx, mark(r.id))
		if err != nil || !running {
			continue // it is a comfort: the result says by itself when it fails
		}
		if err := r.send(func(s hunt.Sink) error { return s.Progress(p) }); err != nil {
			return // the rows meet the same error
		}
		r.count(func(s *hunt.Summary) {
			s.ReadRows, s.ReadBytes = max(s.ReadRows, p.ReadRows), max(s.ReadBytes, p.ReadBytes)
		})
	}
}

func (r *run) send(call func(hunt.Sink) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.pass(func() error { return call(r.sink) }); err != nil {
		return &sinkError{err}
	}
	return nil
}

// rows passes a result on row by row.
func (r *run) rows(ctx context.Context, answer *reader.Answer) error {
	if format := answer.Header.Get("X-ClickHouse-Format"); format != rowsFormat {
		return fault.New(fault.InvalidArgument, "the statement has FORMAT %s: leave the clause out and ask for rows or for a format in the request", format)
	}
	lines := &lines{r: bufio.NewReaderSize(answer.Body, batchBytes), sql: r.query.SQL, wide: r.wide.hold(ctx)}
	defer lines.wide.release()
	columns, err := lines.columns()
	if err != nil {
		return err
	}
	lines.head = columns
	if err := r.send(func(s hunt.Sink) error { return s.Columns(columns) }); err != nil {
		return err
	}
	var batch []json.RawMessage
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		sent := batch
		batch, size = nil, 0
		err := r.send(func(s hunt.Sink) error { return s.Rows(sent) })
		lines.wide.release()
		return err
	}
	for {
		row, err := lines.next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return errors.Join(err, flush())
		}
		var over hunt.Truncation
		r.count(func(s *hunt.Summary) {
			switch {
			case r.limits.Rows > 0 && s.Rows >= r.limits.Rows:
				over = hunt.ByRows
			case r.limits.Bytes > 0 && s.Bytes+uint64(len(row)) > r.limits.Bytes:
				over = hunt.BySize
			default:
				s.Rows++
				s.Bytes += uint64(len(row))
			}
			s.Truncated = over
		})
		if over != hunt.Whole {
			return flush()
		}
		batch, size = append(batch, row), size+len(row)
		if len(batch) >= batchRows || size >= batchBytes || lines.r.Buffered() == 0 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// data passes a result on as bytes.
func (r *run) data(answer *reader.Answer) error {
	if format := answer.Header.Get("X-ClickHouse-Format"); format != r.query.Format {
		return fault.New(fault.InvalidArgument, "the statement has FORMAT %s: leave the clause out", format)
	}
	buffer := make([]byte, batchBytes)
	for {
		n, err := answer.Body.Read(buffer)
		if n > 0 {
			if err := r.room(uint64(n)); err != nil { //nolint:gosec // not negative
				return err
			}
			if err := r.send(func(s hunt.Sink) error { return s.Data(buffer[:n]) }); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the result broke off: %w", err)
		}
	}
}

// codeTooManyResultBytes is ClickHouse's for a result that is larger than it may be.
const codeTooManyResultBytes = 396

// room counts bytes of a result that cannot be cut between rows, and is the error when they are too many.
func (r *run) room(n uint64) (err error) {
	r.count(func(s *hunt.Summary) {
		if r.limits.Bytes > 0 && s.Bytes+n > r.limits.Bytes {
			err = &hunt.Error{Code: codeTooManyResultBytes, Name: "TOO_MANY_ROWS_OR_BYTES", Text: fmt.Sprintf("the result is larger than %d bytes, the limit (hunting.maxBytes)", r.limits.Bytes)}
			return
		}
		s.Bytes += n
	})
	return err
}

// summarise completes the summary with what the engine says; it says nothing of a result that was not read to its end.
func (r *run) summarise(answer *reader.Answer) {
	var said struct {
		ReadRows   string `json:"read_rows"`
		ReadBytes  string `json:"read_bytes"`
		ResultRows string `json:"result_rows"`
	}
	known := json.Unmarshal([]byte(answer.Summary()), &said) == nil
	number := func(s string) uint64 { n, _ := strconv.ParseUint(s, 10, 64); return n }
	r.count(func(s *hunt.Summary) {
		if known {
			s.ReadRows, s.ReadBytes = max(s.ReadRows, number(said.ReadRows)), max(s.ReadBytes, number(said.ReadBytes))
		}
		if known && (r.query.Format != "" || r.query.Via == hunt.ViaClickHouse) {
			s.Rows = number(said.ResultRows)
			if r.cutAt > 0 && s.Rows >= r.cutAt {
				s.Truncated = hunt.ByRows
			}
		}
		s.Elapsed, s.Limits = r.o.Clock().Sub(r.began), r.limits
	})
}

// record is what the audit keeps.
func (r *run) record(err error) hunt.Record {
	summary := r.counted()
	rec := hunt.Record{
		Tenant: r.o.Tenant, ID: r.id, Time: r.began, Author: r.query.Author, Via: r.query.Via, Saved: r.query.Saved, SQL: r.query.SQL,
		Parameters: slices.Sorted(maps.Keys(r.query.Parameters)), Summary: summary, Outcome: outcome(err, summary.Truncated),
	}
	rec.Summary.Elapsed = r.o.Clock().Sub(r.began)
	if err != nil {
		rec.Error = auditedError(err, r.query.Parameters)
	}
	if rec.Outcome == hunt.Refused {
		rec.SQL = embedded.WithoutValues(rec.SQL)
	}
	rec.SQL, rec.Cut = auditedStatement(rec.SQL)
	return rec
}

// lines reads the lines of rowsFormat.
type lines struct {
	r    *bufio.Reader
	sql  string
	head []hunt.Column
	wide *held
}

// exceptionMark begins the block by which ClickHouse ends a result that failed on its way.
const exceptionMark = "__exception__"

// next is the following line without its end; io.EOF after the last one. It stays when the next one is read.
func (l *lines) next() (json.RawMessage, error) {
	line, err := l.line()
	switch {
	case len(line) > 0 && line[0] == '\r':
		return nil, l.exception()
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, io.EOF
	case errors.Is(err, errWide):
		return nil, l.tooWide(line)
	case err != nil:
		return nil, fmt.Errorf("the result broke off: %w", err)
	}
	return bytes.TrimSuffix(line, []byte("\n")), nil
}

// exception reads the block that follows a carriage return.
func (l *lines) exception() error {
	text, _ := io.ReadAll(io.LimitReader(l.r, 64<<10))
	parts := bytes.SplitN(text, []byte("\r\n"), 3)
	if len(parts) < 3 || string(parts[0]) != exceptionMark {
		return errors.New("the result broke off")
	}
	// The tag, the text, then its length with the tag again.
	body := parts[2]
	if i := bytes.LastIndex(body, append([]byte(" "), parts[1]...)); i >= 0 {
		if j := bytes.LastIndexByte(body[:i], '\n'); j >= 0 {
			body = body[:j]
		}
	}
	return hunt.ParseError(string(body), l.sql)
}

// columns reads the first two lines.
func (l *lines) columns() ([]hunt.Column, error) {
	var names, types []string
	for _, into := range []*[]string{&names, &types} {
		line, err := l.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil, nil // EXPLAIN and SHOW may have nothing to say
			}
			return nil, err
		}
		if err := json.Unmarshal(line, into); err != nil {
			return nil, fmt.Errorf("the head of the result: %w", err)
		}
	}
	if len(names) != len(types) {
		return nil, fmt.Errorf("the head of the result has %d names and %d types", len(names), len(types))
	}
	columns := make([]hunt.Column, len(names))
	for i := range names {
		columns[i] = hunt.Column{Name: names[i], Type: types[i]}
	}
	return columns, nil
}
