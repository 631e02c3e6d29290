package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Revisions of ClickHouse's protocol at which Native blocks change.
const (
	revisionBlockInfo           = 1     // any revision but 0
	revisionCustomSerialization = 54454 // a byte before each column's values
	revisionServed              = 54460 // the newest that this package writes
)

// blockInfo is the prefix of a block for clients that name a revision: not an
// overflow block, no bucket number.
var blockInfo = []byte{1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0}

// nativeFramer turns the engine's Native stream, which is always written for
// revision 0, into that of the revision that the client named. Values pass
// through as they are: it only has to know where a column's values end.
type nativeFramer struct {
	revision int
	shapes   map[string]columnShape
}

func newNativeFramer(clientRevision int) *nativeFramer {
	return &nativeFramer{revision: min(clientRevision, revisionServed), shapes: map[string]columnShape{}}
}

// write sends the blocks in piece, which holds whole blocks only.
func (f *nativeFramer) write(w io.Writer, piece []byte) error {
	if f.revision < revisionBlockInfo {
		_, err := w.Write(piece)
		return err
	}
	r := &blockReader{b: piece}
	for r.at < len(piece) {
		if _, err := w.Write(blockInfo); err != nil {
			return err
		}
		if err := f.block(w, r); err != nil {
			return err
		}
	}
	return nil
}

func (f *nativeFramer) block(w io.Writer, r *blockReader) error {
	start := r.at
	columns, rows := r.uvarint(), r.uvarint()
	for range columns {
		name := r.text()
		typeName := r.text()
		if r.err != nil {
			break
		}
		if _, err := w.Write(r.b[start:r.at]); err != nil {
			return err
		}
		if f.revision >= revisionCustomSerialization {
			if _, err := w.Write([]byte{0}); err != nil {
				return err
			}
		}
		start = r.at
		shape, ok := f.shapes[typeName]
		if !ok {
			var err error
			if shape, err = parseShape(typeName); err != nil {
				return newException(codeUnknownType, "UNKNOWN_TYPE", "column %s: %v", name, err)
			}
			f.shapes[typeName] = shape
		}
		if rows > 0 {
			r.prefix(shape)
			r.values(shape, rows)
		}
	}
	if r.err != nil {
		return fmt.Errorf("read the engine's Native block: %w", r.err)
	}
	_, err := w.Write(r.b[start:r.at])
	return err
}

var errBlockTruncated = errors.New("block ends in the middle of a value")

// blockReader walks over the values of a block. After the first error every
// step does nothing.
type blockReader struct {
	b   []byte
	at  int
	err error
}

func (r *blockReader) skip(n uint64) {
	if r.err == nil && n > uint64(len(r.b)-r.at) {
		r.err = errBlockTruncated
	}
	if r.err == nil {
		r.at += int(n)
	}
}

func (r *blockReader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.b[r.at:])
	if n <= 0 {
		r.err = errBlockTruncated
		return 0
	}
	r.at += n
	return v
}

func (r *blockReader) uint64() uint64 {
	r.skip(8)
	if r.err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(r.b[r.at-8:])
}

func (r *blockReader) text() string {
	n := r.uvarint()
	r.skip(n)
	if r.err != nil {
		return ""
	}
	return string(r.b[r.at-int(n) : r.at])
}

// prefix skips what precedes all values of a column: the version of each
// dictionary in it, from the outside in.
func (r *blockReader) prefix(s columnShape) {
	if s.shape == shapeLowCardinality {
		r.skip(8)
		return
	}
	for _, inner := range s.inner {
		r.prefix(inner)
	}
}

func (r *blockReader) values(s columnShape, rows uint64) {
	if r.err != nil {
		return
	}
	if rows > uint64(len(r.b)) && s.shape != shapeTuple {
		r.err = errBlockTruncated
		return
	}
	switch s.shape {
	case shapeFixed:
		r.skip(rows * uint64(s.size))
	case shapeString:
		for range rows {
			r.skip(r.uvarint())
			if r.err != nil {
				return
			}
		}
	case shapeNullable:
		r.skip(rows)
		r.values(s.inner[0], rows)
	case shapeArray:
		r.array(s, rows)
	case shapeTuple:
		if len(s.inner) == 0 {
			r.skip(rows)
		}
		for _, inner := range s.inner {
			r.values(inner, rows)
		}
	case shapeLowCardinality:
		r.lowCardinality(s, rows)
	}
}

func (r *blockReader) array(s columnShape, rows uint64) {
	if rows == 0 {
		return
	}
	r.skip(8 * (rows - 1))
	r.values(s.inner[0], r.uint64())
}

// lowCardinality skips index type and flags, the dictionary and a key a row.
// Rows that are all inside empty arrays have no dictionary at all.
func (r *blockReader) lowCardinality(s columnShape, rows uint64) {
	if rows == 0 {
		return
	}
	keyType := r.uint64() & 0xff
	r.values(s.inner[0], r.uint64())
	keys := r.uint64()
	if keyType > 3 {
		r.err = fmt.Errorf("dictionary with key type %d", keyType)
	}
	if keys > uint64(len(r.b)) {
		r.err = errBlockTruncated
	}
	r.skip(keys << keyType)
}
