package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/sealwatch/sealwatch/internal/duration"
)

const (
	prefix = "SEALWATCH_"
	// fileVariable names the configuration file.
	fileVariable = prefix + "CONFIG"
	// AddressVariable is where clients find the service; it is no part of the service's configuration.
	AddressVariable = prefix + "ADDR"
)

// Variables lists the environment variables that are read, in alphabetical order.
func Variables() []string {
	params, err := env.GetFieldParamsWithOptions(&Config{}, env.Options{Prefix: prefix, Environment: map[string]string{}})
	if err != nil {
		return nil
	}
	all := []string{fileVariable, AddressVariable}
	for _, p := range params {
		all = append(all, p.Key)
	}
	slices.Sort(all)
	return all
}

// readEnvironment puts the SEALWATCH_ variables over c; one that is not known is an error, so that a slip of the pen
// does not go unnoticed. An empty variable counts as unset. Lists are separated by commas.
func (c *Config) readEnvironment(environ []string) error {
	known := Variables()
	var all []error
	for _, pair := range environ {
		key, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(key, prefix) || key == fileVariable || key == AddressVariable {
			continue
		}
		if !slices.Contains(known, key) {
			all = append(all, fmt.Errorf("environment: unknown variable %s; the variables are in docs/reference/config.md", key))
			continue
		}
		// One variable at a time, so that an error can name it.
		err := env.ParseWithOptions(c, env.Options{Prefix: prefix, Environment: map[string]string{key: value},
			FuncMap: map[reflect.Type]env.ParserFunc{reflect.TypeFor[time.Duration](): func(v string) (any, error) { return duration.Parse(v) }}})
		var parse env.ParseError
		switch {
		case err == nil:
		case errors.As(err, &parse) && parse.Type != nil:
			all = append(all, fmt.Errorf("environment: %s: found %q, expected %s", key, value, goKind(parse.Type.String())))
		default:
			all = append(all, fmt.Errorf("environment: %s cannot be read", key))
		}
	}
	return errors.Join(all...)
}

// lookup finds a variable.
func lookup(environ []string, key string) string {
	value := ""
	for _, pair := range environ {
		if k, v, ok := strings.Cut(pair, "="); ok && k == key {
			value = v
		}
	}
	return value
}
