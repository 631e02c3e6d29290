package ingest

import (
	"strings"

	"github.com/mileusna/useragent"

	"github.com/sealwatch/sealwatch/ingest/internal/recent"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Types of a device.
const (
	deviceDesktop = "desktop"
	deviceMobile  = "mobile"
	deviceTablet  = "tablet"
	deviceRobot   = "robot"
	deviceOther   = "other"
)

const (
	// parsedAgent is how much of a user agent is looked at; the caller chooses it, so it may be anything.
	parsedAgent = 512
	// cachedAgents bounds the user agents that are remembered.
	cachedAgents = 4 << 10
)

// client is what an activity came from.
type client struct{ browser, os, device string }

// clients reads user agents.
type clients struct {
	known *recent.Cache[string, client]
}

func newClients() *clients { return &clients{recent.New[string, client](cachedAgents)} }

// find takes browser and system from DocuSign's own reading, then from its flattened copies, then from the agent. The
// type of the device is in the agent and else follows from the other two.
func (c *clients) find(r *event.Record) client {
	out := c.parse(r.UserAgent)
	out.browser, out.os = orElse(r.Browser, out.browser), orElse(r.OS, out.os)
	family := r.Device
	if i := r.ClientInfo; i != nil {
		out.browser = orElse(product(i.BrowserFamily, i.BrowserMajor), out.browser)
		out.os = orElse(product(i.OSFamily, i.OSMajor), out.os)
		family = orElse(i.DeviceFamily, family)
	}
	if out.device == "" {
		out.device = deviceOf(family, out.os, r.UserAgent)
	}
	return out
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

func product(family, major string) string {
	if family == "" || major == "" {
		return family
	}
	return family + " " + major
}

func (c *clients) parse(agent string) client {
	if agent == "" {
		return client{}
	}
	if len(agent) > parsedAgent {
		agent = agent[:parsedAgent]
	}
	if found, ok := c.known.Get(agent); ok {
		return found
	}
	agent = strings.Clone(agent)
	ua := useragent.Parse(agent)
	major := func(version string) string { m, _, _ := strings.Cut(version, "."); return m }
	found := client{browser: product(ua.Name, major(ua.Version)), os: product(ua.OS, major(ua.OSVersion))}
	switch {
	case ua.Bot:
		found.device = deviceRobot
	case ua.Tablet:
		found.device = deviceTablet
	case ua.Mobile:
		found.device = deviceMobile
	case ua.Desktop:
		found.device = deviceDesktop
	}
	c.known.Put(agent, found)
	return found
}

// deviceOf is the type of a device by its family and system; empty when nothing is known.
func deviceOf(family, os, agent string) string {
	family, os = strings.ToLower(family), strings.ToLower(os)
	switch {
	case family == "" && os == "" && agent == "":
		return ""
	case strings.Contains(family, "spider"), strings.Contains(family, "bot"):
		return deviceRobot
	case strings.Contains(family, "ipad"), strings.Contains(family, "tablet"):
		return deviceTablet
	case strings.Contains(family, "iphone"), strings.HasPrefix(os, "android"), strings.HasPrefix(os, "ios"):
		return deviceMobile
	case strings.HasPrefix(os, "windows"), strings.HasPrefix(os, "mac"), strings.HasPrefix(os, "linux"),
		strings.HasPrefix(os, "ubuntu"), strings.HasPrefix(os, "chrome"):
		return deviceDesktop
	}
	return deviceOther
}
