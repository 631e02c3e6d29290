package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sealwatch/sealwatch/internal/spelling"
)

var unknownCommand = regexp.MustCompile(`^unknown command "([^"]*)" for "`)

// hinted is cobra's complaint of a command or a flag that does not exist, with the one that was meant.
func hinted(at *cobra.Command, err error) error {
	if at == nil {
		return err
	}
	var among []string
	word := ""
	var flag *pflag.NotExistError
	if m := unknownCommand.FindStringSubmatch(err.Error()); m != nil {
		word = m[1]
		for _, c := range at.Commands() {
			if c.IsAvailableCommand() {
				among = append(among, c.Name())
				among = append(among, c.Aliases...)
			}
		}
	} else if errors.As(err, &flag) && len(flag.GetSpecifiedName()) > 1 {
		word = "--" + flag.GetSpecifiedName()
		each := func(f *pflag.Flag) {
			if !f.Hidden {
				among = append(among, "--"+f.Name)
			}
		}
		at.Flags().VisitAll(each)
		at.InheritedFlags().VisitAll(each)
	}
	if hint := spelling.Hint(word, among); word != "" && hint != "" {
		return fmt.Errorf("%w%s", err, hint)
	}
	if word != "" && strings.HasPrefix(err.Error(), "unknown command") && len(among) > 0 {
		return fmt.Errorf("%w; expected one of %s", err, strings.Join(among, ", "))
	}
	return err
}
