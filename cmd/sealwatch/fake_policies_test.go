package main

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/internal/app"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// fakePolicies has a policy that was over its limit, and warns of every group.
type fakePolicies struct {
	sealwatchv1.UnimplementedPolicyServiceServer
	there map[string]*sealwatchv1.Policy
}

func newFakePolicies() *fakePolicies {
	m := app.PolicyMessage(&policy.Policy{ID: "wide", Name: "Wide", Severity: "low", Key: policy.KeyUser, MaxAlertsPerDay: 1, Condition: policy.Condition{Type: policy.Repeated, Count: 2, Within: policy.Duration(31 * 24 * 3600e9)}})
	m.Summary = "2 events or more of one user"
	m.ApplyTime = timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	m.Etag, m.Status = "e1", &sealwatchv1.PolicyStatus{Days: fakeDays(), Limited: true}
	m.Warnings = []*sealwatchv1.PolicyWarning{{Field: "filter.values[0]", Description: "nobody in the directory is in the group auditrs yet; did you mean auditors?"}}
	return &fakePolicies{there: map[string]*sealwatchv1.Policy{"policies/wide": m}}
}

func fakeDays() []*sealwatchv1.PolicyDay {
	return []*sealwatchv1.PolicyDay{{Date: "2026-03-01", Alerts: 1, OverLimit: 3}, {Date: "2026-03-02", Alerts: 1, OverLimit: 20, Suppressed: 1}}
}

func (f *fakePolicies) ListPolicies(context.Context, *sealwatchv1.ListPoliciesRequest) (*sealwatchv1.ListPoliciesResponse, error) {
	out := &sealwatchv1.ListPoliciesResponse{}
	for _, m := range f.there {
		out.Policies = append(out.Policies, m)
	}
	return out, nil
}

func (f *fakePolicies) GetPolicy(_ context.Context, r *sealwatchv1.GetPolicyRequest) (*sealwatchv1.Policy, error) {
	if m := f.there[r.GetName()]; m != nil {
		return m, nil
	}
	return nil, status.Errorf(codes.NotFound, "there is no policy %q", r.GetName())
}

func (f *fakePolicies) UpdatePolicy(_ context.Context, r *sealwatchv1.UpdatePolicyRequest) (*sealwatchv1.Policy, error) {
	if err := noSuchActivity(r.GetPolicy()); err != nil {
		return nil, err
	}
	return r.GetPolicy(), nil
}

func (f *fakePolicies) CreatePolicy(_ context.Context, r *sealwatchv1.CreatePolicyRequest) (*sealwatchv1.Policy, error) {
	if err := noSuchActivity(r.GetPolicy()); err != nil {
		return nil, err
	}
	if r.GetValidateOnly() {
		return r.GetPolicy(), nil
	}
	return &sealwatchv1.Policy{Name: r.GetPolicy().GetName(), Warnings: f.there["policies/wide"].GetWarnings()}, nil
}

// BacktestPolicy finds one alert.
func (f *fakePolicies) BacktestPolicy(r *sealwatchv1.BacktestPolicyRequest, stream grpc.ServerStreamingServer[sealwatchv1.BacktestResponse]) error {
	if err := noSuchActivity(r.GetPolicy()); err != nil {
		return err
	}
	return stream.Send(&sealwatchv1.BacktestResponse{Content: &sealwatchv1.BacktestResponse_Result{Result: &sealwatchv1.BacktestResult{Detection: "policy_" + policyID(r.GetPolicy().GetName()), Alerts: &sealwatchv1.BacktestCount{Proposed: 1}}}})
}

// noSuchActivity refuses one.
func noSuchActivity(m *sealwatchv1.Policy) error {
	one := app.PolicyOf(m)
	if one.Filter != nil && one.Filter.Field == "activity" && one.Filter.Values[0] == "downlod" {
		s, err := status.New(codes.InvalidArgument, "policy: filter.values[0]: there is no activity downlod").WithDetails(&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "policy.filter.values[0]", Description: "there is no activity downlod; did you mean download?"}}})
		if err != nil {
			return err
		}
		return s.Err()
	}
	return nil
}

// DeletePolicy wants the version that was shown.
func (f *fakePolicies) DeletePolicy(_ context.Context, r *sealwatchv1.DeletePolicyRequest) (*emptypb.Empty, error) {
	if r.GetEtag() != "e1" {
		return nil, status.Error(codes.Aborted, "changed")
	}
	return &emptypb.Empty{}, nil
}
