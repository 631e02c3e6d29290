package server_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// TestTextsOfPeopleAreBounded: what people write is taken up to its limit, in characters, and refused beyond it.
func TestTextsOfPeopleAreBounded(t *testing.T) {
	client, name := pb.NewAlertServiceClient(start(t, nil).conn), "alerts/"+alertID(1)
	long := func(n int) string { return strings.Repeat("ü", n) }
	for _, c := range []struct {
		name string
		call func() error
		want codes.Code
	}{
		{"a remark as long as can be", func() error {
			_, err := client.AddAlertComment(t.Context(), &pb.AddAlertCommentRequest{Name: name, Text: long(4000), Author: long(200)})
			return err
		}, codes.OK},
		{"a longer one", func() error {
			_, err := client.AddAlertComment(t.Context(), &pb.AddAlertCommentRequest{Name: name, Text: long(4001), Author: "ann"})
			return err
		}, codes.InvalidArgument},
		{"a longer author", func() error {
			_, err := client.AddAlertComment(t.Context(), &pb.AddAlertCommentRequest{Name: name, Text: "x", Author: long(201)})
			return err
		}, codes.InvalidArgument},
		{"an assignee as long as can be", func() error {
			_, err := client.UpdateAlert(t.Context(), &pb.UpdateAlertRequest{Alert: &pb.Alert{Name: name, Assignee: long(200)}, Author: "ann"})
			return err
		}, codes.OK},
		{"a longer one to work on it", func() error {
			_, err := client.UpdateAlert(t.Context(), &pb.UpdateAlertRequest{Alert: &pb.Alert{Name: name, Assignee: long(201)}, Author: "ann"})
			return err
		}, codes.InvalidArgument},
		{"a longer remark with an update", func() error {
			_, err := client.UpdateAlert(t.Context(), &pb.UpdateAlertRequest{Alert: &pb.Alert{Name: name, Assignee: "x"}, Author: "ann", Comment: long(4001)})
			return err
		}, codes.InvalidArgument},
		{"an author who is a line break", func() error {
			_, err := client.AddAlertComment(t.Context(), &pb.AddAlertCommentRequest{Name: name, Text: "x", Author: "a\nb"})
			return err
		}, codes.InvalidArgument},
	} {
		if got := status.Code(c.call()); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
