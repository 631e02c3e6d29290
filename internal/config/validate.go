package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/duration"
)

var (
	tenantPattern      = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)
	detectionPattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	destinationPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
)

// problems gathers what is wrong.
type problems []error

// add says what is wrong with a key: its value and what was expected instead.
func (p *problems) add(key string, value any, expected string) {
	if d, ok := value.(time.Duration); ok {
		value = duration.Text(d)
	}
	*p = append(*p, fmt.Errorf("%s: found %q, expected %s", key, fmt.Sprint(value), expected))
}

// oneOf checks a text against the values that there are.
func (p *problems) oneOf(key, value string, values ...string) {
	if !slices.Contains(values, value) {
		p.add(key, value, "one of "+strings.Join(values, ", "))
	}
}

// within checks a whole number against its bounds.
func (p *problems) within(key string, value, low, high int64) {
	if value < low || value > high {
		p.add(key, value, fmt.Sprintf("%d to %d", low, high))
	}
}

// span checks a duration against its bounds.
func (p *problems) span(key string, value, low, high time.Duration) {
	if value < low || value > high {
		p.add(key, value, duration.Text(low)+" to "+duration.Text(high))
	}
}

// file checks that a named file can be opened.
func (p *problems) file(key, name string) {
	if name == "" {
		return
	}
	if s, err := os.Stat(name); err != nil || !s.Mode().IsRegular() {
		p.add(key, name, "an existing file")
	}
}

// fileOrFolder checks that a named file or folder is there.
func (p *problems) fileOrFolder(key, name string) {
	if s, err := os.Stat(name); err != nil || !s.Mode().IsRegular() && !s.IsDir() {
		p.add(key, name, "an existing file or folder")
	}
}

// Validate says everything that is wrong, each problem with its key, its value and what was expected.
func (c *Config) Validate() error {
	var p problems
	if !tenantPattern.MatchString(c.Tenant) {
		p.add("tenant", c.Tenant, "1 to 63 lower-case letters, digits and hyphens")
	}
	if c.DataDir == "" {
		p.add("dataDir", c.DataDir, "a folder")
	}
	p.listener("grpcAddr", c.GRPCAddr)
	p.listener("httpAddr", c.HTTPAddr)
	if c.GRPCAddr == c.HTTPAddr && !strings.HasSuffix(c.GRPCAddr, ":0") {
		p.add("httpAddr", c.HTTPAddr, "another address than grpcAddr")
	}
	if c.ShutdownTimeout < 100*time.Millisecond || c.ShutdownTimeout > 10*time.Minute {
		p.add("shutdownTimeout", c.ShutdownTimeout, "100ms to 10m")
	}
	if !c.ClickHouse.DSN.IsZero() {
		p = append(p, checkDSN("clickhouse.dsn", c.ClickHouse.DSN)...)
	}
	p.file("engine.library", c.Engine.Library)
	if c.Engine.MaxMemoryBytes != 0 {
		p.within("engine.maxMemoryBytes", c.Engine.MaxMemoryBytes, 256<<20, 1<<46)
	}
	p.within("engine.connections", int64(c.Engine.Connections), 0, 256)
	if c.Retention.EventsDays != 0 {
		p.within("retention.eventsDays", int64(c.Retention.EventsDays), 60, 36500)
	}
	c.Ingest.validate(&p)
	validateMonitor(&p, c.Sources.Monitor)
	validateConnect(&p, c.Sources.Connect)
	validateEntra(&p, c.Sources.Entra)
	validateDocuSign(&p, c.Sources.DocuSign, c.Sources.Monitor)
	validateFeeds(&p, c.Feeds)
	p.within("analysis.intervalMillis", int64(c.Analysis.IntervalMillis), 10, 600_000)
	for id := range c.Analysis.Detections {
		if !detectionPattern.MatchString(id) {
			p.add("analysis.detections", id, "the id of a detection, such as impossible_travel")
		}
	}
	c.validateApplications(&p)
	c.validateHunting(&p)
	c.Incidents.validate(&p)
	c.Streams.validate(&p)
	validateDestinations(&p, c.Destinations)
	p.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	p.oneOf("log.format", c.Log.Format, "text", "json")
	return errors.Join(p...)
}

// validate checks the settings of the way in.
func (c *Ingest) validate(p *problems) {
	p.within("ingest.maxMessageBytes", int64(c.MaxMessageBytes), 64<<10, 1<<30)
	p.within("ingest.maxImportBytes", c.MaxImportBytes, 64<<10, 1<<42)
	p.within("ingest.maxConnectBytes", c.MaxConnectBytes, 64<<10, 64<<20)
	p.within("ingest.queueRows", int64(c.QueueRows), 1000, 100_000_000)
	for i, r := range c.ServerRanges {
		if _, err := netip.ParsePrefix(r); err != nil {
			p.add(fmt.Sprintf("ingest.serverRanges[%d]", i), r, "a network such as 192.0.2.0/24 or 2001:db8::/32")
		}
	}
	p.file("ingest.classificationFile", c.ClassificationFile)
	for i, f := range c.CityDatabases {
		p.fileOrFolder(fmt.Sprintf("ingest.cityDatabases[%d]", i), f)
	}
	for i, f := range c.ASNDatabases {
		p.fileOrFolder(fmt.Sprintf("ingest.asnDatabases[%d]", i), f)
	}
}

// listener checks the address of a listener. A name is resolved only when the service starts.
func (p *problems) listener(key, address string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !isPort(port, 0) {
		p.add(key, address, "HOST:PORT such as 127.0.0.1:7400")
		return
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && !ip.IsLoopback() {
		p.add(key, address, "a loopback address such as 127.0.0.1: without TLS and authentication, which come in a later "+
			"release, no other is safe")
	}
}

// isPort says whether s is the number of a port.
func isPort(s string, low uint64) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n >= low
}

// checkDSN checks a data source name without repeating any of it.
func checkDSN(key string, dsn Secret) []error {
	const expected = "expected clickhouse://HOST:PORT/DATABASE, http://HOST:PORT/DATABASE or https://HOST:PORT/DATABASE"
	u, err := url.Parse(dsn.Reveal())
	if err != nil {
		return []error{fmt.Errorf("%s: is no URL; %s", key, expected)}
	}
	if !slices.Contains([]string{"clickhouse", "tcp", "native", "http", "https"}, u.Scheme) {
		return []error{fmt.Errorf("%s: unknown scheme; %s", key, expected)}
	}
	if u.Hostname() == "" {
		return []error{fmt.Errorf("%s: names no host; %s", key, expected)}
	}
	return nil
}

// HasPassword says whether a data source name holds a password, in either of the places where one can stand. One that
// cannot be read counts as having one.
func HasPassword(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil {
		return true
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password") || u.Query().Has("access_token")
}
