package hunt

import "testing"

func TestParseError(t *testing.T) {
	for _, c := range []struct {
		text, sql string
		want      Error
	}{
		{"Code: 62. DB::Exception: Syntax error: failed at position 12 (FRM): FRM t. Expected one of: FROM. (SYNTAX_ERROR)\n", "SELECT 'ü'\nFRM t",
			Error{Code: 62, Name: "SYNTAX_ERROR", Text: "Syntax error: failed at position 12 (FRM): FRM t. Expected one of: FROM.", Position: 12, Line: 1, Column: 11}},
		{"Code: 62. DB::Exception: failed at position 13 (x) (SYNTAX_ERROR) (version 26.7.2.1)", "SELECT 'ü'\nFRM t", Error{Code: 62, Name: "SYNTAX_ERROR", Text: "failed at position 13 (x)", Position: 13, Line: 2, Column: 1}},
		{"Code: 62. DB::Exception: failed at position 99 (x) (SYNTAX_ERROR)", "SELECT 1", Error{Code: 62, Name: "SYNTAX_ERROR", Text: "failed at position 99 (x)", Position: 99}},
		{"Code: 47. DB::Exception: Unknown expression identifier `x` in scope SELECT x. (UNKNOWN_IDENTIFIER)", "SELECT x", Error{Code: 47, Name: "UNKNOWN_IDENTIFIER", Text: "Unknown expression identifier `x` in scope SELECT x."}},
		{"gone", "", Error{Code: 1001, Name: "STD_EXCEPTION", Text: "gone"}},
	} {
		if got := ParseError(c.text, c.sql); *got != c.want {
			t.Errorf("%q:\ngot  %+v\nwant %+v", c.text, *got, c.want)
		}
	}
}

func TestWithin(t *testing.T) {
	most := Limits{Duration: 30, Rows: 100, Memory: 8}
	if got, want := (Limits{Duration: 60, Rows: 10, ReadRows: 5}).Within(most), (Limits{Duration: 30, Rows: 10, ReadRows: 5, Memory: 8}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func FuzzParseError(f *testing.F) {
	f.Add("Code: 62. DB::Exception: failed at position 3 (x) (SYNTAX_ERROR)", "a\nb")
	f.Fuzz(func(t *testing.T, text, sql string) {
		e := ParseError(text, sql)
		if e.Line < 0 || e.Column < 0 || e.Line > 0 && e.Position > len(sql)+1 {
			t.Errorf("%+v", e)
		}
	})
}
