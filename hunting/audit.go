package hunting

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// Everybody who hunts reads the audit, and the engine writes values into its errors: those that it could not read, those that throwIf is
// given, and the statement with the parameters put in. So the audit has of an error what says nothing of a value.

// auditedTexts are ClickHouse's codes whose text, up to where it goes on with the statement, is about names and limits.
var auditedTexts = []int{46, 47, 60, 81, 158, 159, 164, 202, 241, 307, codeTooManyResultBytes, 394, 456, 497}

const codeSyntax = 62

// auditedError is an error as the audit has it.
func auditedError(err error, parameters map[string]string) string {
	var (
		said *hunt.Error
		ours *fault.Error
	)
	switch {
	case errors.As(err, &said):
		return strings.TrimSpace(fmt.Sprintf("%s (%s, code %d)", auditedText(said, parameters), cmp.Or(said.Name, "no name"), said.Code))
	case errors.As(err, &ours):
		return withoutValues(ours.Message, parameters)
	}
	return withoutValues(err.Error(), parameters)
}

func auditedText(e *hunt.Error, parameters map[string]string) string {
	switch {
	case e.Code == codeSyntax && e.Line > 0:
		return fmt.Sprintf("the syntax is wrong at line %d, column %d", e.Line, e.Column)
	case !slices.Contains(auditedTexts, e.Code):
		return "the text may hold values and is not kept"
	}
	text := e.Text
	for _, end := range []string{" in scope ", " In scope ", "While processing", "while processing", "While executing", "while executing", "Maybe you meant"} {
		text, _, _ = strings.Cut(text, end)
	}
	return strings.TrimRight(withoutValues(text, parameters), " :.")
}

// leastSecret is the length of the shortest value that is looked for: shorter ones are in every text.
const leastSecret = 3

// withoutValues replaces the values of parameters, as they came and as the engine writes them, and the texts and numbers in those of lists.
func withoutValues(text string, parameters map[string]string) string {
	var values []string
	for _, v := range parameters {
		values = append(append(values, v, strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\t", `\t`).Replace(v)), embedded.Literals(v)...)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, v := range values {
		if len(v) >= leastSecret {
			text = strings.ReplaceAll(text, v, "?")
		}
	}
	return text
}

// maxAuditedStatement bounds the statement that is kept of a hunt, in bytes.
const maxAuditedStatement = 64 << 10

// auditedStatement is a statement as the audit has it, and whether it was cut off.
func auditedStatement(sql string) (string, bool) {
	if len(sql) <= maxAuditedStatement {
		return sql, false
	}
	return strings.ToValidUTF8(sql[:maxAuditedStatement], ""), true
}
