package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/sealwatch/sealwatch/internal/duration"
)

// durationFlag is a flag with a span of time as people write it: 90s, 2h30m, 7d.
type durationFlag struct{ to *time.Duration }

// durationVar adds such a flag.
func durationVar(flags *pflag.FlagSet, to *time.Duration, name string, value time.Duration, usage string) {
	*to = value
	flags.Var(durationFlag{to}, name, usage)
}

func (d durationFlag) String() string {
	if d.to == nil || *d.to == 0 { // none, which the help leaves out
		return ""
	}
	return duration.Text(*d.to)
}

func (d durationFlag) Set(text string) (err error) {
	*d.to, err = duration.Parse(text)
	return err
}

func (durationFlag) Type() string { return "duration" }
