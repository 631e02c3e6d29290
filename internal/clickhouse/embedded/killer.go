package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// killer stops running queries from a session of its own, because a session
// that executes accepts nothing else, not even a cancellation.
type killer struct {
	opener *sessionOpener
	log    *slog.Logger

	mu      sync.Mutex
	session *session
}

// killInterval is the pause between attempts: a query may not have registered
// yet when the first one comes, or be between two steps.
const killInterval = 50 * time.Millisecond

// watch stops the query of the session with the given tag when ctx ends. The
// caller calls the returned function when the query has returned; after that
// no attempt is under way, so none can hit the session's next query.
func (k *killer) watch(ctx context.Context, tag string) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		for {
			if err := k.kill(tag); err != nil {
				k.log.WarnContext(ctx, "cannot stop a query", slog.String("session", tag), slog.Any("error", err))
			}
			select {
			case <-done:
				return
			case <-time.After(killInterval):
			}
		}
	}()
	return func() {
		close(done)
		<-gone
	}
}

func (k *killer) kill(tag string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session == nil {
		s, err := k.opener.open()
		if err != nil {
			return err
		}
		k.session = s
	}
	comment := "Settings['log_comment']"
	err := k.session.conn.exec(fmt.Sprintf("KILL QUERY WHERE %s = %s OR startsWith(%s, %s) ASYNC",
		comment, quoteLiteral(tag), comment, quoteLiteral(tag+" ")))
	if err != nil {
		k.session.conn.close()
		k.session = nil
	}
	return err
}

func (k *killer) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session != nil {
		k.session.conn.close()
		k.session = nil
	}
}
