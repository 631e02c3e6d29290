package translate

import (
	"net/url"
	"strings"
)

// Resource name prefixes.
const (
	EventPrefix     = "events/"
	AlertPrefix     = "alerts/"
	DetectionPrefix = "detections/"
)

// EventName is events/{id} with the id percent-encoded where it holds a slash, a percent sign or another character
// that does not stand in one path segment.
func EventName(id string) string { return EventPrefix + url.PathEscape(id) }

// EventID is the id of an event's name; false when it is no such name. A character that needed no encoding may be
// encoded and the other way round, but a slash must be.
func EventID(name string) (string, bool) {
	segment, ok := strings.CutPrefix(name, EventPrefix)
	if !ok || segment == "" || strings.Contains(segment, "/") {
		return "", false
	}
	id, err := url.PathUnescape(segment)
	return id, err == nil && id != ""
}
