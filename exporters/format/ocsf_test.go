package format_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// ocsfObject describes an object of the schema: its attributes by type, those that are required, and those of which one is.
type ocsfObject struct {
	Attributes map[string]string `yaml:"attributes"`
	Required   []string          `yaml:"required"`
	OneOf      []string          `yaml:"oneOf"`
}

// ocsfSchema is testdata/ocsf.yaml.
var ocsfSchema = func() map[string]ocsfObject {
	text, err := os.ReadFile("testdata/ocsf.yaml")
	if err != nil {
		panic(err)
	}
	all := map[string]ocsfObject{}
	if err := yaml.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	return all
}()

// validate returns what is wrong with a value of a type at a path.
func validate(kind, path string, value any) (problems []string) {
	problem := func(f string, args ...any) { problems = append(problems, path+": "+fmt.Sprintf(f, args...)) }
	if element, isList := strings.CutPrefix(kind, "[]"); isList {
		list, ok := value.([]any)
		if !ok || len(list) == 0 {
			problem("%v, a list with something in it was expected", value)
		}
		for i, v := range list {
			problems = append(problems, validate(element, fmt.Sprintf("%s[%d]", path, i), v)...)
		}
		return problems
	}
	name, values, enumerated := strings.Cut(kind, " ")
	switch name {
	case "json":
	case "string":
		if _, ok := value.(string); !ok {
			problem("%v, a text was expected", value)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			problem("%v, true or false was expected", value)
		}
	case "ip":
		if s, ok := value.(string); !ok {
			problem("%v, an address was expected", value)
		} else if _, err := netip.ParseAddr(s); err != nil {
			problem("%v", err)
		}
	case "integer", "long", "timestamp":
		n, ok := value.(json.Number)
		i, err := n.Int64()
		if !ok || err != nil || name == "integer" && (i > 1<<31-1 || i < -1<<31) {
			problem("%v, an %s was expected", value, name)
		}
		if enumerated && !slices.Contains(strings.Split(values, ","), n.String()) {
			problem("%v, one of %s was expected", value, values)
		}
	default:
		described, known := ocsfSchema[name]
		members, ok := value.(map[string]any)
		if !known || !ok {
			problem("%v, an object %s was expected", value, name)
			return problems
		}
		for key, v := range members {
			if described.Attributes[key] == "" {
				problem("%s is no attribute of %s", key, name)
				continue
			}
			problems = append(problems, validate(described.Attributes[key], path+"."+key, v)...)
		}
		for _, key := range described.Required {
			if _, there := members[key]; !there {
				problem("%s is required and not there", key)
			}
		}
		if len(described.OneOf) > 0 && !slices.ContainsFunc(described.OneOf, func(key string) bool { _, there := members[key]; return there }) {
			problem("one of %v was expected", described.OneOf)
		}
	}
	return problems
}

func decode(t testing.TB, line []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(line)))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return o
}

func checkOCSF(t testing.TB, line []byte, c *alert.Change) {
	t.Helper()
	o := decode(t, line)
	for _, p := range validate("detection_finding", "", o) {
		t.Error(p)
	}
	number := func(key string) int64 { n, _ := o[key].(json.Number).Int64(); return n }
	if number("type_uid") != number("class_uid")*100+number("activity_id") {
		t.Errorf("type_uid %v of activity %v", o["type_uid"], o["activity_id"])
	}
	if got := o["message"]; c.Title != "" && got != string([]rune(c.Title)) { // a broken byte becomes U+FFFD
		t.Errorf("message %q, want %q", got, c.Title)
	}
	unmapped, _ := o["unmapped"].(map[string]any)
	if n, ok := unmapped["sequence"].(json.Number); !ok || n.String() != fmt.Sprint(c.Sequence) {
		t.Errorf("sequence %v, want %d", unmapped["sequence"], c.Sequence)
	}
}

func TestOCSF(t *testing.T) {
	e := encoder(t, format.OCSF)
	changes := golden(t)
	for n := range 24 {
		changes = append(changes, exportertest.GoldenChange{Name: fmt.Sprint("nasty ", n), Change: exportertest.NastyChange(n)})
	}
	activities := map[string]string{"retracted": "200403", "resolved": "200403", "assigned": "200402", "updated": "200402"}
	for _, g := range changes {
		t.Run(g.Name, func(t *testing.T) {
			line, err := payload.Encode(e, &g.Change, 0)
			if err != nil {
				t.Fatal(err)
			}
			checkOCSF(t, line, &g.Change)
			want := activities[g.Name]
			if want == "" {
				want = "200401"
			}
			if got := decode(t, line)["type_uid"].(json.Number).String(); got != want {
				t.Errorf("type_uid %s, want %s", got, want)
			}
		})
	}
}

// TestOCSFLosesNothing looks for every value of the JSON document somewhere in the finding.
func TestOCSFLosesNothing(t *testing.T) {
	e := encoder(t, format.OCSF)
	for _, g := range golden(t) {
		line, err := payload.Encode(e, &g.Change, 0)
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]bool{}
		leaves(decode(t, line), func(v string) { have[v] = true })
		d := exporters.NewDocument(&g.Change)
		text, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		document := decode(t, text)
		for _, key := range []string{"startTime", "endTime", "createTime", "updateTime"} { // in milliseconds there
			delete(document, key)
		}
		leaves(document, func(v string) {
			short := v[strings.LastIndex(v, "/")+1:]
			for _, prefix := range []string{"SEVERITY_", "ALERT_STATE_", "ALERT_CHANGE_", "ALERT_CLASSIFICATION_", "ALERT_REASON_"} {
				if word, is := strings.CutPrefix(short, prefix); is {
					short = strings.ToLower(word)
				}
			}
			title := strings.ToUpper(short[:min(1, len(short))]) + short[min(1, len(short)):]
			spaced := strings.ReplaceAll(title, "_progress", " Progress")
			verdict := strings.ToLower(g.Triage.Classification + "/" + g.Triage.Reason)
			if v != "" && !have[v] && !have[short] && !have[title] && !have[spaced] && !(have[verdict] && strings.Contains(verdict, short)) {
				t.Errorf("%s: %q is nowhere in %s", g.Name, v, line)
			}
		})
	}
}

// leaves calls f with every value that is no list and no object.
func leaves(v any, f func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			leaves(v[key], f)
		}
	case []any:
		for _, e := range v {
			leaves(e, f)
		}
	case nil:
	default:
		f(fmt.Sprint(v))
	}
}
