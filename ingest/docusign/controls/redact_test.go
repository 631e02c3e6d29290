package controls

import (
	"encoding/json"
	"testing"
)

// TestTidy: secrets are hidden whatever their type and wherever they stand; what is none is kept.
func TestTidy(t *testing.T) {
	for in, want := range map[string]string{
		`{"password":12345,"apiKey":{"a":"b"},"clientSecrets":["x","y"],"token":""}`:                `{"apiKey":"<secret>","clientSecrets":"<secret>","password":"<secret>","token":""}`,
		`{"requireSecret":"true","allowToken":false,"name":"Archive"}`:                              `{"allowToken":false,"name":"Archive","requireSecret":"true"}`,
		`{"headers":[{"name":"Authorization","value":"Basic eHl6"},{"name":"Accept","value":"x"}]}`: `{"headers":[{"name":"Authorization","value":"<secret>"},{"name":"Accept","value":"x"}]}`,
		`{"customHeaders":{"authorization":"Bearer x","X-Api-Key":"k","Accept":"y"}}`:               `{"customHeaders":{"Accept":"y","X-Api-Key":"<secret>","authorization":"<secret>"}}`,
		`{"Key":"hmac-key","Value":7}`:                                           `{"Key":"hmac-key","Value":"<secret>"}`,
		`{"url":"HTTPS://u:p@h.example/x?k=v#f","other":" Http://h.example/#k"}`: `{"other":"http://h.example/?\u003csecret\u003e","url":"https://h.example/x?\u003csecret\u003e"}`,
		`{"value":"https://h.example/x","minimumPasswordLength":"12"}`:           `{"minimumPasswordLength":"12","value":"https://h.example/x"}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(in), &v); err != nil {
			t.Fatal(err)
		}
		var expected any
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if got := canonical(tidy(v)); got != canonical(expected) {
			t.Errorf("%s\nbecomes  %s\nexpected %s", in, got, canonical(expected))
		}
	}
}
