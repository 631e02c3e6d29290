package splunk_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/splunk"
	"github.com/sealwatch/sealwatch/exporters/splunk/splunktest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// options reach the servers, the first of which is asked first, and wait for nothing.
func options(t testing.TB, servers ...*splunktest.Server) splunk.Options {
	roots := x509.NewCertPool()
	o := splunk.Options{Token: func() (string, error) { return splunktest.Token, nil }, Roots: roots, Host: "sealwatch.example.com",
		AckInterval: time.Millisecond, AckTimeout: time.Minute, SlowDown: time.Millisecond, RequestTimeout: 30 * time.Second,
		Logger: slog.New(slog.DiscardHandler)}
	for _, s := range servers {
		roots.AddCert(s.Certificate())
		o.Endpoints = append(o.Endpoints, s.URL)
	}
	return o
}

func newExporter(t testing.TB, o splunk.Options) *splunk.Exporter {
	t.Helper()
	x, err := splunk.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close(context.Background()) })
	return x
}

// changes are numbered as a log would.
func changes(first, count int) []alert.Change {
	all := exportertest.Changes(first, count)
	for i := range all {
		all[i].Sequence = uint64(first + i)
	}
	return all
}

// outcome of an export in a form to compare.
type outcome struct {
	Kind     string
	Accepted int
	Failed   []int
	Words    string // of the error, at least
}

func export(t *testing.T, x *splunk.Exporter, all []alert.Change) outcome {
	t.Helper()
	err := x.Export(t.Context(), all)
	if err == nil {
		return outcome{Kind: "ok", Accepted: len(all)}
	}
	var e *exporters.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *exporters.Error", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %v", err, e, e.Failed), splunktest.Token) {
		t.Errorf("the token stands in the error: %v", err)
	}
	o := outcome{Kind: e.Kind.String(), Accepted: e.Accepted, Words: err.Error()}
	for i := range e.Failed {
		o.Failed = append(o.Failed, i)
	}
	slices.Sort(o.Failed)
	return o
}

func sequences(events []splunktest.Event) (out []string) {
	for _, e := range events {
		out = append(out, fmt.Sprint(e.Fields["event_sequence"]))
	}
	return out
}

func numbers(list ...int) (out []string) {
	for _, n := range list {
		out = append(out, fmt.Sprint(n))
	}
	return out
}

// TestReplies has every code that Splunk documents, and answers that are none of HEC. Each is sent once, for a batch of four; what
// is behind Accepted and not in Failed is sent by the runner again.
func TestReplies(t *testing.T) {
	ok := outcome{Kind: "ok", Accepted: 4}
	retry := func(accepted int, words string) outcome {
		return outcome{Kind: "retryable", Accepted: accepted, Words: words}
	}
	pause := func(words string) outcome { return outcome{Kind: "unauthorized", Words: words} }
	const html = "<html><body>words</body></html>"
	for name, c := range map[string]struct {
		reply   splunktest.Reply
		want    outcome
		indexed []string
	}{
		"0":                    {splunktest.Reply{Status: 200, Body: `{"text":"Success","code":0}`, Take: -1}, ok, numbers(1, 2, 3, 4)},
		"0, another status":    {splunktest.Reply{Status: 201, Body: `{"text":"Success","code":0}`}, retry(0, "HTTP status 201"), nil},
		"1":                    {splunktest.Code(403, 1, -1), pause("check the token"), nil},
		"2":                    {splunktest.Code(401, 2, -1), pause("check the token"), nil},
		"3":                    {splunktest.Code(401, 3, -1), pause("check the token"), nil},
		"4":                    {splunktest.Code(403, 4, -1), pause("code 4 (words for 4): check the token"), nil},
		"5":                    {splunktest.Code(400, 5, -1), ok, numbers(1, 2, 3, 4)}, // halved, and then taken
		"6 at 0":               {splunktest.Code(400, 6, 0), outcome{Kind: "permanent", Accepted: 4, Failed: []int{0}, Words: "refused"}, numbers(2, 3, 4)},
		"6 at 2":               {splunktest.Code(400, 6, 2), outcome{Kind: "permanent", Accepted: 4, Failed: []int{2}, Words: "refused"}, numbers(1, 2, 4)},
		"6 at the end":         {splunktest.Code(400, 6, 3), outcome{Kind: "permanent", Accepted: 3, Failed: []int{3}, Words: "refused"}, numbers(1, 2, 3)},
		"6 beyond the end":     {splunktest.Reply{Status: 400, Body: `{"code":6,"invalid-event-number":9}`}, ok, numbers(1, 2, 3, 4)},
		"6 without a number":   {splunktest.Code(400, 6, -1), ok, numbers(1, 2, 3, 4)},
		"6 and below zero":     {splunktest.Reply{Status: 400, Body: `{"code":6,"invalid-event-number":-7}`}, ok, numbers(1, 2, 3, 4)},
		"7":                    {splunktest.Reply{Status: 400, Body: `{"code":7,"invalid-event-number":1}`}, pause("index does not exist"), nil},
		"7 later":              {splunktest.Reply{Status: 400, Body: `{"code":7,"invalid-event-number":3}`, Take: 2}, outcome{Kind: "unauthorized", Accepted: 2, Words: "index"}, numbers(1, 2)},
		"8":                    {splunktest.Code(500, 8, -1), retry(0, "code 8"), nil},
		"9":                    {splunktest.Code(503, 9, -1), retry(0, "code 9"), nil},
		"9 in the middle":      {splunktest.Code(503, 9, 3), retry(3, "code 9"), numbers(1, 2, 3)},
		"10":                   {splunktest.Code(400, 10, -1), pause("acknowledgement"), nil},
		"11":                   {splunktest.Code(400, 11, -1), pause("X-Splunk-Request-Channel"), nil},
		"12":                   {splunktest.Code(400, 12, 1), outcome{Kind: "permanent", Accepted: 4, Failed: []int{1}, Words: "refused"}, numbers(1, 3, 4)},
		"13":                   {splunktest.Code(400, 13, 1), outcome{Kind: "permanent", Accepted: 4, Failed: []int{1}, Words: "refused"}, numbers(1, 3, 4)},
		"14":                   {splunktest.Code(400, 14, -1), ok, numbers(1, 2, 3, 4)}, // without a channel
		"15":                   {splunktest.Code(400, 15, 1), outcome{Kind: "permanent", Accepted: 4, Failed: []int{1}, Words: "refused"}, numbers(1, 3, 4)},
		"16":                   {splunktest.Code(400, 16, -1), pause("Authorization"), nil},
		"17":                   {splunktest.Code(200, 17, -1), retry(0, "code 17"), nil},
		"18":                   {splunktest.Code(503, 18, -1), retry(0, "code 18"), nil},
		"19":                   {splunktest.Code(503, 19, -1), retry(0, "code 19"), nil},
		"20":                   {splunktest.Code(503, 20, -1), retry(0, "code 20"), nil},
		"21":                   {splunktest.Code(400, 21, -1), pause("check the token"), nil},
		"22":                   {splunktest.Code(400, 22, -1), pause("check the token"), nil},
		"23":                   {splunktest.Code(503, 23, -1), retry(0, "code 23"), nil},
		"24":                   {splunktest.Reply{Status: 200, Body: `{"code":24}`, Take: -1}, ok, numbers(1, 2, 3, 4)},
		"25":                   {splunktest.Reply{Status: 200, Body: `{"code":25}`, Take: -1}, ok, numbers(1, 2, 3, 4)},
		"26":                   {splunktest.Code(429, 26, -1), retry(0, "code 26"), nil},
		"27":                   {splunktest.Code(429, 27, -1), retry(0, "code 27"), nil},
		"28 is not documented": {splunktest.Code(400, 28, -1), pause("code 28"), nil},
		"28 of an event":       {splunktest.Code(400, 28, 1), outcome{Kind: "permanent", Accepted: 4, Failed: []int{1}, Words: "refused"}, numbers(1, 3, 4)},
		"28 of the server":     {splunktest.Code(503, 28, -1), retry(0, "code 28"), nil},
		"a page with 200":      {splunktest.Reply{Status: 200, Body: html}, retry(0, "no collector"), nil},
		"nothing with 200":     {splunktest.Reply{Status: 200}, retry(0, "no collector"), nil},
		"another JSON":         {splunktest.Reply{Status: 200, Body: `{"ok":true}`}, retry(0, "no collector"), nil},
		"a page with 400":      {splunktest.Reply{Status: 400, Body: html}, pause("check the address"), nil},
		"a page with 401":      {splunktest.Reply{Status: 401, Body: html}, pause("check the token"), nil},
		"a page with 404":      {splunktest.Reply{Status: 404, Body: html}, pause("check the address"), nil},
		"a page with 415":      {splunktest.Reply{Status: 415, Body: html}, pause("gzip"), nil},
		"a page with 429":      {splunktest.Reply{Status: 429, Body: html}, retry(0, "429"), nil},
		"a page with 502":      {splunktest.Reply{Status: 502, Body: html}, retry(0, "502"), nil},
		"a redirect":           {splunktest.Reply{Status: 307, Header: map[string][]string{"Location": {"/services/collector/event"}}}, pause("redirect"), nil},
		"a page with 413":      {splunktest.Reply{Status: 413, Body: html}, ok, numbers(1, 2, 3, 4)}, // halved
		"hangs up":             {splunktest.Reply{HangUp: true}, retry(0, "EOF"), nil},
		"echoes the token":     {splunktest.Reply{Status: 403, Body: `{"code":4,"text":"no token ` + splunktest.Token + ` here"}`}, pause("no token [token] here"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := splunktest.New(t)
			x := newExporter(t, options(t, s))
			if got := export(t, x, changes(9, 1)); got.Kind != "ok" { // it is known now that there are no acknowledgements
				t.Fatalf("%+v", got)
			}
			s.Fail(c.reply)
			got := export(t, x, changes(1, 4))
			if !strings.Contains(got.Words, c.want.Words) {
				t.Errorf("%q does not say %q", got.Words, c.want.Words)
			}
			got.Words, c.want.Words = "", ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.indexed, sequences(s.Events()[1:])); d != "" {
				t.Errorf("indexed: %s", d)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"17": 17 * time.Second, "": 0, "soon": 0, "-3": 0} {
		s := splunktest.New(t)
		x := newExporter(t, options(t, s))
		r := splunktest.Code(503, 9, -1)
		r.Header = map[string][]string{"Retry-After": {value}}
		s.Fail(r)
		var e *exporters.Error
		if err := x.Export(t.Context(), changes(1, 1)); !errors.As(err, &e) || e.RetryAfter != want {
			t.Errorf("Retry-After %q: %v", value, err)
		}
	}
}

// TestSlowsDown counts on the pauses: one after each such reply, doubled, and none after another.
func TestSlowsDown(t *testing.T) {
	s := splunktest.New(t)
	o := options(t, s)
	o.SlowDown = time.Hour
	x := newExporter(t, o)
	s.Fail(splunktest.Reply{Status: 200, Body: `{"code":24,"text":"nearly full"}`, Take: -1})
	if got := export(t, x, changes(1, 1)); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var e *exporters.Error
	if err := x.Export(ctx, changes(2, 1)); !errors.As(err, &e) || e.Kind != exporters.Retryable || len(s.Requests()) != 1 {
		t.Errorf("the pause: %v after %d requests", err, len(s.Requests()))
	}
}

// TestBatches has bodies within the limit, before compression, and one that is shortened.
func TestBatches(t *testing.T) {
	for _, noGzip := range []bool{false, true} {
		s := splunktest.New(t)
		s.MaxBytes = 10_000
		o := options(t, s)
		o.MaxBytes, o.NoGzip = 10_000, noGzip
		x := newExporter(t, o)
		all := changes(1, 40)
		all[7].Evidence = `{"text": "` + strings.Repeat("x", 1<<16) + `"}`
		all[8].Title = strings.Repeat("é\n", 1<<14)
		if got := export(t, x, all); got.Kind != "ok" {
			t.Fatalf("%+v", got)
		}
		events := s.Events()
		if len(events) != 40 {
			t.Fatalf("%d events", len(events))
		}
		if got := string(events[7].Event["truncated"]); got != `["context","evidence"]` || len(events[7].Event["evidence"]) == 0 {
			t.Errorf("the long one: %s", got) // the beginning of its text is there
		}
		if got := string(events[8].Event["truncated"]); !strings.Contains(got, `"title"`) {
			t.Errorf("the long title: %s", got)
		}
		if n := len(s.Requests()); n < 5 || n > 20 {
			t.Errorf("%d requests", n)
		}
		for _, r := range s.Requests() {
			if r.Bytes > 10_000 || r.Gzip == noGzip || r.Status != 200 {
				t.Errorf("request %+v", r)
			}
		}
	}
}

// TestTooLargeForTheReceiver learns how much a receiver takes that takes less than is configured.
func TestTooLargeForTheReceiver(t *testing.T) {
	s := splunktest.New(t)
	s.MaxBytes = 10_000
	x := newExporter(t, options(t, s))
	for range 2 {
		if got := export(t, x, changes(1, 40)); got.Kind != "ok" {
			t.Fatalf("%+v", got)
		}
	}
	refused := 0
	for _, r := range s.Requests() {
		if r.Status == 413 {
			refused++
		}
	}
	if refused > 4 || len(s.Events()) != 80 {
		t.Errorf("%d requests were too large, %d events arrived", refused, len(s.Events()))
	}
}

// TestOneTooLarge is shortened until the receiver takes it, and the receiver's limit is kept to afterwards. Only what cannot be short
// enough is refused, and that shortens nothing else.
func TestOneTooLarge(t *testing.T) {
	s := splunktest.New(t)
	s.MaxBytes = 5000
	x := newExporter(t, options(t, s))
	all := changes(1, 5)
	all[2].Evidence = `{"text": "` + strings.Repeat("x", 60_000) + `"}`
	if got := export(t, x, all); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	events := s.Events()
	if d := cmp.Diff(numbers(1, 2, 3, 4, 5), sequences(events)); d != "" {
		t.Fatal(d)
	}
	for i, e := range events {
		if _, cut := e.Event["truncated"]; cut != (i == 2) {
			t.Errorf("event %d: truncated %s", i+1, e.Event["truncated"])
		}
	}
	before := len(s.Requests())
	all[2].Sequence = 6
	if got := export(t, x, all[2:3]); got.Kind != "ok" || len(s.Requests()) != before+1 {
		t.Errorf("the limit was not learnt: %+v after %d requests more", got, len(s.Requests())-before)
	}

	s = splunktest.New(t)
	s.MaxBytes = 5000
	x = newExporter(t, options(t, s))
	all = changes(1, 5)
	all[2].ID = strings.Repeat("0", 5000) // stays whole
	all[3].Evidence = `{"text": "` + strings.Repeat("x", 2000) + `"}`
	got := export(t, x, all)
	if d := cmp.Diff(outcome{Kind: "permanent", Accepted: 5, Failed: []int{2}}, outcome{got.Kind, got.Accepted, got.Failed, ""}); d != "" {
		t.Error(d)
	}
	for _, e := range s.Events() {
		if len(e.Event["truncated"]) > 0 {
			t.Errorf("%s is shortened", e.Fields["event_sequence"])
		}
	}
}

// TestLongLists: lists that no shortening of evidence or texts makes short.
func TestLongLists(t *testing.T) {
	s := splunktest.New(t)
	s.MaxBytes = 4000
	o := options(t, s)
	o.MaxBytes = 4000
	x := newExporter(t, o)
	all := changes(1, 1)
	var addresses []string
	for i := range 5000 {
		addresses = append(addresses, fmt.Sprintf(`"2a02:db8:aaaa:bbbb:cccc:dddd:eeee:%x"`, i+1))
		all[0].SuppressedBy = append(all[0].SuppressedBy, fmt.Sprint("an exception with a long name ", i))
	}
	all[0].Evidence = `{"ipAddresses":[` + strings.Join(addresses, ",") + `]}`
	if got := export(t, x, all); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	event := s.Events()[0].Event
	if cut := string(event["truncated"]); !strings.Contains(cut, `"src_ips"`) || !strings.Contains(cut, `"suppressed_by"`) || len(event["src_ips"]) == 0 || len(event["suppressed_by"]) == 0 {
		t.Errorf("%s, %s, %s", cut, event["src_ips"], event["suppressed_by"])
	}
}

// TestFailsOver goes on with the next collector and stays there.
func TestFailsOver(t *testing.T) {
	for name, c := range map[string]splunktest.Reply{"shutting down": splunktest.Code(503, 23, -1), "full": splunktest.Code(429, 26, -1), "gone": {HangUp: true}} {
		t.Run(name, func(t *testing.T) {
			a, b := splunktest.New(t), splunktest.New(t)
			x := newExporter(t, options(t, a, b))
			a.Fail(c, c, c)
			for n := 1; n <= 3; n++ {
				if got := export(t, x, changes(n, 1)); got.Kind != "ok" {
					t.Fatalf("%+v", got)
				}
			}
			if len(a.Requests()) != 1 || len(b.Events()) != 3 {
				t.Errorf("%d requests to the first, %d events at the second", len(a.Requests()), len(b.Events()))
			}
			b.Fail(splunktest.Code(403, 4, -1))
			if got := export(t, x, changes(4, 1)); got.Kind != "unauthorized" {
				t.Errorf("%+v", got)
			}
		})
	}
	a, b := splunktest.New(t), splunktest.New(t)
	x := newExporter(t, options(t, a, b))
	if got := export(t, x, changes(9, 1)); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	a.Fail(splunktest.Code(503, 9, 2))
	b.Fail(splunktest.Code(503, 9, -1))
	if got := export(t, x, changes(1, 4)); got.Kind != "retryable" || got.Accepted != 2 {
		t.Errorf("both busy: %+v", got)
	}
	if len(a.Requests())+len(b.Requests()) != 3 {
		t.Error("each is asked once")
	}
}

func TestToken(t *testing.T) {
	s := splunktest.New(t)
	o := options(t, s)
	var token string
	var problem error
	o.Token = func() (string, error) { return token, problem }
	x := newExporter(t, o)
	for _, c := range []struct{ token, want string }{{"", "the token is empty"}, {"a\nb", "expected one word"}, {"wrong", "Invalid token"}} {
		token = c.token
		if got := export(t, x, changes(1, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, c.want) {
			t.Errorf("%q: %+v", c.token, got)
		}
	}
	problem = errors.New("no such file")
	if got := export(t, x, changes(1, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "no such file") {
		t.Errorf("%+v", got)
	}
	token, problem = splunktest.Token+"\n", nil // as a file has it; a new one needs no restart
	if got := export(t, x, changes(1, 1)); got.Kind != "ok" {
		t.Errorf("%+v", got)
	}
}

func TestOptions(t *testing.T) {
	for address, words := range map[string]string{
		"":                                  "no address",
		"splunk.example.com:8088":           "expected https",
		"http://splunk.example.com:8088":    "without TLS",
		"ftp://splunk.example.com":          "expected https",
		"https://user:hush@splunk.example":  "the token is an option of its own",
		"https://splunk.example?token=hush": "the token is an option of its own",
		"https://":                          "no address",
		"https://splunk.example.com/ x":     "no address",
	} {
		_, err := splunk.New(splunk.Options{Endpoints: []string{address}, Token: func() (string, error) { return "x", nil }})
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", address, err, words)
		}
	}
	for address, want := range map[string]string{
		"https://splunk.example.com:8088":                             "https://splunk.example.com:8088",
		"https://splunk.example.com:8088/":                            "https://splunk.example.com:8088",
		"https://splunk.example.com:8088/services/collector":          "https://splunk.example.com:8088",
		"https://splunk.example.com/hec/services/collector/event/1.0": "https://splunk.example.com/hec",
		"http://127.0.0.1:8088":                                       "http://127.0.0.1:8088",
		"http://[::1]:8088":                                           "http://[::1]:8088",
		"http://localhost:8088":                                       "http://localhost:8088",
	} {
		if got, err := splunk.Endpoint(address); err != nil || got != want {
			t.Errorf("%s: %s, %v", address, got, err)
		}
	}
	_, err := splunk.New(splunk.Options{MaxBytes: 10, AckTimeout: -1, Endpoints: []string{"https://a", "https://a/"}})
	for _, words := range []string{"Token is missing", "at least 4000", "negative", "twice"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v does not say %q", err, words)
		}
	}
}

// TestEnvelope has no key that Splunk does not know, and no field twice.
func TestEnvelope(t *testing.T) {
	s := splunktest.New(t)
	o := options(t, s)
	o.Index, o.Source, o.Sourcetype = "main", "my source", "my:type"
	x := newExporter(t, o)
	all := []alert.Change{}
	for n := range 24 {
		c := exportertest.NastyChange(n)
		c.Sequence = uint64(n + 1)
		all = append(all, c)
	}
	if got := export(t, x, all); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	events := s.Events() // an event with an unknown key, and all behind it, would be missing
	if len(events) != len(all) {
		t.Fatalf("%d events of %d arrived", len(events), len(all))
	}
	for i, e := range events {
		if e.Host != "sealwatch.example.com" || e.Source != "my source" || e.Sourcetype != "my:type" || e.Index != "main" {
			t.Errorf("envelope %+v", e)
		}
		if e.Fields["event_uid"] != all[i].ID || e.Fields["event_sequence"] != fmt.Sprint(all[i].Sequence) {
			t.Errorf("fields %v", e.Fields)
		}
		if want := fmt.Sprintf(`"%d.123456"`, all[i].Updated.Unix()); string(e.Time) != want {
			t.Errorf("time %s, want %s", e.Time, want)
		}
		for name := range e.Fields {
			if e.Event[name] != nil {
				t.Errorf("%s is there twice", name)
			}
		}
		var title string
		if err := json.Unmarshal(e.Event["description"], &title); err != nil || title != strings.ToValidUTF8(all[i].Title, "\ufffd") && title != string([]rune(all[i].Title)) {
			t.Errorf("description %q, want %q", title, all[i].Title)
		}
	}
}

// TestBodyIsNotReadAfterwards: a receiver that refuses a request before it has read it leaves a connection that still sends it, while the
// next one is made in the same place. The race detector tells when that is read.
func TestBodyIsNotReadAfterwards(t *testing.T) {
	requests, bad := 0, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // TLS would hide from the detector what is read
		if requests++; requests%2 == 1 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		body, err := io.ReadAll(r.Body)
		for d := json.NewDecoder(bytes.NewReader(body)); err == nil; {
			var event map[string]any
			err = d.Decode(&event)
		}
		if !errors.Is(err, io.EOF) {
			bad++
		}
		_, _ = io.WriteString(w, `{"text":"Success","code":0}`)
	}))
	defer s.Close()
	o := options(t)
	o.Endpoints, o.MaxBytes, o.NoGzip, o.Roots = []string{s.URL}, 20_000_000, true, nil
	x := newExporter(t, o)
	all := changes(1, 8)
	for i := range all {
		all[i].Evidence = `{"x":"` + strings.Repeat("y", 1_000_000) + `"}`
	}
	if got := export(t, x, all); got.Kind != "ok" || bad > 0 {
		t.Errorf("%+v, %d bodies were broken", got, bad)
	}
}
