package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// batch is what is sent and acknowledged as a whole.
type batch struct {
	request *sealwatchv1.IngestEventsRequest
	// records without their JSON, for messages.
	records []Record
	bytes   int
	// sent is how often it went out.
	sent int
}

// feed reads the source and groups it into batches until it ends; the last value says how.
func feed(ctx context.Context, next func() (Record, error), linger time.Duration, tooLong func(Rejection)) (<-chan *batch, <-chan error) {
	records, batches, failed := make(chan Record, maxRecords), make(chan *batch), make(chan error, 1)
	go func() {
		defer close(records)
		for ctx.Err() == nil {
			r, err := next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed <- err
				}
				return
			}
			if n := len(r.JSON); n < minRecordBytes || n > maxRecordBytes {
				r.JSON = nil
				tooLong(Rejection{Record: r, Problem: fmt.Sprintf("the record has %d bytes, expected %d to %d", n, minRecordBytes, maxRecordBytes)})
				continue
			}
			select {
			case records <- r:
			case <-ctx.Done():
			}
		}
	}()
	go func() {
		defer close(batches)
		group(ctx, records, batches, linger)
	}()
	return batches, failed
}

// group fills batches up; a batch that has waited long enough goes as it is.
func group(ctx context.Context, records <-chan Record, batches chan<- *batch, linger time.Duration) {
	number := 0
	var filling *batch
	timer := time.NewTimer(0)
	defer timer.Stop()
	flush := func() {
		if filling == nil {
			return
		}
		select {
		case batches <- filling:
		case <-ctx.Done():
		}
		filling = nil
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			flush()
		case r, ok := <-records:
			if !ok {
				flush()
				return
			}
			if filling != nil && (len(filling.records) == maxRecords || filling.bytes+len(r.JSON) > maxBytes) {
				flush()
			}
			if filling == nil {
				number++
				filling = &batch{request: &sealwatchv1.IngestEventsRequest{BatchId: strconv.Itoa(number)}}
				timer.Reset(linger)
			}
			filling.add(r)
		}
	}
}

// add puts a record into the batch.
func (b *batch) add(r Record) {
	b.request.Records = append(b.request.Records, &sealwatchv1.IngestRecord{Record: &sealwatchv1.IngestRecord_MonitorJson{MonitorJson: r.JSON}})
	b.bytes += len(r.JSON)
	r.JSON = nil
	b.records = append(b.records, r)
}
