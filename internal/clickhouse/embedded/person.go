package embedded

import (
	"io"
	"net/http"
	"strings"
)

// Parameter is a {name:Type} in a statement.
type Parameter struct{ Name, Type string }

// Parameters are those of a statement in the order in which they come first.
func Parameters(sql string) []Parameter {
	var all []Parameter
	seen := map[string]bool{}
	tokens := tokenize(sql)
	for i := 0; i+3 < len(tokens); i++ {
		if !tokens[i].symbol('{') || tokens[i+1].kind != tokenWord || !tokens[i+2].symbol(':') {
			continue
		}
		end := i + 3
		for end < len(tokens) && !tokens[end].symbol('}') {
			end++
		}
		if name := tokens[i+1].text; end < len(tokens) && !seen[name] {
			seen[name] = true
			all = append(all, Parameter{name, strings.TrimSpace(sql[tokens[i+3].start:tokens[end].start])})
		}
	}
	return all
}

// Bind writes the values of parameters as ClickHouse's HTTP interface wants
// them. A value of a type that is written in brackets has quotes and escapes of
// its own.
func Bind(sql string, values map[string]string) map[string]string {
	bound := map[string]string{}
	types := map[string]string{}
	for _, p := range Parameters(sql) {
		types[p.Name] = p.Type
	}
	for name, value := range values {
		if t := types[name]; !strings.HasPrefix(t, "Array") && !strings.HasPrefix(t, "Tuple") && !strings.HasPrefix(t, "Map") {
			value = escapeParameter(value)
		}
		bound["param_"+name] = value
	}
	return bound
}

// WithoutValues is a statement with a question mark for each text and number in
// it, for keeping what somebody tried without what may be a secret.
func WithoutValues(sql string) string {
	var b strings.Builder
	at := 0
	for _, t := range tokenize(sql) {
		if t.kind == tokenLiteral {
			b.WriteString(sql[at:t.start] + "?")
			at = t.end
		}
	}
	b.WriteString(sql[at:])
	return b.String()
}

// Literals are the texts and numbers in a statement, or in the value of a
// parameter that is a list, without their quotes.
func Literals(sql string) []string {
	var all []string
	for _, t := range tokenize(sql) {
		if t.kind == tokenLiteral {
			all = append(all, t.text)
		}
	}
	return all
}

// RequestStatement is the statement of a request to ClickHouse's HTTP interface,
// which is in the argument query, in the body, or one after the other. The body
// may be packed.
func RequestStatement(r *http.Request, maxBytes int64) (string, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart") {
		return "", newException(codeNotImplemented, "NOT_IMPLEMENTED", "multipart bodies are not supported: send the statement as the body and parameters as arguments")
	}
	body, err := requestBody(r, maxBytes)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return "", bodyError(err)
	}
	sql := r.URL.Query().Get("query")
	if sql != "" && len(text) > 0 {
		sql += "\n"
	}
	if sql += string(text); strings.TrimSpace(sql) == "" {
		return "", newException(codeSyntaxError, "SYNTAX_ERROR", "the request has no query")
	}
	return sql, nil
}
