package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/policy"
)

const detectionPrefix = "detections/"

func (p *process) detectionsShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show DETECTION...",
		Short: "Tell what a detection looks for, with its parameters and their values",
		Long: "Tell what detections look for, by id: state, parameters with the values in force, harmless causes, and what to do about a finding. With\n" +
			"-o json the output is what GET /v1/detections/ID returns, one object a detection.",
		Example: "  sealwatch detections show impossible_travel\n  sealwatch detections show impossible_travel -o json | jq -r .sql",
		Args:    cobra.MinimumNArgs(1),
	}
	address, output := p.addressFlag(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, ids []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewDetectionServiceClient(conn)
		for _, id := range ids {
			d, err := client.GetDetection(c.Context(), &sealwatchv1.GetDetectionRequest{Name: detectionPrefix + strings.TrimPrefix(id, detectionPrefix)})
			if err != nil {
				return err
			}
			text := detectionText(d, p.now()) + detectionWhole(d, policyLines(c.Context(), conn, d)...)
			if asJSON {
				if text, err = messageJSON(d, ""); err != nil {
					return err
				}
			}
			p.print("%s", strings.TrimSuffix(text, "\n"))
		}
		return nil
	}
	return c
}

// policyLines say what the policy judges that makes the detection, and how to see it whole; none where no policy does.
func policyLines(ctx context.Context, conn *grpc.ClientConn, d *sealwatchv1.Detection) []string {
	id, made := strings.CutPrefix(d.GetName(), detectionPrefix+policy.DetectionPrefix)
	if !made {
		return nil
	}
	lines := []string{"sealwatch policy show " + id + " shows the policy whole"}
	if m, err := sealwatchv1.NewPolicyServiceClient(conn).GetPolicy(ctx, &sealwatchv1.GetPolicyRequest{Name: app.PolicyPrefix + id}); err == nil {
		return append([]string{m.GetSummary()}, lines...)
	}
	return lines // the policy was deleted meanwhile, and its detection is still there
}

// detectionWhole is what a detection looks for, with its parameters, or in their place with the policy that makes it.
func detectionWhole(d *sealwatchv1.Detection, made ...string) string {
	var b strings.Builder
	section := func(head string, lines ...string) {
		for i, l := range lines {
			if i > 0 {
				head = ""
			}
			fmt.Fprintf(&b, "  %-9s %s\n", head, terminal.Text(strings.Join(strings.Fields(l), " ")))
		}
	}
	section("finds", present(d.GetTitle(), d.GetDescription())...)
	section("level", severityName(d.GetSeverity()))
	section("ATT&CK", present(strings.Join(d.GetAttackTechniques(), ", "))...)
	section("harmless", d.GetFalsePositives()...)
	section("do", d.GetResponse()...)
	if section("policy", made...); len(made) > 0 { // what the policy is compiled to is nothing that one sets
		return b.String()
	}
	for i, v := range d.GetParameters() {
		head := ""
		if i == 0 {
			head = "set by"
		}
		value, shipped, least, most, unit := v.GetValue(), v.GetDefaultValue(), v.GetMinimum(), v.GetMaximum(), v.GetUnit()
		if t := v.GetText(); t != nil {
			value, shipped, least, most, unit = t.GetValue(), t.GetDefaultValue(), t.GetMinimum(), t.GetMaximum(), ""
		}
		line := fmt.Sprintf("%s = %s", v.GetName(), strings.Join(present(cmp.Or(value, "(empty)"), unit), " "))
		var also []string
		if value != shipped {
			also = append(also, "shipped as "+cmp.Or(shipped, "(empty)"))
		}
		if least != "" && most != "" {
			also = append(also, least+" to "+most)
		}
		if len(also) > 0 {
			line += " (" + strings.Join(also, "; ") + ")"
		}
		if v.GetDescription() != "" {
			line += ": " + v.GetDescription()
		}
		section(head, line)
	}
	return b.String()
}
