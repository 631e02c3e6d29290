package embedded

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// requestBody is the request's body, decoded: Content-Encoding first, then
// ClickHouse's own block compression if the argument decompress=1 says so.
// Both the body as sent and what comes out of it are limited to maxBytes.
func requestBody(r *http.Request, maxBytes int64) (io.Reader, error) {
	var body io.Reader = &limitedReader{r: r.Body, left: maxBytes, max: maxBytes}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	var err error
	switch encoding {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "br":
		body = brotli.NewReader(body)
	case "zstd":
		var decoder *zstd.Decoder
		decoder, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err == nil {
			body = decoder.IOReadCloser()
		}
	default:
		return nil, newException(codeUnknownCompression, "UNKNOWN_COMPRESSION_METHOD", "Content-Encoding %q is not supported: send gzip, deflate, br, zstd or none", encoding)
	}
	if err != nil {
		return nil, newException(codeCannotReadAllData, "CANNOT_READ_ALL_DATA", "read the %s body: %v", encoding, err)
	}
	if r.URL.Query().Get("decompress") == "1" {
		counted := &countingReader{r: body}
		body = &blockReaderBody{source: counted, blocks: compress.NewReader(counted)}
	}
	return &limitedReader{r: body, left: maxBytes, max: maxBytes}, nil
}

// limitedReader fails, instead of ending, when more than max bytes come.
type limitedReader struct {
	r    io.Reader
	left int64
	max  int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		n, err := l.r.Read(one[:])
		if n > 0 {
			return 0, newException(codeTooManyBytes, "TOO_MANY_BYTES", "the request is larger than %d bytes", l.max)
		}
		return 0, err
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

// blockReaderBody reads ClickHouse's block compression and tells the end of
// the body between two blocks, which is io.EOF, from one inside a block.
type blockReaderBody struct {
	source *countingReader
	blocks *compress.Reader
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (b *blockReaderBody) Read(p []byte) (int, error) {
	before := b.source.n
	n, err := b.blocks.Read(p)
	if errors.Is(err, io.EOF) {
		if b.source.n == before {
			return n, io.EOF
		}
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// compressedWriter writes ClickHouse's block compression, which clients ask
// for with compress=1. Bytes reach w when a block is full and on flush.
type compressedWriter struct {
	w      *bufio.Writer
	blocks *blockWriter
}

type blockWriter struct {
	w      io.Writer
	writer *compress.Writer
}

// compressedBlock is the number of bytes that are compressed together.
const compressedBlock = 256 << 10

func newCompressedWriter(w io.Writer, method string) *compressedWriter {
	m := compress.LZ4
	if strings.EqualFold(method, "ZSTD") {
		m = compress.ZSTD
	}
	blocks := &blockWriter{w: w, writer: compress.NewWriter(compress.LevelZero, m)}
	return &compressedWriter{w: bufio.NewWriterSize(blocks, compressedBlock), blocks: blocks}
}

func (c *compressedWriter) Write(p []byte) (int, error) { return c.w.Write(p) }

func (c *compressedWriter) flush() error { return c.w.Flush() }

func (b *blockWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), compressedBlock)
		if err := b.writer.Compress(p[:n]); err != nil {
			return written, err
		}
		if _, err := b.w.Write(b.writer.Data); err != nil {
			return written, err
		}
		written += n
		p = p[n:]
	}
	return written, nil
}
