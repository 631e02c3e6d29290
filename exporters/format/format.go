// Package format names the formats in which alerts are sent. Each is a package of its own with its mapping in one table.
package format

import (
	"fmt"

	"github.com/sealwatch/sealwatch/exporters/format/cef"
	"github.com/sealwatch/sealwatch/exporters/format/document"
	"github.com/sealwatch/sealwatch/exporters/format/leef"
	"github.com/sealwatch/sealwatch/exporters/format/ocsf"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// Names of the formats, as the configuration has them.
const (
	JSON        = "json"
	CEF         = "cef"
	CEFDefender = "cef-defender"
	LEEF        = "leef"
	OCSF        = "ocsf"
)

// Names are all of them.
func Names() []string { return []string{JSON, CEF, CEFDefender, LEEF, OCSF} }

// New returns the encoder of a format; JSON for an empty name.
func New(name string, s payload.Settings) (payload.Encoder, error) {
	switch name {
	case JSON, "":
		return document.Encoder{}, nil
	case CEF:
		return cef.New(s), nil
	case CEFDefender:
		return cef.NewDefender(s), nil
	case LEEF:
		return leef.New(s), nil
	case OCSF:
		return ocsf.New(s), nil
	}
	return nil, fmt.Errorf("format %q: one of %v was expected", name, Names())
}
