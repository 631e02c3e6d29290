// Package detections holds the built-in detections as data: a folder each, with detection.yaml, query.sql and tests.
package detections

import "embed"

// Files has one folder per detection.
//
//go:embed */detection.yaml */query.sql
var Files embed.FS
