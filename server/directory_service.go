package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/server/token"
)

// People keeps the directory of users.
type People interface {
	// ImportPeople compares a delivery with what is stored and applies it, unless it is held or only to be looked at. It
	// returns when what it applied is durable and the analysis has been asked to look again.
	ImportPeople(ctx context.Context, d directory.Delivery) (directory.Outcome, error)
	// ConfirmDelivery lets the held delivery of a source that is read by itself be applied, and returns what it would change. It fails
	// with fault.NotFound when nothing is held, and with fault.InvalidArgument when another number leaves.
	ConfirmDelivery(ctx context.Context, source string, left int) (directory.Outcome, error)
	// ListPeople returns states by source, person and time.
	ListPeople(ctx context.Context, p directory.Page) ([]directory.State, error)
}

type directoryService struct {
	pb.UnimplementedDirectoryServiceServer
	people   People
	tenant   string
	now      func() time.Time
	delivery deliveries
}

func (s *directoryService) ImportDirectory(stream pb.DirectoryService_ImportDirectoryServer) error {
	done, err := s.delivery.begin()
	if err != nil {
		return err
	}
	defer done()
	d, err := s.delivery.read(stream, s.now)
	if err != nil {
		return err
	}
	o, err := s.people.ImportPeople(stream.Context(), d)
	if err != nil {
		return err
	}
	//nolint:gosec // all are bounded by what fits into memory
	response := &pb.ImportDirectoryResponse{Applied: o.Applied, Held: o.Held, ActiveBefore: int32(o.People), Added: int32(o.New),
		Changed: int32(o.Changed), Unchanged: int32(o.Unchanged), Left: int32(o.Left), States: int32(o.States), UnmatchedCount: int32(len(o.Unmatched))}
	for i := range o.Unmatched[:min(len(o.Unmatched), maxUnmatched)] {
		response.Unmatched = append(response.Unmatched, toUnmatched(&o.Unmatched[i]))
	}
	return stream.SendAndClose(response)
}

// maxUnmatched is how many of those who take back nothing an answer names.
const maxUnmatched = 100

func toUnmatched(u *directory.Unmatched) *pb.UnmatchedDirectoryUser {
	m := &pb.UnmatchedDirectoryUser{Index: int32(u.Index), DirectoryId: u.DirectoryID, ValidFrom: timestamppb.New(u.From)} //nolint:gosec // bounded by what fits into memory
	for _, at := range u.States {
		if at.IsZero() {
			at = directory.Earliest
		}
		m.States = append(m.States, timestamppb.New(at))
	}
	return m
}

func (s *directoryService) ConfirmDirectoryDelivery(ctx context.Context, req *pb.ConfirmDirectoryDeliveryRequest) (*pb.ConfirmDirectoryDeliveryResponse, error) {
	o, err := s.people.ConfirmDelivery(ctx, req.GetSource(), int(req.GetLeft()))
	if err != nil {
		return nil, err
	}
	//nolint:gosec // both are bounded by what fits into memory
	return &pb.ConfirmDirectoryDeliveryResponse{ActiveBefore: int32(o.People), Left: int32(o.Left)}, nil
}

func fromUser(u *pb.DirectoryUser, source string) directory.Record {
	r := directory.Record{
		State: directory.State{Source: source, DirectoryID: u.GetDirectoryId(), From: instant(u.GetValidFrom()), Status: u.GetStatus(), Kind: u.GetKind(), UserName: u.GetUserName(),
			DisplayName: u.GetDisplayName(), Emails: u.GetEmails(), DocuSignUserIDs: u.GetDocusignUserIds(), Groups: u.GetGroups(), Role: u.GetRole(), Removed: u.GetRemoved()},
		Hired: instant(u.GetHireTime()), Left: instant(u.GetLeaveTime()), Gone: u.GetGone(),
	}
	r.Normalise()
	return r
}

func toUser(s *directory.State) *pb.DirectoryUser {
	return &pb.DirectoryUser{Source: s.Source, DirectoryId: s.DirectoryID, ValidFrom: stamp(s.From), ValidTo: stamp(s.To), Status: s.Status, Kind: s.Kind, UserName: s.UserName,
		DisplayName: s.DisplayName, Emails: s.Emails, DocusignUserIds: s.DocuSignUserIDs, Groups: s.Groups, Role: s.Role}
}

func (s *directoryService) ListDirectoryUsers(ctx context.Context, req *pb.ListDirectoryUsersRequest) (*pb.ListDirectoryUsersResponse, error) {
	query, err := token.NewQuery("directory_users", s.tenant, &pb.ListDirectoryUsersRequest{Sources: req.GetSources(), Statuses: req.GetStatuses(), Emails: req.GetEmails(),
		DocusignUserIds: req.GetDocusignUserIds(), Time: req.GetTime()})
	if err != nil {
		return nil, err
	}
	after, given, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pageSize(req.GetPageSize())
	page := directory.Page{Sources: req.GetSources(), Statuses: req.GetStatuses(), Keys: append([]string{}, req.GetDocusignUserIds()...), At: instant(req.GetTime()), Limit: size + 1}
	for _, e := range req.GetEmails() {
		page.Keys = append(page.Keys, strings.ToLower(strings.TrimSpace(e)))
	}
	if given {
		var at [2]string
		if err := json.Unmarshal([]byte(after.ID), &at); err != nil {
			return nil, fmt.Errorf("page token: %w", err)
		}
		page.After = directory.State{Source: at[0], DirectoryID: at[1], From: after.Time}
	}
	list, err := s.people.ListPeople(ctx, page)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListDirectoryUsersResponse{}
	for i := range list[:min(len(list), size)] {
		resp.Users = append(resp.Users, toUser(&list[i]))
	}
	if len(list) > size {
		last := &list[size-1]
		id, err := json.Marshal([2]string{last.Source, last.DirectoryID})
		if err != nil {
			return nil, err
		}
		at := last.From
		if at.IsZero() {
			at = directory.Earliest
		}
		if resp.NextPageToken, err = query.Encode(token.Page{Time: at, ID: string(id)}); err != nil {
			return nil, err
		}
	}
	return resp, nil
}
