package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/server"
)

func openDelivery(t *testing.T, h *harness) pb.DirectoryService_ImportDirectoryClient {
	t.Helper()
	stream, err := pb.NewDirectoryServiceClient(h.conn).ImportDirectory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&pb.ImportDirectoryRequest{Options: &pb.DirectoryImport{Source: "entra"}, Users: []*pb.DirectoryUser{{DirectoryId: "1", Status: "active"}}}); err != nil {
		t.Fatal(err)
	}
	return stream
}

// TestDeliveryOfManyBytes: the bytes are bounded, not only the people, and nothing of what is too much is stored.
func TestDeliveryOfManyBytes(t *testing.T) {
	h := start(t, func(_ *harness, o *server.Options) { o.MaxDeliveryBytes = 256 << 10 })
	groups := make([]string, 50)
	for i := range groups {
		groups[i] = fmt.Sprint(strings.Repeat("g", 60), i)
	}
	stream := openDelivery(t, h)
	sent := 0
	for ; sent < 1000; sent++ {
		if stream.Send(&pb.ImportDirectoryRequest{Users: []*pb.DirectoryUser{{DirectoryId: "x", Status: "active", Groups: groups}}}) != nil {
			break
		}
	}
	_, err := stream.CloseAndRecv()
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "262144 bytes") {
		t.Errorf("after %d: %v", sent, err)
	}
	line := `{"users":[{"directoryId":"x","status":"active","groups":["` + strings.Join(groups, `","`) + `"]}]}` + "\n"
	code, _, body := h.do(t, http.MethodPost, "/v1/directoryUsers:import", `{"options":{"source":"entra"}}`+"\n"+strings.Repeat(line, 120), nil)
	if code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "BODY_TOO_LARGE") || !strings.Contains(body, "262144 bytes") {
		t.Errorf("REST: %d %.300s", code, body)
	}
	list, err := pb.NewDirectoryServiceClient(h.conn).ListDirectoryUsers(t.Context(), &pb.ListDirectoryUsersRequest{})
	if err != nil || len(list.GetUsers()) != 0 {
		t.Errorf("stored %v, %v", list.GetUsers(), err)
	}
	// the place is free again
	if _, err := openDelivery(t, h).CloseAndRecv(); err != nil {
		t.Error(err)
	}
}

// slowPeople say when a delivery is with them, and wait.
type slowPeople struct {
	people
	entered, release chan struct{}
}

func (p *slowPeople) ImportPeople(ctx context.Context, d directory.Delivery) (directory.Outcome, error) {
	p.entered <- struct{}{}
	<-p.release
	return p.people.ImportPeople(ctx, d)
}

// TestOneDeliveryAtATime: another one is told at once that it has to come again, and may then.
func TestOneDeliveryAtATime(t *testing.T) {
	slow := &slowPeople{entered: make(chan struct{}, 2), release: make(chan struct{})}
	h := start(t, func(_ *harness, o *server.Options) { o.Services.People = slow })
	one := openDelivery(t, h)
	if err := one.CloseSend(); err != nil {
		t.Fatal(err)
	}
	<-slow.entered
	if _, err := openDelivery(t, h).CloseAndRecv(); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "another delivery") {
		t.Errorf("the second: %v", err)
	}
	code, header, body := h.do(t, http.MethodPost, "/v1/directoryUsers:import", `{"options":{"source":"entra"}}`, nil)
	if code != http.StatusTooManyRequests || !strings.Contains(body, "QUEUE_FULL") || header.Get("Retry-After") == "" {
		t.Errorf("REST: %d %v %.300s", code, header, body)
	}
	close(slow.release)
	if _, err := one.CloseAndRecv(); err != nil {
		t.Fatalf("the first: %v", err)
	}
	if _, err := openDelivery(t, h).CloseAndRecv(); err != nil {
		t.Errorf("after it: %v", err)
	}
}

// TestADeliveryThatSendsNothing gives its place back.
func TestADeliveryThatSendsNothing(t *testing.T) {
	h := start(t, func(_ *harness, o *server.Options) { o.DeliveryPatience = 20 * time.Millisecond })
	stream := openDelivery(t, h)
	if err := stream.RecvMsg(&pb.ImportDirectoryResponse{}); status.Code(err) != codes.DeadlineExceeded || !strings.Contains(err.Error(), "sent nothing for") {
		t.Errorf("got %v", err)
	}
	if _, err := openDelivery(t, h).CloseAndRecv(); err != nil && status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("after it: %v", err)
	}
}
