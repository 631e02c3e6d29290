//go:build !linux

package embedded

import "errors"

var errNoConfinement = errors.New("only Linux can confine the engine's process")

func confineAndExecute(layout, string, func(int) []string) error { return errNoConfinement }

func installFilter() error { return errNoConfinement }
