package exportertest

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// Detections are what formats are told of the detections, as their files say. root is the path of the module.
func Detections(t testing.TB, root string) map[string]payload.Detection {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "analytics", "detections", "*", "detection.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("detections: %v, %v", files, err)
	}
	all := map[string]payload.Detection{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Title      string   `yaml:"title"`
			Attack     []string `yaml:"attack"`
			Response   []string `yaml:"response"`
			Attributes map[string]struct {
				Path string `yaml:"path"`
			} `yaml:"attributes"`
		}
		if err := yaml.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(file))] = payload.Detection{Title: d.Title, Techniques: d.Attack, Response: d.Response, AddressPath: d.Attributes["ipAddress"].Path}
	}
	return all
}
