package config

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// FileDestination is a file of JSON objects, one a line, that is rotated.
type FileDestination struct {
	// File that lines are appended to. Its folder has to exist and to be writable for Sealwatch; the file is made with mode 0600 where there is
	// none. One that is there must be Sealwatch's own, with mode 0600 or 0640.
	Path string `yaml:"path"`
	// What an alert looks like: json (that of the REST API) or ocsf (Detection Finding). Empty is json.
	Format string `yaml:"format,omitempty"`
	// Where a person finds an alert, as an address in which {id} stands for the alert's id; it goes into ocsf.
	AlertURL string `yaml:"alertUrl,omitempty"`
	// Bytes at which a file is full and the next begins. 0 is 104857600 (100 MiB).
	MaxBytes int64 `yaml:"maxBytes,omitempty"`
	// Span of time whose lines are in one file, such as 1h or 1d, counted in UTC, so that with 1d a file ends at midnight. 0 is without a bound.
	MaxAge time.Duration `yaml:"maxAge,omitempty"`
	// How many rotated files are kept. 0 keeps all.
	Keep int `yaml:"keep,omitempty"`
	// Whether rotated files are compressed.
	Gzip bool `yaml:"gzip,omitempty"`
}

// Endpoints implements Block.
func (f *FileDestination) Endpoints() []string { return nil }

// Authorities implements Block.
func (f *FileDestination) Authorities() string { return "" }

func (f *FileDestination) paths() []*string { return []*string{&f.Path} }

// rotatedName is how the names of rotated files end, extensions aside.
var rotatedName = regexp.MustCompile(`-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z$`)

func (f *FileDestination) validate(p *problems, key func(string) string) {
	switch base := filepath.Base(f.Path); {
	case f.Path == "" || strings.HasSuffix(f.Path, "/") || base == "." || base == "..":
		p.add(key("path"), f.Path, "the name of a file, such as /var/log/sealwatch/alerts.ndjson")
	case rotatedName.MatchString(strings.TrimSuffix(base, filepath.Ext(base))) || strings.HasSuffix(base, ".gz") || strings.HasSuffix(base, ".gz.part"):
		p.add(key("path"), f.Path, "a name that no rotated file has: those end in a time or in .gz")
	}
	if f.Format != "" {
		p.oneOf(key("format"), f.Format, "json", "ocsf")
	}
	validateAlertURL(p, key("alertUrl"), f.AlertURL)
	if f.MaxBytes != 0 {
		p.within(key("maxBytes"), f.MaxBytes, 64<<10, 1<<40)
	}
	if f.MaxAge != 0 {
		p.span(key("maxAge"), f.MaxAge, time.Minute, 366*24*time.Hour)
	}
	p.within(key("keep"), int64(f.Keep), 0, 1_000_000)
}

// validateFiles looks for two destinations with one file: each would rotate the other's away.
func validateFiles(p *problems, all []Destination) {
	first := map[string]string{}
	for i := range all {
		if all[i].File == nil || all[i].File.Path == "" {
			continue
		}
		path, err := filepath.Abs(all[i].File.Path)
		if err != nil {
			path = filepath.Clean(all[i].File.Path)
		}
		if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(folder, filepath.Base(path))
		}
		if other, taken := first[path]; taken {
			p.add(fmt.Sprintf("destinations[%d].file.path", i), all[i].File.Path, "a file that no other destination has: "+other+" writes to it")
			continue
		}
		first[path] = all[i].Name
	}
}
