package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

// PolicyBook keeps activity policies.
type PolicyBook interface {
	// Policies are all, by id; Policy fails with fault.NotFound when there is none.
	Policies() []policy.Stored
	Policy(id string) (policy.Stored, error)
	// Create, Update and Delete return when the change is durable and in force. They fail with fault.InvalidArgument, AlreadyExists,
	// Conflict when the etag is another one, and ReadOnly for a policy of a file. An empty etag is any. Update stores what change
	// makes of the policy, which nobody else changes meanwhile.
	Create(ctx context.Context, p policy.Policy, author string) (policy.Stored, error)
	Update(ctx context.Context, id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error)
	Delete(ctx context.Context, id, etag, author string) error
	// TryCreate and TryUpdate do everything that Create and Update do but store.
	TryCreate(p policy.Policy, author string) (policy.Stored, error)
	TryUpdate(id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error)
	// Refusal is why a policy is not evaluated; empty when it is, or is off.
	Refusal(id string) string
	// Backtest calls as a Backtester does; of the request times and examples count. A policy with nothing but an id means the saved one.
	Backtest(ctx context.Context, p policy.Policy, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error
	// Days are how many findings each policy had on those of the last thirty days on which there were some, by id.
	Days(ctx context.Context) (map[string][]policy.Day, error)
	// Doubts are the values of a policy that nothing has, as far as it is known.
	Doubts(ctx context.Context, p *policy.Policy) ([]policy.Doubt, error)
	Templates() []policy.Policy
	// Describe says in words what a policy looks for.
	Describe(p *policy.Policy) string
}

type policyService struct {
	pb.UnimplementedPolicyServiceServer
	book   PolicyBook
	status StatusReader
	tenant string
	logger *slog.Logger
	// draining ends when the server stops.
	draining context.Context
}

func (s *policyService) message(p *policy.Stored) *pb.Policy {
	return translate.Policy(p, s.book.Describe(&p.Policy))
}

// examined says what is wrong with a policy, field by field, and what may be. A disabled one may look for what nothing can have.
func (s *policyService) examined(ctx context.Context, p *policy.Policy) ([]policy.Doubt, error) {
	var lines []string
	if err := p.Validate(); err != nil {
		lines = strings.Split(err.Error(), "\n")
	}
	doubts, err := s.book.Doubts(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, d := range doubts {
		if d.Never && !p.Disabled {
			lines = append(lines, d.Where+": "+d.Text)
		}
	}
	if len(lines) == 0 {
		return doubts, nil
	}
	var violations []problem.Violation
	for _, line := range lines {
		field, what, _ := strings.Cut(line, ": ")
		switch field {
		case "id":
			field = "name"
		case "name":
			field = "title"
		}
		violations = append(violations, problem.Violation{Field: "policy." + field, Description: what})
	}
	return nil, problem.Invalid("policy: "+strings.Join(lines, "; "), violations...)
}

// answer is a policy that was stored, with what may be wrong with it.
func (s *policyService) answer(stored *policy.Stored, doubts []policy.Doubt) *pb.Policy {
	m := s.message(stored)
	m.Warnings = translate.PolicyWarnings(doubts)
	return m
}

func (s *policyService) CreatePolicy(ctx context.Context, req *pb.CreatePolicyRequest) (*pb.Policy, error) {
	p := translate.PolicyOf(req.GetPolicy())
	p.ID = req.GetPolicyId()
	doubts, err := s.examined(ctx, &p)
	if err != nil {
		return nil, err
	}
	if req.GetValidateOnly() {
		would, err := s.book.TryCreate(p, caller(ctx, req.GetAuthor()))
		if err != nil {
			return nil, err
		}
		return s.answer(&would, doubts), nil
	}
	stored, err := s.book.Create(ctx, p, caller(ctx, req.GetAuthor()))
	if err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "a policy was made", slog.String("policy", stored.ID), slog.String("author", stored.Author))
	return s.answer(&stored, doubts), nil
}

func (s *policyService) GetPolicy(ctx context.Context, req *pb.GetPolicyRequest) (*pb.Policy, error) {
	p, err := s.book.Policy(strings.TrimPrefix(req.GetName(), translate.PolicyPrefix))
	if err != nil {
		return nil, err
	}
	doubts, err := s.book.Doubts(ctx, &p.Policy)
	if err != nil {
		return nil, err
	}
	days, err := s.book.Days(ctx)
	if err != nil {
		return nil, err
	}
	m := s.answer(&p, doubts)
	m.Status = translate.PolicyStatus(days[p.ID])
	system, err := s.status.Status(ctx)
	if err != nil {
		// as with detections: the policy is known without it
		s.logger.LogAttrs(ctx, slog.LevelWarn, "status of a policy cannot be read", slog.String("policy", p.ID), slog.Any("error", err))
		m.Status.LastError = "the status cannot be read at the moment"
		return m, nil
	}
	now := system.Analysis.Detections[p.DetectionID()]
	m.Status.LastError, m.Status.PendingEvents = translate.Text(cmp.Or(s.book.Refusal(p.ID), now.LastError)), translate.Count(now.Pending)
	return m, nil
}

func (s *policyService) ListPolicies(ctx context.Context, req *pb.ListPoliciesRequest) (*pb.ListPoliciesResponse, error) {
	query, err := token.NewQuery("policies", s.tenant, nil)
	if err != nil {
		return nil, err
	}
	after, found, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	list := s.book.Policies()
	if found {
		i, same := slices.BinarySearchFunc(list, after.ID, func(p policy.Stored, id string) int { return strings.Compare(p.ID, id) })
		if same {
			i++
		}
		list = list[i:]
	}
	days, err := s.book.Days(ctx)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListPoliciesResponse{}
	for i := range list[:min(len(list), pageSize(req.GetPageSize()))] {
		m := s.message(&list[i])
		m.Status = translate.PolicyStatus(days[list[i].ID])
		resp.Policies = append(resp.Policies, m)
	}
	size := fitting(resp.Policies)
	resp.Policies = resp.Policies[:size]
	if len(list) > size {
		resp.NextPageToken, err = query.Encode(token.Page{ID: list[size-1].ID})
	}
	return resp, err
}

func (s *policyService) UpdatePolicy(ctx context.Context, req *pb.UpdatePolicyRequest) (*pb.Policy, error) {
	id := strings.TrimPrefix(req.GetPolicy().GetName(), translate.PolicyPrefix)
	var doubts []policy.Doubt
	change := func(old policy.Stored) (policy.Policy, error) {
		next := req.GetPolicy()
		if paths := req.GetUpdateMask().GetPaths(); len(paths) > 0 && !slices.Equal(paths, []string{"*"}) {
			next = s.message(&old)
			for _, path := range paths {
				if err := take(next.ProtoReflect(), req.GetPolicy().ProtoReflect(), strings.Split(path, ".")); err != nil {
					return policy.Policy{}, problem.Invalid("updateMask: "+err.Error(), problem.Violation{Field: "updateMask", Description: err.Error()})
				}
			}
		}
		p := translate.PolicyOf(next)
		p.ID = id
		var err error
		doubts, err = s.examined(ctx, &p)
		return p, err
	}
	author, etag := caller(ctx, req.GetAuthor()), req.GetPolicy().GetEtag()
	if req.GetValidateOnly() {
		would, err := s.book.TryUpdate(id, etag, author, change)
		if err != nil {
			return nil, err
		}
		return s.answer(&would, doubts), nil
	}
	stored, err := s.book.Update(ctx, id, etag, author, change)
	if err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "a policy was changed", slog.String("policy", stored.ID), slog.String("author", stored.Author))
	return s.answer(&stored, doubts), nil
}

// take copies the field at the path, or clears it where it is not set.
func take(to, from protoreflect.Message, path []string) error {
	field := to.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	if field == nil {
		field = to.Descriptor().Fields().ByJSONName(path[0])
	}
	switch {
	case field == nil:
		return fault.New(fault.InvalidArgument, "found %q, expected a field of %s", path[0], to.Descriptor().Name())
	case outputOnly(field):
		return fault.New(fault.InvalidArgument, "found %q, which the service sets; expected a field that can be changed", field.Name())
	case len(path) > 1 && (field.Message() == nil || field.IsList()):
		return fault.New(fault.InvalidArgument, "found %q in %s, which has no fields", path[1], field.Name())
	case len(path) > 1:
		return take(to.Mutable(field).Message(), from.Get(field).Message(), path[1:])
	case from.Has(field):
		to.Set(field, proto.CloneOf(from.Interface()).ProtoReflect().Get(field))
	default:
		to.Clear(field)
	}
	return nil
}

// outputOnly says that a field is no part of what a client decides.
func outputOnly(field protoreflect.FieldDescriptor) bool {
	behaviour, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviour, annotations.FieldBehavior_OUTPUT_ONLY)
}

func (s *policyService) DeletePolicy(ctx context.Context, req *pb.DeletePolicyRequest) (*emptypb.Empty, error) {
	id := strings.TrimPrefix(req.GetName(), translate.PolicyPrefix)
	author := caller(ctx, req.GetAuthor())
	if err := s.book.Delete(ctx, id, req.GetEtag(), author); err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "a policy was deleted", slog.String("policy", id), slog.String("author", author))
	return &emptypb.Empty{}, nil
}

// BacktestPolicy passes on what the backtest says as it says it. The evaluation ends with the call.
func (s *policyService) BacktestPolicy(req *pb.BacktestPolicyRequest, stream grpc.ServerStreamingServer[pb.BacktestResponse]) error {
	p := translate.PolicyOf(req.GetPolicy())
	if req.GetPolicy().GetCondition() != nil || req.GetPolicy().GetTitle() != "" {
		if _, err := s.examined(stream.Context(), &p); err != nil {
			return err
		}
	}
	ctx, cancel := endWith(stream.Context(), s.draining)
	defer cancel()
	err := s.book.Backtest(ctx, p, alert.BacktestRequest{From: translate.Time(req.GetStartTime()), To: translate.Time(req.GetEndTime()), Examples: int(req.GetExamples())},
		func(p alert.BacktestProgress) error {
			return stream.Send(&pb.BacktestResponse{Content: &pb.BacktestResponse_Progress{Progress: translate.BacktestProgress(&p)}})
		},
		func(r alert.BacktestResult) error {
			return stream.Send(&pb.BacktestResponse{Content: &pb.BacktestResponse_Result{Result: translate.BacktestResult(&r)}})
		})
	if err != nil && errors.Is(context.Cause(ctx), errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; nothing of the backtest was stored, run it again")
		f.RetryAfter = time.Second
		return f
	}
	return err
}

func (s *policyService) ListPolicyTemplates(context.Context, *pb.ListPolicyTemplatesRequest) (*pb.ListPolicyTemplatesResponse, error) {
	resp := &pb.ListPolicyTemplatesResponse{}
	for _, p := range s.book.Templates() {
		m := translate.PolicyMessage(&p)
		m.Summary = translate.Text(s.book.Describe(&p))
		resp.Templates = append(resp.Templates, m)
	}
	return resp, nil
}
