package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
)

// filter checks what validation cannot, and makes the domain's filter.
func (s *alertService) filter(ctx context.Context, f *pb.AlertFilter) (alert.Filter, error) {
	out, _, err := s.filterAt(ctx, f, 0)
	return out, err
}

// filterAt is filter with the incidents as they were when head was the last change, and that change; 0 is now, or that no incident is named.
func (s *alertService) filterAt(ctx context.Context, f *pb.AlertFilter, head uint64) (alert.Filter, uint64, error) {
	if err := checkSpan(f); err != nil {
		return alert.Filter{}, 0, err
	}
	for _, v := range []struct {
		field string
		span  *pb.TimeSpan
	}{{"firstEvent", f.GetFirstEvent()}, {"lastEvent", f.GetLastEvent()}, {"created", f.GetCreated()}, {"updated", f.GetUpdated()}} {
		if err := checkTimes("filter."+v.field, v.span.GetStartTime(), v.span.GetEndTime()); err != nil {
			return alert.Filter{}, 0, err
		}
	}
	for i, text := range f.GetIpAddresses() {
		if _, err := alert.Prefix(text); err != nil {
			field := fmt.Sprintf("filter.ipAddresses[%d]", i)
			const expected = "expected an address such as 198.51.100.7, or a network such as 198.51.100.0/24"
			return alert.Filter{}, 0, problem.Invalid(fmt.Sprintf("%s: found %q, %s", field, text, expected), problem.Violation{Field: field, Description: expected})
		}
	}
	if err := s.checkDetections(ctx, f.GetDetections()); err != nil {
		return alert.Filter{}, 0, err
	}
	out := translate.AlertFilter(f)
	at, err := s.ofIncidents(ctx, &out, f.GetIncidents(), head)
	return out, at, err
}

// alertOrder reads order_by.
func alertOrder(text string) (alert.Order, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return alert.Order{}, nil
	}
	direction := strings.ToLower(strings.Join(words[1:], " "))
	if !slices.Contains(alert.Orders, words[0]) || !slices.Contains([]string{"", "asc", "desc"}, direction) {
		expected := "expected one of " + strings.Join(alert.Orders, ", ") + ", and then asc or desc"
		return alert.Order{}, problem.Invalid(fmt.Sprintf("orderBy: found %q, %s", text, expected), problem.Violation{Field: "orderBy", Description: expected})
	}
	return alert.Order{By: words[0], Ascending: direction == "asc"}, nil
}

// checkTimes is checkSpan for a span under another name.
func checkTimes(field string, start, end *timestamppb.Timestamp) error {
	return checkEnds(field+".startTime", field+".endTime", start, end)
}
