package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/ingest/intel"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// rangesPerCall is how many ranges one call takes.
const rangesPerCall = 20_000

func (p *process) ipRangesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "ip-ranges",
		Short: "Say what addresses are: the company's, a VPN's, Tor's",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(p.ipRangesImport(), p.ipRangesList(), p.ipRangesRemove())
	return c
}

func (p *process) ipRangesImport() *cobra.Command {
	c := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Take in a list of addresses and networks",
		Long: "Take in a list: an address or a network a line, # and ; begin a comment; of CSV the first column counts. CSV under a header with\n" +
			"network has more columns: name, category, tags, confidence, from, to, isp, asn, country, city, latitude, longitude, radiusKm. JSON is a list\n" +
			"of ranges as POST /v1/ipRanges:import takes it. The flags say what the file does not. Each range takes the place of one with the same\n" +
			"source, network and beginning. The analysis looks again at everybody who was there; what it says last is how many stored events that are,\n" +
			"and --dry-run says it before. Networks wider than /8 (IPv6: /16) need --allow-wide.\n\n" +
			"What the operator says (no --source) wins over every feed. The operator alone says where addresses are and who runs them (--country,\n" +
			"--isp, ...): events from there lie there, also those that are stored; what the geo databases said stays in the column geo.",
		Example: "  sealwatch ip-ranges import --category corporate --tag corporate --name \"Office Kyiv\" kyiv.txt\n" +
			"  sealwatch ip-ranges import --category risky --tag tor --source tor-exits --from 2026-05-01 exits.txt\n" +
			"  echo 10.20.0.0/16 | sealwatch ip-ranges import --category corporate --isp Contoso --country IE --city Dublin --latitude 53.35 --longitude -6.26 --radius-km 20 -",
		Args: cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	request := &sealwatchv1.ImportIpRangesRequest{}
	c.Flags().BoolVar(&request.AllowWide, "allow-wide", false, "networks wider than /8 (IPv6: /16) are meant so")
	c.Flags().BoolVar(&request.DryRun, "dry-run", false, "change nothing, tell how many stored events and users it would touch")
	category := c.Flags().String("category", "", "corporate, administrative, risky, vpn, cloud or other (required where the file does not say it)")
	tags := c.Flags().StringSlice("tag", nil, "tags: tor, anonymous_proxy, vpn, relay, hosting, botnet, password_spray, ...")
	source := c.Flags().String("source", "operator", "name of the feed; operator for what you know yourself")
	name := c.Flags().String("name", "", "name for people: of the office, of the provider")
	confidence := c.Flags().Int32("confidence", 100, "how sure it is, 0 to 100")
	from := c.Flags().String("from", "", "event time from which it holds: a time or a date (default always)")
	to := c.Flags().String("to", "", "event time until which it holds: a time or a date (default for ever)")
	isp := c.Flags().String("isp", "", "who runs the network, in the place of what the databases say")
	asn := c.Flags().Uint32("asn", 0, "its autonomous system number, with --isp")
	country := c.Flags().String("country", "", "where the addresses are, in the place of what the databases say: two letters, such as IE")
	city := c.Flags().String("city", "", "city, with --country")
	latitude := c.Flags().Float64("latitude", 0, "degrees, with --country and --longitude")
	longitude := c.Flags().Float64("longitude", 0, "degrees, with --country and --latitude")
	radius := c.Flags().Float64("radius-km", 0, "radius within which the addresses lie, with --latitude and --longitude")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *category != "" && !slices.Contains(intelligence.Categories, *category) {
			return usagef("--category: found %q, expected one of %s", *category, strings.Join(intelligence.Categories, ", "))
		}
		like := &sealwatchv1.IpRange{Category: *category, Tags: *tags, Source: *source, DisplayName: *name, Confidence: *confidence}
		like.Isp, like.Asn, like.Country, like.City = *isp, *asn, *country, *city
		for flag, field := range map[string]struct {
			of **float64
			n  *float64
		}{"latitude": {&like.Latitude, latitude}, "longitude": {&like.Longitude, longitude}, "radius-km": {&like.RadiusKm, radius}} {
			if c.Flags().Changed(flag) {
				*field.of = field.n
			}
		}
		var err error
		if like.StartTime, err = since("--from", *from, p.now()); err != nil {
			return err
		}
		if like.EndTime, err = since("--to", *to, p.now()); err != nil {
			return err
		}
		return p.importRanges(c.Context(), *address, args[0], like, request)
	}
	return c
}

// importRanges takes the good lines of a file in and names the bad ones.
func (p *process) importRanges(ctx context.Context, address, file string, like *sealwatchv1.IpRange, options *sealwatchv1.ImportIpRangesRequest) error {
	in := p.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewIpRangeServiceClient(conn)
	var batch []*sealwatchv1.IpRange
	imported, bad, calls := 0, 0, 0
	var events, users int64
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		r, err := client.ImportIpRanges(ctx, &sealwatchv1.ImportIpRangesRequest{Ranges: batch, AllowWide: options.GetAllowWide(), DryRun: options.GetDryRun()})
		batch = nil
		calls++
		imported += int(r.GetImported())
		events, users = events+r.GetEvents(), users+r.GetUsers()
		return err
	}
	reader, err := openRanges(in, like)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for {
		next, err := reader.next()
		var line *intel.LineError
		switch {
		case errors.Is(err, io.EOF):
			if err := flush(); err != nil {
				return err
			}
			p.print("%s %s, %s rejected; %s", numbered(imported, "range", "ranges"), map[bool]string{true: "would be imported", false: "imported"}[options.GetDryRun()], numbered(bad, "line", "lines"), touched(calls, events, users))
			if bad > 0 {
				return errSaid
			}
			return nil
		case errors.As(err, &line):
			bad++
			p.complain(fmt.Errorf("%s:%d: %s", terminal.Text(file), line.Line, line.Problem))
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", file, err)
		}
		if next.GetCategory() == "" {
			return usagef("%s: %s: found no category, expected one in the file or by --category: %s", file, next.GetPrefix(), strings.Join(intelligence.Categories, ", "))
		}
		batch = append(batch, next)
		if len(batch) == rangesPerCall {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// touched says how much of what is stored comes from the addresses of some calls.
func touched(calls int, events, users int64) string {
	if events == 0 {
		return "no stored event comes from there"
	}
	atMost := ""
	if calls > 1 { // each counts for itself
		atMost = "at most "
	}
	return fmt.Sprintf("%s%s of %s from there", atMost, numbered(int(events), "stored event", "stored events"), numbered(int(users), "user", "users"))
}

func (p *process) ipRangesList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List what is known about addresses",
		Example: "  sealwatch ip-ranges list --source operator",
		Args:    cobra.NoArgs,
	}
	address := p.addressFlag(c)
	sources := c.Flags().StringSlice("source", nil, "only of these sources")
	c.RunE = func(c *cobra.Command, _ []string) error {
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewIpRangeServiceClient(conn)
		p.print("%-20s  %-44s  %-15s  %-20s  %-10s  %-10s  %-30s  %-20s  %s", "SOURCE", "NETWORK", "CATEGORY", "TAGS", "FROM", "UNTIL", "PLACE", "ISP", "NAME")
		for request := (&sealwatchv1.ListIpRangesRequest{PageSize: 1000, Sources: *sources}); ; {
			page, err := client.ListIpRanges(c.Context(), request)
			if err != nil {
				return err
			}
			for _, r := range page.GetRanges() {
				p.print("%-20s  %-44s  %-15s  %-20s  %-10s  %-10s  %-30s  %-20s  %s", terminal.Text(r.GetSource()), terminal.Text(r.GetPrefix()), terminal.Text(r.GetCategory()), terminal.Text(strings.Join(r.GetTags(), ",")),
					bounded(r.GetStartTime(), "always"), bounded(r.GetEndTime(), "for ever"), terminal.Text(placeOf(r)), terminal.Text(ispOf(r)), terminal.Text(r.GetDisplayName()))
			}
			if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
				return nil
			}
		}
	}
	return c
}

// placeOf is where a range says that its addresses are.
func placeOf(r *sealwatchv1.IpRange) string {
	s := r.GetCountry()
	if r.GetCity() != "" {
		s += " " + r.GetCity()
	}
	if r.Latitude != nil {
		s += fmt.Sprintf(" %g,%g", r.GetLatitude(), r.GetLongitude())
	}
	if r.RadiusKm != nil {
		s += fmt.Sprintf(" ±%g km", r.GetRadiusKm())
	}
	return s
}

// ispOf is who it says runs them.
func ispOf(r *sealwatchv1.IpRange) string {
	if r.GetAsn() == 0 {
		return r.GetIsp()
	}
	return fmt.Sprintf("%s AS%d", r.GetIsp(), r.GetAsn())
}

// bounded is the day of a bound, or what it is where there is none.
func bounded(t *timestamppb.Timestamp, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return t.AsTime().Format(time.DateOnly)
}

func (p *process) ipRangesRemove() *cobra.Command {
	c := &cobra.Command{
		Use:   "remove NETWORK... | remove --all --source FEED",
		Short: "Take back what was said about addresses",
		Long: "Take back ranges by source and network, each with all its spans of time. The analysis looks again at everybody who was there.\n\n" +
			"A range that held until some day is better imported again with --to.",
		Example: "  sealwatch ip-ranges remove 203.0.113.0/24\n" +
			"  sealwatch ip-ranges remove --all --source tor-exits",
	}
	address := p.addressFlag(c)
	source := c.Flags().String("source", "operator", "name of the feed; operator for what you said yourself")
	all := c.Flags().Bool("all", false, "whatever the source says")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *all == (len(args) > 0) {
			return errors.New("expected networks, or --all")
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		r, err := sealwatchv1.NewIpRangeServiceClient(conn).RemoveIpRanges(c.Context(), &sealwatchv1.RemoveIpRangesRequest{Source: *source, Prefixes: args, All: *all})
		if err != nil {
			return err
		}
		p.print("%s removed", numbered(int(r.GetRemoved()), "range", "ranges"))
		if r.GetRemoved() == 0 {
			p.complain(fmt.Errorf("%s said nothing of that; sealwatch ip-ranges list --source %s shows what it says", *source, *source))
			return errSaid
		}
		return nil
	}
	return c
}
