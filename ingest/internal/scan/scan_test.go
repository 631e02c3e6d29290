package scan

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCanonical(t *testing.T) {
	tests := map[string]struct {
		in, want string
		style    Style
	}{
		"sorted":            {` { "b" : 1 , "a" : [ true , null ] } `, `{"a":[true,null],"b":1}`, Style{}},
		"last key wins":     {`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`, Style{}},
		"escaped key":       {`{"b":1,"\u0061":2}`, `{"a":2,"b":1}`, Style{}},
		"escapes":           {`"\u0041\/\u00e9\n\u0001\""`, `"A/é\n\u0001\""`, Style{}},
		"surrogates":        {`"\ud83d\ude00 \ud83d \ude00"`, "\"😀 \uFFFD \uFFFD\"", Style{}},
		"no UTF-8":          {"\"a\xffb\"", "\"a\uFFFDb\"", Style{}},
		"numbers":           {`[1.0,1e2,-0,-0.0,0.10,1E+2,1.5e-7]`, `[1,100,0,0,0.1,100,1.5e-07]`, Style{}},
		"long whole number": {`12345678901234567890`, `12345678901234567890`, Style{}},
		"as a float":        {`12345678901234567890`, `1.2345678901234567e+19`, Style{Floats: true}},
		"beyond a float":    {`1e999`, `1e999`, Style{Floats: true}},
		"letters":           {`{"A":["x","é"],"B":["xy"],"C":[],"D":{"E":["x"]}}`, `{"A":"xé","B":["xy"],"C":[],"D":{"E":["x"]}}`, Style{JoinLetters: true}},
		"letters, not told": {`{"A":["x","y"]}`, `{"A":["x","y"]}`, Style{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := New(tt.in)
			got, err := c.Canonical(nil, tt.style)
			if err == nil {
				err = c.Finish()
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := map[string]string{
		`{"a" 1}`:   `invalid JSON at byte 6: found '1', expected ':' after a key`,
		`{"a":1,}`:  `invalid JSON at byte 8: found '}', expected a key in double quotes`,
		`{"a":1`:    `invalid JSON at byte 7: found the end, expected ',' or '}' after a value`,
		`[1 2]`:     `invalid JSON at byte 4: found '2', expected ',' or ']' after an element`,
		`[01]`:      `invalid JSON at byte 3: found '1', expected ',' or ']' after an element`,
		`[1.]`:      `invalid JSON at byte 4: found ']', expected a digit after the decimal point`,
		`-`:         `invalid JSON at byte 2: found the end, expected a digit`,
		`nul`:       `invalid JSON at byte 1: found 'n', expected null`,
		`"a`:        `invalid JSON at byte 3: found the end, expected the end of a string`,
		`"\x"`:      `invalid JSON at byte 3: found 'x', expected an escape`,
		`"\u12"`:    `invalid JSON at byte 3: found 'u', expected four hexadecimal digits after \u`,
		"\"a\nb\"":  `invalid JSON at byte 3: found '\n', expected the end of a string (control characters are written as escapes)`,
		`1 2`:       `invalid JSON at byte 3: found '2', expected nothing after the value`,
		``:          `invalid JSON at byte 1: found the end, expected a value`,
		`{"a":tru}`: `invalid JSON at byte 6: found 't', expected true`,
	}
	for in, want := range tests {
		c := New(in)
		err := c.Skip()
		if err == nil {
			err = c.Finish()
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
	if err := New(strings.Repeat("[", MaxDepth+1)).Skip(); err == nil || !strings.Contains(err.Error(), "nested deeper than 64") {
		t.Errorf("deep nesting: got %v", err)
	}
}

// FuzzCanonical compares with encoding/json: the same texts are valid, canonical text means the same and is a fixed point.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e9",null,true,{"b":{}}]}`, `"\ud800"`, `[-0.0,1e999]`, `{"a":1,"a":2}`, ``, `{`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c := New(in)
		got, err := c.Canonical(nil, Style{})
		if err == nil {
			err = c.Finish()
		}
		if (err == nil) != json.Valid([]byte(in)) && (err == nil || !strings.Contains(err.Error(), "nested deeper")) {
			t.Fatalf("%q: got %v, but json.Valid is %v", in, err, json.Valid([]byte(in)))
		}
		if err != nil {
			return
		}
		again, err := New(string(got)).Canonical(nil, Style{})
		if err != nil || string(again) != string(got) {
			t.Fatalf("%q: canonical %q becomes %q, %v", in, got, again, err)
		}
		var want, have any
		if json.Unmarshal([]byte(in), &want) == nil && utf8.ValidString(in) {
			if err := json.Unmarshal(got, &have); err != nil || !reflect.DeepEqual(want, have) {
				t.Fatalf("%q means %v, its canonical form %q means %v (%v)", in, want, got, have, err)
			}
		}
	})
}
