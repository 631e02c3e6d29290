package simulate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Formats are the shapes in which records can be written: one a line, DocuSign's pages of the old and the new API (a
// page a line, of up to PageSize records), or one JSON array.
func Formats() []string { return []string{"ndjson", "page-v2", "page-v3", "array"} }

// PageSize is the number of records of a page, DocuSign's default.
const PageSize = 1000

// Write writes all records that are left, and returns their number.
func (g *Generator) Write(to io.Writer, format string) (int, error) {
	if !slices.Contains(Formats(), format) {
		return 0, fmt.Errorf("format: found %q, expected one of %s", format, strings.Join(Formats(), ", "))
	}
	if g.o.Connect {
		return 0, errors.New("connect: its deliveries are no records of Monitor and cannot be written beside them; sealwatch evaluate plays them")
	}
	w := bufio.NewWriterSize(to, 1<<16)
	n, onPage, last := 0, 0, Item{}
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, err
		}
		_, _ = w.WriteString(before(format, n, onPage))
		if _, err := w.Write(item.JSON); err != nil {
			return n, err
		}
		n, onPage, last = n+1, onPage+1, item
		if format == "ndjson" {
			_ = w.WriteByte('\n')
		} else if format != "array" && onPage == PageSize {
			_, _ = w.WriteString(pageEnd(last, n))
			onPage = 0
		}
	}
	switch {
	case format == "array" && n == 0:
		_, _ = w.WriteString("[]\n")
	case format == "array":
		_, _ = w.WriteString("\n]\n")
	case format != "ndjson" && (onPage > 0 || n == 0):
		if n == 0 {
			_, _ = w.WriteString(before(format, 0, 0))
		}
		_, _ = w.WriteString(pageEnd(last, n))
	}
	return n, w.Flush()
}

// before is what stands before a record: the n-th of all, the onPage-th of its page.
func before(format string, n, onPage int) string {
	switch {
	case format == "ndjson":
		return ""
	case format == "array" && n == 0:
		return "[\n"
	case format == "array":
		return ",\n"
	case onPage > 0:
		return ","
	case format == "page-v2":
		return `{"data":[`
	}
	return `{"resultData":[`
}

// pageEnd closes a page with a cursor of the look of DocuSign's: two times in ticks of 100 ns since the year 1.
func pageEnd(last Item, n int) string {
	const ticksTo1970 = 621_355_968_000_000_000
	return fmt.Sprintf("],\"endCursor\":\"aa_%d_%d_%d\"}\n", ticksTo1970+last.Arrival.UnixNano()/100, ticksTo1970+last.Time.UnixNano()/100, n)
}
