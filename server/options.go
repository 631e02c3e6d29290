package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Options of a server. What has a default says so; the rest is required.
type Options struct {
	// GRPCAddr and HTTPAddr are host:port; the host MUST be on loopback. Port 0 takes a free one.
	GRPCAddr, HTTPAddr string
	// ClickHouseAddr is where Services.ClickHouse answers, on loopback too; empty for nowhere.
	ClickHouseAddr string
	Services       Services
	// Origin is given to what comes over IngestService, ImportOrigin to what comes over POST /v1/monitor:import. Both
	// have the same tenant, which is the one that is read.
	Origin, ImportOrigin event.Origin

	// MaxMessageBytes bounds one message and one REST body; 16 MiB by default.
	MaxMessageBytes int
	// MaxImportBytes bounds the body of an import, as sent and unpacked; 4 GiB by default.
	MaxImportBytes int64
	// MaxConnectBytes bounds one delivery of DocuSign Connect; 4 MiB by default.
	MaxConnectBytes int64
	// MaxConnects bounds the deliveries that are stored at the same time, after their signature held; 32 by default.
	MaxConnects int
	// MaxConnectMemory bounds the bytes of all deliveries that are being read; 256 MiB by default.
	MaxConnectMemory int64
	// ConnectPatience is how long a delivery may send nothing; 5 s by default.
	ConnectPatience time.Duration
	// MaxPendingBytes bounds the batches on streams that are being stored, all together; 256 MiB by default.
	MaxPendingBytes int64
	// MaxDeliveryBytes bounds the people of one delivery of a directory, of which there is one at a time; 256 MiB by default.
	MaxDeliveryBytes int64
	// DeliveryPatience is how long a delivery may send nothing; a minute by default.
	DeliveryPatience time.Duration
	// MaxCalls and MaxStreams bound what is under way; 1,000 and 2,000 by default.
	MaxCalls, MaxStreams int
	// CallTimeout is the deadline of a unary call that brings none; 30 s by default.
	CallTimeout time.Duration
	// Heartbeat of an alert stream on which nothing happens; 15 s by default.
	Heartbeat time.Duration
	// StreamWindow is how many changes a reader of a live alert stream may be behind before it is told that it missed them;
	// 2,048 by default.
	StreamWindow int
	// StreamStall is how long an alert stream over gRPC waits for a reader that takes nothing; a minute by default.
	StreamStall time.Duration
	// MaxSubscribers and MaxSubscribersPerClient bound the alert streams, in all and to one machine; 1,800 and 1,200 by
	// default, fewer than MaxStreams, so that streams of events are taken whoever reads.
	MaxSubscribers, MaxSubscribersPerClient int
	// ReadyInterval is how often Ready is asked for the gRPC health service; 1 s by default.
	ReadyInterval time.Duration

	// Ready lists what is missing, in words; an empty list is ready. Nil means always ready.
	Ready func(ctx context.Context) []string
	// OpenAPI is the generated document; the server completes it.
	OpenAPI []byte
	// Version that the document shows.
	Version    string
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Gatherer of /metrics.
	Gatherer prometheus.Gatherer
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

const (
	defaultMaxMessageBytes = 16 << 20
	defaultMaxImportBytes  = 4 << 30
	defaultMaxConnectBytes = 4 << 20
	defaultMaxConnects     = 32
	defaultConnectMemory   = 256 << 20
	defaultConnectPatience = 5 * time.Second
	defaultMaxPendingBytes = 256 << 20
	defaultMaxDelivery     = 256 << 20
	defaultMaxCalls        = 1000
	defaultMaxStreams      = 2000
	defaultCallTimeout     = 30 * time.Second
	defaultHeartbeat       = 15 * time.Second
	defaultStreamStall     = time.Minute
	defaultReadyInterval   = time.Second
)

// streamsBeside are the streams for which there is room beside those of alerts: of events that come in, and of hunts.
const streamsBeside = 200

// StreamsBeside is the MaxStreams with which other streams have room beside so many of alerts.
func StreamsBeside(subscribers int) int { return max(defaultMaxStreams, subscribers+streamsBeside) }

func (o *Options) complete() error {
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, defaultMaxMessageBytes)
	o.MaxImportBytes = cmp.Or(o.MaxImportBytes, defaultMaxImportBytes)
	o.MaxConnectBytes = cmp.Or(o.MaxConnectBytes, defaultMaxConnectBytes)
	o.MaxConnects = cmp.Or(o.MaxConnects, defaultMaxConnects)
	o.MaxConnectMemory = cmp.Or(o.MaxConnectMemory, defaultConnectMemory)
	o.ConnectPatience = cmp.Or(o.ConnectPatience, defaultConnectPatience)
	o.MaxPendingBytes = cmp.Or(o.MaxPendingBytes, defaultMaxPendingBytes)
	o.MaxDeliveryBytes = cmp.Or(o.MaxDeliveryBytes, defaultMaxDelivery)
	o.DeliveryPatience = cmp.Or(o.DeliveryPatience, idleTimeout)
	o.MaxCalls = cmp.Or(o.MaxCalls, defaultMaxCalls)
	o.MaxStreams = cmp.Or(o.MaxStreams, StreamsBeside(o.MaxSubscribers))
	o.CallTimeout = cmp.Or(o.CallTimeout, defaultCallTimeout)
	o.Heartbeat = cmp.Or(o.Heartbeat, defaultHeartbeat)
	o.StreamStall = cmp.Or(o.StreamStall, defaultStreamStall)
	o.ReadyInterval = cmp.Or(o.ReadyInterval, defaultReadyInterval)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) []string { return nil }
	}
	if o.Services.Guide == nil {
		o.Services.Guide = func(*alert.Alert) alert.Guide { return alert.Guide{} }
	}
	return errors.Join(append(o.missing(), o.wrong()...)...)
}

func (o *Options) missing() (errs []error) {
	s := &o.Services
	for _, v := range []struct {
		name    string
		missing bool
	}{
		{"Services.Ingester", s.Ingester == nil},
		{"Services.Splitter", s.Splitter == nil},
		{"Services.Events", s.Events == nil},
		{"Services.Alerts", s.Alerts == nil},
		{"Services.Desk", s.Desk == nil},
		{"Services.Changes", s.Changes == nil},
		{"Services.Detections", s.Detections == nil},
		{"Services.Backtester", s.Backtester == nil},
		{"Services.Status", s.Status == nil},
		{"Services.Inputs", s.Inputs == nil},
		{"Services.Watermark", s.Watermark == nil},
		{"Origin.Tenant", o.Origin.Tenant == ""},
		{"Origin.Source", o.Origin.Source == ""},
		{"ImportOrigin.Source", o.ImportOrigin.Source == ""},
		{"Logger", o.Logger == nil},
		{"Registerer", o.Registerer == nil},
		{"Gatherer", o.Gatherer == nil},
	} {
		if v.missing {
			errs = append(errs, fmt.Errorf("server: option %s is missing", v.name))
		}
	}
	return errs
}

func (o *Options) wrong() (errs []error) {
	if (o.ClickHouseAddr == "") != (o.Services.ClickHouse == nil) {
		errs = append(errs, errors.New("server: expected ClickHouseAddr and Services.ClickHouse together"))
	}
	if o.ImportOrigin.Tenant != o.Origin.Tenant {
		errs = append(errs, fmt.Errorf("server: Origin and ImportOrigin have the tenants %q and %q; expected the same one",
			o.Origin.Tenant, o.ImportOrigin.Tenant))
	}
	for _, v := range []struct {
		name  string
		value int64
	}{
		{"MaxMessageBytes", int64(o.MaxMessageBytes)},
		{"MaxImportBytes", o.MaxImportBytes},
		{"MaxConnectBytes", o.MaxConnectBytes},
		{"MaxConnects", int64(o.MaxConnects)},
		{"MaxConnectMemory", o.MaxConnectMemory},
		{"ConnectPatience", int64(o.ConnectPatience)},
		{"MaxPendingBytes", o.MaxPendingBytes},
		{"MaxCalls", int64(o.MaxCalls)},
		{"MaxStreams", int64(o.MaxStreams)},
		{"CallTimeout", int64(o.CallTimeout)},
		{"Heartbeat", int64(o.Heartbeat)},
		{"StreamWindow", int64(o.StreamWindow)},
		{"StreamStall", int64(o.StreamStall)},
		{"MaxSubscribers", int64(o.MaxSubscribers)},
		{"MaxSubscribersPerClient", int64(o.MaxSubscribersPerClient)},
		{"ReadyInterval", int64(o.ReadyInterval)},
	} {
		if v.value < 0 {
			errs = append(errs, fmt.Errorf("server: option %s is %d; expected a positive value", v.name, v.value))
		}
	}
	return errs
}
