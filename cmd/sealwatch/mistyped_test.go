package main

import (
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/policy"
)

// TestMistyped: what does not exist is answered with what was meant, and nothing runs.
func TestMistyped(t *testing.T) {
	for line, want := range map[string]string{
		"alerts lst": "did you mean list?", "alert list": "did you mean alerts?", "serv": "did you mean serve?", "alerts list --limt 3": "did you mean --limit?",
		"config pritn": "did you mean print?", "alerts frobnicate": "expected one of ", "hunt SELECT 1": "put it in quotes", "alerts list --since 7x": "such as 24h or 7d",
	} {
		var out, problems bytes.Buffer
		p := &process{in: strings.NewReader(""), out: &out, err: &problems, now: time.Now}
		if code := p.run(context.Background(), strings.Fields(line)); code != exitUsage || !strings.Contains(problems.String(), want) {
			t.Errorf("%s: code %d: %s; expected %q", line, code, problems.String(), want)
		}
	}
	var out, problems bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, err: &problems, now: time.Now}
	if code := p.run(context.Background(), []string{"config", "show"}); code != 0 || !strings.Contains(out.String(), "grpcAddr") {
		t.Errorf("config show: code %d: %s%s", code, out.String(), problems.String())
	}
}

// TestWhatBecameOfAPolicy: nothing is said to be in force that is not.
func TestWhatBecameOfAPolicy(t *testing.T) {
	on, off := &policy.Policy{ID: "x"}, &policy.Policy{ID: "x", Disabled: true}
	for _, c := range []struct {
		before, after *policy.Policy
		want          string
	}{{nil, on, "x is in force: it judges what happens from 2026-03-02T00:00:00Z on; sealwatch reevaluate --detection policy_x --from 30d shows what it makes of the past"},
		{off, on, "x is in force: it judges what happens from 2026-03-02T00:00:00Z on; sealwatch reevaluate --detection policy_x --from 30d shows what it makes of the past"}, {on, off, "x is disabled from now on: it judges nothing"}, {nil, off, "x is stored, and disabled: it judges nothing"}, {on, nil, "x is deleted; its alerts stay"}} {
		if got := became(policyChange{id: "x", before: c.before, after: c.after}, &sealwatchv1.Policy{ApplyTime: timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))}); got != c.want {
			t.Errorf("%q, expected %q", got, c.want)
		}
	}
	if got := question([]policyChange{{after: on}, {before: on}}); got != "Make 2 changes, of which 1 deletes a policy?" {
		t.Error(got)
	}
}
