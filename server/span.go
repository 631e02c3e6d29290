package server

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/server/problem"
)

// span is a filter with two ends.
type span interface {
	GetStartTime() *timestamppb.Timestamp
	GetEndTime() *timestamppb.Timestamp
}

// checkSpan refuses times that are none, and an end before the start, which would select nothing without a word.
func checkSpan(f span) error {
	start, end := f.GetStartTime(), f.GetEndTime()
	for _, v := range []struct {
		field string
		time  *timestamppb.Timestamp
	}{{"filter.startTime", start}, {"filter.endTime", end}} {
		if v.time != nil && v.time.CheckValid() != nil {
			const expected = "expected a time from 0001-01-01 to 9999-12-31"
			return problem.Invalid(v.field+": "+expected, problem.Violation{Field: v.field, Description: expected})
		}
	}
	if start != nil && end != nil && end.AsTime().Before(start.AsTime()) {
		const expected = "lies before filter.startTime"
		return problem.Invalid("filter.endTime: "+expected, problem.Violation{Field: "filter.endTime", Description: expected})
	}
	return nil
}
