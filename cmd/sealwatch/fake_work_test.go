package main

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// UpdateAlert sets what the mask names, in a copy.
func (f *fake) UpdateAlert(ctx context.Context, r *sealwatchv1.UpdateAlertRequest) (*sealwatchv1.Alert, error) {
	a, err := f.GetAlert(ctx, &sealwatchv1.GetAlertRequest{Name: r.GetAlert().GetName()})
	if err != nil {
		return nil, err
	}
	if r.GetAlert().GetEtag() == "old" {
		return nil, status.Error(codes.Aborted, "alert.etag: it has changed since it was read")
	}
	a = proto.CloneOf(a)
	paths := r.GetUpdateMask().GetPaths()
	if slices.Contains(paths, "state") {
		a.State = r.GetAlert().GetState()
	}
	if slices.Contains(paths, "classification") {
		a.Classification = r.GetAlert().GetClassification()
	}
	if slices.Contains(paths, "reason") {
		a.Reason = r.GetAlert().GetReason()
	}
	if slices.Contains(paths, "assignee") {
		a.Assignee = r.GetAlert().GetAssignee()
	}
	if r.GetComment() != "" {
		a.Title += " [" + r.GetAuthor() + ": " + r.GetComment() + "]"
	}
	return a, nil
}

// AddAlertComment shows the remark in the title.
func (f *fake) AddAlertComment(ctx context.Context, r *sealwatchv1.AddAlertCommentRequest) (*sealwatchv1.Alert, error) {
	return f.UpdateAlert(ctx, &sealwatchv1.UpdateAlertRequest{Alert: &sealwatchv1.Alert{Name: r.GetName()}, Author: r.GetAuthor(), Comment: r.GetText()})
}

// BulkUpdateAlerts finds 137 alerts of any filter but that of "few", which has three.
func (f *fake) BulkUpdateAlerts(_ context.Context, r *sealwatchv1.BulkUpdateAlertsRequest) (*sealwatchv1.BulkUpdateAlertsResponse, error) {
	if slices.Contains(r.GetFilter().GetDetections(), "few") {
		if !r.GetValidateOnly() && r.GetExpectedCount() != 3 {
			return nil, status.Error(codes.FailedPrecondition, "expectedCount: 3 was expected")
		}
		done := &sealwatchv1.BulkUpdateAlertsResponse{MatchedCount: 3}
		if !r.GetValidateOnly() {
			done.UpdatedCount = 3
		}
		return done, nil
	}
	switch {
	case r.GetValidateOnly() && slices.Contains(r.GetFilter().GetDetections(), "failed_logins"):
		return &sealwatchv1.BulkUpdateAlertsResponse{}, nil
	case r.GetValidateOnly():
		return &sealwatchv1.BulkUpdateAlertsResponse{MatchedCount: 137}, nil
	case r.GetExpectedCount() != 137:
		return nil, status.Errorf(codes.FailedPrecondition, "expectedCount: found %d, but the filter selects 137; nothing was changed", r.GetExpectedCount())
	}
	return &sealwatchv1.BulkUpdateAlertsResponse{MatchedCount: 137, UpdatedCount: int32(137 - len(r.GetFilter().GetCountries()))}, nil
}

// ListAlertChanges are two, in two pages.
func (f *fake) ListAlertChanges(_ context.Context, r *sealwatchv1.ListAlertChangesRequest) (*sealwatchv1.ListAlertChangesResponse, error) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	if r.GetPageToken() != "" {
		return &sealwatchv1.ListAlertChangesResponse{Changes: []*sealwatchv1.AlertHistoryEntry{{Sequence: 1, Change: sealwatchv1.AlertChange_ALERT_CHANGE_CREATED, Actor: "analysis", ChangeTime: timestamppb.New(at)}}}, nil
	}
	return &sealwatchv1.ListAlertChangesResponse{NextPageToken: "next", Changes: []*sealwatchv1.AlertHistoryEntry{{Sequence: 2, Change: sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED, Actor: "ann\x1b[31m", ChangeTime: timestamppb.New(at.Add(time.Hour)), Fields: []*sealwatchv1.AlertFieldChange{
		{Field: "state", Before: "new", After: "resolved"}, {Field: "assignee", After: "ann"}, {Field: "comments", After: "ann: see \u202eticket\nand \x1b]0;x\a"}, {Field: "evidence"}}}}}, nil
}
