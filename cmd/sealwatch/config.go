package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/config"
)

// settings are the flags that stand for keys of the configuration.
type settings struct {
	p                                         *process
	c                                         *cobra.Command
	file, dataDir, grpcAddr, httpAddr, server string
}

// settingsFlags adds them to a command.
func (p *process) settingsFlags(c *cobra.Command) *settings {
	s := &settings{p: p, c: c}
	d := config.Default()
	c.Flags().StringVar(&s.file, "config", "", "configuration file (YAML), also SEALWATCH_CONFIG")
	c.Flags().StringVar(&s.dataDir, "data-dir", d.DataDir, "directory of the embedded engine's data, also SEALWATCH_DATA_DIR")
	c.Flags().StringVar(&s.grpcAddr, "grpc-addr", d.GRPCAddr, "address of the gRPC listener (HOST:PORT), also SEALWATCH_GRPC_ADDR")
	c.Flags().StringVar(&s.httpAddr, "http-addr", d.HTTPAddr, "address of the REST listener (HOST:PORT), also SEALWATCH_HTTP_ADDR")
	c.Flags().StringVar(&s.server, "clickhouse-dsn", "", "ClickHouse server to use instead of the embedded engine, as a URL without a "+
		"password; one with a password goes into SEALWATCH_CLICKHOUSE_DSN or a file (clickhouse.dsnFile)")
	return s
}

// load merges flags, environment, file and defaults.
func (s *settings) load() (config.Config, error) {
	set := func(flag string) bool { return s.c.Flags().Changed(flag) }
	if set("clickhouse-dsn") && config.HasPassword(s.server) {
		return config.Config{}, usagef("--clickhouse-dsn: found a password, expected none: every user of this machine can read arguments; " +
			"put the whole URL into SEALWATCH_CLICKHOUSE_DSN, or into a file named by clickhouse.dsnFile")
	}
	return config.Load(config.Options{File: s.file, Environ: s.p.environ, Executable: s.p.executable, Override: func(c *config.Config) {
		if set("data-dir") {
			c.DataDir = s.dataDir
		}
		if set("grpc-addr") {
			c.GRPCAddr = s.grpcAddr
		}
		if set("http-addr") {
			c.HTTPAddr = s.httpAddr
		}
		if set("clickhouse-dsn") {
			c.ClickHouse.DSN, c.ClickHouse.DSNFile = config.NewSecret(s.server), ""
		}
	}})
}

// tellWithout says where no file was given that none was looked at.
func (s *settings) tellWithout(err error) {
	if !errors.As(err, new(usageError)) && (config.Options{File: s.file, Environ: s.p.environ}).Named() == "" {
		s.p.say("no configuration file was given (--config or SEALWATCH_CONFIG): this is about the defaults, the environment and the flags")
	}
}

// checked is load, and what only the service finds wrong: every problem at once, each key once.
func (s *settings) checked() (config.Config, error) {
	cfg, err := s.load()
	if s.p.check == nil || errors.As(err, new(*config.UnreadableError)) || errors.As(err, new(usageError)) {
		return cfg, err
	}
	problems := []error{err}
	said := map[string]bool{}
	for _, one := range each(err) {
		said[keyOf(one)] = true
	}
	for _, one := range each(s.p.check(cfg)) {
		if !within(said, keyOf(one)) {
			problems = append(problems, one)
		}
	}
	return cfg, errors.Join(problems...)
}

// each are the problems that an error joins.
func each(err error) (all []error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, each(one)...)
		}
		return all
	}
	if err != nil {
		all = append(all, err)
	}
	return all
}

// within says whether something was said of the key, or of a key below it.
func within(said map[string]bool, key string) bool {
	if said[key] {
		return true
	}
	for one := range said {
		if strings.HasPrefix(one, key+".") {
			return true
		}
	}
	return false
}

// keyOf is the key of the configuration that a problem begins with.
func keyOf(problem error) string {
	key, _, _ := strings.Cut(problem.Error(), ": ")
	return key
}

func (p *process) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Show or check the configuration", Args: cobra.NoArgs,
		Long: "Show or check the configuration of the service. All keys are described in docs/reference/config.md."}
	c.AddCommand(p.configPrint(), p.configCheck())
	return c
}

func (p *process) configPrint() *cobra.Command {
	c := &cobra.Command{
		Use:     "print",
		Aliases: []string{"show"},
		Short:   "Print the configuration that is in force, with secrets hidden",
		Example: "  sealwatch config print --config sealwatch.yaml",
		Args:    cobra.NoArgs,
	}
	s := p.settingsFlags(c)
	c.RunE = func(*cobra.Command, []string) error {
		cfg, err := s.load()
		if err != nil {
			return err
		}
		e := yaml.NewEncoder(p.out)
		e.SetIndent(2)
		if err := e.Encode(cfg); err != nil {
			return err
		}
		return e.Close()
	}
	return c
}

func (p *process) configCheck() *cobra.Command {
	c := &cobra.Command{
		Use:     "check",
		Short:   "Say what is wrong with the configuration",
		Long:    "Say what is wrong with the configuration, one problem on a line, and exit with 1; exit with 0 when nothing is.",
		Example: "  sealwatch config check --config sealwatch.yaml",
		Args:    cobra.NoArgs,
	}
	s := p.settingsFlags(c)
	c.RunE = func(*cobra.Command, []string) error {
		_, err := s.checked()
		s.tellWithout(err)
		if err != nil {
			return err
		}
		p.print("the configuration is good")
		return nil
	}
	return c
}
