// Package validate holds requests to the rules that the API's messages declare.
package validate

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/server/problem"
)

// maxViolations that one answer names.
const maxViolations = 100

// Validator checks messages. It is safe for use by several goroutines.
type Validator struct{ rules protovalidate.Validator }

// New compiles the rules of the messages that come often, so that the first call is no slower than the next.
func New() (*Validator, error) {
	rules, err := protovalidate.New(protovalidate.WithMessages(
		&pb.IngestEventsRequest{}, &pb.BatchIngestEventsRequest{}, &pb.IngestRecord{}))
	if err != nil {
		return nil, fmt.Errorf("compile the validation rules of the API: %w", err)
	}
	return &Validator{rules: rules}, nil
}

// Message checks a request, but not the records in it: a bad record is rejected by itself and spoils no batch. The
// error is for the client and names every field at fault, and the batch when the message has an id.
func (v *Validator) Message(m proto.Message) error {
	err := v.rules.Validate(m, protovalidate.WithFilter(protovalidate.FilterFunc(notInRecord)))
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var violations []problem.Violation
	others := len(invalid.Violations) - 1
	for _, i := range invalid.Violations[:min(len(invalid.Violations), maxViolations)] {
		next, last := problem.Violation{Field: fieldPath(i, 0), Description: inWords(i)}, len(violations)-1
		// Of two rules of a field, such as that on its length and that on its form, the one that has words says all.
		if last >= 0 && violations[last].Field == next.Field && strings.HasPrefix(next.Description, "expected ") {
			violations[last] = next
			others--
			continue
		}
		violations = append(violations, next)
	}
	message := fmt.Sprintf("%s: %s", violations[0].Field, violations[0].Description)
	if others > 0 {
		message = fmt.Sprintf("%s, and %d more", message, others)
	}
	if batch, ok := m.(interface{ GetBatchId() string }); ok {
		message = fmt.Sprintf("batch %q: %s", batch.GetBatchId(), message)
	}
	return problem.Invalid(message, violations...)
}

// Record checks one record; nil means that it is as it has to be. The index is left to the caller.
func (v *Validator) Record(r *pb.IngestRecord) *event.Rejection {
	err := v.rules.Validate(r, protovalidate.WithFailFast())
	if err == nil {
		return nil
	}
	rejection := &event.Rejection{EventID: r.GetMonitor().GetEventId()}
	if len(rejection.EventID) > event.MaxIDLength {
		rejection.EventID = ""
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		rejection.Problem = "the record cannot be checked"
		return rejection
	}
	first := invalid.Violations[0]
	// The first element is monitor or monitor_json, which is no field by DocuSign's name.
	rejection.Field, rejection.Problem = fieldPath(first, 1), inWords(first)
	if r.GetRecord() == nil {
		rejection.Field, rejection.Problem = "", "the record is empty; expected monitor or monitorJson"
	}
	return rejection
}

var recordName = (&pb.IngestRecord{}).ProtoReflect().Descriptor().FullName()

func notInRecord(_ protoreflect.Message, d protoreflect.Descriptor) bool {
	_, isMessage := d.(protoreflect.MessageDescriptor)
	return isMessage || d.Parent().FullName() != recordName
}

// fieldPath is the path in JSON names from the skip-th element on, for example filter.ipAddresses[0].
func fieldPath(v *protovalidate.Violation, skip int) string {
	var b strings.Builder
	for i, e := range v.Proto.GetField().GetElements() {
		if i < skip {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(jsonName(e.GetFieldName()))
		if e.HasIndex() {
			fmt.Fprintf(&b, "[%d]", e.GetIndex())
		}
	}
	return b.String()
}

// jsonName is the JSON name that protobuf derives from a field's name.
func jsonName(field string) string {
	var b strings.Builder
	for i, part := range strings.Split(field, "_") {
		if i > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}
