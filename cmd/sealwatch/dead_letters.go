package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) deadLettersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dead-letters",
		Short: "Look after alerts and events that a receiver refused for good",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(p.deadLettersList(), p.deadLettersShow(),
		p.deadLettersMove(letterMove{word: wordReplay, done: "sent again from now on", short: "Have dead letters sent again",
			long: "Have dead letters sent again, each alert in its newest version. A letter goes when the receiver took the alert; one that is refused once\n" +
				"more stays with the new reason. Letters of alerts that were retracted and that the destination never had are removed.",
			one: func(ctx context.Context, client sealwatchv1.DestinationServiceClient, name, author string) (*sealwatchv1.DeadLetter, error) {
				return client.ReplayDeadLetter(ctx, &sealwatchv1.ReplayDeadLetterRequest{Name: name, Author: author})
			},
			all: func(ctx context.Context, client sealwatchv1.DestinationServiceClient, s letterSelection) (letterCounts, error) {
				return client.BulkReplayDeadLetters(ctx, &sealwatchv1.BulkReplayDeadLettersRequest{Destination: s.destination, Alert: s.alert, Author: s.author, ValidateOnly: s.dry, ExpectedCount: s.expected})
			}}),
		p.deadLettersMove(letterMove{word: "discard", done: "discarded", short: "Give dead letters up", asks: true,
			long: "Give dead letters up: they are never sent. The alerts stay.",
			one: func(ctx context.Context, client sealwatchv1.DestinationServiceClient, name, author string) (*sealwatchv1.DeadLetter, error) {
				return client.DiscardDeadLetter(ctx, &sealwatchv1.DiscardDeadLetterRequest{Name: name, Author: author})
			},
			all: func(ctx context.Context, client sealwatchv1.DestinationServiceClient, s letterSelection) (letterCounts, error) {
				return client.BulkDiscardDeadLetters(ctx, &sealwatchv1.BulkDiscardDeadLettersRequest{Destination: s.destination, Alert: s.alert, Author: s.author, ValidateOnly: s.dry, ExpectedCount: s.expected})
			}}))
	return c
}

// letterSelection says which letters are meant, and by whom.
type letterSelection struct {
	destination, alert, author string
	dry                        bool
	expected                   *int32
}

// letterCounts is what bulk calls return.
type letterCounts interface {
	GetMatchedCount() int32
	GetUpdatedCount() int32
}

// letterMove is a command that does something to letters.
type letterMove struct {
	word, done, short, long string
	// asks says that it cannot be undone.
	asks bool
	one  func(ctx context.Context, client sealwatchv1.DestinationServiceClient, name, author string) (*sealwatchv1.DeadLetter, error)
	all  func(ctx context.Context, client sealwatchv1.DestinationServiceClient, s letterSelection) (letterCounts, error)
}

func (p *process) deadLettersMove(m letterMove) *cobra.Command {
	c := &cobra.Command{
		Use:   m.word + " [LETTER...]",
		Short: m.short,
		Long: m.long + "\n\nLetters are named as sealwatch exporters dead-letters list shows them, or all of a destination are meant, or those of an alert. For more\n" +
			"than 100 their number is to be repeated.",
		Example: fmt.Sprintf("  sealwatch exporters dead-letters %[1]s siem.17\n  sealwatch exporters dead-letters %[1]s --destination siem --yes\n  sealwatch exporters dead-letters %[1]s --destination siem --expected-count 240", m.word),
		Args:    cobra.ArbitraryArgs,
	}
	address := p.addressFlag(c)
	var s letterSelection
	c.Flags().StringVar(&s.destination, "destination", "", "all dead letters of this destination; with /events behind it those of its events")
	c.Flags().StringVar(&s.alert, "alert", "", "with --destination: only those of this alert, by id or the first four or more characters of it")
	c.Flags().BoolVar(&s.dry, "dry-run", false, "with --destination: only say how many there are")
	expected := c.Flags().Int32("expected-count", 0, "with --destination: how many there are; with another number nothing is done")
	yes := c.Flags().Bool("yes", false, "do not ask")
	p.authorFlag(c, &s.author)
	c.ValidArgsFunction = completeLetters(address)
	completeFlag(c, "destination", completeDestinations(address))
	c.RunE = func(c *cobra.Command, args []string) error {
		s.expected = expectedCount(c, *expected)
		switch {
		case len(args) == 0 && s.destination == "":
			return usagef("LETTER: not given; expected a letter such as siem.17, or --destination")
		case len(args) > 0 && (s.destination != "" || s.alert != "" || s.dry || s.expected != nil):
			return usagef("LETTER: not together with --destination, --alert, --dry-run and --expected-count")
		case s.author == "":
			return usagef("--author: not given and there is no USER in the environment; expected who does it")
		}
		if len(args) > 0 {
			return p.moveLetters(c.Context(), *address, &m, args, s.author, *yes)
		}
		return p.moveAllLetters(c.Context(), *address, &m, s, *yes)
	}
	return c
}

// sureOfLetters asks where what is done cannot be undone.
func (p *process) sureOfLetters(ctx context.Context, m *letterMove, n int, yes bool) error {
	if !m.asks || yes {
		return nil
	}
	if !p.inTerminal {
		return usagef("standard input is no terminal to ask on; say --yes to %s %s", m.word, plural(n, "dead letter"))
	}
	sure, err := p.yes(ctx, "say --yes", fmt.Sprintf("%s %s for good?", strings.ToUpper(m.word[:1])+m.word[1:], plural(n, "dead letter")))
	if err == nil && !sure {
		p.say("nothing was changed")
		err = errSaid
	}
	return err
}

func (p *process) moveLetters(ctx context.Context, address string, m *letterMove, names []string, author string, yes bool) error {
	return withDestinations(address, func(client sealwatchv1.DestinationServiceClient) error {
		var all []*sealwatchv1.DeadLetter
		for _, name := range names { // nobody is asked about one that there is not
			l, err := client.GetDeadLetter(ctx, &sealwatchv1.GetDeadLetterRequest{Name: letterPrefix + strings.TrimPrefix(name, letterPrefix)})
			if err != nil {
				return err
			}
			all = append(all, l)
		}
		if err := p.sureOfLetters(ctx, m, len(names), yes); err != nil {
			return err
		}
		var waiting []string
		for _, l := range all {
			if m.word == wordReplay && l.GetState() == sealwatchv1.DeadLetter_STATE_REPLAYING {
				waiting = append(waiting, letterDestination(l.GetName()))
				p.print("%s: was to be sent again already", letterID(l))
				continue
			}
			now, err := m.one(ctx, client, l.GetName(), author)
			if err != nil {
				return err
			}
			if m.word == wordReplay && now.GetState() == sealwatchv1.DeadLetter_STATE_DISCARDED {
				p.print("%s: %s", letterID(l), terminal.Text(now.GetReason()))
				continue
			}
			if m.word == wordReplay {
				waiting = append(waiting, letterDestination(l.GetName()))
			}
			p.print("%s: %s", letterID(l), m.done)
		}
		p.sayReplaysWait(ctx, client, waiting)
		return nil
	})
}

const wordReplay = "replay"

// sayReplaysWait says of each destination once that what is to be sent again waits, where it does.
func (p *process) sayReplaysWait(ctx context.Context, client sealwatchv1.DestinationServiceClient, destinations []string) {
	slices.Sort(destinations)
	for _, name := range slices.Compact(destinations) {
		if text := replayWaits(ctx, client, name); text != "" {
			p.print("%s", terminal.Text(text))
		}
	}
}

// letterDestination is the destination of a letter, with /events behind it where it is one of its events.
func letterDestination(letter string) string {
	name, kind, _ := strings.Cut(strings.TrimPrefix(letter, letterPrefix), ".")
	if strings.HasPrefix(kind, "events.") {
		name += "/events"
	}
	return name
}

func (p *process) moveAllLetters(ctx context.Context, address string, m *letterMove, s letterSelection, yes bool) error {
	s.destination = destinationPrefix + strings.TrimPrefix(s.destination, destinationPrefix)
	alert, err := wholeAlert(ctx, address, s.alert)
	if err != nil {
		return err
	}
	s.alert = alert
	return withDestinations(address, func(client sealwatchv1.DestinationServiceClient) error {
		counting := s
		counting.dry = true
		would, err := m.all(ctx, client, counting)
		if err != nil {
			return err
		}
		n := int(would.GetMatchedCount())
		switch {
		case n == 0:
			p.print("there is no such dead letter; there is nothing to %s", m.word)
			return nil
		case s.dry:
			p.print("there %s; to %s %s, run it without --dry-run", map[bool]string{true: "is 1 dead letter", false: "are " + plural(n, "dead letter")}[n == 1], m.word, them(n))
			return nil
		case s.expected == nil && n > mostAskedAbout:
			return usagef("there are %d dead letters, more than %d; to %s them, repeat their number: --expected-count %d", n, mostAskedAbout, m.word, n)
		}
		if s.expected == nil {
			if err := p.sureOfLetters(ctx, m, n, yes); err != nil {
				return err
			}
			counted := would.GetMatchedCount()
			s.expected = &counted
		}
		done, err := m.all(ctx, client, s)
		if err != nil {
			return err
		}
		updated, matched := int(done.GetUpdatedCount()), int(done.GetMatchedCount())
		if d, ok := done.(interface{ GetDiscardedCount() int32 }); ok && d.GetDiscardedCount() > 0 {
			n := int(d.GetDiscardedCount())
			p.print("%d of %s removed: the alerts were retracted, and the destination never had them", n, plural(matched, "dead letter"))
			if matched -= n; matched == 0 {
				return nil
			}
		}
		if m.word == wordReplay && updated < matched {
			were := "were"
			if matched-updated == 1 {
				were = "was"
			}
			p.print("%d of %s %s to be sent again already", matched-updated, plural(matched, "dead letter"), were)
		}
		if updated > 0 || m.word != wordReplay {
			p.print("%d of %s: %s", updated, plural(matched, "dead letter"), m.done)
		}
		if m.word == wordReplay {
			p.sayReplaysWait(ctx, client, []string{strings.TrimPrefix(s.destination, destinationPrefix)})
		}
		return nil
	})
}

// wholeAlert is the name of the alert with that id, or with the one that begins so.
func wholeAlert(ctx context.Context, address, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	conn, err := connect(address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	names, err := alertNames(ctx, sealwatchv1.NewAlertServiceClient(conn), []string{id})
	if err != nil {
		return "", err
	}
	return names[0], nil
}

func (p *process) deadLettersList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List what receivers refused for good",
		Example: "  sealwatch exporters dead-letters list --destination siem\n  sealwatch exporters dead-letters list --alert 5f0c1a2b -o json",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	request := &sealwatchv1.ListDeadLettersRequest{PageSize: 1000}
	c.Flags().StringVar(&request.Destination, "destination", "", "only those of this destination; with /events behind it those of its events")
	completeFlag(c, "destination", completeDestinations(address))
	alert := c.Flags().String("alert", "", "only those of this alert, by id or the first four or more characters of it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		if request.GetDestination() != "" {
			request.Destination = destinationPrefix + strings.TrimPrefix(request.GetDestination(), destinationPrefix)
		}
		if request.Alert, err = wholeAlert(c.Context(), *address, *alert); err != nil {
			return err
		}
		return withDestinations(*address, func(client sealwatchv1.DestinationServiceClient) error {
			for n := 0; ; {
				page, err := client.ListDeadLetters(c.Context(), request)
				if err != nil {
					return err
				}
				for _, l := range page.GetDeadLetters() {
					if asJSON {
						text, err := messageJSON(l, "  ")
						if err != nil {
							return err
						}
						_, _ = fmt.Fprint(p.out, listStart(n)+text)
					} else {
						if n == 0 {
							p.print("%-24s %-10s %-43s %-20s  %s", "LETTER", "STATE", "ALERT OR EVENT", "REFUSED", "REASON")
						}
						p.print("%-24s %-10s %-43s %-20s  %s", letterID(l), letterState(l), letterOf(l), stamp(l.GetUpdateTime().AsTime()), terminal.Text(l.GetReason()))
					}
					n++
				}
				if request.PageToken = page.GetNextPageToken(); request.GetPageToken() != "" {
					continue
				}
				switch {
				case asJSON:
					p.print("%s", listEnd(n))
				case n == 0:
					p.say("there is no dead letter")
				}
				return nil
			}
		})
	}
	return c
}

func letterID(l *sealwatchv1.DeadLetter) string {
	return terminal.Text(strings.TrimPrefix(l.GetName(), letterPrefix))
}

// letterOf is the alert, or with its kind the event.
func letterOf(l *sealwatchv1.DeadLetter) string {
	if l.GetEvent() != "" {
		return terminal.Text(l.GetEvent())
	}
	return terminal.Text(strings.TrimPrefix(l.GetAlert(), alertPrefix))
}

func letterState(l *sealwatchv1.DeadLetter) string {
	return strings.ToLower(strings.TrimPrefix(l.GetState().String(), "STATE_"))
}

func (p *process) deadLettersShow() *cobra.Command {
	c := &cobra.Command{
		Use:     "show LETTER",
		Short:   "Show a dead letter with what was sent",
		Example: "  sealwatch exporters dead-letters show siem.17",
		Args:    cobra.ExactArgs(1),
	}
	address, output := p.addressFlag(c), outputFlag(c)
	c.ValidArgsFunction = first(completeLetters(address))
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		return withDestinations(*address, func(client sealwatchv1.DestinationServiceClient) error {
			l, err := client.GetDeadLetter(c.Context(), &sealwatchv1.GetDeadLetterRequest{Name: letterPrefix + strings.TrimPrefix(args[0], letterPrefix)})
			if err != nil {
				return err
			}
			if asJSON {
				text, err := messageJSON(l, "")
				if err == nil {
					p.print("%s", text)
				}
				return err
			}
			p.print("letter   %s, %s", letterID(l), letterState(l))
			if l.GetEvent() != "" {
				p.print("event    %s", letterOf(l))
			} else {
				p.print("alert    %s", letterOf(l))
			}
			p.print("reason   %s", terminal.Text(l.GetReason()))
			p.print("refused  first %s, last refused or worked on %s", stamp(l.GetCreateTime().AsTime()), stamp(l.GetUpdateTime().AsTime()))
			if l.GetAuthor() != "" {
				p.print("by       %s", terminal.Text(l.GetAuthor()))
			}
			p.print("payload  %s", terminal.Text(l.GetPayload()))
			return nil
		})
	}
	return c
}
