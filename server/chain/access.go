package chain

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// caller is who calls. For now there is one kind: somebody on this machine.
type caller struct{ local bool }

type callerKey struct{}

// errStranger answers whoever is not on this machine. The listeners are bound to loopback, so this is a second wall.
var errStranger = status.Error(codes.PermissionDenied, "only callers on this machine are allowed")

// authenticationStep finds out who calls: a peer on loopback or inside this process. For HTTP it also asks that the
// request was meant for this server: a web page that a user of this machine visits can make their browser send
// requests here, from its own origin or by a name of its own that resolves to loopback.
func authenticationStep(hosts []string) Step {
	identify := func(ctx context.Context) (context.Context, error) {
		p, ok := peer.FromContext(ctx)
		if !ok || !localAddr(p.Addr) {
			return nil, errStranger
		}
		return context.WithValue(ctx, callerKey{}, caller{local: true}), nil
	}
	crossOrigin := http.NewCrossOriginProtection()
	return Step{
		Name: StepAuthentication,
		Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			ctx, err := identify(ctx)
			if err != nil {
				return nil, err
			}
			return next(ctx, req)
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			ctx, err := identify(ss.Context())
			if err != nil {
				return err
			}
			return next(srv, &serverStream{ServerStream: ss, ctx: ctx})
		},
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !localRemote(r.RemoteAddr) {
					WriteError(w, r, errStranger)
					return
				}
				if !allowedHost(r.Host, hosts) {
					WriteError(w, r, status.Error(codes.PermissionDenied,
						"the Host header names another server; expected localhost, a loopback address or the address that is listened on"))
					return
				}
				if crossOrigin.Check(asUnsafe(r)) != nil {
					WriteError(w, r, status.Error(codes.PermissionDenied, "requests from another origin are refused"))
					return
				}
				ctx := context.WithValue(r.Context(), callerKey{}, caller{local: true})
				next.ServeHTTP(w, r.WithContext(ctx))
			})
		},
	}
}

// streamSuffix ends the paths of what does not end by itself.
const streamSuffix = ":stream"

// asUnsafe is the request as CrossOriginProtection judges those that change something. It lets every GET pass, because a browser
// shows the answer to no other origin; but a stream takes a place and the time of the server for as long as it is open. A link
// to something else may be followed from anywhere: the browser then says that it navigates to a document.
func asUnsafe(r *http.Request) *http.Request {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return r
	}
	if r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && !strings.HasSuffix(r.URL.Path, streamSuffix) {
		return r
	}
	unsafe := *r
	unsafe.Method = http.MethodPost
	return &unsafe
}

// authorizationStep decides whether that caller may do this: whoever is on this machine may do everything.
func authorizationStep() Step {
	allow := func(ctx context.Context) error {
		if c, ok := ctx.Value(callerKey{}).(caller); !ok || !c.local {
			return errStranger
		}
		return nil
	}
	return Step{
		Name: StepAuthorization,
		Unary: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := allow(ctx); err != nil {
				return nil, err
			}
			return next(ctx, req)
		},
		Stream: func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := allow(ss.Context()); err != nil {
				return err
			}
			return next(srv, ss)
		},
		HTTP: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := allow(r.Context()); err != nil {
					WriteError(w, r, err)
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	}
}

// inProcess is the network name of a bufconn address.
const inProcess = "bufconn"

func localAddr(a net.Addr) bool {
	if a == nil {
		return false
	}
	return a.Network() == inProcess || localRemote(a.String())
}

func localRemote(hostPort string) bool {
	a, err := netip.ParseAddrPort(hostPort)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

func allowedHost(header string, hosts []string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "localhost" || slices.Contains(hosts, host) {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
