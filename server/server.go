// Package server is the door of Sealwatch: the gRPC and HTTP listeners, what every call goes through, and the handlers,
// which translate between the API's messages and the domain types and hold no SQL.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/countries"
	"github.com/sealwatch/sealwatch/server/chain"
	"github.com/sealwatch/sealwatch/server/fanout"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/validate"
)

const (
	inProcessBuffer = 1 << 20
	maxInsideBytes  = 64 << 20
	maxHeaderBytes  = 64 << 10
	// parameters of a statement travel in the address
	maxParameterBytes   = 1 << 20
	headerTimeout       = 10 * time.Second
	keepAliveTimeout    = 2 * time.Minute
	connectionTimeout   = 10 * time.Second
	minClientPing       = 10 * time.Second
	serverPing          = time.Minute
	serverPingTolerance = 20 * time.Second
)

// Server serves the API on two listeners.
type Server struct {
	options Options
	chain   *chain.Chain
	grpc    *grpc.Server
	http    *http.Server
	health  *health.Server
	// inside is the way from the REST gateway to the gRPC server, so that the chain applies to both.
	inside *bufconn.Listener
	// hunts is nil where there are none.
	hunts *huntREST
	// clickhouse is nil where it is not asked for.
	clickhouse *http.Server
	connection *grpc.ClientConn

	// draining ends when Stop begins.
	draining context.Context //nolint:containedctx // it is the life of the server
	drain    context.CancelFunc
	failures chan error
	// ended closes when the gRPC server has.
	ended   chan struct{}
	running sync.WaitGroup
	stop    sync.Once

	mu                 sync.Mutex
	grpcAddr, httpAddr net.Addr
	clickhouseAddr     net.Addr
}

// Addresses are where the server listens; empty before Start, and where it does not listen.
type Addresses struct{ GRPC, HTTP, ClickHouse string }

// New makes a server that does not listen yet. It refuses an address that is not on loopback.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	grpcAddr, err := loopback(context.Background(), "grpcAddr", o.GRPCAddr)
	if err != nil {
		return nil, err
	}
	httpAddr, err := loopback(context.Background(), "httpAddr", o.HTTPAddr)
	if err != nil {
		return nil, err
	}
	hosts := browserHosts(o.HTTPAddr)
	if o.ClickHouseAddr != "" {
		addr, err := loopback(context.Background(), "hunting.addr", o.ClickHouseAddr)
		if err != nil {
			return nil, err
		}
		hosts, o.ClickHouseAddr = append(hosts, browserHosts(o.ClickHouseAddr)...), addr
	}
	o.GRPCAddr, o.HTTPAddr = grpcAddr, httpAddr
	validator, err := validate.New()
	if err != nil {
		return nil, err
	}
	names, err := countries.New()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, failures: make(chan error, 4), ended: make(chan struct{}), inside: bufconn.Listen(inProcessBuffer), health: health.NewServer()}
	s.draining, s.drain = context.WithCancel(context.Background())
	if s.chain, err = chain.New(chain.Options{
		Logger: o.Logger, Registerer: o.Registerer, Validator: validator, CallTimeout: o.CallTimeout,
		MaxCalls: o.MaxCalls, MaxStreams: o.MaxStreams, HTTPHosts: hosts,
	}); err != nil {
		return nil, err
	}
	s.grpc = newGRPC(&o, s.chain)
	alerts, err := s.register(validator, names)
	if err != nil {
		s.drain()
		return nil, err
	}
	if err := s.newHTTP(alerts, validator); err != nil {
		s.drain()
		if s.connection != nil {
			err = errors.Join(err, s.connection.Close())
		}
		return nil, err
	}
	return s, nil
}

func newGRPC(o *Options, c *chain.Chain) *grpc.Server {
	return grpc.NewServer(append(c.ServerOptions(),
		grpc.MaxRecvMsgSize(o.MaxMessageBytes),
		// What goes to many readers is encoded once.
		grpc.ForceServerCodecV2(fanout.Codec()),
		// Above what the chain allows, so that it refuses with a reason before the transport makes a call wait in silence.
		grpc.MaxConcurrentStreams(uint32(2*(o.MaxCalls+o.MaxStreams))), //nolint:gosec // both are small
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.ConnectionTimeout(connectionTimeout),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minClientPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: serverPing, Timeout: serverPingTolerance}),
	)...)
}

// register puts the services into the gRPC server.
func (s *Server) register(validator *validate.Validator, names *countries.Table) (*alertService, error) {
	o, v := &s.options, &s.options.Services
	pb.RegisterIngestServiceServer(s.grpc, &ingestService{
		ingester: v.Ingester, origin: o.Origin, validator: validator, draining: s.draining,
		storing: semaphore.NewWeighted(o.MaxPendingBytes), maxStoring: o.MaxPendingBytes,
	})
	pb.RegisterEventServiceServer(s.grpc, &eventService{events: v.Events, tenant: o.Origin.Tenant, now: o.Now})
	alerts := &alertService{
		alerts: v.Alerts, desk: v.Desk, incidents: v.Incidents, logger: o.Logger, changes: v.Changes, detections: v.Detections, tenant: o.Origin.Tenant, log: token.Log{Tenant: o.Origin.Tenant, ID: v.LogID}, watermark: v.Watermark, guide: v.Guide,
		stallTimeout: o.StreamStall, draining: s.draining,
	}
	var err error
	if alerts.hub, err = newHub(o, alerts); err != nil {
		return nil, err
	}
	pb.RegisterAlertServiceServer(s.grpc, alerts)
	pb.RegisterDetectionServiceServer(s.grpc, &detectionService{
		detections: v.Detections, backtester: v.Backtester, reevaluator: v.Reevaluator, status: v.Status, inputs: v.Inputs, tenant: o.Origin.Tenant, logger: o.Logger, draining: s.draining,
	})
	if v.Incidents != nil {
		pb.RegisterIncidentServiceServer(s.grpc, &incidentService{incidents: v.Incidents, tenant: o.Origin.Tenant})
	}
	if v.Timelines != nil {
		pb.RegisterTimelineServiceServer(s.grpc, &timelineService{timelines: v.Timelines, tenant: o.Origin.Tenant, now: o.Now, guide: v.Guide})
	}
	if v.Addresses != nil {
		pb.RegisterIpRangeServiceServer(s.grpc, &ipRangeService{book: v.Addresses, tenant: o.Origin.Tenant, countries: names})
	}
	if v.Feeds != nil {
		pb.RegisterFeedServiceServer(s.grpc, &feedService{feeds: v.Feeds, logger: o.Logger})
	}
	if v.Destinations != nil {
		pb.RegisterDestinationServiceServer(s.grpc, &destinationService{destinations: v.Destinations, tenant: o.Origin.Tenant, logger: o.Logger})
	}
	if v.People != nil {
		pb.RegisterDirectoryServiceServer(s.grpc, &directoryService{people: v.People, tenant: o.Origin.Tenant, now: o.Now,
			delivery: deliveries{slot: make(chan struct{}, 1), maxBytes: o.MaxDeliveryBytes, patience: o.DeliveryPatience}})
	}
	if v.Policies != nil {
		pb.RegisterPolicyServiceServer(s.grpc, &policyService{book: v.Policies, status: v.Status, tenant: o.Origin.Tenant, logger: o.Logger, draining: s.draining})
	}
	if v.Exceptions != nil {
		pb.RegisterExceptionServiceServer(s.grpc, &exceptionService{book: v.Exceptions, detections: v.Detections, tenant: o.Origin.Tenant, logger: o.Logger})
	}
	if v.Hunter != nil {
		s.hunts = &huntREST{huntService: &huntService{hunter: v.Hunter, tenant: o.Origin.Tenant, logger: o.Logger, draining: s.draining}, validator: validator, maxBytes: o.MaxMessageBytes}
		pb.RegisterHuntServiceServer(s.grpc, s.hunts.huntService)
	}
	pb.RegisterSystemServiceServer(s.grpc, &systemService{status: v.Status})
	s.setServing(false)
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	return alerts, nil
}

func (s *Server) newHTTP(alerts *alertService, validator *validate.Validator) error {
	var err error
	s.connection, err = grpc.NewClient("passthrough:///inside",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.inside.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxInsideBytes)),
	)
	if err != nil {
		return fmt.Errorf("connect the REST gateway: %w", err)
	}
	g, err := newGateway(s.draining, s.connection, s.options.MaxMessageBytes)
	if err != nil {
		return err
	}
	handler, err := s.routes(g, &alertStream{alertService: alerts, queries: g.queries, validator: validator})
	if err != nil {
		return err
	}
	s.http = s.listener(handler, maxHeaderBytes)
	if h := s.options.Services.ClickHouse; h != nil {
		s.clickhouse = s.listener(guard(s.chain.HTTP(clickhouseRoute, s.untilDrained(h))), maxParameterBytes)
	}
	return nil
}

// clickhouseRoute names the requests of ClickHouse's clients in log and metrics.
const clickhouseRoute = "clickhouse"

// untilDrained lets the requests of a handler end when the server does.
func (s *Server) untilDrained(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := endWith(r.Context(), s.draining)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (s *Server) listener(handler http.Handler, headerBytes int) *http.Server {
	return &http.Server{
		Handler: handler,
		// Bodies and answers have no time for all of it, because both may be streams; each piece has one.
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       keepAliveTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelWarn),
	}
}

// Start listens and returns; the serving goes on until Stop. ctx bounds the start only. What makes the serving end
// otherwise comes out of Failures.
func (s *Server) Start(ctx context.Context) error {
	grpcListener, err := listen(ctx, "grpcAddr", s.options.GRPCAddr)
	if err != nil {
		return err
	}
	httpListener, err := listen(ctx, "httpAddr", s.options.HTTPAddr)
	if err != nil {
		return errors.Join(err, grpcListener.Close())
	}
	var clickhouseListener net.Listener
	if s.clickhouse != nil {
		if clickhouseListener, err = listen(ctx, "hunting.addr", s.options.ClickHouseAddr); err != nil {
			return errors.Join(err, grpcListener.Close(), httpListener.Close())
		}
		s.serve("ClickHouse's HTTP interface", func() error { return s.clickhouse.Serve(clickhouseListener) })
	}
	s.mu.Lock()
	s.grpcAddr, s.httpAddr = grpcListener.Addr(), httpListener.Addr()
	if clickhouseListener != nil {
		s.clickhouseAddr = clickhouseListener.Addr()
	}
	s.mu.Unlock()
	s.serve("gRPC", func() error { return s.grpc.Serve(grpcListener) })
	s.serve("in-process gRPC", func() error { return s.grpc.Serve(s.inside) })
	s.serve("HTTP", func() error { return s.http.Serve(httpListener) })
	s.running.Go(s.watchReadiness)
	return nil
}

func listen(ctx context.Context, option, addr string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen on %s; expected a free port: %w", option, addr, err)
	}
	return l, nil
}

func (s *Server) serve(what string, serve func() error) {
	s.running.Go(func() {
		err := serve()
		if err == nil || errors.Is(err, grpc.ErrServerStopped) || errors.Is(err, http.ErrServerClosed) {
			return
		}
		s.failures <- fmt.Errorf("serve %s: %w", what, err)
	})
}

// Failures brings an error when a listener fails while the server runs.
func (s *Server) Failures() <-chan error { return s.failures }

// Addresses are where the server listens.
func (s *Server) Addresses() Addresses {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grpcAddr == nil {
		return Addresses{}
	}
	a := Addresses{GRPC: s.grpcAddr.String(), HTTP: s.httpAddr.String()}
	if s.clickhouseAddr != nil {
		a.ClickHouse = s.clickhouseAddr.String()
	}
	return a
}
