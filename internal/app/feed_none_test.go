package app

import (
	"strings"
	"testing"
)

func TestNoFeedIsConfigured(t *testing.T) {
	if _, err := (&feeds{}).find("tor"); err == nil || strings.Contains(err.Error(), "expected one of") || !strings.Contains(err.Error(), `no feed "tor" is configured, nor any other`) {
		t.Errorf("got %v", err)
	}
}
