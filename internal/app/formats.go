package app

import (
	"sync"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/analytics/detections"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/build"
)

// payloadDetections is what formats say of the detections that come along, by id.
var payloadDetections = sync.OnceValues(func() (map[string]payload.Detection, error) {
	access, hold := analytics.DescribeSourceAccess(), analytics.DescribeDirectoryHold()
	all := map[string]payload.Detection{access.ID: {Title: access.Title, Response: access.Response}, hold.ID: {Title: hold.Title, Response: hold.Response}}
	definitions, err := analytics.LoadDefinitions(detections.Files)
	for i := range definitions {
		d := &definitions[i]
		all[d.ID] = payload.Detection{Title: d.Title, Techniques: d.Attack, Response: d.Response, AddressPath: d.Attributes["ipAddress"].Path}
	}
	return all, err
})

// payloadSettings are what every format is told. A person finds the alert at alertURL, in which {id} stands for its id.
func payloadSettings(alertURL string) (payload.Settings, error) {
	known, err := payloadDetections()
	return payload.Settings{Version: build.Read().Version, AlertURL: alertURL, Detection: func(id string) (payload.Detection, bool) {
		d, ok := known[id]
		return d, ok
	}}, err
}
