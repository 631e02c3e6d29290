// Package rounds asks a source again and again that is read as a whole, or by what changed: it owns the pauses, the back-off, the
// status, the metrics, and the word to the watch when the source is lost. What a round does is the source's.
package rounds
