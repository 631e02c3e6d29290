package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// Forms of a result.
const (
	outputTable   = "table"
	outputCSV     = "csv"
	outputJSON    = "json"
	outputNDJSON  = "ndjson"
	outputParquet = "parquet"
)

var huntOutputs = []string{outputTable, outputCSV, outputJSON, outputNDJSON, outputParquet}

func knownOutput(name string) bool { return slices.Contains(huntOutputs, name) }

// resultWriter writes a result in a form.
type resultWriter interface {
	columns(columns []*sealwatchv1.HuntColumn) error
	rows(rows []*structpb.ListValue) error
	// end comes after a whole result.
	end() error
}

func (h *hunter) writer(to io.Writer) resultWriter {
	switch h.output {
	case outputCSV:
		return &csvResult{to: to}
	case outputJSON:
		return &jsonResult{to: to, array: true}
	case outputNDJSON:
		return &jsonResult{to: to}
	case outputParquet:
		return dataResult{}
	}
	return &tableResult{to: to, width: h.tableWidth()}
}

// dataResult is that of a form which the service makes.
type dataResult struct{}

func (dataResult) columns([]*sealwatchv1.HuntColumn) error { return nil }
func (dataResult) rows([]*structpb.ListValue) error        { return nil }
func (dataResult) end() error                              { return nil }

// numeric says whether a column holds numbers.
func numeric(typ string) bool {
	for _, wrapper := range []string{"LowCardinality(", "Nullable(", "SimpleAggregateFunction("} {
		typ = strings.TrimPrefix(typ, wrapper)
	}
	for _, prefix := range []string{"Int", "UInt", "Float", "Decimal", "BFloat"} {
		if strings.HasPrefix(typ, prefix) && !strings.HasPrefix(typ, "Interval") {
			return true
		}
	}
	return false
}

// cellText is a value as text: what is no text itself is JSON, and NULL is null.
func cellText(v *structpb.Value, null string) string {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return k.StringValue
	case *structpb.Value_NullValue, nil:
		return null
	case *structpb.Value_BoolValue:
		return strconv.FormatBool(k.BoolValue)
	case *structpb.Value_NumberValue:
		return strconv.FormatFloat(k.NumberValue, 'f', -1, 64)
	}
	text, err := json.Marshal(v.AsInterface())
	if err != nil {
		return "?" // nothing in a Value is without a form in JSON
	}
	return string(text)
}

// csvResult is RFC 4180 with a head.
type csvResult struct {
	to      io.Writer
	numbers []bool
}

func (c *csvResult) columns(columns []*sealwatchv1.HuntColumn) error {
	cells := make([]string, len(columns))
	for i, column := range columns {
		cells[i] = terminal.CSV(column.GetName(), false)
		c.numbers = append(c.numbers, numeric(column.GetType()))
	}
	return c.line(cells)
}

func (c *csvResult) rows(rows []*structpb.ListValue) error {
	for _, row := range rows {
		cells := make([]string, len(row.GetValues()))
		for i, v := range row.GetValues() {
			if _, null := v.GetKind().(*structpb.Value_NullValue); !null {
				cells[i] = terminal.CSV(cellText(v, ""), i < len(c.numbers) && c.numbers[i])
			}
		}
		if err := c.line(cells); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvResult) line(cells []string) error {
	_, err := io.WriteString(c.to, strings.Join(cells, ",")+"\r\n")
	return err
}

func (*csvResult) end() error { return nil }

// jsonResult is an object a row: one a line, or in an array.
type jsonResult struct {
	to      io.Writer
	array   bool
	keys    []string
	numbers []bool
	any     bool
}

func (j *jsonResult) columns(columns []*sealwatchv1.HuntColumn) error {
	used := map[string]int{}
	for _, column := range columns {
		name := column.GetName()
		if used[name]++; used[name] > 1 {
			name = fmt.Sprintf("%s_%d", name, used[name])
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		j.keys, j.numbers = append(j.keys, string(key)), append(j.numbers, numeric(column.GetType()))
	}
	return nil
}

func (j *jsonResult) rows(rows []*structpb.ListValue) error {
	for _, row := range rows {
		var b strings.Builder
		switch {
		case j.array && j.any:
			b.WriteString(",\n")
		case j.array:
			b.WriteString("[")
		}
		j.any = true
		b.WriteString("{")
		for i, v := range row.GetValues() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(j.keys[i] + ": ")
			text, err := j.value(v, j.numbers[i])
			if err != nil {
				return err
			}
			b.Write(text)
		}
		b.WriteString("}")
		if !j.array {
			b.WriteString("\n")
		}
		if _, err := j.to.Write(terminal.JSON([]byte(b.String()))); err != nil {
			return err
		}
	}
	return nil
}

// value of a column of numbers is a number, to the last digit, although a big one comes as text.
func (j *jsonResult) value(v *structpb.Value, number bool) ([]byte, error) {
	if s, ok := v.GetKind().(*structpb.Value_StringValue); ok && number && strings.Trim(s.StringValue, "0123456789+-.eE") == "" && json.Valid([]byte(s.StringValue)) {
		return []byte(s.StringValue), nil
	}
	return json.Marshal(v.AsInterface())
}

func (j *jsonResult) end() error {
	if !j.array {
		return nil
	}
	closing := "]\n"
	if !j.any {
		closing = "[]\n"
	}
	_, err := io.WriteString(j.to, closing)
	return err
}
