package server

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
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
	nameResources(document)
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

// nameResources writes the path of a resource out: the generator makes /v1/{name} with the pattern alerts/[^/]+ of it,
// which no reader understands and where a generated client would encode the slash. Operations of several resources may
// stand under one such path.
func nameResources(document map[string]any) {
	paths, _ := document["paths"].(map[string]any)
	for path, item := range maps.Clone(paths) {
		operations, _ := item.(map[string]any)
		for method, operation := range maps.Clone(operations) {
			named := nameResource(path, operation)
			if named == path {
				continue
			}
			delete(operations, method)
			into, ok := paths[named].(map[string]any)
			if !ok {
				into = map[string]any{}
				paths[named] = into
			}
			into[method] = operation
		}
		if len(operations) == 0 {
			delete(paths, path)
		}
	}
}

// nameResource names the parameters of an operation and returns its path.
func nameResource(path string, operation any) string {
	fields, _ := operation.(map[string]any)
	parameters, _ := fields["parameters"].([]any)
	for _, parameter := range parameters {
		p, _ := parameter.(map[string]any)
		name, _ := p["name"].(string)
		pattern, _ := p["pattern"].(string)
		collection, ok := strings.CutSuffix(pattern, "/[^/]+")
		if p["in"] != "path" || !ok {
			continue
		}
		resource := strings.TrimSuffix(collection, "s")
		path = strings.Replace(path, "{"+name+"}", collection+"/{"+resource+"}", 1)
		p["name"], p["description"] = resource, "the last part of the name, "+collection+"/{"+resource+"}."
		delete(p, "pattern")
	}
	return path
}
