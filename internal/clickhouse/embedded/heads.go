package embedded

import (
	"encoding/binary"
	"strings"
)

// headLength is the number of bytes before the first row in a piece of a
// result: names, or names and types, which the engine repeats in every piece.
// It is 0 for formats without such a head.
func headLength(format string, piece []byte) int {
	format = strings.ToLower(format)
	parts := 0
	switch {
	case strings.HasSuffix(format, "withnamesandtypes"):
		parts = 2
	case strings.HasSuffix(format, "withnames"):
		parts = 1
	default:
		return 0
	}
	if strings.HasPrefix(format, "rowbinary") {
		return binaryHead(piece, parts)
	}
	// Only CSV has line breaks inside a name, and then inside quotes.
	quoted := false
	for i, c := range piece {
		switch {
		case c == '"' && strings.HasPrefix(format, "csv"):
			quoted = !quoted
		case c == '\n' && !quoted:
			if parts--; parts == 0 {
				return i + 1
			}
		}
	}
	return len(piece)
}

// binaryHead reads the number of columns, then parts times as many texts.
func binaryHead(piece []byte, parts int) int {
	columns, at := binary.Uvarint(piece)
	if at <= 0 {
		return len(piece)
	}
	for range columns * uint64(parts) {
		length, n := binary.Uvarint(piece[at:])
		if n <= 0 || length > uint64(len(piece)-at-n) {
			return len(piece)
		}
		at += n + int(length)
	}
	return at
}
