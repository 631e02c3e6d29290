package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// eventsThere is a connection to a service that has events, and a directory that knows Bo.
type eventsThere struct {
	grpc.ClientConnInterface
	stored map[string]*sealwatchv1.Event
	err    error
	asked  int
}

func (c *eventsThere) Invoke(_ context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	if strings.HasSuffix(method, "ListDirectoryUsers") {
		proto.Merge(reply.(proto.Message), &sealwatchv1.ListDirectoryUsersResponse{Users: []*sealwatchv1.DirectoryUser{{DisplayName: "Bo Berg", DocusignUserIds: []string{"bo"}}}})
		return nil
	}
	found := &sealwatchv1.ListEventsResponse{}
	ids := args.(*sealwatchv1.ListEventsRequest).GetFilter().GetEventIds()
	c.asked = len(ids)
	for i := range ids { // the newest first
		if v := c.stored[ids[len(ids)-1-i]]; v != nil {
			found.Events = append(found.Events, v)
		}
	}
	proto.Merge(reply.(proto.Message), found)
	return c.err
}

func TestEventsOfAnAlertAreTold(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	c := &eventsThere{stored: map[string]*sealwatchv1.Event{}}
	a := &sealwatchv1.Alert{Name: "alerts/1", Subject: &sealwatchv1.Principal{Type: "user", Id: "ann"}, StartTime: timestamppb.New(at), EndTime: timestamppb.New(at.Add(time.Hour)), EventCount: 250}
	for i := range 60 {
		id := fmt.Sprintf("e%02d", i)
		a.EventIds = append(a.EventIds, id)
		c.stored[id] = &sealwatchv1.Event{EventId: id, EventTime: timestamppb.New(at.Add(time.Duration(i) * time.Minute)), Activity: "failed_logon", User: &sealwatchv1.Principal{Id: "ann"}, Network: &sealwatchv1.Network{IpAddress: "192.0.2.1"}}
	}
	data, err := structpb.NewStruct(map[string]any{"DocumentName": "Contract\x1b.pdf"})
	if err != nil {
		t.Fatal(err)
	}
	c.stored["e01"] = &sealwatchv1.Event{EventId: "e01", EventTime: timestamppb.New(at.Add(time.Minute)), Activity: "user_management", Administrative: true, Object: "User", Action: "Closed", Result: "Success", User: &sealwatchv1.Principal{Id: "bo"}, AffectedUserId: "ann",
		Network: &sealwatchv1.Network{IpAddress: "198.51.100.7", AsOrganization: "Example Net"}, Place: &sealwatchv1.Place{City: "new york", CountryName: "United States"}, Device: &sealwatchv1.Device{Browser: "Chrome 126", Os: "Windows 10"}, EnvelopeId: "v1", Data: data}
	delete(c.stored, "e02")
	lines, err := eventLines(t.Context(), c, a)
	if err != nil {
		t.Fatal(err)
	}
	if c.asked != 19 || len(lines) != 21 {
		t.Fatalf("asked for %d events, %d lines:\n%s", c.asked, len(lines), strings.Join(lines, "\n"))
	}
	for i, want := range map[int]string{
		0:  "2026-05-01T12:00:00Z  failed log-on  192.0.2.1",
		1:  "2026-05-01T12:01:00Z  User Closed (Success)  by Bo Berg  198.51.100.7, New York, United States, Example Net  Chrome 126 on Windows 10  document Contract\x1b.pdf, envelope v1, user ann",
		14: "... 41 more of the 60 that are listed ...",
		18: "2026-05-01T12:59:00Z  failed log-on  192.0.2.1",
		19: "1 event is not stored any more: expired, or set aside since",
		20: "250 events in all; the query under all has the others",
	} {
		if lines[i] != want {
			t.Errorf("line %d:\n got %q\nwant %q", i, lines[i], want)
		}
	}
	if text := alertWhole(a, lines...); strings.Contains(text, "\x1b") || !strings.Contains(text, `Contract\x1b.pdf`) {
		t.Errorf("what a terminal would act on reaches it:\n%s", text)
	}
	c.err = status.Error(codes.Unavailable, "busy")
	if _, err := eventLines(t.Context(), c, a); err == nil {
		t.Error("a service that does not answer is no error")
	}
	if lines, err := eventLines(t.Context(), c, &sealwatchv1.Alert{}); err != nil || lines != nil {
		t.Errorf("an alert without events: %v, %v", lines, err)
	}
}
