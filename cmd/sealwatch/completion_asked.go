package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// completionPatience bounds how long a shell waits for what only the service knows. Without an answer it completes nothing.
const completionPatience = 2 * time.Second

// mostCompleted bounds what a shell is offered.
const mostCompleted = 200

// completer are the words that can stand next, each perhaps with a tab and what it is.
type completer = func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completed asks the service for words; those that stand already are not offered again.
func completed(address *string, ask func(context.Context, sealwatchv1.DestinationServiceClient) ([]string, error)) completer {
	return func(c *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completionPatience)
		defer cancel()
		_ = withDestinations(*address, func(client sealwatchv1.DestinationServiceClient) error { // a shell has no place for an error
			all, err := ask(ctx, client)
			there := map[string]bool{}
			for _, a := range args {
				there[a] = true
			}
			for _, w := range all {
				if word, _, _ := strings.Cut(w, "\t"); !there[word] {
					words = append(words, w)
				}
			}
			return err
		})
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDestinations offers the names of the destinations.
func completeDestinations(address *string) completer {
	return completed(address, func(ctx context.Context, client sealwatchv1.DestinationServiceClient) (words []string, err error) {
		all, err := client.ListDestinations(ctx, &sealwatchv1.ListDestinationsRequest{})
		for _, d := range all.GetDestinations() {
			words = append(words, described(strings.TrimPrefix(d.GetName(), destinationPrefix), d.GetKind()+", "+d.GetState()))
		}
		return words, err
	})
}

// completeLetters offers the names of dead letters.
func completeLetters(address *string) completer {
	return completed(address, func(ctx context.Context, client sealwatchv1.DestinationServiceClient) (words []string, err error) {
		page, err := client.ListDeadLetters(ctx, &sealwatchv1.ListDeadLettersRequest{PageSize: mostCompleted})
		for _, l := range page.GetDeadLetters() {
			words = append(words, described(letterID(l), l.GetReason()))
		}
		return words, err
	})
}

// first is a completer for commands with one argument.
func first(all completer) completer {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return all(c, args, begun)
	}
}

// described is a word with what it is, in at most 60 characters.
func described(word, text string) string {
	const most = 60
	runes := []rune(terminal.Text(text))
	if len(runes) > most {
		runes = append(runes[:most-1], '…')
	}
	return terminal.Text(word) + "\t" + string(runes)
}

// completeFlag lets a flag be completed. It fails only for a flag that the command does not have, or a second time.
func completeFlag(c *cobra.Command, flag string, all completer) {
	_ = c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return all(c, nil, begun)
	})
}
