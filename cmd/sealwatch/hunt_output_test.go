package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/peterh/liner"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// written is a result of two columns, a text and a number, in a form.
func written(t *testing.T, output string, width int, name string, rows ...[]any) string {
	t.Helper()
	var b bytes.Buffer
	h := &hunter{p: &process{}, flags: &huntFlags{width: width}, output: output}
	w := h.writer(&b)
	if err := w.columns([]*sealwatchv1.HuntColumn{{Name: name, Type: "String"}, {Name: "n", Type: "Nullable(UInt64)"}}); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		list, err := structpb.NewList(row)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rows([]*structpb.ListValue{list}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHuntOutput(t *testing.T) {
	rows := [][]any{{"=1+\x1b[31m\u202e", "18446744073709551615"}, {"-x", nil}}
	for output, want := range map[string]string{
		outputTable:  "who                                   n\n─────────────────  ────────────────────\n=1+\\x1b[31m\\u202e  18446744073709551615\n-x                                 NULL\n",
		outputCSV:    "\"who\",\"n\"\r\n\"'=1+\\x1b[31m\\u202e\",18446744073709551615\r\n\"'-x\",\r\n",
		outputNDJSON: "{\"who\": \"=1+\\u001b[31m\\u202e\", \"n\": 18446744073709551615}\n{\"who\": \"-x\", \"n\": null}\n",
		outputJSON:   "[{\"who\": \"=1+\\u001b[31m\\u202e\", \"n\": 18446744073709551615},\n{\"who\": \"-x\", \"n\": null}]\n",
	} {
		if got := written(t, output, 0, "who", rows...); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", output, got, want)
		}
	}
	if got := written(t, outputJSON, 0, "n"); got != "[]\n" {
		t.Errorf("no rows: %q", got)
	}
	if got := written(t, outputNDJSON, 0, "n", []any{"a", "1"}); got != "{\"n\": \"a\", \"n_2\": 1}\n" {
		t.Errorf("two columns of one name: %q", got)
	}
	// What is too wide for a line goes on in a further table, and a long value is cut.
	if got, want := written(t, outputTable, 20, "who", []any{strings.Repeat("x", 30), "5"}), "who\n────────────────────\nxxxxxxxxxxxxxxxxxxx…\n\nn\n─\n5\n"; got != want {
		t.Errorf("a narrow table:\n%s\nwant\n%s", got, want)
	}
}

// FuzzHuntOutput gives every form hostile user agents, names and subjects of envelopes: none may act on a terminal or a spreadsheet.
func FuzzHuntOutput(f *testing.F) {
	for _, s := range []string{"Mozilla/5.0\x1b]0;owned\x07", "Re: =HYPERLINK(\"http://x\")", "\u202egpj.exe", "@SUM(1)", "\t=1", "a\r\nb,\"c\"", "\x9b31m", "\xff\xfe"} {
		f.Add(s, s, 30)
		f.Add("n", "\t0", 30)
	}
	f.Fuzz(func(t *testing.T, name, value string, width int) {
		name, value = strings.ToValidUTF8(name, "?"), strings.ToValidUTF8(value, "?")
		if width < leastWidth || width > 500 {
			width = 0
		}
		for _, output := range []string{outputTable, outputCSV, outputJSON, outputNDJSON} {
			got := written(t, output, width, name, []any{value, value}, []any{[]any{value}, "1"})
			for _, r := range got {
				if r != '\n' && r != '\r' && !unicode.IsPrint(r) {
					t.Fatalf("%s of %q shows %U", output, value, r)
				}
			}
			switch output {
			case outputCSV:
				if records, err := csv.NewReader(strings.NewReader(got)).ReadAll(); err != nil || len(records) != 3 {
					t.Fatalf("%q reads as %q, %v", got, records, err)
				}
			case outputJSON:
				var all []map[string]any
				if err := json.Unmarshal([]byte(got), &all); err != nil || len(all) != 2 {
					t.Fatalf("%q: %v", got, err)
				}
			}
		}
	})
}

func TestEnded(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1;": true, "SELECT 1": false, "SELECT ';'": false, "SELECT ';';": true, "SELECT 1; -- end": true, "SELECT 1 -- ;": false, "SELECT 1 /* ; */": false,
		"SELECT 1 /* ;": false, "SELECT 'a\\';": false, "SELECT `;`\n;": true, "": false, "SELECT 1;  \n": true,
	} {
		if ended(text) != want {
			t.Errorf("%q: %v, want %v", text, !want, want)
		}
	}
}

// typist types lines.
type typist struct {
	lines   []string
	history []string
}

func (p *typist) Prompt(string) (string, error) {
	if len(p.lines) == 0 {
		return "", io.EOF
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	if line == "^C" {
		return "", liner.ErrPromptAborted
	}
	return line, nil
}

func (p *typist) AppendHistory(item string) { p.history = append(p.history, item) }

func TestConversation(t *testing.T) {
	var out, errs bytes.Buffer
	h := &hunter{p: &process{out: &out, err: &errs}, flags: &huntFlags{}, parameters: map[string]string{}, output: outputTable}
	p := &typist{lines: []string{"", `\p x=a=b`, `\p`, `\o xml`, `\o csv`, "SELECT 1", "^C", `\nonsense`, `\h`, `\p x=`, `\q`, "never read"}}
	if err := h.converse(t.Context(), p, func() {}); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if h.output != outputCSV || len(h.parameters) != 0 || len(p.lines) != 1 || len(p.history) != 8 {
		t.Errorf("output %s, parameters %v, left %q, history %q", h.output, h.parameters, p.lines, p.history)
	}
	if !strings.Contains(out.String(), "x=a=b\n") || !strings.Contains(out.String(), `\q`) || !strings.Contains(errs.String(), "there is no command \\nonsense") || !strings.Contains(errs.String(), "expected \\o and one of table, csv, json, ndjson\n") {
		t.Errorf("said %s\n%s", out.String(), errs.String())
	}
}

// TestConversationInWords: help and exit alone in a line do what people expect, with or without a semicolon; within a statement they are a part of it, which is said.
func TestConversationInWords(t *testing.T) {
	for _, leave := range []string{"exit", "QUIT;", "quit ;", "\\q", "\\q;"} {
		var out, errs bytes.Buffer
		h := &hunter{p: &process{out: &out, err: &errs}, client: refusing{}, flags: &huntFlags{}, parameters: map[string]string{}, output: outputTable}
		p := &typist{lines: []string{"help", "SELECT", "exit", "^C", "failed-logons", "^C", leave, "never read"}}
		if err := h.converse(t.Context(), p, func() {}); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if len(p.lines) != 1 || !strings.Contains(out.String(), "list the saved hunts") || !strings.Contains(errs.String(), "it is taken as a part of the statement") ||
			!strings.Contains(errs.String(), `\r failed-logons runs a saved hunt`) {
			t.Errorf("%s: left %q, said %s\n%s", leave, p.lines, out.String(), errs.String())
		}
	}
	// a statement may begin with such a word
	h := &hunter{p: &process{out: io.Discard, err: io.Discard}, client: refusing{}, flags: &huntFlags{}, parameters: map[string]string{}, output: outputTable}
	p := &typist{lines: []string{"exit FROM x;", "SELECT 1;"}}
	if err := h.converse(t.Context(), p, func() {}); err != nil && !errors.Is(err, io.EOF) || len(p.lines) != 0 || len(p.history) != 2 {
		t.Errorf("left %q, %v", p.lines, err)
	}
}

// refusing answers every statement with an error.
type refusing struct {
	sealwatchv1.HuntServiceClient
}

func (refusing) Query(context.Context, *sealwatchv1.QueryRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[sealwatchv1.QueryResponse], error) {
	return nil, errors.New("no")
}

// TestConversationHistory: what is recalled is what was written, also of several lines.
func TestConversationHistory(t *testing.T) {
	h := &hunter{p: &process{out: io.Discard, err: io.Discard}, client: refusing{}, flags: &huntFlags{}, parameters: map[string]string{}, output: outputTable}
	want := []string{"SELECT 'a  b' -- why", "  FROM x;"}
	p := &typist{lines: slices.Clone(want)}
	if err := h.converse(t.Context(), p, func() {}); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if !slices.Equal(p.history, want) {
		t.Errorf("history %q, want %q", p.history, want)
	}
}
