package config

import (
	"strings"
	"time"
)

// validateHunting checks what questions may cost.
func (c *Config) validateHunting(p *problems) {
	h := &c.Hunting
	if h.Addr != "" {
		p.listener("hunting.addr", h.Addr)
		if (h.Addr == c.GRPCAddr || h.Addr == c.HTTPAddr) && !strings.HasSuffix(h.Addr, ":0") {
			p.add("hunting.addr", h.Addr, "another address than grpcAddr and httpAddr")
		}
	}
	p.within("hunting.concurrency", int64(h.Concurrency), 1, 64)
	if h.MaxDuration < time.Second || h.MaxDuration > time.Hour || h.MaxDuration%time.Second != 0 {
		p.add("hunting.maxDuration", h.MaxDuration, "whole seconds from 1s to 1h")
	}
	p.within("hunting.maxRows", h.MaxRows, 1, 100_000_000)
	p.within("hunting.maxBytes", h.MaxBytes, 1<<20, 1<<40)
	p.within("hunting.maxReadRows", h.MaxReadRows, 0, 1<<50)
	p.within("hunting.maxReadBytes", h.MaxReadBytes, 0, 1<<60)
	if h.MaxMemoryBytes != 0 {
		p.within("hunting.maxMemoryBytes", h.MaxMemoryBytes, 16<<20, 1<<46)
	}
	p.span("hunting.maxWait", h.MaxWait, 0, 5*time.Minute)
	p.span("hunting.stallTimeout", h.StallTimeout, time.Second, 10*time.Minute)
	p.span("hunting.grace", h.Grace, time.Second, 10*time.Minute)
	p.within("hunting.auditDays", int64(h.AuditDays), 0, 36500)
}
