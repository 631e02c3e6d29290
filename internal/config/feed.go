package config

import (
	"fmt"
	"strings"
	"time"
)

// Feed is a list of addresses that others publish: a preset, or one of yours. docs/address-intelligence.md says more.
type Feed struct {
	// Name of the feed, unique: lower-case letters, digits, dots, underscores and hyphens, and not operator. What it says is kept
	// under this name.
	Name string `yaml:"name"`
	// Preset that everything which is not set here is taken from; sealwatch feeds presets lists them, with their licences.
	Preset string `yaml:"preset,omitempty"`
	// Where the list is: https://HOST/PATH, or the path of a file. A secret belongs into tokenFile: sealwatch config print shows the
	// whole address.
	URL string `yaml:"url,omitempty"`
	// How the list is written: plain (an address or a network a line), csv (with a header), asn (an autonomous system a line) or
	// stix (a bundle of STIX 2.1).
	Format string `yaml:"format,omitempty"`
	// Of csv: which column has what.
	Columns FeedColumns `yaml:"columns,omitempty"`
	// What the addresses are, where an entry does not say: corporate, administrative, risky, vpn, cloud or other.
	Category string `yaml:"category,omitempty"`
	// Tags of all of them: tor, anonymous_proxy, vpn, relay, satellite, hosting, botnet, malware_cc, password_spray, darknet_scanning
	// are those that detections know.
	Tags []string `yaml:"tags,omitempty"`
	// Confidence in an entry that has none of its own, 0 to 100. Unset is 50.
	Confidence *int `yaml:"confidence,omitempty"`
	// How often the list is fetched, a minute at least. 0 is a day.
	Interval time.Duration `yaml:"interval,omitempty"`
	// How long before it was first seen in the list an address counts as listed: a duration such as 24h, or always. An address
	// that leaves the list was listed until then. Empty is 7d.
	HoldsBefore string `yaml:"holdsBefore,omitempty"`
	// Share of its entries, in percent, that a list may lose at once: one that loses more is held until somebody confirms it. 100
	// never holds. Unset is 50.
	MaxShrinkPercent *int `yaml:"maxShrinkPercent,omitempty"`
	// Share of a list, in percent, that may be unreadable before all of it is refused. Unset is 5.
	MaxBadPercent *int `yaml:"maxBadPercent,omitempty"`
	// Largest list that is taken, in bytes. 0 is 67108864 (64 MiB).
	MaxBytes int64 `yaml:"maxBytes,omitempty"`
	// Most entries of a list. 0 is 500000.
	MaxEntries int `yaml:"maxEntries,omitempty"`
	// File that holds the token which the server wants, with mode 0600 or 0640 at most. It is read each time.
	TokenFile string `yaml:"tokenFile,omitempty"`
	// Header that the token goes into, as it is. Empty sends it as Authorization: Bearer.
	TokenHeader string `yaml:"tokenHeader,omitempty"`
	// File of certificate authorities in PEM that are trusted beside the system's.
	CAFile string `yaml:"caFile,omitempty"`
	// Whether the server may have an address that is not of the Internet, one of your own network.
	AllowPrivate bool `yaml:"allowPrivate,omitempty"`
}

// FeedColumns are names in the header of a CSV file; case does not matter.
type FeedColumns struct {
	// The address or network. Empty takes the first of the usual names (ip, address, network, cidr, dst_ip, ...).
	Address string `yaml:"address,omitempty"`
	// A name for people.
	Name string `yaml:"name,omitempty"`
	// The category.
	Category string `yaml:"category,omitempty"`
	// Tags, separated by commas, semicolons, bars or blanks.
	Tags string `yaml:"tags,omitempty"`
	// The confidence, 0 to 100.
	Confidence string `yaml:"confidence,omitempty"`
	// Event time from which it holds.
	From string `yaml:"from,omitempty"`
	// Event time until which it holds.
	To string `yaml:"to,omitempty"`
}

// validateFeeds checks the lists of addresses; what only the reader of lists knows is looked at when the service starts.
func validateFeeds(p *problems, all []Feed) {
	names := map[string]bool{}
	for i := range all {
		f := &all[i]
		key := func(field string) string { return fmt.Sprintf("feeds[%d].%s", i, field) }
		if f.Name == "" || names[f.Name] {
			p.add(key("name"), f.Name, "a name that no other feed has")
		}
		names[f.Name] = true
		if f.Preset == "" && f.URL == "" {
			p.add(key("url"), "", "https://HOST/PATH, a file, or a preset")
		}
		if f.Interval != 0 && f.Interval < time.Minute {
			p.add(key("interval"), f.Interval, "a minute at least")
		}
		for field, percent := range map[string]*int{"maxShrinkPercent": f.MaxShrinkPercent, "maxBadPercent": f.MaxBadPercent, "confidence": f.Confidence} {
			if percent != nil {
				p.within(key(field), int64(*percent), 0, 100)
			}
		}
		if f.MaxBytes != 0 {
			p.within(key("maxBytes"), f.MaxBytes, 1024, 1<<30)
		}
		if f.MaxEntries != 0 {
			p.within(key("maxEntries"), int64(f.MaxEntries), 1, 5_000_000)
		}
		p.file(key("tokenFile"), f.TokenFile)
		p.file(key("caFile"), f.CAFile)
	}
}

// paths are the fields that name a file.
func (f *Feed) paths() []*string {
	p := []*string{&f.TokenFile, &f.CAFile}
	if !strings.Contains(f.URL, ":") {
		p = append(p, &f.URL)
	}
	return p
}
