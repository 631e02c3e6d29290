package status

import (
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// NoDestination is the error for a name that no destination has, with the one that was meant or those that there are.
func NoDestination(name string, there []string) error {
	return fault.New(fault.NotFound, "no destination %q is configured%s", name, spelling.Instead(name, there))
}
