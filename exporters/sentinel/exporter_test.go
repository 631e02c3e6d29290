package sentinel_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// TestAnswers has what Azure and what stands before it may say. Each is sent once, for a batch of four.
func TestAnswers(t *testing.T) {
	ok := outcome{Kind: "ok", Accepted: 4}
	fault := func(status int, code string) sentineltest.Fault {
		return sentineltest.Fault{Status: status, Code: code, Words: "words for " + code}
	}
	for name, c := range map[string]struct {
		fault sentineltest.Fault
		want  outcome
		rows  int
	}{
		"no fault":                     {sentineltest.Fault{}, ok, 4},
		"400":                          {fault(400, "InvalidRequestContent"), outcome{Kind: "permanent", Words: "400 InvalidRequestContent (words for InvalidRequestContent)"}, 0},
		"400 because of the stream":    {fault(400, "InvalidStream"), outcome{Kind: "unauthorized", Words: "look at ruleId (the immutable id, not the name), at stream"}, 0},
		"401":                          {fault(401, "InvalidAuthenticationToken"), outcome{Kind: "unauthorized", Words: "does not take the token: look at cloud"}, 0},
		"403":                          {fault(403, "OperationFailed"), outcome{Kind: "unauthorized", Words: "role Monitoring Metrics Publisher on the data collection rule itself; a role that was just granted takes up to 30 minutes"}, 0},
		"404":                          {fault(404, "NotFound"), outcome{Kind: "unauthorized", Words: "no such data collection rule or stream"}, 0},
		"413":                          {fault(413, "ContentLengthLimitExceeded"), ok, 4}, // halved
		"429":                          {sentineltest.Fault{Status: 429, Code: "TooManyRequests", RetryAfter: "17"}, outcome{Kind: "retryable", RetryAfter: 17 * time.Second, Words: "429 TooManyRequests"}, 0},
		"503":                          {sentineltest.Fault{Status: 503, RetryAfter: "3"}, outcome{Kind: "retryable", RetryAfter: 3 * time.Second, Words: "HTTP status 503"}, 0},
		"500, after it was taken":      {sentineltest.Fault{Status: 500, Take: true}, outcome{Kind: "retryable", Words: "500"}, 4},
		"200 of something else":        {sentineltest.Fault{Status: 200, Words: "Welcome"}, outcome{Kind: "retryable", Words: "not Azure Monitor"}, 0},
		"302":                          {sentineltest.Fault{Status: 302}, outcome{Kind: "unauthorized", Words: "redirect"}, 0},
		"hangs up":                     {sentineltest.Fault{HangUp: true}, outcome{Kind: "retryable", Words: "EOF"}, 0},
		"hangs up, after it was taken": {sentineltest.Fault{HangUp: true, Take: true}, outcome{Kind: "retryable", Words: "EOF"}, 4},
		"a code that is a text":        {sentineltest.Fault{Status: 403, Code: "\x1b[31m", Words: "x"}, outcome{Kind: "unauthorized", Words: "HTTP status 403: the identity"}, 0},
		"echoes the secret":            {sentineltest.Fault{Status: 400, Code: "Odd", Words: "you sent " + sentineltest.Secret}, outcome{Kind: "permanent", Words: "you sent [secret]"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := sentineltest.New(t, declared())
			x := newExporter(t, options(t, s))
			s.Fail(c.fault)
			got := export(t, x, changes(1, 4))
			if !strings.Contains(got.Words, c.want.Words) {
				t.Errorf("%q does not say %q", got.Words, c.want.Words)
			}
			if r := s.Requests(); got.Kind != "ok" && !strings.Contains(got.Words, "x-ms-client-request-id "+r[0].ClientRequestID) {
				t.Errorf("%q does not have the id of the request, %q", got.Words, r[0].ClientRequestID)
			} else if got.Kind == "unauthorized" && strings.Contains(got.Words, "x-ms-request-id") && !strings.Contains(got.Words, r[0].RequestID) {
				t.Errorf("%q does not have the id %q that Azure gave", got.Words, r[0].RequestID)
			}
			got.Words, c.want.Words = "", ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if n := len(s.Rows()); n != c.rows {
				t.Errorf("%d rows arrived, want %d", n, c.rows)
			}
		})
	}
}

// TestAnotherToken: when a token is refused that was good before, there is another at once; until then, one serves.
func TestAnotherToken(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, options(t, s))
	for n := 1; n <= 3; n++ {
		if got := export(t, x, changes(n, 1)); got.Kind != "ok" {
			t.Fatalf("%+v", got)
		}
	}
	if n := s.TokenRequests(); n != 1 {
		t.Errorf("%d tokens for three requests", n)
	}
	s.Revoke()
	if got := export(t, x, changes(4, 1)); got.Kind != "ok" || s.TokenRequests() != 2 || len(s.Rows()) != 4 {
		t.Errorf("%+v after %d tokens", got, s.TokenRequests())
	}
	refused := sentineltest.Fault{Status: 401, Code: "InvalidAuthenticationToken"}
	s.Fail(refused, refused, refused)
	if got := export(t, x, changes(5, 1)); got.Kind != "unauthorized" || s.TokenRequests() != 3 || len(s.Requests()) != 7 {
		t.Errorf("%+v after %d tokens and %d requests", got, s.TokenRequests(), len(s.Requests()))
	}
	if got := export(t, x, changes(5, 1)); got.Kind != "unauthorized" || len(s.Requests()) != 8 { // the one that is new is tried once
		t.Errorf("%+v after %d requests", got, len(s.Requests()))
	}
	s.Change(func(s *sentineltest.Server) { s.NoRole = true })
	if got := export(t, x, changes(5, 1)); got.Kind != "unauthorized" || !strings.Contains(got.Words, "OperationFailed") {
		t.Errorf("%+v", got)
	}
}

// TestSplit: no request is larger than Azure takes, before compression, and all of them are gzip.
func TestSplit(t *testing.T) {
	s := sentineltest.New(t, declared())
	x := newExporter(t, options(t, s))
	all := changes(1, 250)
	for i := range all {
		all[i].Evidence = fmt.Sprintf(`{"text":%q,"n":%d}`, strings.Repeat("x", 40_000), i)
	}
	if got := export(t, x, all); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	if d := cmp.Diff(wantUIDs(all), uids(s.Rows())); d != "" {
		t.Error(d)
	}
	requests := s.Requests()
	if len(requests) < 10 || len(requests) > 30 {
		t.Errorf("%d requests", len(requests))
	}
	for _, r := range requests {
		if r.Uncompressed > 950_000 || !r.Gzip || r.Bytes >= int64(r.Uncompressed) {
			t.Errorf("%+v", r)
		}
	}
}

// TestLong: values above Azure's 64 KB and rows above its limit are shortened here, and the row says so.
func TestLong(t *testing.T) {
	long := exportertest.Change(1)
	long.Sequence, long.Title = 1, strings.Repeat("Ä", 50_000)
	long.Evidence = fmt.Sprintf(`{"small":1,"text":%q}`, strings.Repeat("x", 300_000))
	for i := range 5_000 {
		long.EventIDs = append(long.EventIDs, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	for table, where := range map[sentinel.Table]string{sentinel.ASIM: "AdditionalFields", sentinel.Custom: "Document"} {
		t.Run(string(table), func(t *testing.T) {
			s := sentineltest.New(t, declared())
			o := options(t, s)
			o.Table = table
			if got := export(t, newExporter(t, o), []alert.Change{long}); got.Kind != "ok" {
				t.Fatalf("%+v", got)
			}
			row := s.Rows()[0].Values
			whole := row[where].(map[string]any)
			told := fmt.Sprint(row["Truncated"], whole["Truncated"], whole["truncated"])
			for _, word := range []string{"eventIds", "evidence"} {
				if !strings.Contains(told, word) {
					t.Errorf("Truncated is %s, without %s", told, word)
				}
			}
			if !strings.Contains(told, map[sentinel.Table]string{sentinel.ASIM: "EventMessage", sentinel.Custom: "title"}[table]) {
				t.Errorf("Truncated is %s, without the title", told)
			}
		})
	}
}

// TestSmallLimit: a receiver before Azure that takes little gets little; what is too long for it is shortened, and at last given up by itself.
func TestSmallLimit(t *testing.T) {
	s := sentineltest.New(t, declared())
	s.Change(func(s *sentineltest.Server) { s.MaxBytes = 12_000 })
	x := newExporter(t, options(t, s))
	all := changes(1, 20)
	all[5].Evidence = fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", 30_000))
	if got := export(t, x, all); got.Kind != "ok" {
		t.Fatalf("%+v", got)
	}
	if d := cmp.Diff(wantUIDs(all), uids(s.Rows())); d != "" {
		t.Error(d)
	}
	s.Change(func(s *sentineltest.Server) { s.MaxBytes = 1_000 })
	if got := export(t, x, changes(21, 2)); got.Kind != "permanent" || got.Accepted != 0 || len(got.Failed) != 2 {
		t.Errorf("%+v", got)
	}
}

// TestTime: a row never has a time that Azure would replace; what the true one is stands beside it.
func TestTime(t *testing.T) {
	for name, c := range map[string]struct {
		updated, want time.Time
	}{
		"lately":              {now.Add(-time.Minute), now.Add(-time.Minute)},
		"almost a day ago":    {now.Add(-24 * time.Hour), now.Add(-24 * time.Hour)},
		"more than a day ago": {now.Add(-24*time.Hour - time.Second), now},
		"years ago":           {now.AddDate(-3, 0, 0), now},
		"a clock that is off": {now.Add(30 * time.Minute), now.Add(30 * time.Minute)},
		"tomorrow":            {now.Add(20 * time.Hour), now},
		"without a time":      {time.Time{}, now},
	} {
		t.Run(name, func(t *testing.T) {
			s := sentineltest.New(t, declared())
			change := changes(1, 1)
			change[0].Updated = c.updated
			if got := export(t, newExporter(t, options(t, s)), change); got.Kind != "ok" {
				t.Fatalf("%+v", got)
			}
			row := s.Rows()[0]
			at, err := time.Parse(time.RFC3339Nano, row.String("TimeGenerated"))
			if err != nil || !at.Equal(c.want) {
				t.Errorf("TimeGenerated is %s, want %s", at, c.want)
			}
			told, _ := row.Values["AdditionalFields"].(map[string]any)["UpdateTime"].(string)
			if at, err := time.Parse(time.RFC3339Nano, told); !c.updated.IsZero() && (err != nil || !at.Equal(c.updated)) {
				t.Errorf("UpdateTime is %q, want %s", told, c.updated)
			}
		})
	}
}

// TestNasty sends texts that encoders stumble over: they arrive as one row each, with nothing in them that nobody sees.
func TestNasty(t *testing.T) {
	for _, table := range []sentinel.Table{sentinel.ASIM, sentinel.Custom} {
		s := sentineltest.New(t, declared())
		o := options(t, s)
		o.Table = table
		x := newExporter(t, o)
		var all []alert.Change
		for n := range 40 {
			c := exportertest.NastyChange(n)
			c.Sequence = uint64(n) + 1
			all = append(all, c)
		}
		if got := export(t, x, all); got.Kind != "ok" || len(s.Rows()) != 40 {
			t.Errorf("%s: %+v, %d rows", table, got, len(s.Rows()))
		}
	}
}

// TestSecretFiles: what is wrong with a file is said at the start, without any of it.
func TestSecretFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":   {"", "expected one line with the value"},
		"two lines": {"hush-hush\nhush-hush", "expected one line"},
		"the id":    {"1b6c2f0e-5a3d-4c8b-9e7f-0d1a2b3c4d5e", "found a GUID, which is the id of a secret"},
	} {
		o := options(t, nil)
		o.Endpoint, o.Credential.SecretFile = "https://x.ingest.monitor.azure.com", sentineltest.SecretFile(t, c.text)
		if _, err := sentinel.New(o); err == nil || !strings.Contains(err.Error(), c.want) || bytes.Contains([]byte(err.Error()), []byte("hush")) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
