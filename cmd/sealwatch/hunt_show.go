package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// show writes a result while it comes.
func (h *hunter) show(sql string, next func() (*sealwatchv1.QueryResponse, error)) error {
	to := bufio.NewWriterSize(h.p.out, 64<<10)
	out := h.writer(to)
	status := &statusLine{p: h.p}
	var summary *sealwatchv1.HuntSummary
	for {
		m, err := next()
		if err != nil {
			status.clear()
			if errors.Is(err, io.EOF) {
				break
			}
			_ = to.Flush() // what came is shown; the error says that it is not all
			return h.point(sql, err)
		}
		switch c := m.GetContent().(type) {
		case *sealwatchv1.QueryResponse_Progress:
			status.show(c.Progress)
			continue
		case *sealwatchv1.QueryResponse_Columns:
			err = out.columns(c.Columns.GetColumns())
		case *sealwatchv1.QueryResponse_Rows:
			status.clear()
			err = out.rows(c.Rows.GetRows())
		case *sealwatchv1.QueryResponse_Data:
			_, err = to.Write(c.Data)
		case *sealwatchv1.QueryResponse_Summary:
			summary = c.Summary
		}
		if err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	if summary == nil {
		return errors.New("the result broke off: the service sent no summary; what was shown is not all")
	}
	if err := out.end(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := to.Flush(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return h.close(summary)
}

// close says what came of the question, on a terminal, and everywhere that the result is not whole, which it returns as errCut.
func (h *hunter) close(s *sealwatchv1.HuntSummary) error {
	if s.GetTruncated() {
		h.p.say("There is more than these %s: the result was cut off by the limit of %s (--max-rows, or hunting.max* of the service)", count(s.GetRows(), "row"), s.GetTruncatedBy())
	}
	if h.p.errTerminal {
		h.p.say("%s in %s; read %s, %s", count(s.GetRows(), "row"), s.GetElapsed().AsDuration().Round(time.Millisecond), count(s.GetReadRows(), "row"), size(s.GetReadBytes()))
	}
	if s.GetTruncated() {
		return errCut
	}
	return nil
}

// point shows where in a statement an error is.
func (h *hunter) point(sql string, err error) error {
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	for _, d := range s.Details() {
		info, ok := d.(*errdetails.ErrorInfo)
		if !ok {
			continue
		}
		var line, column int
		if n, _ := fmt.Sscan(info.GetMetadata()["line"]+" "+info.GetMetadata()["column"], &line, &column); n != 2 {
			continue
		}
		if lines := strings.Split(sql, "\n"); line >= 1 && line <= len(lines) {
			runes := []rune(strings.TrimRight(lines[line-1], "\r"))
			before := terminal.Text(string(runes[:min(max(column-1, 0), len(runes))]))
			h.p.say("  %s", string(runes))
			h.p.say("  %s^ line %d, column %d", strings.Repeat(" ", len([]rune(before))), line, column)
		}
	}
	return err
}

// toFile runs with standard output in the file of --to.
func (h *hunter) toFile(run func() error) error {
	if h.flags.to == "" {
		if h.output == outputParquet && h.p.outTerminal {
			return usagef("--output parquet: found a terminal to write to, expected a file: --to FILE, or standard output elsewhere")
		}
		return run()
	}
	f, err := os.OpenFile(h.flags.to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	before, wasTerminal := h.p.out, h.p.outTerminal
	h.p.out, h.p.outTerminal = f, false
	err = run()
	h.p.out, h.p.outTerminal = before, wasTerminal
	return errors.Join(err, f.Close())
}

// list shows the saved hunts.
func (h *hunter) list(ctx context.Context) error {
	token := ""
	for {
		page, err := h.client.ListHunts(ctx, &sealwatchv1.ListHuntsRequest{PageToken: token})
		if err != nil {
			return err
		}
		for _, s := range page.GetHunts() {
			var wants []string
			for _, p := range s.GetParameters() {
				want := p.GetName() + ":" + p.GetType()
				if p.DefaultValue != nil { //nolint:protogetter // whether it is there matters
					want += "=" + p.GetDefaultValue()
				}
				wants = append(wants, want)
			}
			h.p.print("%s  %s", terminal.Cell(strings.TrimPrefix(s.GetName(), huntPrefix), 22), terminal.Text(s.GetTitle()))
			if len(wants) > 0 {
				h.p.print("%24s%s", "", terminal.Text(strings.Join(wants, "  ")))
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

// statusLine shows progress on a terminal, in one line that goes away.
type statusLine struct {
	p     *process
	shown bool
}

func (s *statusLine) show(m *sealwatchv1.HuntProgress) {
	if !s.p.errTerminal {
		return
	}
	share := ""
	if t := m.GetTotalRows(); t > 0 {
		share = fmt.Sprintf(" (%.0f %%)", min(100, 100*m.GetReadRows()/t))
	}
	_, _ = fmt.Fprintf(s.p.err, "\r\x1b[K%s read%s, %s, %s of memory, %s", count(m.GetReadRows(), "row"), share, size(m.GetReadBytes()), size(m.GetMemory()), m.GetElapsed().AsDuration().Round(100*time.Millisecond))
	s.shown = true
}

func (s *statusLine) clear() {
	if s.shown {
		_, _ = io.WriteString(s.p.err, "\r\x1b[K")
		s.shown = false
	}
}

// count writes a number of things with its thousands apart.
func count(n float64, thing string) string {
	digits := fmt.Sprintf("%.0f", n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n != 1 {
		thing += "s"
	}
	return digits + " " + thing
}

// size writes a number of bytes.
func size(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			if unit == "B" {
				return fmt.Sprintf("%.0f B", n)
			}
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f TiB", n)
}
