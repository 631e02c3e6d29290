package sentinel_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
)

// node runs a script of tools/azure. Where its packages are not there the test is skipped, or fails when CI is true.
func node(t *testing.T, script string, stdin []byte, env ...string) string {
	t.Helper()
	folder, err := filepath.Abs(root + "/tools/azure")
	if err != nil {
		t.Fatal(err)
	}
	_, err = exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(folder, "node_modules", "@azure")); err != nil || missing != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("node, or the packages of tools/azure, are not there (make test fetches them): %v %v", err, missing)
		}
		t.Skipf("node, or the packages of tools/azure, are not there: %v %v", err, missing)
	}
	c := exec.CommandContext(t.Context(), "node", script)
	c.Dir, c.Env, c.Stdin = folder, append(os.Environ(), env...), bytes.NewReader(stdin)
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("node %s: %v: %s", script, err, problems.String())
	}
	return strings.TrimSpace(string(out))
}

// TestMicrosoftsClients: what the fake takes and refuses, Microsoft's own clients send and understand.
func TestMicrosoftsClients(t *testing.T) {
	good, small := sentineltest.New(t, declared()), sentineltest.New(t, declared())
	small.Change(func(s *sentineltest.Server) { s.MaxBytes = 10 })
	barred := sentineltest.New(t, declared())
	barred.Change(func(s *sentineltest.Server) { s.NoRole = true })
	ca := filepath.Join(t.TempDir(), "ca.pem") // all have the same certificate
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good.Server.Certificate().Raw})), 0o600)
	rows := []map[string]any{{"TimeGenerated": time.Now().UTC(), "AlertId": "one", "Sequence": 1, "Score": 1.5, "Document": map[string]int{"a": 1}}, {"TimeGenerated": time.Now().UTC(), "AlertId": "two"}}
	var in []map[string]any
	var want []string
	add := func(s *sentineltest.Server, stream, secret, answer string) {
		in = append(in, map[string]any{"authority": s.URL, "endpoint": s.URL, "rule": sentineltest.RuleID, "stream": stream, "tenant": sentineltest.TenantID, "client": sentineltest.ClientID, "secret": secret, "rows": rows})
		want = append(want, answer)
	}
	add(good, sentinel.StreamCustom, sentineltest.Secret, "ok")
	add(good, "Custom-Nothing", sentineltest.Secret, "RestError 400 InvalidStream Stream 'Custom-Nothing' was not configured in the data collection rule.")
	add(good, sentinel.StreamCustom, "another", "AADSTS7000215")
	add(barred, sentinel.StreamCustom, sentineltest.Secret, "RestError 403 OperationFailed")
	add(small, sentinel.StreamCustom, sentineltest.Secret, "RestError 413 ContentLengthLimitExceeded")
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal([]byte(node(t, "upload.js", text, "NODE_EXTRA_CA_CERTS="+ca, "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")), &got); err != nil || len(got) != len(want) {
		t.Fatalf("%v: %q", err, got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("the clients say %q, want %q", got[i], want[i])
		}
	}
	if got := good.Rows(); len(got) != 2 || got[1].String("AlertId") != "two" || !good.Requests()[0].Gzip {
		t.Errorf("%+v %+v", got, good.Requests())
	}
}

// TestKQL has Microsoft's language service read every query of deploy/sentinel against the columns that are sent, and the rule's
// transformations.
func TestKQL(t *testing.T) {
	types := map[string]string{"string": "string", "int": "int", "long": "long", "real": "real", "boolean": "bool", "datetime": "datetime", "dynamic": "dynamic"}
	known := map[string]map[string]string{}
	queries := map[string]string{"a mistake": "Sealwatch_Alerts_CL | where NoSuchColumn == 1"}
	sources := map[string]map[string]map[string]string{}
	for _, s := range sentinel.Streams() {
		_, table, _ := strings.Cut(s.Output, "-")
		known[table], sources[s.Name] = map[string]string{}, map[string]map[string]string{"source": {}}
		for _, c := range s.Columns {
			known[table][c.Name], sources[s.Name]["source"][c.Name] = types[c.Type], types[c.Type]
		}
		for _, name := range s.Unstored {
			delete(known[table], name)
		}
	}
	for _, function := range []string{"function_asim", "function_custom"} {
		files, err := filepath.Glob(deploy + "kql/*.kql")
		if err != nil || len(files) < 8 {
			t.Fatalf("%v %v", files, err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".kql")
			queries[name+" over "+function] = "let SealwatchAlerts = () {\n" + kql(t, function) + "\n};\n" + kql(t, name)
		}
	}
	for name, query := range documented(t) {
		queries[name] = "let SealwatchAlerts = () {\n" + kql(t, "function_asim") + "\n};\n" + query
	}
	type question struct {
		Name   string                       `json:"name"`
		Tables map[string]map[string]string `json:"tables"`
		Query  string                       `json:"query"`
	}
	var all []question
	for name, query := range queries {
		all = append(all, question{name, known, query})
	}
	for _, s := range sentinel.Streams() {
		all = append(all, question{"transformation of " + s.Name, sources[s.Name], transform(&s)})
	}
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	if err := json.Unmarshal([]byte(node(t, "kql.js", in)), &found); err != nil || len(found) != len(all) {
		t.Fatalf("%v, %d answers for %d queries", err, len(found), len(all))
	}
	if p := found["a mistake"]; len(p) != 1 || !strings.Contains(p[0], "NoSuchColumn") {
		t.Errorf("the language service finds %q", p)
	}
	delete(found, "a mistake")
	for name, problems := range found {
		for _, p := range problems {
			t.Errorf("%s: %s", name, p)
		}
	}
}

// documented are the queries of the guides, by the words before them.
func documented(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range []string{deploy + "README.md", root + "/docs/exporters.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "```kql\n")[1:] {
			query, _, ok := strings.Cut(part, "```")
			if !ok {
				t.Fatalf("%s: a query has no end", file)
			}
			all[filepath.Base(file)+" "+itoa(uint64(i))] = query
		}
	}
	return all
}
