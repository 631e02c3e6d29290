package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/upload"
)

// importFlags are the options of the command.
type importFlags struct {
	address  *string
	wait     bool
	patience time.Duration
}

func (p *process) importCommand() *cobra.Command {
	f := &importFlags{}
	c := &cobra.Command{
		Use:   "import FILE...|-",
		Short: "Send Monitor records from files to the service",
		Long: "Send Monitor records from files, or from standard input (-), to the service. A file holds DocuSign's JSON as it comes: a page of\n" +
			"the Monitor API (v2.0 or v3.0), an array, single records, or one a line; gzip is seen by itself.\n\n" +
			"Records are acknowledged when they are on disk. When the service restarts meanwhile, what was not acknowledged is sent again,\n" +
			"which is safe, because a record counts once. A record that cannot be taken is named on standard error and the others are kept;\n" +
			"the exit code is 1 then.",
		Example: "  sealwatch import --wait monitor-2026-01.json.gz\n" +
			"  curl -s https://example.com/export.ndjson | sealwatch import -",
		Args: cobra.MinimumNArgs(1),
	}
	f.address = p.addressFlag(c)
	c.Flags().BoolVar(&f.wait, "wait", false, "wait until every detection has been through the records")
	durationVar(c.Flags(), &f.patience, "retry-for", 2*time.Minute, "how long the service may be away before the import gives up")
	c.RunE = func(c *cobra.Command, args []string) error { return p.importFiles(c.Context(), f, args) }
	return c
}

func (p *process) importFiles(ctx context.Context, f *importFlags, names []string) error {
	if f.patience <= 0 {
		return usagef("--retry-for: found %s, expected more than 0", f.patience)
	}
	size, err := sizeOf(names)
	if err != nil {
		return err
	}
	conn, err := connect(*f.address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()

	shown := p.progress(size)
	bad := &badRecords{say: shown.say}
	source := &files{names: names, in: p.in, bad: bad, read: shown.add}
	defer source.close()
	away := &absence{say: shown.say}
	total, err := upload.Run(ctx, source.next, upload.Options{
		Client: sealwatchv1.NewIngestServiceClient(conn), Patience: f.patience, Rejected: bad.rejection,
		Retrying: away.retrying, Acknowledged: away.acknowledged,
	})
	shown.finish()
	bad.summary(total.Rejected + source.unreadable)
	p.print("%s", summary(total, source.unreadable))
	if err != nil {
		return err
	}
	if f.wait {
		if err := p.waitForAnalysis(ctx, conn, total.LastSequence, f.patience); err != nil {
			return err
		}
	}
	if total.Rejected > 0 || source.unreadable > 0 || source.empty > 0 {
		return errSaid
	}
	return nil
}

// absence says once that the service is away, and once that it is back.
type absence struct {
	say  func(string)
	away bool
}

func (a *absence) retrying(err error, _ time.Duration) {
	if !a.away {
		a.say(message(err) + "; trying again")
	}
	a.away = true
}

func (a *absence) acknowledged(upload.Total) {
	if a.away {
		a.say("the service is back")
	}
	a.away = false
}

// sizeOf is the number of bytes that will be read, or -1 when that is not known. It is also where a name that is no
// file is found out, before anything is sent.
func sizeOf(names []string) (int64, error) {
	size, known := int64(0), true
	for _, name := range names {
		if name == "-" {
			known = false
			continue
		}
		s, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		if s.IsDir() {
			return 0, fmt.Errorf("%s is a folder, expected a file", name)
		}
		known = known && s.Mode().Type() == fs.FileMode(0)
		size += s.Size()
	}
	if !known {
		return -1, nil
	}
	return size, nil
}

// summary says what became of the records.
func summary(t upload.Total, unreadable int64) string {
	s := fmt.Sprintf("%s: %d accepted, %s, %s, %d rejected, %d held", numbered(int(t.Records()+unreadable), "record", "records"), t.Accepted,
		numbered(int(t.Duplicates), "duplicate", "duplicates"), numbered(int(t.Conflicts), "conflict", "conflicts"), t.Rejected+unreadable, t.Held)
	if t.Resent > 0 {
		s += fmt.Sprintf(" (%s sent again after a disconnect and may count as a duplicate)", numbered(int(t.Resent), "was", "were"))
	}
	return s
}
