package chain

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/sealwatch/sealwatch/server/validate"
)

// validationStep holds every message that comes in to the rules of the API.
func validationStep(v *validate.Validator) Step {
	return Step{
		Name: StepValidation,
		Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if m, ok := req.(proto.Message); ok {
				if err := v.Message(m); err != nil {
					return nil, err
				}
			}
			return next(ctx, req)
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return next(srv, &validatingStream{ServerStream: ss, validator: v})
		},
	}
}

type validatingStream struct {
	grpc.ServerStream
	validator *validate.Validator
}

func (s *validatingStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if message, ok := m.(proto.Message); ok {
		return s.validator.Message(message)
	}
	return nil
}
