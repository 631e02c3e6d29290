package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/internal/app"
)

// examine has the service look at every policy that would be made or changed, and stores nothing: all are in order before the first is
// in force. The error has the file and the line of each mistake.
func (p *process) examine(ctx context.Context, address, path, author string, changes []policyChange) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewPolicyServiceClient(conn)
	var all []error
	for _, c := range changes {
		if c.after == nil {
			continue
		}
		problems, err := wrongWith(ctx, client, &c, author)
		if err != nil {
			return fmt.Errorf("policy %s: %w", c.id, err)
		}
		if len(problems) > 0 {
			all = append(all, inItsFile(path, c.id, problems))
		}
	}
	if len(all) > 0 {
		return fmt.Errorf("%w\nnothing was changed", errors.Join(all...))
	}
	return nil
}

// wrongWith are the problems that the service has with a change, each with where it is.
func wrongWith(ctx context.Context, client sealwatchv1.PolicyServiceClient, c *policyChange, author string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m := app.PolicyMessage(c.after)
	var err error
	if c.before == nil {
		_, err = client.CreatePolicy(ctx, &sealwatchv1.CreatePolicyRequest{Policy: m, PolicyId: c.id, Author: author, ValidateOnly: true})
	} else {
		m.Etag = c.etag
		_, err = client.UpdatePolicy(ctx, &sealwatchv1.UpdatePolicyRequest{Policy: m, Author: author, ValidateOnly: true})
	}
	if err == nil {
		return nil, nil
	}
	s := status.Convert(err)
	if s.Code() != codes.InvalidArgument {
		return nil, err
	}
	var problems []string
	for _, d := range s.Details() {
		bad, _ := d.(*errdetails.BadRequest)
		for _, v := range bad.GetFieldViolations() {
			problems = append(problems, strings.TrimPrefix(v.GetField(), "policy.")+": "+v.GetDescription())
		}
	}
	if len(problems) == 0 {
		problems = []string{s.Message()}
	}
	return problems, nil
}

// inItsFile puts the file and the lines to the problems of a policy that stands in a file, or in one of a folder.
func inItsFile(path, id string, problems []string) error {
	names := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			some, _ := filepath.Glob(filepath.Join(path, pattern)) // the pattern is right
			names = append(names, some...)
		}
		names = names[1:]
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if one, err := app.ParsePolicy(text); err == nil && one.ID == id {
			return app.LocatedPolicyError(name, text, problems)
		}
	}
	return fmt.Errorf("policy %s: %s", id, strings.Join(problems, "; "))
}
