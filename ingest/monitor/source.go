package monitor

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/sealwatch/sealwatch/internal/fault"
)

// maxLayers is how often a body may have been compressed.
const maxLayers = 3

// body is the uncompressed body: it looks for gzip when the first byte is wanted, so that making a Reader reads nothing.
type body struct {
	src    io.Reader
	limit  int64
	opened bool
	zipped bool
}

func (b *body) Read(p []byte) (int, error) {
	if !b.opened {
		b.opened = true
		src, err := b.open()
		if err != nil {
			return 0, err
		}
		b.src = src
	}
	n, err := b.src.Read(p)
	if b.zipped && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) ||
		errors.Is(err, gzip.ErrHeader) || errors.As(err, new(flate.CorruptInputError))) {
		err = gzipError{err}
	}
	return n, err
}

func (b *body) open() (io.Reader, error) {
	src := b.src
	for layer := 0; ; layer++ {
		src = &limited{src: src, left: b.limit, limit: b.limit}
		ahead := bufio.NewReaderSize(src, 4<<10)
		magic, err := ahead.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
			return ahead, nil
		}
		if layer == maxLayers {
			return nil, gzipError{fmt.Errorf("compressed more than %d times", maxLayers)}
		}
		unzipped, err := gzip.NewReader(ahead)
		if err != nil {
			return nil, gzipError{err}
		}
		src, b.zipped = unzipped, true
	}
}

// gzipError says that a body is broken as gzip.
type gzipError struct{ err error }

func (e gzipError) Error() string {
	if errors.Is(e.err, io.ErrUnexpectedEOF) || errors.Is(e.err, io.EOF) {
		return "the gzip data ends early"
	}
	return "broken gzip data: " + e.err.Error()
}

// limited gives an error when more than limit bytes come; 0 means any number may.
type limited struct {
	src         io.Reader
	left, limit int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.limit <= 0 {
		return l.src.Read(p)
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.src.Read(p)
	if int64(n) > l.left {
		n, err = int(l.left), fault.New(fault.BodyTooLarge,
			"the body is larger than %d bytes when uncompressed; send it in parts", l.limit)
	}
	l.left -= int64(n)
	return n, err
}
