package main

import (
	"testing"

	"github.com/sealwatch/sealwatch/internal/app"
)

// TestDetectionsFitTheTable: no id is cut, since a filter takes the whole of it.
func TestDetectionsFitTheTable(t *testing.T) {
	for _, id := range app.DetectionIDs() {
		if len(id) > widthDetection || len(id) > widthID {
			t.Errorf("%s does not fit", id)
		}
	}
}
