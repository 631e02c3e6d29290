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
	return checkEnds("filter.startTime", "filter.endTime", f.GetStartTime(), f.GetEndTime())
}

func checkEnds(startField, endField string, start, end *timestamppb.Timestamp) error {
	for _, v := range []struct {
		field string
		time  *timestamppb.Timestamp
	}{{startField, start}, {endField, end}} {
		if v.time != nil && v.time.CheckValid() != nil {
			const expected = "expected a time from 0001-01-01 to 9999-12-31"
			return problem.Invalid(v.field+": "+expected, problem.Violation{Field: v.field, Description: expected})
		}
	}
	if start != nil && end != nil && end.AsTime().Before(start.AsTime()) {
		expected := "lies before " + startField
		return problem.Invalid(endField+": "+expected, problem.Violation{Field: endField, Description: expected})
	}
	return nil
}
