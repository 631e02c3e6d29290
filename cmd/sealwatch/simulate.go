package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/internal/simulate"
)

// simulateFlags are the options of the command.
type simulateFlags struct {
	simulate.Options
	days                                  int
	start, end                            string
	attacks, noise                        []string
	format, output, labelsFile, usersFile string
	scenario, directoryFile               string
}

func (p *process) simulateCommand() *cobra.Command {
	f := &simulateFlags{}
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Make up a DocuSign organisation's audit trail, with labelled attacks",
		Long: "Make up a DocuSign organisation and write its audit trail as DocuSign Monitor JSON: people in offices of several time zones,\n" +
			"administrators, applications, the oddities of real records, what looks like an attack and is none, and attacks. The same\n" +
			"options give the same bytes. What is an attack is never in the records; --labels writes it to a file of its own. All\n" +
			"addresses are reserved for documentation. --scenario takes users, times, noise and attacks from a file of scenarios/.\n\n" +
			"Noise, with its usual rate: " + noiseList() + ".\n\n" +
			"Attacks: " + strings.Join(simulate.Kinds(), ", ") + ". The first quarter of the time, seven days at most, is free of them.",
		Example: "  sealwatch simulate --users 200 --days 30 -o events.ndjson --labels attacks.jsonl\n" +
			"  sealwatch simulate --seed 7 --days 2 | sealwatch import --wait -",
		Args: cobra.NoArgs,
	}
	c.Flags().Uint64Var(&f.Seed, "seed", 1, "decides everything that is left to chance")
	c.Flags().IntVar(&f.Users, "users", 50, fmt.Sprintf("people and service accounts, 1 to %d", simulate.MaxUsers))
	c.Flags().IntVar(&f.days, "days", 14, "days up to --end, or from --start on when there is no --end")
	c.Flags().StringVar(&f.start, "start", "", "earliest event time, RFC 3339 or a date")
	c.Flags().StringVar(&f.end, "end", "", "event time before which it ends, RFC 3339 or a date (default: the last midnight in UTC)")
	c.Flags().StringSliceVar(&f.attacks, "attacks", simulate.Kinds(), "kinds of attacks, or none")
	c.Flags().StringSliceVar(&f.noise, "noise", simulate.NoiseNames(), "harmless things that look like attacks, each NAME or NAME=RATE, or none")
	c.Flags().StringVar(&f.scenario, "scenario", "", "file with users, times, noise and attacks; flags for these have no effect then")
	c.Flags().Float64Var(&f.AttacksPerDay, "attacks-per-day", 2, "how many of them, over all kinds")
	c.Flags().Float64Var(&f.Late, "disorder", 0, "share of records that arrive late, up to 45 minutes, 0 to 1")
	c.Flags().Float64Var(&f.Repeats, "repeats", 0, "share of records that are delivered twice, 0 to 1")
	c.Flags().StringVar(&f.format, "format", "ndjson", "shape: "+strings.Join(simulate.Formats(), ", "))
	c.Flags().StringVarP(&f.output, "output", "o", "-", "file for the records, - for standard output")
	c.Flags().StringVar(&f.labelsFile, "labels", "", "file for the labels of the attacks, one JSON object a line")
	c.Flags().StringVar(&f.usersFile, "users-file", "", "file for the directory of users, JSON")
	c.Flags().StringVar(&f.directoryFile, "directory", "", "file for the organisation's directory with its leavers, as sealwatch directory import takes it")
	c.RunE = func(*cobra.Command, []string) error { return p.simulate(f) }
	return c
}

func (p *process) simulate(f *simulateFlags) error {
	if err := f.resolve(p.now()); err != nil {
		return err
	}
	labels := &labels{name: f.labelsFile}
	f.OnAttack = labels.add
	g, err := simulate.New(f.Options)
	if err != nil {
		return usageError{err}
	}
	if f.usersFile != "" {
		text, err := json.MarshalIndent(map[string]any{"users": g.Users()}, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.usersFile, append(text, '\n'), 0o644); err != nil {
			return fmt.Errorf("--users-file: %w", err)
		}
	}
	if f.directoryFile != "" {
		var text bytes.Buffer
		if err := g.WriteDirectory(&text); err != nil {
			return err
		}
		if err := os.WriteFile(f.directoryFile, text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("--directory: %w", err)
		}
	}
	if err := labels.open(); err != nil {
		return err
	}
	n, err := f.write(g, p.out)
	if err := errors.Join(err, labels.close()); err != nil {
		return err
	}
	p.say("wrote %s, %s", numbered(n, "record", "records"), numbered(labels.n, "attack", "attacks"))
	return nil
}

// resolve reads the times and the kinds of attack.
func (f *simulateFlags) resolve(now time.Time) error {
	if f.scenario != "" {
		s, err := simulate.ReadScenario(f.scenario)
		if err != nil {
			return err
		}
		onAttack := f.OnAttack
		f.Options = s.Options()
		f.OnAttack = onAttack
		return nil
	}
	f.End = now.UTC().Truncate(24 * time.Hour)
	var err error
	if f.Noise, err = parseNoise(f.noise); err != nil {
		return err
	}
	if f.end != "" {
		if f.End, err = parseTime("--end", f.end); err != nil {
			return err
		}
	}
	if f.days < 1 && (f.start == "" || f.end == "") {
		return usagef("--days: found %d, expected 1 or more", f.days)
	}
	f.Start = f.End.AddDate(0, 0, -f.days)
	if f.start != "" {
		if f.Start, err = parseTime("--start", f.start); err != nil {
			return err
		}
		if f.end == "" {
			f.End = f.Start.AddDate(0, 0, f.days)
		}
	}
	if len(f.attacks) != 1 || f.attacks[0] != "none" {
		f.Attacks = f.attacks
	}
	return nil
}

// noiseList is what there is, for people.
func noiseList() string {
	rates := simulate.NoiseRates()
	all := simulate.NoiseNames()
	for i, name := range all {
		all[i] = fmt.Sprintf("%s %g", name, rates[name])
	}
	return strings.Join(all, ", ")
}

// parseNoise reads NAME and NAME=RATE.
func parseNoise(list []string) (map[string]float64, error) {
	usual, all := simulate.NoiseRates(), map[string]float64{}
	for _, entry := range list {
		name, rate, given := strings.Cut(entry, "=")
		if name == "none" && !given {
			continue
		}
		all[name] = usual[name]
		if given {
			r, err := strconv.ParseFloat(rate, 64)
			if err != nil {
				return nil, usagef("--noise: found %q, expected a name, or a name and a rate such as vpn=0.2", entry)
			}
			all[name] = r
		}
	}
	return all, nil
}

// parseTime reads a time or a date.
func parseTime(flag, s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("%s: found %q, expected a time such as 2026-01-31T08:00:00Z or a date such as 2026-01-31", flag, s)
}

// write writes the records to where they belong.
func (f *simulateFlags) write(g *simulate.Generator, standard io.Writer) (int, error) {
	if f.output == "-" {
		return g.Write(standard, f.format)
	}
	file, err := os.Create(f.output)
	if err != nil {
		return 0, fmt.Errorf("--output: %w", err)
	}
	n, err := g.Write(file, f.format)
	return n, errors.Join(err, file.Close())
}

// labels writes labels to a file, if there is one, and counts them.
type labels struct {
	name string
	file *os.File
	w    *bufio.Writer
	n    int
	err  error
}

// open creates the file.
func (l *labels) open() (err error) {
	if l.name == "" {
		return nil
	}
	if l.file, err = os.Create(l.name); err != nil {
		return fmt.Errorf("--labels: %w", err)
	}
	l.w = bufio.NewWriter(l.file)
	return nil
}

// add writes one label.
func (l *labels) add(label simulate.Label) {
	l.n++
	if l.w != nil && l.err == nil {
		l.err = json.NewEncoder(l.w).Encode(label)
	}
}

// close says whether everything was written.
func (l *labels) close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.err, l.w.Flush(), l.file.Close())
}
