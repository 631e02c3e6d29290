package server

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server/chain"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/translate"
)

const (
	importBatchRecords = 2000
	importBatchBytes   = 2 << 20
	// maxShownViolations of a body of which nothing could be taken.
	maxShownViolations = 100
)

// importer takes DocuSign's own JSON in, as it comes: POST /v1/monitor:import.
type importer struct {
	ingester Ingester
	split    Splitter
	origin   event.Origin
	maxBytes int64
	draining context.Context //nolint:containedctx // it has the life of the server, not of a call
}

func (h *importer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp, err := h.run(r)
	if err != nil {
		chain.WriteError(w, r, err)
		return
	}
	body, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(resp)
	if err != nil {
		chain.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// The client may be gone; everything it sent is stored.
	_, _ = w.Write(append(body, '\n'))
}

func (h *importer) run(r *http.Request) (*pb.MonitorImportResponse, error) {
	body := &boundedReader{r: r.Body, left: h.maxBytes}
	var unpacked io.Reader = body
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		zip, err := gzip.NewReader(body)
		if err != nil {
			return nil, problem.Invalid("the body is not gzip, although the header Content-Encoding says so")
		}
		unpacked = zip
	default:
		return nil, problem.Invalid(fmt.Sprintf("Content-Encoding %q is not supported; expected gzip or none", encoding))
	}
	limited := &boundedReader{r: unpacked, left: h.maxBytes}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()

	i := &importRun{importer: h, records: h.split(limited), cancel: cancel, queue: make(chan *pending, window-1),
		stored: make(chan struct{})}
	go i.collect()
	end := i.readAll(ctx)
	i.panicked.rethrow()
	switch {
	case i.err != nil:
		return nil, i.partly(i.err)
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case body.exceeded || limited.exceeded:
		return nil, i.partly(fault.New(fault.BodyTooLarge, "the body is larger than %d bytes; send it in parts", h.maxBytes))
	case end != nil:
		return nil, i.partly(end)
	case !i.taken():
		return nil, i.useless()
	case body.read == 0:
		return nil, problem.Invalid("the body is empty; expected Monitor records: a page, an array, one record or one a line")
	}
	return &pb.MonitorImportResponse{Result: translate.Result(i.total), EndCursor: translate.Text(i.records.EndCursor())}, nil
}

// importRun is one import.
type importRun struct {
	*importer
	records RecordReader
	cancel  context.CancelFunc
	queue   chan *pending
	// stored is closed when every batch of the queue has its outcome.
	stored chan struct{}
	total  event.Receipt
	// err and panicked are what the first batch that failed failed with.
	err      error
	panicked *backgroundPanic
}

// readAll returns when every batch has its outcome, also when the splitter panics.
func (i *importRun) readAll(ctx context.Context) error {
	defer func() {
		close(i.queue)
		<-i.stored
	}()
	return i.read(ctx)
}

// read splits the body into batches and begins each. Where the body cannot be read further, that is a rejection at that
// place; the error is one of this server, or a fault that the splitter found, such as a body that unpacks to too much.
func (i *importRun) read(ctx context.Context) error {
	b, next := &batch{}, 0
	flush := func() bool {
		if b.records() == 0 {
			return true
		}
		p := b.begin(ctx, i.ingester, i.origin, func() {})
		b = &batch{}
		select {
		case i.queue <- p:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		record, err := i.records.Next()
		var bad *BadRecord
		switch {
		case err == nil:
			b.add(record.Index, event.Submission{JSON: record.JSON})
			next = record.Index + 1
		case errors.As(err, &bad):
			b.reject(event.Rejection{Index: bad.Index, EventID: bad.EventID, Field: bad.Field, Problem: atLine(bad)})
			next = bad.Index + 1
		case errors.Is(err, io.EOF):
			flush()
			return nil
		case errors.As(err, new(*fault.Error)):
			flush()
			return err
		default:
			b.reject(event.Rejection{Index: next, Problem: "reading stopped here: " + err.Error()})
			flush()
			return nil
		}
		if i.draining.Err() != nil {
			flush()
			return errDraining
		}
		if (b.records() >= importBatchRecords || b.bytes >= importBatchBytes) && !flush() {
			return ctx.Err()
		}
	}
}

// collect adds the outcomes up in the order of the body. After the first error it ends the reading.
func (i *importRun) collect() {
	defer close(i.stored)
	for p := range i.queue {
		o := <-p.done
		if i.err != nil || i.panicked != nil {
			continue
		}
		if o.err != nil || o.panicked != nil {
			i.err, i.panicked = o.err, o.panicked
			i.cancel()
			continue
		}
		i.total.Add(o.receipt, 0)
		i.total.Rejections = i.total.Rejections[:min(len(i.total.Rejections), translate.MaxRejections)]
	}
}

// taken says whether anything of the body could be used, or there was nothing wrong with it.
func (i *importRun) taken() bool {
	return i.total.Rejected == 0 || i.total.Accepted+i.total.Duplicates+i.total.Conflicts > 0
}

// useless is the error for a body of which nothing could be taken.
func (i *importRun) useless() error {
	var violations []problem.Violation
	for _, r := range i.total.Rejections[:min(len(i.total.Rejections), maxShownViolations)] {
		v := problem.Violation{Field: fmt.Sprintf("records[%d]", r.Index), Description: translate.Text(r.Problem)}
		if r.Field != "" {
			v.Field += "." + translate.Text(r.Field)
		}
		violations = append(violations, v)
	}
	message := "nothing of the body could be taken"
	if len(violations) > 0 {
		message = fmt.Sprintf("%s: %s: %s", message, violations[0].Field, violations[0].Description)
	}
	return problem.Invalid(message, violations...)
}

// partly adds to an error how much of the body was taken before it.
func (i *importRun) partly(err error) error {
	if errors.Is(err, errDraining) {
		f := fault.New(fault.ShuttingDown, "this server ends; send the body again")
		f.RetryAfter = time.Second
		err = f
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	done := i.total.Accepted + i.total.Duplicates + i.total.Conflicts
	if done == 0 {
		return err
	}
	more := *f
	more.Message = fmt.Sprintf("%s (%d records of it are stored, and sending them again does no harm)", f.Message, done)
	return problem.WithMetadata(&more, map[string]string{"recordsStored": strconv.Itoa(done)})
}

func atLine(b *BadRecord) string {
	if b.Line <= 0 {
		return b.Problem
	}
	return fmt.Sprintf("line %d: %s", b.Line, b.Problem)
}
