package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/directory"
)

// fakeDirectory knows ten active people of entra, p0 to p9.
type fakeDirectory struct {
	sealwatchv1.UnimplementedDirectoryServiceServer
}

func (fakeDirectory) ImportDirectory(s grpc.ClientStreamingServer[sealwatchv1.ImportDirectoryRequest, sealwatchv1.ImportDirectoryResponse]) error {
	h := directory.History{}
	var d directory.Delivery
	for {
		request, err := s.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if o := request.GetOptions(); o != nil {
			d = directory.Delivery{Source: o.GetSource(), AsOf: o.GetAsOfTime().AsTime(), Full: o.GetFull(), DryRun: o.GetDryRun(), Confirm: o.GetConfirm()}
		}
		for _, u := range request.GetUsers() {
			d.Records = append(d.Records, directory.Record{State: directory.State{Source: d.Source, DirectoryID: u.GetDirectoryId(), Status: u.GetStatus(), DisplayName: u.GetDisplayName(), Removed: u.GetRemoved(), From: fromOf(u)}})
		}
	}
	for i := range 10 {
		if id := fmt.Sprint("p", i); d.Source == "entra" {
			h[id] = []directory.Mark{directory.MarkOf(&directory.State{Source: "entra", DirectoryID: id, Status: "active"})}
		}
	}
	_, _, o := directory.Plan(&d, h)
	var unmatched []*sealwatchv1.UnmatchedDirectoryUser
	for _, u := range o.Unmatched {
		m := &sealwatchv1.UnmatchedDirectoryUser{Index: int32(u.Index), DirectoryId: u.DirectoryID, ValidFrom: timestamppb.New(u.From)}
		for range u.States {
			m.States = append(m.States, timestamppb.New(directory.Earliest))
		}
		unmatched = append(unmatched, m)
	}
	return s.SendAndClose(&sealwatchv1.ImportDirectoryResponse{Unmatched: unmatched, UnmatchedCount: int32(len(unmatched)), Applied: !o.Held && !d.DryRun, Held: o.Held, ActiveBefore: int32(o.People), Added: int32(o.New), Changed: int32(o.Changed),
		Unchanged: int32(o.Unchanged), Left: int32(o.Left), States: int32(o.States)})
}

func fromOf(u *sealwatchv1.DirectoryUser) time.Time {
	if u.GetValidFrom() == nil || !u.GetRemoved() {
		return time.Time{}
	}
	return u.GetValidFrom().AsTime()
}

func (fakeDirectory) ConfirmDirectoryDelivery(_ context.Context, r *sealwatchv1.ConfirmDirectoryDeliveryRequest) (*sealwatchv1.ConfirmDirectoryDeliveryResponse, error) {
	if r.GetSource() != "entra" {
		return nil, status.Error(codes.NotFound, "nothing is held")
	}
	return &sealwatchv1.ConfirmDirectoryDeliveryResponse{ActiveBefore: 40, Left: r.GetLeft()}, nil
}

func (fakeDirectory) ListDirectoryUsers(_ context.Context, r *sealwatchv1.ListDirectoryUsersRequest) (*sealwatchv1.ListDirectoryUsersResponse, error) {
	if len(r.GetDocusignUserIds())+len(r.GetEmails()) > 0 {
		return &sealwatchv1.ListDirectoryUsersResponse{}, nil
	}
	if r.GetPageToken() == "" {
		return &sealwatchv1.ListDirectoryUsersResponse{NextPageToken: "next", Users: []*sealwatchv1.DirectoryUser{{Source: "entra", DirectoryId: "p0", Status: "active", Kind: "person", DisplayName: "Ann \x1b[31mRed", Emails: []string{"ann@example.com"}}}}, nil
	}
	return &sealwatchv1.ListDirectoryUsersResponse{Users: []*sealwatchv1.DirectoryUser{{Source: "entra", DirectoryId: "p1", Status: "deleted", Kind: "guest"},
		// one person in two sources, and two who share a name
		{DisplayName: "Ada Lovelace", Emails: []string{"ada@example.com"}}, {DisplayName: "Ada Lovelace", Emails: []string{"ADA@example.com"}, DocusignUserIds: []string{"u1"}},
		{DisplayName: "Sam Twin", Emails: []string{"s1@example.com"}, DocusignUserIds: []string{"sam-1"}}, {DisplayName: "Sam Twin", Emails: []string{"s2@example.com"}}}}, nil
}
