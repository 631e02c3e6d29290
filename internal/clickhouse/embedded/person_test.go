package embedded

import (
	"maps"
	"slices"
	"testing"
)

func TestStatementParameters(t *testing.T) {
	sql := "SELECT {a:String}, '{x:Int8}', {b : Array(Tuple(String, UInt8))}, {a:String} -- {c:String}"
	if got, want := Parameters(sql), []Parameter{{"a", "String"}, {"b", "Array(Tuple(String, UInt8))"}}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Bind(sql, map[string]string{"a": "x\\\ny", "b": `[('a\'b', 1)]`}), map[string]string{"param_a": `x\\\ny`, "param_b": `[('a\'b', 1)]`}; !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWithoutValues(t *testing.T) {
	if got, want := WithoutValues("SELECT url('http://u:secret@h', $$x$$), a FROM t WHERE b = 17"), "SELECT url(?, ?), a FROM t WHERE b = ?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
