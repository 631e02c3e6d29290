// Package translate converts between the API's messages and the domain types.
package translate

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxDepth of an object that is passed on as it is. Protobuf readers of other languages stop at a hundred nested
// messages, and one level of JSON is up to three of them.
const maxDepth = 30

// UnreadableKey holds the text of an open part that is no JSON object.
const UnreadableKey = "_unreadable"

// Object makes a Struct of a JSON object; empty text is an empty one. Nothing is lost: text that is no JSON object
// stands under UnreadableKey, an integer that a double cannot hold and what is nested too deeply become strings.
func Object(text string) *structpb.Struct {
	if strings.TrimSpace(text) == "" {
		return &structpb.Struct{}
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var object map[string]any
	err := dec.Decode(&object)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil || object == nil {
		return &structpb.Struct{Fields: map[string]*structpb.Value{UnreadableKey: structpb.NewStringValue(Text(text))}}
	}
	return value(object, 1).GetStructValue()
}

func value(v any, depth int) *structpb.Value {
	switch v := v.(type) {
	case bool:
		return structpb.NewBoolValue(v)
	case string:
		return structpb.NewStringValue(Text(v))
	case json.Number:
		return number(v)
	case []any:
		if depth > maxDepth {
			return asText(v)
		}
		list := &structpb.ListValue{Values: make([]*structpb.Value, len(v))}
		for i, e := range v {
			list.Values[i] = value(e, depth+1)
		}
		return structpb.NewListValue(list)
	case map[string]any:
		if depth > maxDepth {
			return asText(v)
		}
		s := &structpb.Struct{Fields: make(map[string]*structpb.Value, len(v))}
		for k, e := range v {
			s.Fields[Text(k)] = value(e, depth+1)
		}
		return structpb.NewStructValue(s)
	}
	return structpb.NewNullValue()
}

func number(n json.Number) *structpb.Value {
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return structpb.NewStringValue(n.String())
	}
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil && (i > 1<<53 || i < -1<<53) {
		return structpb.NewStringValue(n.String())
	}
	return structpb.NewNumberValue(f)
}

func asText(v any) *structpb.Value {
	b, err := json.Marshal(v)
	if err != nil {
		return structpb.NewNullValue()
	}
	return structpb.NewStringValue(string(b))
}

// Text makes a string that protobuf takes: it must be UTF-8, and a record may hold anything.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Timestamp is nil for the zero time.
func Timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// Time is zero for nil.
func Time(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// Count is n as an int32, at most the largest there is: the fields are int32 so that JSON shows a number.
func Count[N int | uint64](n N) int32 {
	if n < 0 {
		return 0
	}
	return int32(min(uint64(n), math.MaxInt32))
}

func int64Of(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func int32Of(n uint64) int32 { return int32(min(n, math.MaxInt32)) }

func texts(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = Text(s)
	}
	return out
}
