package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
)

const importPath = "/v1/monitor:import"

// plainHandlers describes what is no gRPC service, in the form of the generated document.
//
//go:embed openapi_plain.json
var plainHandlers []byte

// openAPI serves the one document of the whole HTTP interface.
type openAPI struct{ document map[string]any }

func newOpenAPI(generated []byte, version string) (*openAPI, error) {
	var document, plain map[string]any
	if err := json.Unmarshal(generated, &document); err != nil {
		return nil, fmt.Errorf("server: option OpenAPI is no JSON object: %w", err)
	}
	if err := json.Unmarshal(plainHandlers, &plain); err != nil {
		return nil, fmt.Errorf("read the description of the plain handlers: %w", err)
	}
	for _, section := range []string{"paths", "definitions"} {
		into, ok := document[section].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("server: option OpenAPI has no %s; expected the generated OpenAPI 2.0 document", section)
		}
		more, _ := plain[section].(map[string]any)
		maps.Copy(into, more)
	}
	document["info"] = map[string]any{
		"title": "Sealwatch", "version": version,
		"description": "Watches an organisation's DocuSign: takes audit events in, finds attacks in them, raises alerts.",
	}
	document["schemes"] = []string{"http"}
	return &openAPI{document: document}, nil
}

func (o *openAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	document := maps.Clone(o.document)
	// The chain let only our own names through.
	document["host"] = r.Host
	writeJSON(w, http.StatusOK, document)
}
