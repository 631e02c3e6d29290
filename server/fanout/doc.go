// Package fanout hands the log of alert changes to many readers: each change is read and encoded once, whoever reads it,
// and each reader goes at its own pace. A reader holds a position in the log and a few messages, never a queue, so that the
// memory of the service does not grow with how many are slow or how much they have not read.
package fanout
