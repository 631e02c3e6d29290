// Package feed keeps what others publish about addresses: lists that are fetched on a schedule from the web or a file, and of
// which every change is stored with the time at which it was seen.
package feed
