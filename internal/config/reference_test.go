package config

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/duration"
)

const referencePage = "../../docs/reference/config.md"

// TestReference holds docs/reference/config.md to the comments in this folder.
func TestReference(t *testing.T) {
	want := reference(t)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.MkdirAll("../../docs/reference", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(referencePage, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s is not what the comments in config.go say; run: go test ./internal/config -update", referencePage)
	}
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write docs/reference/config.md again")
	os.Exit(m.Run())
}

// reference makes the page.
func reference(t *testing.T) []byte {
	t.Helper()
	p := page{comments: comments(t)}
	p.out.WriteString(`<!-- Generated from internal/config/config.go; to change it, change the comments there and run
     go test ./internal/config -update -->
# Configuration

The service reads one YAML file (` + "`--config FILE` or `SEALWATCH_CONFIG`" + `), environment variables and flags. A flag wins over a
variable, a variable over the file, the file over the default. A key or a ` + "`SEALWATCH_`" + ` variable that is not listed here is an
error. A variable that is empty counts as unset; lists in a variable are separated by commas. Paths in the file are
relative to its folder, others to the working directory.

` + "`sealwatch config print` shows what is in force, `sealwatch config check` says what is wrong." + `

Clients (` + "`import`, `alerts`" + `) read ` + "`SEALWATCH_ADDR`" + `, the address of the service's gRPC listener.

`)
	p.section(reflect.TypeFor[Config](), reflect.ValueOf(Default()), "", prefix)
	return p.out.Bytes()
}

// page is the reference in the making.
type page struct {
	comments map[string]string
	out      bytes.Buffer
}

// section writes the keys of one structure, then those of the structures inside it.
func (p *page) section(t reflect.Type, v reflect.Value, path, env string) {
	if path != "" {
		fmt.Fprintf(&p.out, "\n## %s\n\n%s\n\n", strings.TrimSuffix(path, "."), p.comments[t.Name()])
	}
	p.out.WriteString("| key | default | variable | meaning |\n|---|---|---|---|\n")
	var nested []func()
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		variable := ""
		if e := f.Tag.Get("env"); e != "" {
			variable = "`" + env + e + "`"
		}
		text := p.comments[t.Name()+"."+f.Name]
		below := func(t reflect.Type, v reflect.Value, suffix string) {
			nested = append(nested, func() { p.section(t, v, path+key+suffix, env+f.Tag.Get("envPrefix")) })
		}
		value := ""
		switch {
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Secret]():
			below(f.Type, v.Field(i), ".")
		case f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
			below(f.Type.Elem(), reflect.Zero(f.Type.Elem()), ".")
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			below(f.Type.Elem(), reflect.Zero(f.Type.Elem()), "[].")
		case f.Type.Kind() == reflect.Map && f.Type.Elem().Kind() == reflect.Struct:
			below(f.Type.Elem(), reflect.Zero(f.Type.Elem()), ".ID.")
		default:
			value = shown(v.Field(i))
		}
		fmt.Fprintf(&p.out, "| `%s%s` | %s | %s | %s |\n", path, key, value, variable, strings.ReplaceAll(text, "|", "\\|"))
	}
	for _, n := range nested {
		n()
	}
}

// shown is a default as the page shows it.
func shown(v reflect.Value) string {
	if d, ok := v.Interface().(time.Duration); ok {
		return "`" + duration.Text(d) + "`"
	}
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 {
			return ""
		}
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct:
		return ""
	}
	return fmt.Sprintf("`%v`", v.Interface())
}

// comments reads the comments of types and fields, by Type and Type.Field.
func comments(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		commentsOf(t, file, all)
	}
	return all
}

// commentsOf adds the comments of the structures in one file whose fields are keys.
func commentsOf(t *testing.T, file *ast.File, all map[string]string) {
	t.Helper()
	oneLine := func(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		spec := g.Specs[0].(*ast.TypeSpec)
		structure, ok := spec.Type.(*ast.StructType)
		if !ok || len(structure.Fields.List) == 0 || structure.Fields.List[0].Tag == nil {
			continue
		}
		all[spec.Name.Name] = oneLine(g.Doc)
		for _, f := range structure.Fields.List {
			name := f.Names[0].Name
			if f.Doc == nil {
				t.Errorf("%s.%s has no comment", spec.Name.Name, name)
				continue
			}
			all[spec.Name.Name+"."+name] = oneLine(f.Doc)
		}
	}
}
