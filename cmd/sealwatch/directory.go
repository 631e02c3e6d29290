package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	people "github.com/sealwatch/sealwatch/ingest/directory"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// peoplePerMessage is how many people one message of a delivery has.
const peoplePerMessage = 2000

func (p *process) directoryCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "directory",
		Short: "Say who the people are, who has left, and since when",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(p.directoryImport(), p.directoryConfirm(), p.directoryList())
	return c
}

// directoryFlags are the options of the import.
type directoryFlags struct {
	address, source, asOf string
	full, dryRun, confirm bool
	wait                  bool
	patience              time.Duration
}

func (p *process) directoryImport() *cobra.Command {
	f := &directoryFlags{}
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Take in a list of people",
		Long: "Take in a list of people: JSON as Microsoft Graph's /users returns it (an array, pages with \"value\", or one object a line), or as a\n" +
			"SCIM service lists its users (pages with \"Resources\"), with docusignUserId, groups, status, kind, role and validFrom besides;\n" +
			"or CSV with a header of the columns\n" + people.Columns + ".\n" +
			"Several values of a column are parted by ; or |. docs/directory.md describes each field.\n\n" +
			"Only people in the file change; with --full, those of the source who are missing in it are deleted. What has no date of its own\n" +
			"holds from --as-of on. A file by which more than 5 % of the active people leave is held until --confirm. The analysis looks\n" +
			"again at everybody concerned, so that late news raises and withdraws alerts of the past; --wait returns when it has.",
		Example: "  sealwatch directory import --source entra --full --wait users.json\n" +
			"  sealwatch directory import --source hr --as-of 2026-05-01 --dry-run leavers.csv",
		Args: cobra.ExactArgs(1),
	}
	a := p.addressFlag(c)
	c.Flags().StringVar(&f.source, "source", "", "name of the directory, for example entra; docusign for DocuSign's own list of users (required)")
	c.Flags().StringVar(&f.asOf, "as-of", "", "when the list was made: a time or a date (default now)")
	c.Flags().BoolVar(&f.full, "full", false, "people of the source who are not in the file are deleted")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "change nothing, tell what would change")
	c.Flags().BoolVar(&f.confirm, "confirm", false, "apply it, however many leave")
	c.Flags().BoolVar(&f.wait, "wait", false, "wait until every detection has looked again at everybody concerned")
	durationVar(c.Flags(), &f.patience, "retry-for", 2*time.Minute, "how long the service may be away before the waiting is given up")
	if err := c.MarkFlagRequired("source"); err != nil {
		return c // the flag is there
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		f.address = *a
		if f.patience <= 0 {
			return usagef("--retry-for: found %s, expected more than 0", f.patience)
		}
		return p.importDirectory(c.Context(), f, args[0])
	}
	return c
}

// importDirectory sends the good records of a file and names the bad ones.
func (p *process) importDirectory(ctx context.Context, f *directoryFlags, file string) error {
	asOf, err := since("--as-of", f.asOf, p.now())
	if err != nil {
		return err
	}
	if asOf == nil {
		asOf = timestamppb.New(p.now())
	}
	in, size := p.in, int64(-1)
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = opened.Close() }()
		if s, err := opened.Stat(); err == nil {
			size = s.Size()
		}
		in = opened
	}
	progress := p.progress(size)
	defer progress.finish()
	list, err := people.NewReader(counting{in, progress}, people.Options{Source: f.source, AsOf: asOf.AsTime()})
	if err != nil {
		return fmt.Errorf("%s: %w", terminal.Text(file), err)
	}
	for _, w := range list.Warnings() {
		progress.say(fmt.Sprintf("warning: %s: %s", terminal.Text(file), terminal.Text(w)))
	}
	users, lines, bad, err := readPeople(list, func(e error) {
		progress.say(fmt.Sprintf("%s: %s", terminal.Text(file), terminal.Text(e.Error())))
	})
	if err != nil {
		return fmt.Errorf("%s: %w; nothing was imported", terminal.Text(file), err)
	}
	if f.full && bad > 0 {
		return fmt.Errorf("%s: %d of %s cannot be read, and --full would delete what is not there; nothing was imported", terminal.Text(file), bad, numbered(bad+len(users), "person", "people"))
	}
	conn, err := connect(f.address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	options := &sealwatchv1.DirectoryImport{Source: f.source, AsOfTime: asOf, Full: f.full, DryRun: f.dryRun, Confirm: f.confirm}
	result, err := deliver(ctx, sealwatchv1.NewDirectoryServiceClient(conn), options, users)
	if err != nil {
		return err
	}
	progress.finish()
	p.complainUnmatched(file, result, lines)
	said := p.reportDirectory(f, result, bad)
	if f.wait && result.GetApplied() {
		if err := p.waitForAnalysis(ctx, conn, 0, f.patience); err != nil {
			return err
		}
	}
	return said
}

// counting tells the progress what was read.
type counting struct {
	io.Reader
	to *progress
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.to.add(n)
	return n, err
}

// readPeople reads all with their lines, and calls rejected for each that cannot be taken.
func readPeople(list *people.Reader, rejected func(error)) (users []*sealwatchv1.DirectoryUser, lines []int, bad int, err error) {
	for {
		r, err := list.Next()
		var one *people.RecordError
		switch {
		case errors.Is(err, io.EOF):
			return users, lines, bad, nil
		case errors.As(err, &one):
			bad++
			rejected(err)
		case err != nil:
			return nil, nil, bad, err
		default:
			users, lines = append(users, directoryUser(&r)), append(lines, r.Line)
		}
	}
}

func directoryUser(r *directory.Record) *sealwatchv1.DirectoryUser {
	at := func(t time.Time) *timestamppb.Timestamp {
		if t.IsZero() {
			return nil
		}
		return timestamppb.New(t)
	}
	return &sealwatchv1.DirectoryUser{DirectoryId: r.DirectoryID, ValidFrom: at(r.From), Status: r.Status, Kind: r.Kind, UserName: r.UserName, DisplayName: r.DisplayName, Emails: r.Emails,
		DocusignUserIds: r.DocuSignUserIDs, Groups: r.Groups, Role: r.Role, HireTime: at(r.Hired), LeaveTime: at(r.Left), Gone: r.Gone, Removed: r.Removed}
}

// deliver sends one delivery.
func deliver(ctx context.Context, client sealwatchv1.DirectoryServiceClient, options *sealwatchv1.DirectoryImport, users []*sealwatchv1.DirectoryUser) (*sealwatchv1.ImportDirectoryResponse, error) {
	stream, err := client.ImportDirectory(ctx)
	if err != nil {
		return nil, err
	}
	for first := true; first || len(users) > 0; first = false {
		n := min(len(users), peoplePerMessage)
		request := &sealwatchv1.ImportDirectoryRequest{Users: users[:n]}
		if first {
			request.Options = options
		}
		if err := stream.Send(request); err != nil {
			if errors.Is(err, io.EOF) {
				break // the server says why below
			}
			return nil, err
		}
		users = users[n:]
	}
	return stream.CloseAndRecv()
}

// complainUnmatched names the rows that take back a state which there is not. They are no error: the file may have been imported before.
func (p *process) complainUnmatched(file string, r *sealwatchv1.ImportDirectoryResponse, lines []int) {
	for _, u := range r.GetUnmatched() {
		line := ""
		if k := int(u.GetIndex()); k < len(lines) {
			line = fmt.Sprintf("line %d: ", lines[k])
		}
		expected := "the source has no such person"
		if len(u.GetStates()) > 0 {
			var from []string
			for _, s := range u.GetStates() {
				from = append(from, directoryTime(s.AsTime()))
			}
			expected = "expected the validFrom of one of the person's states: " + strings.Join(from, ", ")
		}
		p.complain(fmt.Errorf("%s: %sperson %.80q: removed: no state begins at %s, so nothing was taken back; %s", terminal.Text(file), line, terminal.Text(u.GetDirectoryId()), directoryTime(u.GetValidFrom().AsTime()), expected))
	}
	if more := int(r.GetUnmatchedCount()) - len(r.GetUnmatched()); more > 0 {
		p.complain(fmt.Errorf("%s: and %d more that take back nothing", terminal.Text(file), more))
	}
}

// directoryTime is a time as a file of the directory takes it.
func directoryTime(t time.Time) string {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// reportDirectory says what became of a delivery.
func (p *process) reportDirectory(f *directoryFlags, r *sealwatchv1.ImportDirectoryResponse, bad int) error {
	counts := fmt.Sprintf("%d new, %d changed, %d unchanged", r.GetAdded(), r.GetChanged(), r.GetUnchanged())
	if n := r.GetUnmatchedCount(); n > 0 {
		counts += fmt.Sprintf(", %d of them with nothing to take back", n)
	}
	if r.GetActiveBefore() > 0 { // otherwise nobody was there who could have left
		counts += fmt.Sprintf(", %d of %s left", r.GetLeft(), numbered(int(r.GetActiveBefore()), "active person", "active people"))
	}
	switch {
	case r.GetHeld():
		p.complain(fmt.Errorf("held, nothing was changed: %s, which is more than %d %%; look at the file, then import it with --confirm", counts, directory.HeldShare))
		return errSaid
	case f.dryRun:
		p.print("would be: %s", counts)
	default:
		p.print("%s", counts)
	}
	if bad > 0 {
		p.complain(fmt.Errorf("%s rejected", numbered(bad, "person was", "people were")))
		return errSaid
	}
	return nil
}

func (p *process) directoryList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List people and what they were from when on",
		Example: "  sealwatch directory list --status deleted,disabled\n  sealwatch directory list --email ann@example.com",
		Args:    cobra.NoArgs,
	}
	address := p.addressFlag(c)
	request := &sealwatchv1.ListDirectoryUsersRequest{PageSize: 1000}
	c.Flags().StringSliceVar(&request.Sources, "source", nil, "only of these sources")
	c.Flags().StringSliceVar(&request.Statuses, "status", nil, "only active, disabled, deleted, on_leave")
	c.Flags().StringSliceVar(&request.Emails, "email", nil, "only people with one of these addresses")
	c.Flags().StringSliceVar(&request.DocusignUserIds, "user", nil, "only people with one of these DocuSign user ids")
	at := c.Flags().String("at", "", "only what holds at a time or a date")
	c.RunE = func(c *cobra.Command, _ []string) error {
		var err error
		if request.Time, err = since("--at", *at, p.now()); err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewDirectoryServiceClient(conn)
		p.print("%-10s  %-36s  %-8s  %-14s  %-20s  %-28s  %s", "SOURCE", "PERSON", "STATUS", "KIND", "FROM", "NAME", "ADDRESSES")
		for {
			page, err := client.ListDirectoryUsers(c.Context(), request)
			if err != nil {
				return err
			}
			for _, u := range page.GetUsers() {
				from := "always"
				if u.GetValidFrom() != nil {
					from = u.GetValidFrom().AsTime().Format("2006-01-02T15:04:05Z")
				}
				p.print("%-10s  %-36s  %-8s  %-14s  %-20s  %-28s  %s", terminal.Text(u.GetSource()), terminal.Text(u.GetDirectoryId()), terminal.Text(u.GetStatus()),
					terminal.Text(u.GetKind()), from, terminal.Text(u.GetDisplayName()), terminal.Text(strings.Join(u.GetEmails(), ",")))
			}
			if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
				return nil
			}
		}
	}
	return c
}
