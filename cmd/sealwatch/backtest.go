package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) backtestCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "backtest",
		Short: "Count what detections would have found with other settings",
		Long: "Count what detections would have found in the stored events, with other settings beside those in force: alerts by day, by\n" +
			"subject and by severity, what was suppressed and why, and which alerts the settings add and remove. The SQL is that of the\n" +
			"live analysis. Nothing is stored and no alert changes; to put settings into force, write them into the configuration under\n" +
			"analysis.detections. With -o json the output is one JSON array with a result for each detection.",
		Example: "  sealwatch backtest --detection impossible_travel --set speed_kmh=700 --from 30d\n" +
			"  sealwatch backtest --from 2026-01-01 --to 2026-02-01 --set failed_logins.threshold=8 -o json",
		Args: cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	detections := c.Flags().StringSlice("detection", nil, "only these detections, by id; also disabled ones (default all enabled ones)")
	from := c.Flags().String("from", "", "only findings that begin then or later: how long ago such as 30d, a time or a date (default the first event)")
	to := c.Flags().String("to", "", "only findings that begin before then: how long ago, a time or a date (default the last event)")
	examples := examplesFlag(c)
	set := c.Flags().StringArray("set", nil, "a setting to try: parameter=value in every detection that has it, or detection.parameter=value; may be given again")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		request := &sealwatchv1.BacktestRequest{Detections: *detections}
		if request.Examples, err = examples(); err != nil {
			return err
		}
		if request.StartTime, err = since("--from", *from, p.now()); err != nil {
			return err
		}
		if request.EndTime, err = since("--to", *to, p.now()); err != nil {
			return err
		}
		if request.Settings, err = backtestSettings(*set); err != nil {
			return err
		}
		return p.backtest(c.Context(), *address, request, asJSON)
	}
	return c
}

// mostExamples can be asked for.
const mostExamples = 1000

// examplesFlag adds --examples; its value is read by what it returns.
func examplesFlag(c *cobra.Command) func() (int32, error) {
	n := c.Flags().Int32("examples", 10, fmt.Sprintf("how many alerts of each kind to name, %d at most", mostExamples))
	return func() (int32, error) {
		if *n < 1 || *n > mostExamples {
			return 0, usagef("--examples: found %d, expected 1 to %d", *n, mostExamples)
		}
		return *n, nil
	}
}

// moreExamples says how many others there are, and how to see them.
func moreExamples(n, shown int, of string) string {
	if n <= shown {
		return ""
	}
	text := fmt.Sprintf("  and %d more%s; --examples %d shows them\n", n-shown, of, n)
	if n > mostExamples {
		text = fmt.Sprintf("  and %d more%s; --examples shows %d of them, and --from and --to less of the time\n", n-shown, of, mostExamples)
	}
	return text
}

// backtestSettings reads the values of --set.
func backtestSettings(all []string) ([]*sealwatchv1.BacktestSetting, error) {
	var read []*sealwatchv1.BacktestSetting
	for _, s := range all {
		name, value, found := strings.Cut(s, "=")
		detection, parameter, dotted := strings.Cut(name, ".")
		if !dotted {
			detection, parameter = "", name
		}
		if !found || parameter == "" {
			return nil, usagef("--set: found %q, expected parameter=value or detection.parameter=value", s)
		}
		read = append(read, &sealwatchv1.BacktestSetting{Detection: detection, Parameter: parameter, Value: value})
	}
	return read, nil
}

// backtest prints each result as it comes, and on a terminal how far the rest is.
func (p *process) backtest(ctx context.Context, address string, request *sealwatchv1.BacktestRequest, asJSON bool) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stream, err := sealwatchv1.NewDetectionServiceClient(conn).Backtest(ctx, request)
	if err != nil {
		return err
	}
	return p.showBacktest(stream.Recv, asJSON)
}

// showBacktest prints what a backtest says.
func (p *process) showBacktest(recv func() (*sealwatchv1.BacktestResponse, error), asJSON bool) error {
	shown, said := 0, ""
	defer func() { p.clear(said) }()
	for {
		m, err := recv()
		if errors.Is(err, io.EOF) {
			break
		}
		p.clear(said)
		said = ""
		if err != nil {
			return err
		}
		if g := m.GetProgress(); g != nil {
			said = p.note(fmt.Sprintf("%3.0f %%  %s up to %s, %s", 100*g.GetFraction(), g.GetDetection(), stamp(g.GetReachedTime().AsTime()), numbered(int(g.GetAlerts()), "alert", "alerts")))
		}
		if r := m.GetResult(); r != nil {
			text := backtestTable(r)
			if asJSON {
				if text, err = messageJSON(r, "  "); err != nil {
					return fmt.Errorf("backtest of %s as JSON: %w", r.GetDetection(), err)
				}
				text = listStart(shown) + text
			} else if shown > 0 {
				text = "\n" + text
			}
			if _, err := io.WriteString(p.out, text); err != nil {
				return err
			}
			shown++
		}
	}
	if asJSON {
		p.print("%s", listEnd(shown))
	}
	return nil
}
