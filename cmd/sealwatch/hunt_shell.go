package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/peterh/liner"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

const shellHelp = `A statement ends with a semicolon and may have several lines. Ctrl-C ends the statement that runs, or empties the line; Tab completes
tables, columns and words of SQL; the history is kept.
  \l              list the saved hunts
  \r ID           run a saved hunt
  \p NAME=VALUE   set the value of {NAME:Type}; \p alone shows them, \p NAME= takes one away
  \o FORM         table, csv, json or ndjson
  \d              list the tables, \d TABLE its columns
  \h              this help; help too
  \q              leave; exit, quit and Ctrl-D too`

// shell asks a person for statements until they leave.
func (h *hunter) shell(ctx context.Context) error {
	if h.output == outputParquet || h.flags.to != "" {
		return usagef("--to and --output parquet want a statement; expected one as an argument, with --query or with --file")
	}
	line := liner.NewLiner()
	defer func() { _ = line.Close() }()
	line.SetCtrlCAborts(true)
	line.SetTabCompletionStyle(liner.TabPrints)
	words := &vocabulary{h: h}
	line.SetWordCompleter(func(text string, at int) (string, []string, string) { return words.complete(ctx, text, at) })
	past := h.p.historyFile()
	if f, err := os.Open(past); err == nil {
		_, _ = line.ReadHistory(f) // without it one begins anew
		_ = f.Close()
	}
	h.p.say(`Read-only SQL, each statement ended by ;   help for help, exit to leave`)
	return h.converse(ctx, &patient{line, ctx}, func() { h.p.keepHistory(past, line) })
}

// patient waits for a line no longer than the program runs: a signal that ends it comes while a person thinks.
type patient struct {
	prompter
	ctx context.Context //nolint:containedctx // it is the life of the conversation
}

func (p *patient) Prompt(prompt string) (string, error) {
	type answer struct {
		line string
		err  error
	}
	came := make(chan answer, 1)
	go func() {
		line, err := p.prompter.Prompt(prompt)
		came <- answer{line, err}
	}()
	select {
	case a := <-came:
		return a.line, a.err
	case <-p.ctx.Done():
		return "", io.EOF
	}
}

// prompter asks for a line.
type prompter interface {
	Prompt(prompt string) (string, error)
	AppendHistory(item string)
}

// converse reads statements and commands until the end.
func (h *hunter) converse(ctx context.Context, line prompter, keep func()) error {
	var text []string
	for ctx.Err() == nil {
		prompt := "hunt> "
		if len(text) > 0 {
			prompt = "   -> "
		}
		said, err := line.Prompt(prompt)
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			text = nil
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		word := strings.TrimSpace(said)
		if len(text) == 0 {
			if word == "" {
				continue
			}
			if command, rest, _ := strings.Cut(word, " "); strings.HasPrefix(command, `\`) || spoken(word) != "" {
				line.AppendHistory(word)
				keep()
				if said := spoken(word); said != "" {
					command = said
				}
				if strings.TrimSuffix(command, ";") == `\q` {
					return nil
				}
				h.command(ctx, command, strings.TrimSpace(strings.TrimSuffix(rest, ";")))
				continue
			}
		}
		if len(text) > 0 && spoken(word) != "" {
			h.p.say(`it is taken as a part of the statement, which ends with ;   Ctrl-C empties the statement`)
		}
		if id := strings.ToLower(word); len(text) == 0 && savedHunt.MatchString(id) {
			h.p.say(`it is taken as the beginning of a statement, which ends with ;   Ctrl-C empties it, and \r %s runs a saved hunt`, id)
		}
		text = append(text, said)
		if !ended(strings.Join(text, "\n")) {
			continue
		}
		sql := strings.TrimRight(strings.TrimSpace(strings.Join(text, "\n")), "; \t\n")
		text = nil
		if sql == "" {
			continue
		}
		// Line by line, as it was written: joined, a comment would take what follows along, and a text would lose its blanks.
		for part := range strings.SplitSeq(sql+";", "\n") {
			if strings.TrimSpace(part) != "" {
				line.AppendHistory(part)
			}
		}
		keep()
		h.ask(ctx, func(ctx context.Context) error { return h.run(ctx, sql) })
	}
	return nil
}

// savedHunt is how a saved hunt is named, and no statement begins: two words or more with hyphens between.
var savedHunt = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// spoken is the command that a word means which stands alone in a line, as people try it; empty when it is none.
func spoken(word string) string {
	switch strings.ToLower(strings.TrimSpace(strings.TrimSuffix(word, ";"))) {
	case "help", "?":
		return `\h`
	case "exit", "quit", "bye", "logout":
		return `\q`
	}
	return ""
}

// ended says whether a text ends with a semicolon outside of quotes and comments.
func ended(text string) bool {
	last := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' || c == '"' || c == '`':
			for i++; i < len(text) && text[i] != c; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if i >= len(text) {
				return false
			}
			last = c
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return last == ';'
			}
			i += end
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i+2:], "*/")
			if end < 0 {
				return false
			}
			i += end + 3
		case c > ' ':
			last = c
		}
	}
	return last == ';'
}

// ask runs something that Ctrl-C ends, and nothing else with it.
func (h *hunter) ask(ctx context.Context, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if h.p.interrupts != nil {
		defer h.p.interrupts(cancel)()
	}
	if err := run(ctx); err != nil {
		if ctx.Err() != nil {
			h.p.say("stopped")
			return
		}
		if !errors.Is(err, errCut) && !errors.Is(err, errSaid) { // they were said
			h.p.complain(err)
		}
	}
}

// command does what a line that begins with a backslash says.
func (h *hunter) command(ctx context.Context, name, rest string) {
	switch name {
	case `\h`, `\?`:
		h.p.print("%s", shellHelp)
	case `\l`:
		h.ask(ctx, h.list)
	case `\r`:
		h.ask(ctx, func(ctx context.Context) error { return h.withItsParameters(ctx, rest) })
	case `\o`:
		if !knownOutput(rest) || rest == outputParquet {
			h.p.say("expected \\o and one of %s", strings.Join(huntOutputs[:len(huntOutputs)-1], ", "))
			return
		}
		h.output = rest
	case `\p`:
		h.setParameter(rest)
	case `\d`:
		sql := "SHOW TABLES"
		if rest != "" {
			sql = "SELECT name, type, comment FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY position"
		}
		h.ask(ctx, func(ctx context.Context) error {
			described := *h
			if err := h.tableThere(ctx, rest); err != nil {
				return err
			}
			described.parameters = map[string]string{}
			if rest != "" {
				described.parameters["table"] = rest
			}
			return described.run(ctx, sql)
		})
	default:
		h.p.say("there is no command %s; \\h lists those that there are", name)
	}
}

// tableThere says that there is no such table, with the one that was meant.
func (h *hunter) tableThere(ctx context.Context, table string) error {
	if table == "" {
		return nil
	}
	tables, err := h.words(ctx, "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")
	if err != nil || slices.Contains(tables, table) {
		return err
	}
	return fmt.Errorf("there is no table %s%s; \\d lists those that there are", table, spelling.Hint(table, tables))
}

// withItsParameters runs a saved hunt with those of the values that it has a parameter for.
func (h *hunter) withItsParameters(ctx context.Context, id string) error {
	s, err := h.client.GetHunt(ctx, &sealwatchv1.GetHuntRequest{Name: huntPrefix + strings.TrimPrefix(id, huntPrefix)})
	if err != nil {
		return err
	}
	own := *h
	own.parameters = map[string]string{}
	for _, p := range s.GetParameters() {
		if v, ok := h.parameters[p.GetName()]; ok {
			own.parameters[p.GetName()] = v
		}
	}
	return own.runSaved(ctx, id)
}

func (h *hunter) setParameter(rest string) {
	name, value, ok := strings.Cut(rest, "=")
	switch {
	case rest == "":
		for _, name := range sortedKeys(h.parameters) {
			h.p.print("%s=%s", terminal.Text(name), terminal.Text(h.parameters[name]))
		}
	case !ok || name == "":
		h.p.say("expected \\p NAME=VALUE")
	case value == "":
		delete(h.parameters, name)
	default:
		h.parameters[name] = value
	}
}

func sortedKeys(m map[string]string) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// historyFile is where the statements of a person are kept; empty where there is no place for them.
func (p *process) historyFile() string {
	state, home := "", ""
	for _, pair := range p.environ {
		if v, ok := strings.CutPrefix(pair, "XDG_STATE_HOME="); ok {
			state = v
		}
		if v, ok := strings.CutPrefix(pair, "HOME="); ok {
			home = v
		}
	}
	switch {
	case filepath.IsAbs(state):
	case filepath.IsAbs(home):
		state = filepath.Join(home, ".local", "state")
	default:
		return ""
	}
	return filepath.Join(state, "sealwatch", "hunt_history")
}

// keepHistory writes the history for its owner alone. That it cannot be kept stops nobody.
func (p *process) keepHistory(path string, line interface {
	WriteHistory(w io.Writer) (int, error)
}) {
	if path == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return
	}
	_, _ = line.WriteHistory(f)
	_ = f.Close()
}

// vocabulary is what Tab completes; the names are asked for once, with the first Tab.
type vocabulary struct {
	h     *hunter
	asked bool
	words []string
}

var sqlWords = []string{
	"SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "WITH", "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "INTERVAL", "DISTINCT", "DESC", "JOIN",
	"count()", "uniqExact(", "min(", "max(", "any(", "groupUniqArray(", "toDate(", "toStartOfHour(", "now64()", "EXPLAIN ESTIMATE", "DESCRIBE", "SHOW TABLES",
}

func (v *vocabulary) complete(ctx context.Context, text string, at int) (head string, completions []string, tail string) {
	runes := []rune(text)
	at = min(at, len(runes))
	from := at
	for from > 0 && isNamePart(runes[from-1]) {
		from--
	}
	begun := string(runes[from:at])
	if begun == "" {
		return string(runes[:at]), nil, string(runes[at:])
	}
	if !v.asked {
		v.asked = true
		v.words = append(v.names(ctx), sqlWords...)
	}
	for _, w := range v.words {
		if len(w) >= len(begun) && strings.EqualFold(w[:len(begun)], begun) {
			completions = append(completions, w)
		}
	}
	return string(runes[:from]), completions, string(runes[at:])
}

func isNamePart(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// names are the tables and columns that there are; none when the service does not say within two seconds.
func (v *vocabulary) names(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	all, _ := v.h.words(ctx, "SELECT DISTINCT arrayJoin([table, name]) AS word FROM system.columns WHERE database = currentDatabase() ORDER BY word")
	return all
}

// words are the first column of what a statement finds. They come with an error, too, as far as they were read.
func (h *hunter) words(ctx context.Context, sql string) ([]string, error) {
	stream, err := h.client.Query(ctx, &sealwatchv1.QueryRequest{Sql: sql, Author: h.flags.author})
	if err != nil {
		return nil, err
	}
	var all []string
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		for _, row := range m.GetRows().GetRows() {
			all = append(all, terminal.Text(row.GetValues()[0].GetStringValue()))
		}
	}
}
