package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/internal/app"
)

func (p *process) policyBacktest() *cobra.Command {
	c := &cobra.Command{
		Use: "backtest FILE|FOLDER|ID...", Short: "Count what policies would have found, before or after they are saved",
		Long: "Count what policies find in the stored events: alerts by day, by subject and by severity. A file, or each file of a folder, is compared\n" +
			"with the policy of the same id, where there is one. One is counted after the other. Nothing is stored.",
		Example: "  sealwatch policy backtest policies/mass_download.yaml --from 30d\n  sealwatch policy backtest policies/",
		Args:    cobra.MinimumNArgs(1),
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	from := c.Flags().String("from", "", "only alerts that begin then or later: how long ago such as 30d, a time or a date (default the first event)")
	to := c.Flags().String("to", "", "only alerts that begin before then: how long ago, a time or a date (default the last event)")
	examples := examplesFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		request := &sealwatchv1.BacktestPolicyRequest{}
		if request.Examples, err = examples(); err != nil {
			return err
		}
		if request.StartTime, err = since("--from", *from, p.now()); err != nil {
			return err
		}
		if request.EndTime, err = since("--to", *to, p.now()); err != nil {
			return err
		}
		all, err := policiesNamed(args)
		if err != nil {
			return err
		}
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		client := sealwatchv1.NewPolicyServiceClient(conn)
		var stream grpc.ServerStreamingClient[sealwatchv1.BacktestResponse]
		return p.showBacktest(func() (*sealwatchv1.BacktestResponse, error) {
			for {
				if stream == nil {
					if len(all) == 0 {
						return nil, io.EOF
					}
					request.Policy, all = all[0], all[1:]
					if stream, err = client.BacktestPolicy(c.Context(), request); err != nil {
						return nil, fmt.Errorf("policy %s: %w", policyID(request.GetPolicy().GetName()), err)
					}
				}
				m, err := stream.Recv()
				if errors.Is(err, io.EOF) {
					stream = nil
					continue
				}
				if err != nil {
					return nil, fmt.Errorf("policy %s: %w", policyID(request.GetPolicy().GetName()), err)
				}
				return m, nil
			}
		}, asJSON)
	}
	return c
}

// policiesNamed are those of files, of folders, and of ids, which mean the saved ones.
func policiesNamed(args []string) ([]*sealwatchv1.Policy, error) {
	var all []*sealwatchv1.Policy
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			if strings.ContainsAny(arg, "./") {
				return nil, err
			}
			all = append(all, &sealwatchv1.Policy{Name: app.PolicyPrefix + policyID(arg)})
			continue
		}
		some, err := policyFolder(arg)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			return nil, usagef("%s has no policy (a file .yaml or .yml)", arg)
		}
		for i := range some {
			all = append(all, app.PolicyMessage(&some[i]))
		}
	}
	return all, nil
}
