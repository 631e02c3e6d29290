package main

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// huntFlags are the options of the command.
type huntFlags struct {
	address, query, file, saved, output, to, author string
	parameters                                      []string
	rows                                            uint64
	duration                                        time.Duration
	width                                           int
	list                                            bool
}

func (p *process) huntCommand() *cobra.Command {
	f := &huntFlags{}
	c := &cobra.Command{
		Use:   "hunt [SQL]",
		Short: "Ask questions in SQL",
		Long: "Ask the service a question in ClickHouse's SQL: the statement of the command line, of --query, of a file, of standard input, or a\n" +
			"saved one. Without any of them, and on a terminal, it asks for statements one after the other (\\h shows how).\n\n" +
			"A statement may only read, within the service's limits, and is kept in the service's audit. docs/hunting.md has the schema and useful\n" +
			"questions. Values of {name:Type} in the statement come from --param; never put what somebody else wrote into the statement itself.\n\n" +
			"Invisible characters of what is shown are escaped. In CSV a text that a spreadsheet would take for a formula (= + - @) has an\n" +
			"apostrophe before it. Parquet holds the values as they are.",
		Example: "  sealwatch hunt\n  sealwatch hunt 'SELECT activity, count() FROM events GROUP BY activity ORDER BY 2 DESC'\n" +
			"  sealwatch hunt --saved user-places --param user=0f9c... -o csv > places.csv\n" +
			"  sealwatch hunt -q 'SELECT * FROM events WHERE user_id = {user:String}' --param user=0f9c... -o parquet --to events.parquet",
		Args: oneStatement,
	}
	address := p.addressFlag(c)
	p.authorFlag(c, &f.author)
	c.Flags().StringVarP(&f.query, "query", "q", "", "the statement")
	c.Flags().StringVarP(&f.file, "file", "f", "", "file with the statement; - is standard input")
	c.Flags().StringVar(&f.saved, "saved", "", "saved hunt by id")
	c.Flags().BoolVar(&f.list, "list", false, "list the saved hunts")
	c.Flags().StringArrayVar(&f.parameters, "param", nil, "value of a parameter, NAME=VALUE; may be given more than once")
	c.Flags().StringVarP(&f.output, "output", "o", outputTable, "form of the result: "+strings.Join(huntOutputs, ", "))
	c.Flags().StringVar(&f.to, "to", "", "file for the result, instead of standard output")
	c.Flags().Uint64Var(&f.rows, "max-rows", 0, "most rows; 0 for the service's limit")
	durationVar(c.Flags(), &f.duration, "max-time", 0, "longest time; 0 for the service's limit")
	c.Flags().IntVar(&f.width, "width", 0, "characters in a line of a table; 0 for the terminal's, or no limit where there is none")
	c.RunE = func(c *cobra.Command, args []string) error {
		f.address = *address
		return p.hunt(c.Context(), f, args)
	}
	return c
}

// oneStatement says of a statement that the shell took apart that it wants quotes.
func oneStatement(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("found %d words, expected the statement as one: put it in quotes, such as sealwatch hunt 'SELECT count() FROM events'", len(args))
	}
	return nil
}

func (p *process) hunt(ctx context.Context, f *huntFlags, args []string) error {
	parameters, err := huntParameters(f.parameters)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	conn, err := connect(f.address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	h := &hunter{p: p, flags: f, client: sealwatchv1.NewHuntServiceClient(conn), parameters: parameters, output: f.output}
	if f.list {
		return h.list(ctx)
	}
	if f.saved != "" {
		if f.query != "" || f.file != "" || len(args) > 0 {
			return usagef("--saved: found a statement beside it, expected one of the two")
		}
		return h.toFile(func() error { return h.runSaved(ctx, f.saved) })
	}
	sql, err := p.statement(f, args)
	if err != nil {
		return err
	}
	if sql == "" {
		return h.shell(ctx)
	}
	return h.toFile(func() error { return h.run(ctx, sql) })
}

// check says what is wrong with the flags.
func (f *huntFlags) check() error {
	if !knownOutput(f.output) {
		return usagef("--output: found %q, expected one of %s", f.output, strings.Join(huntOutputs, ", "))
	}
	if f.duration < 0 {
		return usagef("--max-time: found %v, expected 0 or more", f.duration)
	}
	if f.width < 0 || f.width > 0 && f.width < leastWidth {
		return usagef("--width: found %d, expected 0, or %d and more", f.width, leastWidth)
	}
	return nil
}

// statement is the one that was given; empty when a person is to be asked.
func (p *process) statement(f *huntFlags, args []string) (string, error) {
	given := 0
	for _, set := range []bool{len(args) > 0, f.query != "", f.file != ""} {
		if set {
			given++
		}
	}
	switch {
	case given > 1:
		return "", usagef("found more than one statement, expected one: as an argument, with --query or with --file")
	case f.query != "":
		return f.query, nil
	case len(args) > 0 && args[0] != "-":
		if strings.TrimSpace(args[0]) == "" {
			return "", usagef("the statement is empty")
		}
		return args[0], nil
	case f.file != "" && f.file != "-":
		return readStatement(func() (io.ReadCloser, error) { return os.Open(f.file) })
	case len(args) > 0 || f.file == "-" || !p.inTerminal:
		return readStatement(func() (io.ReadCloser, error) { return io.NopCloser(p.in), nil })
	}
	return "", nil
}

// maxStatement bounds what is sent, as the service does.
const maxStatement = 1 << 20

func readStatement(open func() (io.ReadCloser, error)) (string, error) {
	r, err := open()
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, maxStatement+1))
	switch sql := strings.TrimSpace(string(text)); {
	case err != nil:
		return "", err
	case len(text) > maxStatement:
		return "", usagef("the statement is longer than %d bytes", maxStatement)
	case sql == "":
		return "", usagef("the statement is empty; expected SQL, for example SELECT count() FROM events")
	default:
		return strings.TrimSuffix(sql, ";"), nil
	}
}

// huntParameters reads NAME=VALUE.
func huntParameters(pairs []string) (map[string]string, error) {
	all := map[string]string{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usagef("--param: found %q, expected NAME=VALUE", pair)
		}
		all[name] = value
	}
	return all, nil
}

// hunter asks the service.
type hunter struct {
	p          *process
	flags      *huntFlags
	client     sealwatchv1.HuntServiceClient
	parameters map[string]string
	output     string
}

func (h *hunter) limits() *sealwatchv1.HuntLimits {
	l := &sealwatchv1.HuntLimits{MaxRows: h.flags.rows}
	if h.flags.duration > 0 {
		l.Duration = durationpb.New(h.flags.duration)
	}
	return l
}

func (h *hunter) format() sealwatchv1.HuntFormat {
	if h.output == outputParquet {
		return sealwatchv1.HuntFormat_HUNT_FORMAT_PARQUET
	}
	return sealwatchv1.HuntFormat_HUNT_FORMAT_UNSPECIFIED
}

// run asks a statement.
func (h *hunter) run(ctx context.Context, sql string) error {
	stream, err := h.client.Query(ctx, &sealwatchv1.QueryRequest{Sql: sql, Parameters: h.parameters, Limits: h.limits(), Format: h.format(), Author: h.flags.author})
	if err != nil {
		return err
	}
	return h.show(sql, stream.Recv)
}

// runSaved asks a saved one.
func (h *hunter) runSaved(ctx context.Context, id string) error {
	stream, err := h.client.RunHunt(ctx, &sealwatchv1.RunHuntRequest{Name: huntPrefix + strings.TrimPrefix(id, huntPrefix), Parameters: h.parameters, Limits: h.limits(), Format: h.format(), Author: h.flags.author})
	if err != nil {
		return err
	}
	return h.show("", func() (*sealwatchv1.QueryResponse, error) {
		m, err := stream.Recv()
		return m.GetPart(), err
	})
}

const huntPrefix = "hunts/"
