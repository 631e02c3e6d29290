package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/duration"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// readFile decodes a YAML file over c. An unknown key is an error with its line.
func (c *Config) readFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	// Defaults that are relative belong to the working directory; what the file says belongs to its folder.
	if err := c.resolve(""); err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(plainDurations(text)))
	d.KnownFields(true)
	var some *keysError
	err = d.Decode(c)
	if err != nil && !errors.Is(err, io.EOF) {
		if err = inFile(name, err); !errors.As(err, &some) {
			return err
		}
	}
	if err == nil || some != nil {
		if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: a second YAML document begins; expected only one", name)
		}
	}
	if err := c.resolve(filepath.Dir(name)); err != nil || some == nil {
		return err
	}
	return some
}

var (
	unknownField = regexp.MustCompile(`^line (\d+): field (.*) not found in type (.*)$`)
	wrongType    = regexp.MustCompile("^line (\\d+): cannot unmarshal (!!\\w+)(?: `[^`]*`)? into (.*)$")
)

// inFile turns the decoder's errors, which speak of Go types, into ones that speak of the file.
func inFile(name string, err error) error {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var all []error
	for _, e := range typed.Errors {
		if m := unknownField.FindStringSubmatch(e); m != nil && m[3] == "config.Destination" && gone[m[2]] != "" {
			all = append(all, fmt.Errorf("%s:%s: the key %q of a destination is gone; write %s", name, m[1], m[2], gone[m[2]]))
		} else if m != nil {
			all = append(all, fmt.Errorf("%s:%s: unknown key %q%s; the keys are in docs/reference/config.md", name, m[1], m[2], meant(m[2], keysOf(m[3]))))
		} else if m := wrongType.FindStringSubmatch(e); m != nil {
			all = append(all, fmt.Errorf("%s:%s: found %s, expected %s", name, m[1], yamlKind(m[2]), goKind(m[3])))
		} else {
			all = append(all, fmt.Errorf("%s: %s", name, e))
		}
	}
	return &keysError{errors.Join(all...)}
}

// meant asks whether the nearest of the keys was meant: one that is mistyped, or the only one that begins with it.
func meant(key string, keys []string) string {
	if hint := spelling.Hint(key, keys); hint != "" {
		return hint
	}
	var begins []string
	for _, k := range keys {
		if len(key) > 2 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(key)) {
			begins = append(begins, k)
		}
	}
	if len(begins) != 1 {
		return ""
	}
	return "; did you mean " + begins[0] + "?"
}

// keysOf are the keys of a mapping by the name of its type.
func keysOf(named string) (keys []string) {
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
			walk(t.Elem())
		case reflect.Struct:
			if seen[t] {
				return
			}
			seen[t] = true
			for i := range t.NumField() {
				f := t.Field(i)
				key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
				if t.String() == named && key != "" && key != "-" {
					keys = append(keys, key)
				}
				walk(f.Type)
			}
		default:
		}
	}
	walk(reflect.TypeFor[Config]())
	return keys
}

// keysError says that some keys of a file cannot be read; the others were.
type keysError struct{ error }

// yamlKind says a YAML tag in plain words.
func yamlKind(tag string) string {
	switch tag {
	case "!!seq":
		return "a list"
	case "!!map":
		return "a mapping"
	case "!!str":
		return "a text"
	case "!!null":
		return "nothing"
	}
	return "a " + strings.TrimPrefix(tag, "!!")
}

// goKind says a Go type in plain words.
func goKind(t string) string {
	switch {
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"):
		return "a whole number"
	case t == "bool":
		return "true or false"
	case t == "time.Duration":
		return duration.Expected
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case strings.HasPrefix(t, "map["), strings.HasPrefix(t, "config."):
		return "a mapping"
	}
	return "a text"
}
