package policies

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/policy"
)

//go:embed templates
var templateFiles embed.FS

// maxFile bounds a file of a policy.
const maxFile = 1 << 20

// Parse reads a policy from YAML. Unknown keys are mistakes. The error has a line for each mistake, with its line and key.
func Parse(text []byte) (policy.Policy, error) {
	p, err := decode(text)
	var noTime *time.ParseError
	if !errors.As(err, &noTime) {
		return p, err
	}
	rest, first, ok := withoutTime(text, "effectiveFrom")
	if !ok {
		return p, joined([]mistake{first})
	}
	if p, err = decode(rest); errors.As(err, &noTime) {
		err = nil
	}
	if err == nil {
		return p, joined([]mistake{first})
	}
	return p, inOrder(first, err)
}

func decode(text []byte) (policy.Policy, error) {
	var p policy.Policy
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	err := dec.Decode(&p)
	var some *yaml.TypeError
	var noTime *time.ParseError
	switch {
	case errors.As(err, &noTime):
		return p, noTime
	case errors.Is(err, io.EOF):
		return p, errors.New("is empty; expected a policy")
	case errors.As(err, &some):
		found, unread := mistakesOf(text, some, reflect.TypeFor[policy.Policy]())
		return p, joined(append(found, located(text, p.Validate(), unread)...))
	case err != nil:
		return p, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return p, errors.New("has more than one document; expected one policy a file")
	}
	p.EffectiveFrom = p.EffectiveFrom.UTC() // the same time in another zone is no other policy
	return p, joined(located(text, p.Validate(), nil))
}

// InFile puts the name of a file before each of the problems that an error joins.
func InFile(name string, err error) error {
	var all []error
	for line := range strings.Lines(err.Error()) {
		all = append(all, fmt.Errorf("%s: %s", name, strings.TrimSuffix(line, "\n")))
	}
	return errors.Join(all...)
}

// Located puts the file and the line before each problem of a policy that begins with where it is, such as filter.values[0].
func Located(name string, text []byte, problems []string) error {
	return InFile(name, joined(located(text, errors.New(strings.Join(problems, "\n")), nil)))
}

// Format writes a policy as YAML, as Parse reads it.
func Format(p *policy.Policy) ([]byte, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	written := *p
	written.EffectiveFrom = p.EffectiveFrom.UTC()
	if err := enc.Encode(&written); err != nil {
		return nil, err
	}
	err := enc.Close()
	return out.Bytes(), err
}

// Templates are the policies that come with Sealwatch, by id.
func Templates() ([]policy.Policy, error) {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	var all []policy.Policy
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		text, err := templateFiles.ReadFile("templates/" + e.Name())
		if err != nil {
			return nil, err
		}
		p, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", e.Name(), err)
		}
		if p.ID+".yaml" != e.Name() || !p.Disabled {
			return nil, fmt.Errorf("template %s: expected a policy with its id as the name of the file, disabled", e.Name())
		}
		all = append(all, p)
	}
	return all, nil
}

// TemplateCases are the tests of the templates, as a folder of files.
func TemplateCases() (fs.FS, error) { return fs.Sub(templateFiles, "templates/tests") }

// ReadFolder reads the policies of a folder: its files that end in .yaml or .yml, not those of folders in it. The error names every
// file that cannot be read, and everything that is wrong in it.
func ReadFolder(folder string) (map[string]policy.Policy, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("policies: folder: %w", err)
	}
	all := make(map[string]policy.Policy)
	var problems []error
	for _, e := range entries {
		if ext := path.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		p, err := readFile(filepath.Join(folder, e.Name()))
		if err != nil {
			problems = append(problems, InFile(filepath.Join(folder, e.Name()), err))
			continue
		}
		all[e.Name()] = p
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return all, errors.Join(problems...)
}

func readFile(name string) (policy.Policy, error) {
	f, err := os.Open(name)
	if err != nil {
		return policy.Policy{}, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return policy.Policy{}, err
	}
	if len(text) > maxFile {
		return policy.Policy{}, fmt.Errorf("has more than %d bytes", maxFile)
	}
	return Parse(text)
}
