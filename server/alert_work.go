package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

func (s *alertService) UpdateAlert(ctx context.Context, req *pb.UpdateAlertRequest) (*pb.Alert, error) {
	id := strings.TrimPrefix(req.GetAlert().GetName(), translate.AlertPrefix)
	if id == "" {
		const expected = "expected alerts/{alert}"
		return nil, problem.Invalid("alert.name: "+expected, problem.Violation{Field: "alert.name", Description: expected})
	}
	w, err := alertWork(req.GetAlert(), req.GetUpdateMask(), req.GetComment())
	if err != nil {
		return nil, err
	}
	w.Etag = req.GetAlert().GetEtag()
	return s.work(ctx, id, caller(ctx, req.GetAuthor()), w)
}

func (s *alertService) AddAlertComment(ctx context.Context, req *pb.AddAlertCommentRequest) (*pb.Alert, error) {
	return s.work(ctx, strings.TrimPrefix(req.GetName(), translate.AlertPrefix), caller(ctx, req.GetAuthor()), alert.Work{Comment: req.GetText()})
}

func (s *alertService) work(ctx context.Context, id, author string, w alert.Work) (*pb.Alert, error) {
	a, err := s.desk.UpdateAlert(ctx, id, author, w)
	if err != nil {
		return nil, err
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "an alert was worked on", slog.String("alert", a.ID), slog.String("state", a.State()), slog.String("author", author))
	m := translate.Alert(&a, s.guide(&a))
	if err := s.withIncidents(ctx, m); err != nil { // what was done is durable
		s.logger.LogAttrs(ctx, slog.LevelWarn, "an alert was worked on, but its incident is not known", slog.String("alert", a.ID), slog.Any("error", err))
	}
	return m, nil
}

func (s *alertService) BulkUpdateAlerts(ctx context.Context, req *pb.BulkUpdateAlertsRequest) (*pb.BulkUpdateAlertsResponse, error) {
	for _, f := range []struct{ field, value string }{{"alert.name", req.GetAlert().GetName()}, {"alert.etag", req.GetAlert().GetEtag()}} {
		if f.value != "" {
			const expected = "expected none: the filter says which alerts"
			return nil, problem.Invalid(f.field+": "+expected, problem.Violation{Field: f.field, Description: expected})
		}
	}
	if token.Empty(req.GetFilter()) {
		const expected = "expected a filter that names something"
		return nil, problem.Invalid("filter: "+expected, problem.Violation{Field: "filter", Description: expected})
	}
	filter, err := s.filter(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	w, err := alertWork(req.GetAlert(), req.GetUpdateMask(), req.GetComment())
	if err != nil {
		return nil, err
	}
	q := alert.BulkWork{Filter: filter, Work: w, Author: caller(ctx, req.GetAuthor()), DryRun: req.GetValidateOnly()}
	if req.ExpectedCount != nil {
		n := int(req.GetExpectedCount())
		q.Expected = &n
	}
	r, err := s.desk.UpdateAlerts(ctx, q)
	if r.Updated > 0 {
		s.logger.LogAttrs(ctx, slog.LevelInfo, "alerts were worked on", slog.Int("matched", r.Matched), slog.Int("updated", r.Updated), slog.String("author", q.Author))
	}
	if err != nil {
		return nil, err
	}
	resp := &pb.BulkUpdateAlertsResponse{MatchedCount: translate.Count(r.Matched), UpdatedCount: translate.Count(r.Updated)}
	for _, k := range r.Skipped {
		resp.Skipped = append(resp.Skipped, &pb.SkippedAlerts{Reason: k.Why, Count: translate.Count(k.Count), Example: translate.AlertPrefix + k.Example})
		resp.SkippedCount += translate.Count(k.Count)
	}
	return resp, nil
}

func (s *alertService) ListAlertChanges(ctx context.Context, req *pb.ListAlertChangesRequest) (*pb.ListAlertChangesResponse, error) {
	query, err := token.NewQuery("alert changes", s.tenant, &pb.ListAlertChangesRequest{Name: req.GetName()})
	if err != nil {
		return nil, err
	}
	after, found, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	before := uint64(math.MaxInt64)
	if found {
		before = after.Head
	}
	size := pageSize(req.GetPageSize())
	list, err := s.desk.AlertHistory(ctx, strings.TrimPrefix(req.GetName(), translate.AlertPrefix), before, size+1)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListAlertChangesResponse{}
	for i := range list[:min(len(list), size)] {
		resp.Changes = append(resp.Changes, translate.HistoryEntry(&list[i]))
	}
	resp.Changes = resp.Changes[:fitting(resp.GetChanges())]
	if n := len(resp.GetChanges()); n < len(list) {
		resp.NextPageToken, err = query.Encode(token.Page{Head: list[n-1].Sequence})
	}
	return resp, err
}

// alertWork is what a request asks to be set. Without a mask it is what is given.
func alertWork(a *pb.Alert, mask *fieldmaskpb.FieldMask, comment string) (alert.Work, error) {
	state, classification, reason, assignee := translate.StateName(a.GetState()), translate.ClassificationName(a.GetClassification()), translate.ReasonName(a.GetReason()), a.GetAssignee()
	w := alert.Work{Comment: strings.TrimSpace(comment)}
	fields := []struct {
		path  string
		value *string
		to    **string
	}{{"state", &state, &w.State}, {"classification", &classification, &w.Classification}, {"reason", &reason, &w.Reason}, {"assignee", &assignee, &w.Assignee}}
	var named []string
	for _, f := range fields {
		named = append(named, f.path)
		if len(mask.GetPaths()) == 0 && *f.value != "" {
			*f.to = f.value
		}
	}
	expected := "expected some of " + strings.Join(named, ", ")
paths:
	for i, path := range mask.GetPaths() {
		for _, f := range fields {
			if f.path == path {
				*f.to = f.value
				continue paths
			}
		}
		if path == "name" || path == "etag" { // the gateway names what stands in the body
			continue
		}
		if path == "*" && len(mask.GetPaths()) == 1 {
			for _, f := range fields {
				*f.to = f.value
			}
			continue
		}
		field, found := fmt.Sprintf("updateMask.paths[%d]", i), fmt.Sprintf("found %q", path)
		first, _, _ := strings.Cut(path, ".")
		switch {
		case path == "*":
			found = "found * beside others"
		case a.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(first)) == nil:
			found += ", which no alert has"
		default:
			found += ", which is output only"
		}
		return w, problem.Invalid(fmt.Sprintf("%s: %s; %s, or * alone", field, found, expected), problem.Violation{Field: field, Description: expected + ", or * alone"})
	}
	if w.State == nil && w.Classification == nil && w.Reason == nil && w.Assignee == nil && w.Comment == "" {
		return w, problem.Invalid("updateMask: nothing is set; "+expected, problem.Violation{Field: "updateMask", Description: expected})
	}
	if w.State != nil {
		switch *w.State {
		case alert.StateNew, alert.StateInProgress, alert.StateResolved:
		default:
			const expected = "expected ALERT_STATE_NEW, ALERT_STATE_IN_PROGRESS or ALERT_STATE_RESOLVED; the others follow from the analysis"
			return w, problem.Invalid("alert.state: "+expected, problem.Violation{Field: "alert.state", Description: expected})
		}
	}
	assignee = strings.TrimSpace(assignee)
	return w, nil
}
