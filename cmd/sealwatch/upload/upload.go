// Package upload sends records to the service over its ingest stream. What was not acknowledged is sent again after a
// disconnect; that is safe, because the service counts a record once.
package upload

import (
	"time"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// Record is one Monitor record and where it stood.
type Record struct {
	JSON []byte
	// File, Line (from 1) and Index (from 0, in the file) are for messages about the record.
	File        string
	Line, Index int
}

// Rejection is a record that was not taken.
type Rejection struct {
	Record
	// EventID and Field are empty when they are not known.
	EventID, Field, Problem string
}

// Total says what became of all records.
type Total struct {
	Accepted, Duplicates, Conflicts, Rejected, Held int64
	// LastSequence is the service's arrival sequence after the last batch.
	LastSequence int64
	// Resent is the number of records that were sent more than once because of a disconnect; some of them may count as
	// duplicates.
	Resent int64
}

// Records is the number of records that were acknowledged.
func (t *Total) Records() int64 { return t.Accepted + t.Duplicates + t.Conflicts + t.Rejected }

// Options of an upload.
type Options struct {
	Client sealwatchv1.IngestServiceClient
	// Window is the number of batches that are under way at most. Default 8.
	Window int
	// Linger is how long a record waits for its batch to fill up. Default 200 ms.
	Linger time.Duration
	// Patience is how long the service may fail to acknowledge anything before the upload gives up. Default 2 min.
	Patience time.Duration
	// FirstPatience is the same before the first acknowledgement, when the address may be wrong. Default 10 s.
	FirstPatience time.Duration
	// Rejected is called for each record that was not taken and that the service lists (a thousand in each batch at
	// most). May be nil.
	Rejected func(Rejection)
	// Acknowledged is called after each batch. May be nil.
	Acknowledged func(Total)
	// Retrying is called when the stream broke and will be opened again after the pause. May be nil.
	Retrying func(err error, pause time.Duration)
}

const (
	maxRecords = 1000
	// maxBytes of a batch; a single record of more than that is a batch of its own.
	maxBytes = 1 << 20
	// minRecordBytes and maxRecordBytes are the bounds that the API sets.
	minRecordBytes = 2
	maxRecordBytes = 1 << 20
)

func (o Options) withDefaults() Options {
	if o.Window <= 0 {
		o.Window = 8
	}
	if o.Linger <= 0 {
		o.Linger = 200 * time.Millisecond
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Minute
	}
	if o.FirstPatience <= 0 {
		o.FirstPatience = min(10*time.Second, o.Patience)
	}
	if o.Rejected == nil {
		o.Rejected = func(Rejection) {}
	}
	if o.Acknowledged == nil {
		o.Acknowledged = func(Total) {}
	}
	if o.Retrying == nil {
		o.Retrying = func(error, time.Duration) {}
	}
	return o
}
