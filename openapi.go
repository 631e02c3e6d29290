// Package sealwatch holds what is embedded from outside the packages that serve it.
package sealwatch

import _ "embed"

// OpenAPI is the generated OpenAPI 2.0 document of the gRPC services. The server completes it before it is served.
//
//go:embed gen/openapi/sealwatch.swagger.json
var OpenAPI []byte
