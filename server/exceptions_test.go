package server_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// exceptionBook keeps exceptions in memory.
type exceptionBook struct {
	mu   sync.Mutex
	list []alert.Exception
}

func (b *exceptionBook) CreateException(_ context.Context, q alert.ExceptionRequest) (alert.Exception, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if q.AlertID != "00000000000000000000000000000001" {
		return alert.Exception{}, fault.New(fault.NotFound, "no alert %q", q.AlertID)
	}
	if !q.Expires.Before(epoch.Add(alert.LongestException)) {
		return alert.Exception{}, fault.New(fault.InvalidArgument, "expireTime: more than 90 days from now")
	}
	e := alert.Exception{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(b.list)+1), Tenant: tenant, Detection: "impossible_travel", AlertID: q.AlertID, Attributes: map[string][]string{},
		MaxSeverity: "high", From: epoch, To: q.Expires, Classification: q.Classification, Reason: q.Reason, Author: q.Author, Created: epoch.Add(time.Duration(len(b.list)) * time.Second)}
	for _, name := range q.Attributes {
		if name == alert.SubjectAttribute {
			e.Subject = alert.Subject{Type: "user", ID: "u1", Email: "ada@example.com"}
			continue
		}
		e.Attributes[name] = []string{"192.0.2.1"}
	}
	if q.MaxSeverity != "" {
		e.MaxSeverity = q.MaxSeverity
	}
	b.list = append(b.list, e)
	return e, nil
}

func (b *exceptionBook) index(id string) int {
	return slices.IndexFunc(b.list, func(e alert.Exception) bool { return e.ID == id })
}

func (b *exceptionBook) GetException(_ context.Context, id string) (alert.Exception, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := b.index(id); i >= 0 {
		return b.list[i], nil
	}
	return alert.Exception{}, fault.New(fault.NotFound, "there is no exception %q", id)
}

func (b *exceptionBook) ListExceptions(_ context.Context, detections []string, removed bool) ([]alert.Exception, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []alert.Exception
	for _, e := range b.list {
		if (removed || !e.Removed) && (len(detections) == 0 || slices.Contains(detections, e.Detection)) {
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	return out, nil
}

func (b *exceptionBook) DeleteException(_ context.Context, id, author string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.index(id)
	if i < 0 {
		return fault.New(fault.NotFound, "there is no exception %q", id)
	}
	b.list[i].Removed, b.list[i].RemovedBy, b.list[i].RemovedAt = true, author, epoch
	return nil
}
