package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra/doc"
)

const referenceFolder = "../../docs/reference/cli"

// TestReference holds docs/reference/cli to the commands.
func TestReference(t *testing.T) {
	root := (&process{}).root()
	root.DisableAutoGenTag = true
	root.CompletionOptions.DisableDefaultCmd = true
	fresh := t.TempDir()
	if err := doc.GenMarkdownTree(root, fresh); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.RemoveAll(referenceFolder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(referenceFolder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := os.ReadDir(fresh)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(fresh, page.Name()))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join(referenceFolder, page.Name()), string(text))
	}
	there, err := os.ReadDir(referenceFolder)
	if err != nil || len(there) != len(pages) {
		t.Errorf("%d pages in %s, %d commands: %v", len(there), referenceFolder, len(pages), err)
	}
}
