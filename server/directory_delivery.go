package server

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// maxDelivery bounds the people of one delivery.
const maxDelivery = 250_000

// deliveries bounds what deliveries take of memory: one is held there until it is complete and stored, so there is one at a
// time, of so many bytes.
type deliveries struct {
	// slot is taken by the one that is under way.
	slot chan struct{}
	// maxBytes bounds the people of one as they are held, patience how long it may send nothing.
	maxBytes int64
	patience time.Duration
}

// begin takes the place of the one delivery, before anything of it is read; done gives it back.
func (l *deliveries) begin() (done func(), err error) {
	select {
	case l.slot <- struct{}{}:
		return func() { <-l.slot }, nil
	default:
		f := fault.New(fault.QueueFull, "another delivery of a directory is under way; nothing of this one was taken, send it again")
		f.RetryAfter = 5 * time.Second
		return nil, f
	}
}

// read takes in one delivery.
func (l *deliveries) read(stream pb.DirectoryService_ImportDirectoryServer, now func() time.Time) (directory.Delivery, error) {
	var d directory.Delivery
	var bytes int64
	for first := true; ; first = false {
		req, err := l.next(stream)
		if errors.Is(err, io.EOF) {
			if first {
				return d, fault.New(fault.InvalidArgument, "options: found none, expected those of the delivery in the first message")
			}
			return d, nil
		}
		if err != nil {
			return d, err
		}
		switch o := req.GetOptions(); {
		case first && o == nil:
			return d, fault.New(fault.InvalidArgument, "options: found none, expected those of the delivery in the first message")
		case !first && o != nil:
			return d, fault.New(fault.InvalidArgument, "options: expected them in the first message only")
		case first:
			d = directory.Delivery{Source: o.GetSource(), AsOf: instant(o.GetAsOfTime()), Full: o.GetFull(), DryRun: o.GetDryRun(), Confirm: o.GetConfirm()}
			if d.AsOf.IsZero() {
				d.AsOf = now()
			}
			d.AsOf = d.AsOf.UTC().Truncate(time.Millisecond)
			if d.AsOf.Before(directory.Earliest) || !d.AsOf.Before(directory.Latest) {
				return d, fault.New(fault.InvalidArgument, "options.as_of_time: found %s, expected a time from 1970 to 2199", d.AsOf.Format(time.RFC3339))
			}
		}
		for _, u := range req.GetUsers() {
			if len(d.Records) == maxDelivery {
				return d, fault.New(fault.InvalidArgument, "users: found more than %d in a delivery; expected parts of it, without full", maxDelivery)
			}
			r := fromUser(u, d.Source)
			if bytes += size(&r); bytes > l.maxBytes {
				return d, fault.New(fault.BodyTooLarge, "users: found more than %d bytes in a delivery, from user %d on; expected parts of it, without full", l.maxBytes, len(d.Records))
			}
			if err := r.Validate(); err != nil {
				return d, fault.New(fault.InvalidArgument, "user %d (%q): %s", len(d.Records), u.GetDirectoryId(), strings.ReplaceAll(err.Error(), "\n", "; "))
			}
			if r.Removed && r.From.IsZero() {
				return d, fault.New(fault.InvalidArgument, "user %d (%q): valid_from: found none, expected that of the state that is taken back", len(d.Records), u.GetDirectoryId())
			}
			d.Records = append(d.Records, r)
		}
	}
}

// next receives a message: a client that sends nothing must not keep the place from the others for ever. The receiving
// itself ends with the call.
func (l *deliveries) next(stream pb.DirectoryService_ImportDirectoryServer) (*pb.ImportDirectoryRequest, error) {
	type message struct {
		req *pb.ImportDirectoryRequest
		err error
	}
	got := make(chan message, 1)
	go func() {
		req, err := stream.Recv()
		got <- message{req, err}
	}()
	patience := time.NewTimer(l.patience)
	defer patience.Stop()
	select {
	case m := <-got:
		return m.req, m.err
	case <-patience.C:
		return nil, status.Errorf(codes.DeadlineExceeded, "the delivery sent nothing for %v; nothing of it was taken, send it again", l.patience)
	}
}

// size is what a record takes of memory: itself, its lists and its texts.
func size(r *directory.Record) int64 {
	n := int64(recordBytes) + int64(len(r.DirectoryID)+len(r.Status)+len(r.Kind)+len(r.UserName)+len(r.DisplayName)+len(r.Role))
	for _, list := range [][]string{r.Emails, r.DocuSignUserIDs, r.Groups} {
		n += int64(cap(list)) * int64(textBytes)
		for _, text := range list {
			n += int64(len(text))
		}
	}
	return n
}

var (
	recordBytes = reflect.TypeFor[directory.Record]().Size()
	textBytes   = reflect.TypeFor[string]().Size()
)
