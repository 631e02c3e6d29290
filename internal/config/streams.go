package config

import (
	"fmt"
	"time"
)

// Streams bounds the streams of alerts and what a slow reader of one is granted; docs/streaming.md explains it.
type Streams struct {
	// Streams of alerts that are open at the same time, over gRPC and REST together: 1 to 100000.
	MaxSubscribers int `yaml:"maxSubscribers" env:"MAX_SUBSCRIBERS"`
	// Streams of alerts of one client, which is the address that its connection comes from: 1 to maxSubscribers. Behind a proxy or a NAT all
	// are one client.
	MaxPerClient int `yaml:"maxPerClient" env:"MAX_PER_CLIENT"`
	// Changes that a reader of what is new may be behind before it is told that it missed them: 16 to 1000000. What one is behind takes no
	// memory of its own: it is read from the log again.
	Window int `yaml:"window" env:"WINDOW"`
	// How long a reader may take nothing at all before its stream is ended: 1s to 1h. It has half as long more at most.
	StallTimeout time.Duration `yaml:"stallTimeout" env:"STALL_TIMEOUT"`
}

func defaultStreams() Streams {
	return Streams{MaxSubscribers: 1800, MaxPerClient: 1200, Window: 2048, StallTimeout: time.Minute}
}

func (c *Streams) validate(p *problems) {
	p.within("streams.maxSubscribers", int64(c.MaxSubscribers), 1, 100_000)
	if most := max(1, c.MaxSubscribers); c.MaxPerClient < 1 || c.MaxPerClient > most {
		p.add("streams.maxPerClient", c.MaxPerClient, fmt.Sprintf("1 to %d, which is streams.maxSubscribers", most))
	}
	p.within("streams.window", int64(c.Window), 16, 1_000_000)
	p.span("streams.stallTimeout", c.StallTimeout, time.Second, time.Hour)
}
