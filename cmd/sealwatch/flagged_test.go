package main

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestRefusalsNameTheFlag: what the service says of a field of its API is told of the flag that was typed.
func TestRefusalsNameTheFlag(t *testing.T) {
	for _, c := range []struct{ line, said, want string }{
		{"alerts list --country DE,Fra", "filter.countries[1]: expected the two letters of a country", `--country: found "Fra", expected the two letters of a country`},
		{"alerts list --ip 1.2.3", `filter.ipAddresses[0]: found "1.2.3", expected an address`, `--ip: found "1.2.3", expected an address`},
		{"alerts list --min-severity high", "filter.minSeverity: no", "--min-severity: no"},
		{"alerts list --severity high", "filter.min_severity: no", "--severity: no"},
		{"alerts list --order nope", "orderBy: no", "--order: no"},
		{"alerts list --raised-until 1d", "filter.created.endTime: no", "--raised-until: no"},
		{"alerts list --network x", "filter.networks[0]: no", "--network: no"},
		{"alerts close --because other --as benign_positive", "alert.reason: no", "--because: no"},
		{"alerts update --reason other x", "alert.reason: no", "--reason: no"},
		{"backtest --set threshold=0", "settings[0].value: 0 is too little", "--set: 0 is too little"},
		{"backtest --detection nope", "detections[0]: there is none", "--detection: there is none"},
		{"reevaluate --from 30d --to 60d", "endTime: a is not after startTime b", "--to: a is not after --from b"},
		{"exceptions create --expires 300d --reason x", "expireTime: is too far", "--expires: is too far"},
		{"exceptions create --reason x", "reason: must be at most 1000 characters", "--reason: must be at most 1000 characters"},
		{"exceptions create --attribute nope,ipAddress", `attributes[0]: the alert has no "nope"; expected one of subject, ipAddress`, `--attribute: the alert has no "nope"; expected one of subject, ipAddress`},
		{"users timeline ada --hours 1000", "hours: must be less", "--hours: must be less"},
		{"directory list --status nope", "statuses[0]: must be in list", "--status: must be in list"},
		{"directory import --source A", "options.source: expected a name", `--source: found "A", expected a name`},
		{"incidents list --order x", "order_by: no", "--order: no"},
		// what no flag gives stays
		{"alerts comment x y", "text: no", "text: no"},
		{"policy apply x", "policy.conditions[0].value: no", "policy.conditions[0].value: no"},
		{"hunt x", "there is no column: x", "there is no column: x"},
	} {
		p := &process{}
		root := p.root()
		words := strings.Fields(c.line)
		command, rest, err := root.Find(words)
		if err != nil {
			t.Fatal(err)
		}
		if err := command.ParseFlags(rest); err != nil {
			t.Fatalf("%s: %v", c.line, err)
		}
		for before, wrapped := range map[string]error{
			"":        status.Error(codes.InvalidArgument, c.said),
			"at x: ":  fmt.Errorf("at x: %w", status.Error(codes.InvalidArgument, c.said)),
			"other: ": fmt.Errorf("other: %w", status.Error(codes.NotFound, "source: not found")),
		} {
			want := before + c.want + " [InvalidArgument]"
			if before == "other: " {
				want = "other: source: not found [NotFound]"
			}
			if got := message(flagged(command, wrapped)); got != want {
				t.Errorf("%s: %s\n expected %s", c.line, got, want)
			}
		}
	}
}
