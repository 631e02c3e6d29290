package main

import (
	"testing"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// TestDeviceSaysWhatCounts: an update makes a version new and no device.
func TestDeviceSaysWhatCounts(t *testing.T) {
	const version, family = "Chrome 127 on Windows 10", "Chrome on Windows"
	for want, trait := range map[string]*sealwatchv1.AlertTrait{
		"new: no Chrome on Windows of any version before":                      {Value: version, Family: family, New: true},
		"new version only: Chrome on Windows, which counts, known from 5 days": {Value: version, Family: family, New: true, FamilyDayCount: 5},
		"known from 1 day, and Chrome on Windows, which counts, from 5":        {Value: version, Family: family, DayCount: 1, FamilyDayCount: 5},
		"known from 3 days, as is Chrome on Windows, which counts":             {Value: version, Family: family, DayCount: 3, FamilyDayCount: 3},
		"known from 3 days": {Value: family, Family: family, DayCount: 3, FamilyDayCount: 3},
	} {
		if got := deviceUse(trait); got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}
