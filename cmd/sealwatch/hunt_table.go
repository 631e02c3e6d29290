package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// leastWidth is the narrowest table.
const leastWidth = 20

// widestCell is the most that a column takes where lines have a width; a longer value is cut.
const widestCell = 60

// tableWidth is the number of characters in a line; 0 for no limit.
func (h *hunter) tableWidth() int {
	if h.flags.width > 0 {
		return h.flags.width
	}
	if f, ok := h.p.terminal.(*os.File); ok && h.p.outTerminal {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= leastWidth {
			return width
		}
	}
	return 0
}

// tableResult lays rows out in columns. The first rows decide the widths. What is too wide for a line continues in a further table of the
// same rows, with their numbers.
type tableResult struct {
	to     io.Writer
	width  int
	head   []string
	number []bool
	widths []int
	done   int
	shown  bool
}

func (t *tableResult) columns(columns []*sealwatchv1.HuntColumn) error {
	for _, c := range columns {
		t.head, t.number = append(t.head, c.GetName()), append(t.number, numeric(c.GetType()))
	}
	return nil
}

func (t *tableResult) rows(rows []*structpb.ListValue) error {
	cells := make([][]string, len(rows))
	for i, row := range rows {
		for _, v := range row.GetValues() {
			cells[i] = append(cells[i], terminal.Text(cellText(v, "NULL")))
		}
	}
	first := t.widths == nil
	if first {
		t.measure(cells)
	}
	pages := t.pages()
	for i, page := range pages {
		if first || len(pages) > 1 {
			if err := t.line(t.head, page); err != nil {
				return err
			}
			rule := make([]string, len(t.head))
			for c := range rule {
				rule[c] = strings.Repeat("─", t.widths[c])
			}
			if err := t.line(rule, page); err != nil {
				return err
			}
		}
		for _, row := range cells {
			if err := t.line(row, page); err != nil {
				return err
			}
		}
		if i+1 < len(pages) {
			if _, err := io.WriteString(t.to, "\n"); err != nil {
				return err
			}
		}
	}
	t.done += len(rows)
	return nil
}

// measure takes the widths from the head and the first rows.
func (t *tableResult) measure(cells [][]string) {
	t.widths = make([]int, len(t.head))
	for c, name := range t.head {
		t.widths[c] = utf8.RuneCountInString(terminal.Text(name))
		for _, row := range cells {
			t.widths[c] = max(t.widths[c], utf8.RuneCountInString(row[c]))
		}
		if t.width > 0 {
			t.widths[c] = min(t.widths[c], widestCell, t.width)
		}
		t.widths[c] = max(t.widths[c], 1)
	}
}

// pages are the columns that stand beside one another.
func (t *tableResult) pages() [][2]int {
	if t.width == 0 {
		return [][2]int{{0, len(t.head)}}
	}
	var pages [][2]int
	from, used := 0, 0
	for c, width := range t.widths {
		if c > from && used+2+width > t.width {
			pages = append(pages, [2]int{from, c})
			from, used = c, 0
		}
		if c > from {
			used += 2
		}
		used += width
	}
	return append(pages, [2]int{from, len(t.widths)})
}

// line writes the cells of a page.
func (t *tableResult) line(cells []string, page [2]int) error {
	var b strings.Builder
	for c := page[0]; c < page[1]; c++ {
		if c > page[0] {
			b.WriteString("  ")
		}
		text := cells[c]
		if t.number[c] && utf8.RuneCountInString(text) < t.widths[c] {
			text = strings.Repeat(" ", t.widths[c]-utf8.RuneCountInString(terminal.Text(text))) + text
		}
		b.WriteString(terminal.Cell(text, t.widths[c]))
	}
	t.shown = true
	_, err := io.WriteString(t.to, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

func (t *tableResult) end() error {
	if t.shown || len(t.head) == 0 {
		return nil
	}
	// No rows: the head alone says what was asked.
	t.measure(nil)
	for _, page := range t.pages() {
		if err := t.line(t.head, page); err != nil {
			return err
		}
	}
	return nil
}
