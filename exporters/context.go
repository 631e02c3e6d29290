package exporters

import (
	"github.com/sealwatch/sealwatch/internal/alert"
)

// DocumentContext is the message AlertContext of sealwatch.v1 in its JSON form.
type DocumentContext struct {
	WatermarkTime    string             `json:"watermarkTime,omitempty"`
	FirstArrivalTime string             `json:"firstArrivalTime,omitempty"`
	LastArrivalTime  string             `json:"lastArrivalTime,omitempty"`
	Directory        *DocumentDirectory `json:"directory,omitempty"`
	Addresses        []DocumentTrait    `json:"addresses,omitempty"`
	Networks         []DocumentTrait    `json:"networks,omitempty"`
	Devices          []DocumentTrait    `json:"devices,omitempty"`
	NextHour         []DocumentDeed     `json:"nextHour,omitempty"`
	NextHourComplete bool               `json:"nextHourComplete,omitempty"`
	Gaps             []DocumentGap      `json:"gaps,omitempty"`
	Names            []DocumentName     `json:"names,omitempty"`
}

// DocumentDirectory is the message DirectoryState.
type DocumentDirectory struct {
	Source      string   `json:"source,omitempty"`
	DirectoryID string   `json:"directoryId,omitempty"`
	DisplayName string   `json:"displayName,omitempty"`
	Email       string   `json:"email,omitempty"`
	Status      string   `json:"status,omitempty"`
	StatusTime  string   `json:"statusTime,omitempty"`
	Kind        string   `json:"kind,omitempty"`
	Role        string   `json:"role,omitempty"`
	Groups      []string `json:"groups,omitempty"`
}

// DocumentTrait is the message AlertTrait.
type DocumentTrait struct {
	Value          string `json:"value"`
	Label          string `json:"label,omitempty"`
	EventCount     uint64 `json:"eventCount"`
	New            bool   `json:"new,omitempty"`
	FirstSeenTime  string `json:"firstSeenTime,omitempty"`
	DayCount       uint64 `json:"dayCount"`
	OtherUserCount uint64 `json:"otherUserCount"`
	Family         string `json:"family,omitempty"`
	FamilyDayCount uint64 `json:"familyDayCount,omitempty"`
}

// DocumentDeed is the message AlertDeed.
type DocumentDeed struct {
	Activity string   `json:"activity"`
	Count    uint64   `json:"count"`
	EventIDs []string `json:"eventIds,omitempty"`
}

// DocumentName is the message AlertName.
type DocumentName struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName,omitempty"`
	Email       string `json:"email,omitempty"`
}

// DocumentGap is the message CoverageGap.
type DocumentGap struct {
	StartTime string `json:"startTime"`
	EndTime   string `json:"endTime"`
}

func newContext(c *alert.Context) *DocumentContext {
	if c == nil {
		return nil
	}
	d := &DocumentContext{WatermarkTime: timestamp(c.Described), FirstArrivalTime: timestamp(c.FirstArrival), LastArrivalTime: timestamp(c.LastArrival), NextHourComplete: c.AfterComplete}
	if p := c.Directory; p != nil {
		d.Directory = &DocumentDirectory{Source: p.Source, DirectoryID: p.ID, DisplayName: p.Name, Email: p.Email, Status: p.Status, StatusTime: timestamp(p.Since), Kind: p.Kind, Role: p.Role, Groups: p.Groups}
	}
	lists := map[string]*[]DocumentTrait{alert.TraitAddress: &d.Addresses, alert.TraitNetwork: &d.Networks, alert.TraitDevice: &d.Devices}
	for i := range c.Traits {
		t := &c.Traits[i]
		if list := lists[t.Kind]; list != nil {
			*list = append(*list, DocumentTrait{Value: t.Value, Label: t.Label, EventCount: t.Events, New: t.New, FirstSeenTime: timestamp(t.FirstSeen), DayCount: t.Days, OtherUserCount: t.OtherUsers,
				Family: t.Family, FamilyDayCount: t.FamilyDays})
		}
	}
	for _, a := range c.After {
		d.NextHour = append(d.NextHour, DocumentDeed{Activity: a.Activity, Count: a.Count, EventIDs: a.EventIDs})
	}
	for _, g := range c.Gaps {
		d.Gaps = append(d.Gaps, DocumentGap{StartTime: timestamp(g.From), EndTime: timestamp(g.To)})
	}
	for _, n := range c.Names {
		d.Names = append(d.Names, DocumentName{ID: n.ID, DisplayName: n.Name, Email: n.Email})
	}
	return d
}
