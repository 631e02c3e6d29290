package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Options say where a configuration comes from.
type Options struct {
	// File is the YAML file; empty means SEALWATCH_CONFIG, and without that no file.
	File string
	// Environ holds KEY=VALUE pairs, as os.Environ returns them.
	Environ []string
	// Override sets what the command line gave; it comes last. May be nil.
	Override func(*Config)
	// Executable is the path of the running program, beside which the fetched databases are looked for.
	// Empty looks for none.
	Executable string
}

// Load merges defaults, file, environment and command line, each over the one before, reads secrets from their files,
// makes paths absolute and validates the result. Paths in the file are relative to the file's folder, all others to
// the working directory. An error names every problem that was found; it never holds a secret. Unless it is
// an UnreadableError, the Config beside it is what could be read, which is good for nothing but to look for further problems.
func Load(o Options) (Config, error) {
	c := Default()
	file := o.Named()
	var all []error
	if file != "" {
		if err := c.readFile(file); err != nil {
			var some *keysError
			if !errors.As(err, &some) {
				return Config{}, &UnreadableError{err}
			}
			all = append(all, err)
		}
	}
	all = append(all, c.readEnvironment(o.Environ))
	if o.Override != nil {
		o.Override(&c)
	}
	if err := c.resolve(""); err != nil {
		return Config{}, &UnreadableError{err}
	}
	c.discover(o.Executable)
	return c, errors.Join(append(all, c.readSecrets(), c.Validate())...)
}

// Named is the file that a configuration is read from; empty when none was given.
func (o Options) Named() string {
	if o.File != "" {
		return o.File
	}
	return lookup(o.Environ, fileVariable)
}

// UnreadableError says that a configuration could not be read at all.
type UnreadableError struct{ error }

// Unwrap is the cause.
func (e *UnreadableError) Unwrap() error { return e.error }

// paths are the fields that name a file or a folder.
func (c *Config) paths() []*string {
	p := []*string{&c.DataDir, &c.ClickHouse.DSNFile, &c.Engine.Library, &c.Ingest.ClassificationFile}
	for i := range c.Ingest.CityDatabases {
		p = append(p, &c.Ingest.CityDatabases[i])
	}
	for i := range c.Ingest.ASNDatabases {
		p = append(p, &c.Ingest.ASNDatabases[i])
	}
	for i := range c.Sources.Monitor {
		p = append(p, &c.Sources.Monitor[i].PrivateKeyFile, &c.Sources.Monitor[i].CAFile)
	}
	for i := range c.Feeds {
		p = append(p, c.Feeds[i].paths()...)
	}
	p = append(p, destinationPaths(c.Destinations)...)
	return append(append(p, connectPaths(c.Sources.Connect)...), entraPaths(c.Sources.Entra)...)
}

// resolve makes relative paths absolute, against dir, or the working directory when dir is empty.
func (c *Config) resolve(dir string) error {
	for _, p := range c.paths() {
		if *p == "" {
			continue
		}
		if dir != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return fmt.Errorf("configuration: %s: no absolute path: %w", *p, err)
		}
		*p = abs
	}
	return nil
}

// maxSecretBytes bounds a file that holds a secret.
const maxSecretBytes = 64 << 10

// readSecrets fills secrets in from their files.
func (c *Config) readSecrets() error {
	name := c.ClickHouse.DSNFile
	if name == "" {
		return nil
	}
	if !c.ClickHouse.DSN.IsZero() {
		return errors.New("clickhouse.dsnFile: clickhouse.dsn is set as well; set only one of them")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("clickhouse.dsnFile: %w", err)
	}
	text := strings.TrimSpace(string(b))
	if text == "" || len(b) > maxSecretBytes {
		return fmt.Errorf("clickhouse.dsnFile: %s holds %d bytes; expected a data source name of 1 to %d", name, len(b), maxSecretBytes)
	}
	c.ClickHouse.DSN = NewSecret(text)
	return nil
}
