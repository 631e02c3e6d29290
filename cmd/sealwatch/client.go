package main

import (
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/sealwatch/sealwatch/internal/build"
	"github.com/sealwatch/sealwatch/internal/config"
)

// addressFlag adds --addr to a client command.
func (p *process) addressFlag(c *cobra.Command) *string {
	address := config.Default().GRPCAddr
	for _, pair := range p.environ {
		if value, ok := strings.CutPrefix(pair, config.AddressVariable+"="); ok && value != "" {
			address = value
		}
	}
	a := c.Flags().String("addr", address, "address of the service's gRPC listener (HOST:PORT), also "+config.AddressVariable)
	c.Flags().Lookup("addr").DefValue = config.Default().GRPCAddr
	return a
}

// maxAnswerBytes bounds one message of the service.
const maxAnswerBytes = 64 << 20

// connect makes a connection, without waiting for it.
func connect(address string) (*grpc.ClientConn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usagef("--addr: found %q, expected HOST:PORT such as 127.0.0.1:7400", address)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, usagef("--addr: found %q, expected a loopback address such as 127.0.0.1: without TLS, which comes in a later release, "+
			"nothing may leave this machine", address)
	}
	return grpc.NewClient("dns:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUserAgent("sealwatch/"+build.Read().Version), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswerBytes)))
}

// notHTTP2 is what gRPC says of a server that answers in HTTP/1.
const notHTTP2 = "error reading server preface"

// grpcPort is the port of the gRPC listener by default.
func grpcPort() string {
	_, port, err := net.SplitHostPort(config.Default().GRPCAddr)
	if err != nil {
		return config.Default().GRPCAddr
	}
	return port
}

// reasonOf is the reason by which the service names an error for programs; empty for any other error.
func reasonOf(err error) string {
	var remote interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &remote) {
		return ""
	}
	for _, d := range remote.GRPCStatus().Details() {
		if i, ok := d.(*errdetails.ErrorInfo); ok {
			return i.GetReason()
		}
	}
	return ""
}

// message is an error as a person should read it: without the words of gRPC, with a hint where there is one.
func message(err error) string {
	var remote interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &remote) {
		return err.Error()
	}
	s := remote.GRPCStatus()
	said := s.Message()
	reason := reasonOf(err)
	switch {
	case s.Code() == codes.Unavailable && reason == "" && strings.Contains(said, notHTTP2):
		said = "what listens at --addr does not speak gRPC; this looks like the HTTP port. The gRPC port is " + grpcPort() + " unless grpcAddr says otherwise"
	case s.Code() == codes.Unavailable && reason == "":
		said = "the service cannot be reached (" + said + "); is `sealwatch serve` running, and is --addr right?"
	case reason != "":
		said += " [" + reason + "]"
	default:
		said += " [" + s.Code().String() + "]"
	}
	// Words that were wrapped around the status come first.
	if before, _, wrapped := strings.Cut(err.Error(), "rpc error:"); wrapped && before != "" {
		said = before + said
	}
	return strings.ReplaceAll(said, "\n", " ")
}
