// Package client follows the alerts of Sealwatch from other Go programs.
//
// [Client.Alerts] is the whole of it: an iterator over the changes of alerts that outlives disconnects, restarts of the
// service and a reader that is too slow, and that gives each change once and in order:
//
//	for change, err := range c.Alerts(ctx, filter, token) {
//		if err != nil {
//			return err // it cannot go on: the service refused
//		}
//		handle(change)
//		token = change.Token // what to begin after the next time
//	}
//
// Whoever stores the token after handling a change handles each one at least once, over any number of restarts.
//
// The package is a contract: what it exports changes only with a new major version. The messages are those of
// gen/sealwatch/v1, whose field numbers and names do not change.
package client
