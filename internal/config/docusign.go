package config

import (
	"fmt"
	"slices"
	"time"
)

// Parts of DocuSign that are read beside the events.
const (
	ReadUsers    = "users"
	ReadControls = "controls"
)

// DocuSignSource reads beside the events who the users are and how the account is controlled, in the name of a source of DocuSign
// Monitor. It needs more consent than the events do: sealwatch doctor docusign has the address.
type DocuSignSource struct {
	// Name of the entry of sources.monitor whose key, user and organisation are used.
	Monitor string `yaml:"monitor"`
	// What is read: users (names, addresses, states and roles, into the directory as the source docusign) and controls (Connect
	// listeners, authorizations, transfer rules, permission profiles, identity providers, domains and settings, whose changes
	// become events). Empty reads both.
	Read []string `yaml:"read,omitempty"`
	// Ids of the accounts, GUIDs. Empty is all that the user is a member of, and for users those of the organisation.
	Accounts []string `yaml:"accounts,omitempty"`
	// Minutes between two readings of users; 0 is 60. Of several entries the least counts for all.
	UsersMinutes int `yaml:"usersMinutes,omitempty"`
	// Minutes between two readings of controls; 0 is 60.
	ControlsMinutes int `yaml:"controlsMinutes,omitempty"`
}

// Reads says whether a part is read.
func (d *DocuSignSource) Reads(part string) bool {
	return len(d.Read) == 0 || slices.Contains(d.Read, part)
}

// UsersEvery is the time between two readings of users.
func (d *DocuSignSource) UsersEvery() time.Duration { return orHour(d.UsersMinutes) }

// ControlsEvery is the time between two readings of controls.
func (d *DocuSignSource) ControlsEvery() time.Duration { return orHour(d.ControlsMinutes) }

func orHour(minutes int) time.Duration {
	if minutes == 0 {
		return time.Hour
	}
	return time.Duration(minutes) * time.Minute
}

func validateDocuSign(p *problems, all []DocuSignSource, monitors []MonitorSource) {
	names := map[string]bool{}
	for i, d := range all {
		key := func(field string) string { return fmt.Sprintf("sources.docusign[%d].%s", i, field) }
		if !slices.ContainsFunc(monitors, func(m MonitorSource) bool { return m.Name == d.Monitor }) {
			p.add(key("monitor"), d.Monitor, "the name of an entry of sources.monitor")
		}
		if names[d.Monitor] {
			p.add(key("monitor"), d.Monitor, "an entry that no other one names")
		}
		names[d.Monitor] = true
		for j, r := range d.Read {
			p.oneOf(key(fmt.Sprintf("read[%d]", j)), r, ReadUsers, ReadControls)
		}
		for j, a := range d.Accounts {
			p.guid(key(fmt.Sprintf("accounts[%d]", j)), a)
		}
		if d.UsersMinutes != 0 {
			p.within(key("usersMinutes"), int64(d.UsersMinutes), 5, 1440)
		}
		if d.ControlsMinutes != 0 {
			p.within(key("controlsMinutes"), int64(d.ControlsMinutes), 5, 1440)
		}
	}
}
