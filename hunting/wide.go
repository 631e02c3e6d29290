package hunting

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/sealwatch/sealwatch/internal/hunt"
)

// A row is one message, so it is held as a whole: rows are bounded, and so are the wide ones of all hunts together, however many run.
const (
	maxRowBytes = 8 << 20
	wideRows    = 4
)

// errWide says that a line is longer than a row may be.
var errWide = errors.New("the row is too wide")

// wide bounds the rows larger than a batch that are held at a time.
type wide struct{ places *semaphore.Weighted }

func newWide() *wide { return &wide{semaphore.NewWeighted(wideRows)} }

// hold is what one hunt has of them.
func (w *wide) hold(ctx context.Context) *held { return &held{w: w, ctx: ctx} }

type held struct {
	w   *wide
	ctx context.Context //nolint:containedctx // the hunt's, which is as long as this lives
	has bool
}

func (h *held) take() error {
	if h.has {
		return nil
	}
	if err := h.w.places.Acquire(h.ctx, 1); err != nil {
		return err
	}
	h.has = true
	return nil
}

func (h *held) release() {
	if h.has {
		h.has = false
		h.w.places.Release(1)
	}
}

// line reads up to the next line break; errWide comes with the beginning of a line that is longer than a row may be.
func (l *lines) line() ([]byte, error) {
	var line []byte
	for {
		piece, err := l.r.ReadSlice('\n')
		if len(line)+len(piece) > maxRowBytes {
			return append(line, piece...), errWide
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return append(line, piece...), err
		}
		if err := l.wide.take(); err != nil {
			return nil, err
		}
		line = append(line, piece...)
	}
}

// tooWide names the column that makes a row wide.
func (l *lines) tooWide(beginning []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(beginning))
	_, _ = decoder.Token() // the bracket of the row
	column, widest, from := 0, int64(-1), decoder.InputOffset()
	for i := range l.head {
		var value json.RawMessage
		err := decoder.Decode(&value)
		to := decoder.InputOffset()
		if err != nil {
			to = int64(len(beginning)) // it goes on behind what was read
		}
		if to-from > widest {
			column, widest = i, to-from
		}
		if from = to; err != nil {
			break
		}
	}
	name := "?"
	if column < len(l.head) {
		name = l.head[column].Name
	}
	return &hunt.Error{Code: codeTooManyResultBytes, Name: "TOO_MANY_ROWS_OR_BYTES",
		Text: fmt.Sprintf("a row of the result is larger than %d MiB, of which the column %s alone has %.1f MiB or more: select less of it, such as by substring, arraySlice or groupArray(N)", maxRowBytes>>20, name, float64(widest)/(1<<20))}
}
