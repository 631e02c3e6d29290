package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/duration"
)

// Destination is one receiver of alerts. Exactly one of the keys that hold a mapping, filter and events aside, says what it is.
type Destination struct {
	// Name of the destination, unique. Its delivery position is kept under this name.
	Name string `yaml:"name"`
	// Where a destination that is new begins: now (with the next alert), first (with the oldest stored), or a date (2026-01-31, in
	// UTC) or a time (RFC 3339): with what changed since. Empty is now. A date holds for as long as it stands here.
	StartAt string `yaml:"startAt,omitempty"`
	// Which alerts are sent. Empty sends all.
	Filter DestinationFilter `yaml:"filter,omitempty"`
	// Whether historical alerts are sent too: those that were first raised long after their last event, as a backfill raises them.
	// Otherwise they are stored and listed, and not sent.
	Historical bool `yaml:"historical,omitempty"`
	// How long after its last event an alert must have been raised to be historical. 0 is 24h.
	HistoricalAfter time.Duration `yaml:"historicalAfter,omitempty"`
	// Most alerts that are sent in a second, over any longer time; 0 is without a limit.
	MaxPerSecond int `yaml:"maxPerSecond,omitempty"`
	// How often a heartbeat is sent, such as 5m: a record, no alert, that says that Sealwatch is at work and how far it is, so that the
	// receiver can raise an alarm about silence. 10s to 1d; off or 0 sends none. Empty is 5m.
	Heartbeat string `yaml:"heartbeat,omitempty"`
	// Audit events that are forwarded beside the alerts, over a connection of their own. None when it is not there; with nothing in it ({}), all.
	Events *DestinationEvents `yaml:"events,omitempty"`
	// RFC 5424 messages.
	Syslog *SyslogDestination `yaml:"syslog,omitempty"`
	// Splunk's HTTP Event Collector.
	Splunk *SplunkDestination `yaml:"splunk,omitempty"`
	// HTTPS requests with JSON.
	Webhook *WebhookDestination `yaml:"webhook,omitempty"`
	// Microsoft Sentinel, by the Logs Ingestion API of Azure Monitor.
	Sentinel *SentinelDestination `yaml:"sentinel,omitempty"`
	// A file of JSON objects, one a line.
	File *FileDestination `yaml:"file,omitempty"`
}

// Block is the part of a destination that says what the receiver is and holds the options of that kind. Whoever adds a kind
// writes a structure that implements it, a field of Destination that points to it, and a case in internal/app/destinations.go.
type Block interface {
	// Endpoints are the addresses that are reached over the network, each as SCHEME://HOST:PORT with the scheme tcp, udp, tls or
	// https, and http for loopback; none for what stays on the machine.
	Endpoints() []string
	// Authorities is the file of certificate authorities; empty for the system's.
	Authorities() string
	// validate adds what is wrong; key makes the whole key of a field.
	validate(p *problems, key func(field string) string)
	// paths are the fields that name a file or a folder.
	paths() []*string
}

// blockType is the interface as reflection has it.
var blockType = reflect.TypeFor[Block]()

// blocks calls found with the key of each kind, and with its block, nil where it is not there.
func (d *Destination) blocks(found func(kind string, b Block)) {
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Type.Implements(blockType) {
			kind, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if v.Field(i).IsNil() {
				found(kind, nil)
			} else {
				found(kind, v.Field(i).Interface().(Block))
			}
		}
	}
}

// Kind is the key of the destination's block; empty without one.
func (d *Destination) Kind() (kind string) {
	d.blocks(func(k string, b Block) {
		if b != nil {
			kind = k
		}
	})
	return kind
}

// Block of the destination; nil without one.
func (d *Destination) Block() (block Block) {
	d.blocks(func(_ string, b Block) {
		if b != nil {
			block = b
		}
	})
	return block
}

// Since is the time that startAt names; zero when it names none.
func (d *Destination) Since() time.Time { return timeOf(d.StartAt) }

func timeOf(start string) time.Time {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, start); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func validateStart(p *problems, key, start string) {
	at := timeOf(start)
	if start != "" && start != "now" && start != "first" && at.IsZero() {
		p.add(key, start, "now, first, a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z")
	}
	if at.After(time.Now()) {
		p.add(key, start, "a time that is not in the future: nothing would be sent until then")
	}
}

// HeartbeatInterval is how often a heartbeat is sent; 0 is never. The error says what was found in place of an interval.
func (d *Destination) HeartbeatInterval() (time.Duration, error) {
	const expected = "10s to 1d such as 5m, or off"
	switch d.Heartbeat {
	case "":
		return 5 * time.Minute, nil
	case "off", "0":
		return 0, nil
	}
	interval, err := duration.Parse(d.Heartbeat)
	if err != nil || interval != 0 && (interval < 10*time.Second || interval > 24*time.Hour) {
		return 0, errors.New(expected)
	}
	return interval, nil
}

// DestinationFilter selects alerts for a destination; its keys are joined by AND, the values of one by OR.
type DestinationFilter struct {
	// Ids of the detections whose alerts are sent, and of policies as policy_ID. Empty sends those of all.
	Detections []string `yaml:"detections,omitempty"`
	// Least severity that is sent: informational, low, medium, high or critical. Empty sends all.
	MinSeverity string `yaml:"minSeverity,omitempty"`
	// E-mail addresses, names or DocuSign user ids of those whose alerts are sent, as the alert has them, in upper or lower case. Empty
	// sends those of all.
	Users []string `yaml:"users,omitempty"`
}

// gone are the keys that a destination once had, with what is written now.
var gone = map[string]string{
	"kind":     `the kind as a key of its own with its options, such as syslog: {address: "siem.example.com:601"}`,
	"address":  `syslog: {address: "HOST:PORT"}`,
	"framing":  "syslog: {framing: ...}",
	"facility": "syslog: {facility: ...}",
	"maxBytes": "syslog: {maxBytes: ...}",
}

// validateDestinations checks the receivers of alerts. What the files hold is looked at when the service starts.
func validateDestinations(p *problems, all []Destination) {
	validateFiles(p, all)
	names := map[string]bool{}
	for i := range all {
		d := &all[i]
		key := func(field string) string { return fmt.Sprintf("destinations[%d].%s", i, field) }
		if !destinationPattern.MatchString(d.Name) {
			p.add(key("name"), d.Name, "1 to 63 lower-case letters, digits and hyphens")
		}
		if names[d.Name] {
			p.add(key("name"), d.Name, "a name that no other destination has")
		}
		names[d.Name] = true
		var kinds, found []string
		d.blocks(func(kind string, b Block) {
			kinds = append(kinds, kind)
			if b != nil {
				found = append(found, kind)
				b.validate(p, func(field string) string { return key(kind + "." + field) })
			}
		})
		if len(found) != 1 {
			have := "none of the keys that say what the receiver is"
			if len(found) > 1 {
				have = strings.Join(found, " and ")
			}
			*p = append(*p, fmt.Errorf("destinations[%d]: found %s, expected exactly one of %s", i, have, strings.Join(kinds, ", ")))
		}
		validateStart(p, key("startAt"), d.StartAt)
		if d.Events != nil {
			d.Events.validate(p, func(field string) string { return key("events." + field) })
		}
		if _, err := d.HeartbeatInterval(); err != nil {
			p.add(key("heartbeat"), d.Heartbeat, err.Error())
		}
		p.within(key("maxPerSecond"), int64(d.MaxPerSecond), 0, 1_000_000)
		if d.HistoricalAfter != 0 && (d.HistoricalAfter < time.Minute || d.HistoricalAfter > 87600*time.Hour) {
			p.add(key("historicalAfter"), d.HistoricalAfter, "1m to 3650d")
		}
		for _, id := range d.Filter.Detections {
			if !detectionPattern.MatchString(id) {
				p.add(key("filter.detections"), id, "the id of a detection, such as impossible_travel")
			}
		}
		if d.Filter.MinSeverity != "" {
			p.oneOf(key("filter.minSeverity"), d.Filter.MinSeverity, "informational", "low", "medium", "high", "critical")
		}
		for j, u := range d.Filter.Users {
			if strings.TrimSpace(u) == "" {
				p.add(key(fmt.Sprintf("filter.users[%d]", j)), u, "an e-mail address, a name or a DocuSign user id")
			}
		}
	}
}

// destinationPaths are the fields that name a file or a folder.
func destinationPaths(all []Destination) (paths []*string) {
	for i := range all {
		all[i].blocks(func(_ string, b Block) {
			if b != nil {
				paths = append(paths, b.paths()...)
			}
		})
	}
	return paths
}
