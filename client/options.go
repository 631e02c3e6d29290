package client

import "time"

// Option changes what Alerts does.
type Option func(*options)

type options struct {
	since      time.Time
	heartbeats bool
	giveUp     time.Duration
	silence    time.Duration
	missed     func(Missed)
	retrying   func(err error, pause time.Duration)
	connected  func()
}

// defaultSilence is four heartbeats of the service.
const defaultSilence = time.Minute

// Since begins with the first change that was made at that time or later, instead of with the next one. It is for an
// empty token; one that is stored comes before.
func Since(at time.Time) Option { return func(o *options) { o.since = at } }

// Heartbeats gives heartbeats, too: changes without an alert, whose Token and Watermark go on also while the filter selects
// nothing.
func Heartbeats() Option { return func(o *options) { o.heartbeats = true } }

// OnMissed is told of each span that the service did not send because this reader was too slow. The changes of the span
// are fetched and given in their order all the same; it says that the reader cannot keep up.
func OnMissed(f func(Missed)) Option { return func(o *options) { o.missed = f } }

// OnRetry is told why a stream ended, and after which pause another is opened.
func OnRetry(f func(err error, pause time.Duration)) Option {
	return func(o *options) { o.retrying = f }
}

// OnConnect is told when a stream is open: the service has answered.
func OnConnect(f func()) Option { return func(o *options) { o.connected = f } }

// GiveUp ends the iteration with the last error when the service was never reached within d. Without it there is no end to
// trying. Once the service was reached, it is always tried again.
func GiveUp(d time.Duration) Option { return func(o *options) { o.giveUp = d } }

// Silence is how long the service may say nothing, not even a heartbeat, until the stream is taken for dead and another
// opened; a minute by default.
func Silence(d time.Duration) Option { return func(o *options) { o.silence = d } }
