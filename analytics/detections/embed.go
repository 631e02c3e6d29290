// Package detections holds the built-in detections as data: a folder each, with detection.yaml, query.sql, affected.sql
// and candidates.sql where there is one, and tests.
package detections

import "embed"

// Files has one folder per detection.
//
//go:embed */*.yaml */*.sql
var Files embed.FS
