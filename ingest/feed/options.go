package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Options of a Feed. Says, URL, Format, Book and States are needed.
type Options struct {
	Says Says
	// Preset that the options were filled in from; empty for none. Licence is that of the list, for those who look at it.
	Preset, Licence string
	// URL is https://..., file:///... or a path.
	URL string
	// Format is one of Formats.
	Format  string
	Columns Columns
	// Interval is how often it is fetched; a day.
	Interval time.Duration
	// MaxShrink is the share of its entries that a list may lose at once before it is held, MaxBad the share of it that may be
	// unreadable; 0.5 and 0.05. Values from 1 on switch the check off; negative ones are 0.
	MaxShrink, MaxBad float64
	// MaxBytes and MaxEntries bound a copy; 64 MiB and 500,000.
	MaxBytes   int64
	MaxEntries int
	// TokenFile holds what the server wants to see, in TokenHeader, or as bearer token when that is empty.
	TokenFile, TokenHeader string
	// CAFile has authorities that are trusted beside the system's.
	CAFile string
	// AllowPrivate lets the list be at an address that is not of the Internet.
	AllowPrivate bool
	UserAgent    string
	// FirstRetry and MaxRetry bound the pauses after failures; a minute growing to an hour.
	FirstRetry, MaxRetry time.Duration
	// Networks of autonomous systems; needed for FormatASN.
	Networks Networks
	Book     Book
	States   States
	// Now is the clock; time.Now.
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Book keeps what is known about addresses.
type Book interface {
	// SourceRanges returns all that a source says, spans that ended among it.
	SourceRanges(ctx context.Context, source string) ([]intelligence.Range, error)
	// Know stores ranges, each in the place of one with the same source, network and beginning, and returns when they are durable.
	// Storing them again is harmless.
	Know(ctx context.Context, ranges []intelligence.Range) error
}

// States keep how each feed is doing, as a text of the feed's own.
type States interface {
	LoadState(ctx context.Context, feed string) (text string, found bool, err error)
	StoreState(ctx context.Context, feed, text string) error
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// Check says what of the options is wrong.
func (o *Options) Check() error {
	var problems []error
	wrong := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if !namePattern.MatchString(o.Says.Source) || o.Says.Source == intelligence.OperatorSource {
		wrong("name", "found %q, expected 1 to 63 lower-case letters, digits, dots, underscores and hyphens, and not %s", o.Says.Source, intelligence.OperatorSource)
	}
	if !slices.Contains(Formats(), o.Format) {
		wrong("format", "found %q, expected one of %s", o.Format, strings.Join(Formats(), ", "))
	}
	if !slices.Contains(intelligence.Categories, o.Says.Category) {
		wrong("category", "found %q, expected one of %s", o.Says.Category, strings.Join(intelligence.Categories, ", "))
	}
	for _, t := range o.Says.Tags {
		if t != tag(t) || t == "" {
			wrong("tags", "found %q, expected lower-case letters, digits, underscores and hyphens, 40 at most", t)
		}
	}
	if o.Says.Confidence < 0 || o.Says.Confidence > 100 {
		wrong("confidence", "found %d, expected 0 to 100", o.Says.Confidence)
	}
	if o.TokenHeader != "" && textproto.CanonicalMIMEHeaderKey(o.TokenHeader) == "" || strings.ContainsAny(o.TokenHeader, " :\r\n") {
		wrong("tokenHeader", "found %q, expected the name of a header such as X-Api-Key", o.TokenHeader)
	}
	if _, err := newFetcher(o); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (o *Options) complete() error {
	if err := o.Check(); err != nil {
		return err
	}
	if o.Book == nil || o.States == nil {
		return errors.New("feed: a Book and States are needed")
	}
	o.limits()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func (o *Options) limits() {
	orDefault(&o.Interval, 24*time.Hour)
	orDefault(&o.FirstRetry, time.Minute)
	orDefault(&o.MaxRetry, time.Hour)
	orDefault(&o.MaxBytes, 64<<20)
	orDefault(&o.MaxEntries, 500_000)
	orDefault(&o.MaxShrink, 0.5)
	orDefault(&o.MaxBad, 0.05)
	if o.UserAgent == "" {
		o.UserAgent = "sealwatch"
	}
}

func orDefault[N int | int64 | float64 | time.Duration](n *N, otherwise N) {
	if *n == 0 {
		*n = otherwise
	}
}
