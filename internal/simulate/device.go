package simulate

import (
	"fmt"
	"strings"
)

// device is a browser on a system.
type device struct {
	agent         string
	browser       string
	browserMajor  string
	os, osMajor   string
	family        string
	brand, model  string
	mobile, empty bool
}

// browserText and osText are DocuSign's flattened spellings.
func (d *device) browserText() string { return strings.TrimSpace(d.browser + " " + d.browserMajor) }
func (d *device) osText() string      { return strings.TrimSpace(d.os + " " + d.osMajor) }

// noAgent sends no user agent, as some clients and DocuSign's own servers do.
func noAgent() *device { return &device{empty: true} }

// script is a program rather than a browser.
func script(c chance) *device {
	return pick(c, []*device{
		{agent: "python-requests/2.32.3", browser: "Python Requests", browserMajor: "2", os: "Other", family: "Other"},
		{agent: "Swagger-Codegen/4.5.0/java/18", browser: "Other", os: "Other", family: "Other"},
		{agent: "curl/8.9.1", browser: "curl", browserMajor: "8", os: "Other", family: "Other"},
	})
}

// desktop draws a computer.
func desktop(c chance) *device {
	chrome := c.between(124, 128)
	windows := &device{os: "Windows", osMajor: "10", family: "Other"}
	mac := &device{os: "Mac OS X", osMajor: "10", family: "Mac", brand: "Apple", model: "Mac"}
	d := windows
	system := "Windows NT 10.0; Win64; x64"
	if c.happens(0.3) {
		d, system = mac, "Macintosh; Intel Mac OS X 10_15_7"
	}
	d.browserMajor = fmt.Sprint(chrome)
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)"
	switch {
	case d == mac && c.happens(0.4):
		d.browser, d.browserMajor = "Safari", "17"
		d.agent = "Mozilla/5.0 (" + system + ") AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"
	case c.happens(0.25):
		d.browser = "Edge"
		d.agent = fmt.Sprintf("Mozilla/5.0 (%s) %s Chrome/%d.0.0.0 Safari/537.36 Edg/%d.0.0.0", system, webkit, chrome, chrome)
	case c.happens(0.12):
		d.browser = "Firefox"
		d.agent = fmt.Sprintf("Mozilla/5.0 (%s; rv:%d.0) Gecko/20100101 Firefox/%d.0", system, chrome, chrome)
	default:
		d.browser = "Chrome"
		d.agent = fmt.Sprintf("Mozilla/5.0 (%s) %s Chrome/%d.0.0.0 Safari/537.36", system, webkit, chrome)
	}
	return d
}

// phone draws a telephone.
func phone(c chance) *device {
	if c.happens(0.55) {
		return &device{mobile: true, browser: "Mobile Safari", browserMajor: "17", os: "iOS", osMajor: "17", family: "iPhone",
			brand: "Apple", model: "iPhone",
			agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"}
	}
	chrome := c.between(124, 128)
	return &device{mobile: true, browser: "Chrome Mobile", browserMajor: fmt.Sprint(chrome), os: "Android", osMajor: "14",
		family: "K", brand: "Generic_Android", model: "K",
		agent: fmt.Sprintf("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Mobile Safari/537.36", chrome)}
}
