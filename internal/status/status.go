// Package status holds what Sealwatch says about itself. It imports the standard library and domain packages only.
package status

import (
	"slices"
	"time"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// System is how Sealwatch is doing.
type System struct {
	Version, Commit, GoVersion string
	Start                      time.Time
	Engine                     Engine
	Sources                    []Source
	Analysis                   Analysis
	Destinations               []Destination
	UnknownActivities          []UnknownActivity
	Feeds                      []Feed
	Geo                        Geo
	// Limited are the policies that were over their limit of a day lately.
	Limited []LimitedPolicy
}

// LimitedPolicy is a policy with the days on which it was over its limit.
type LimitedPolicy struct {
	ID, Title string
	Limit     int
	Days      []policy.Day
}

// Engine is the state of ClickHouse.
type Engine struct {
	// Kind is embedded or server; State is ready, restarting or unreachable.
	Kind, State, Version string
	// Address without credentials.
	Address  string
	Restarts int
	// Confinement that is in force: landlock, seccomp.
	Confinement   []string
	SchemaVersion int
	EventsStored  uint64
}

// Source is the state of one way in; the counts are since the start of the process.
type Source struct {
	Name                   string
	LastArrival, LastEvent time.Time
	// Lag is how long the latest event had been on its way when it arrived.
	Lag                                       time.Duration
	Accepted, Duplicates, Conflicts, Rejected uint64
	// Polling is set where Sealwatch asks for the records by itself.
	Polling *Polling
	// Receiving is set where records are delivered by another service.
	Receiving *Receiving
}

// Receiving is the state of a source that delivers by itself; the counts are since the start of the process.
type Receiving struct {
	// Deliveries are those that were authentic; Kept of them are no events, and Failures of them could not be stored and come again.
	Deliveries, Kept, Failures uint64
	LastSuccess                time.Time
	// LastError in words for its administrator; empty when the last authentic delivery became an event.
	LastError string
	// Refused are those whose signature does not hold, that were too large or too slow, or for which there was no room; anybody can
	// send some.
	Refused     uint64
	LastRefusal time.Time
	// RefusalReason of the last one.
	RefusalReason string
}

// States of a source that is polled.
const (
	PollingStarting = "starting"
	// PollingCatchingUp reads a backlog as fast as the limits allow.
	PollingCatchingUp = "catching_up"
	// PollingCurrent was read to its end by the last call.
	PollingCurrent  = "current"
	PollingRetrying = "retrying"
	// PollingRefused needs somebody to act: LastError says what to do.
	PollingRefused = "refused"
)

// Polling is the state of a source that Sealwatch asks for records; the counts are since the start of the process.
type Polling struct {
	State                    string
	LastSuccess, NextAttempt time.Time
	// Behind is how long ago the source was last read to its end, or the process began.
	Behind time.Duration
	Calls  uint64
	// Remaining is the call budget that the source last spoke of; -1 when it did not.
	Remaining int
	// LastError in words for its administrator; empty when the last call went well.
	LastError string
	// Errors by kind.
	Errors map[string]uint64
	// Warnings are what somebody should know although the source is read.
	Warnings []string
}

// Analysis is the state of the analysis.
type Analysis struct {
	// Pending is the number of stored events that some detection has not been through, Held excluded.
	Pending uint64
	Held    uint64
	// Watermark is the event time up to which events have come in; zero before the first.
	Watermark time.Time
	// Sequence is the arrival sequence that every detection has reached.
	Sequence uint64
	// Behind is when the first event came in that some detection has not been through, or somewhat earlier; zero when there is none.
	Behind    time.Time
	Conflicts uint64
	LastError string
	// Placing says that stored events are still to be put where the operator's ranges say.
	Placing bool
	// Detections by id.
	Detections map[string]Detection
}

// Failing is how many detections fail now.
func (a *Analysis) Failing() (n int) {
	for _, d := range a.Detections {
		if d.LastError != "" {
			n++
		}
	}
	return n
}

// Detection is the state of one detection.
type Detection struct {
	Pending      uint64
	ActiveAlerts uint64
	LastError    string
	// State is empty when it is not known.
	State  string
	Inputs []Input
}

// States of a detection.
const (
	DetectionOK = "ok"
	// DetectionBlind lacks events that it needs.
	DetectionBlind   = "blind"
	DetectionFailing = "failing"
	// DetectionOff is not evaluated.
	DetectionOff = "off"
)

// Sum is the state that follows from the error and the inputs.
func (d *Detection) Sum() string {
	switch {
	case d.LastError != "":
		return DetectionFailing
	case slices.ContainsFunc(d.Inputs, func(i Input) bool { return len(i.LikelyCauses) > 0 }):
		return DetectionBlind
	}
	return DetectionOK
}

// Input is one kind of event that a detection needs.
type Input struct {
	Name   string
	Events uint64
	// Last is the event time of the newest; zero when there is none.
	Last time.Time
	// LikelyCauses for there being none; empty when there are some, or when others do instead.
	LikelyCauses []string
}

// States of a destination.
const (
	DestinationOK       = "ok"
	DestinationRetrying = "retrying"
	DestinationPaused   = "paused"
)

// Destination is the state of one destination of alerts.
type Destination struct {
	Name, Kind, State               string
	Pending, Delivered, DeadLetters uint64
	// Historical counts the changes that were not sent because they are of historical alerts.
	Historical               uint64
	LastError                string
	LastSuccess, NextAttempt time.Time
	// OldestPending is when the oldest change was made that waits to be sent; zero when none does.
	OldestPending time.Time
	// LastHeartbeat is when the receiver last took a heartbeat since the start; zero before. HeartbeatError is why it did not take the
	// last one; empty when it did.
	LastHeartbeat  time.Time
	HeartbeatError string
	// Events is how the forwarding of events is doing; nil where none are forwarded. Its counts are of events, and Pending are those of
	// the log that it has not passed yet, selected or not.
	Events *Destination
}

// UnknownActivity is a spelling that the classification does not know.
type UnknownActivity struct {
	Object, Action string
	Events         uint64
	Last           time.Time
}

// States of a feed of addresses.
const (
	FeedStarting = "starting"
	FeedCurrent  = "current"
	FeedRetrying = "retrying"
	// FeedHeld has a copy that waits for somebody to confirm it; the one before is in force.
	FeedHeld = "held"
)

// Feed is the state of a list of addresses that others publish.
type Feed struct {
	Name, Preset, Licence string
	// Address without what may be secret in it.
	Address, Format, Category string
	Tags                      []string
	State                     string
	// LastSuccess is when a copy was last taken in or found unchanged, LastChange when one last changed something.
	LastSuccess, LastAttempt, LastChange, NextAttempt time.Time
	// Entries of the copy in force; Added and Removed are of the last change.
	Entries, Added, Removed int
	HeldEntries             int
	HeldSince               time.Time
	LastError               string
	// Errors by kind, since the start of the process.
	Errors map[string]uint64
}

// Geo is the state of the databases by which addresses are located.
type Geo struct {
	// Databases in use.
	Databases []GeoDatabase
	// LoadTime is when they were opened.
	LoadTime time.Time
	// LastError of the files as they are now; empty when they are those in use.
	LastError string
}

// GeoDatabase is one release of a database.
type GeoDatabase struct {
	// Kind is city or asn.
	Kind, Name string
	// Built is zero where the file does not say.
	Built time.Time
}
