package policies

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

// fragments of SQL by file and section; a file without sections has one, without a name.
var fragments = readFragments()

func readFragments() map[string]map[string]string {
	entries, err := sqlFiles.ReadDir("sql")
	if err != nil {
		//nolint:forbidigo // embedded: every test would meet it
		panic(fmt.Sprintf("policies: fragments: %v", err))
	}
	all := make(map[string]map[string]string)
	for _, e := range entries {
		b, err := sqlFiles.ReadFile("sql/" + e.Name())
		if err != nil {
			//nolint:forbidigo // as above
			panic(fmt.Sprintf("policies: fragments: %v", err))
		}
		all[strings.TrimSuffix(e.Name(), ".sql")] = sections(string(b))
	}
	return all
}

// sections splits a text at lines that begin with "-- @" and a name. What stands before the first is a comment where there
// are sections, and all there is where there are none. Other comments are left out, because texts are put into one another.
func sections(text string) map[string]string {
	all := make(map[string]string)
	name := ""
	for line := range strings.Lines(text) {
		if n, begins := strings.CutPrefix(line, "-- @"); begins {
			delete(all, "")
			name = strings.TrimSpace(n)
			continue
		}
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			all[name] += line
		}
	}
	for n := range all {
		all[n] = strings.TrimRight(all[n], "\n")
	}
	return all
}

// fragment is a section of a file; one that does not exist is a defect that the tests over all fields and operators would meet.
func fragment(file, name string) string {
	f, ok := fragments[file][name]
	if !ok {
		//nolint:forbidigo // as above
		panic(fmt.Sprintf("policies: no fragment %s of %s.sql", name, file))
	}
	return f
}

// with puts texts into the marks /*name*/ of a fragment: names and texts by turns. The texts are fragments, names of parameters
// and numbers that the compiler counts; nothing that a user wrote.
func with(text string, marks ...string) string {
	for i := 0; i < len(marks); i += 2 {
		text = strings.ReplaceAll(text, "/*"+marks[i]+"*/", marks[i+1])
	}
	return text
}
