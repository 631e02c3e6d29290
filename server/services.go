package server

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Services are what the handlers stand on. Every field is required but Addresses, Feeds, Destinations, People, Policies, Exceptions, Hunter, ClickHouse, Connect, LogID and Guide. Errors that a client can act on MUST be
// faults; what any other error says goes to the log only.
type Services struct {
	Ingester   Ingester
	Splitter   Splitter
	Events     EventReader
	Alerts     AlertReader
	Desk       Desk
	Changes    ChangeLog
	Detections Detections
	Backtester Backtester
	// Reevaluator judges the past again.
	Reevaluator Reevaluator
	Status      StatusReader
	Inputs      InputReader
	// Incidents may be nil: then IncidentService is not offered, and alerts name none.
	Incidents Incidents
	// Timelines may be nil: then TimelineService is not offered.
	Timelines Timelines
	// Addresses may be nil: then IpRangeService is not offered.
	Addresses AddressBook
	// People may be nil: then DirectoryService is not offered.
	People People
	// Policies may be nil: then PolicyService is not offered.
	Policies PolicyBook
	// Exceptions may be nil: then ExceptionService is not offered.
	Exceptions ExceptionBook
	// Connect may be nil: then no delivery of DocuSign Connect is taken.
	Connect ConnectReceiver
	// Hunter may be nil: then HuntService is not offered.
	Hunter Hunter
	// ClickHouse answers ClickHouse's HTTP interface at ClickHouseAddr; nil where that is empty.
	ClickHouse http.Handler
	// Feeds may be nil: then FeedService is not offered.
	Feeds Feeds
	// Destinations may be nil: then DestinationService is not offered.
	Destinations Destinations
	// Watermark is the event time up to which events have come in, zero before the first. It is called for every
	// message of every alert stream, so it MUST be cheap.
	Watermark func() time.Time
	// LogID is the random id that the alert log was given with its database. A resume token of a log with another id is
	// refused; when it is empty, logs are not told apart.
	LogID string
	// Guide is what helps with an alert; nil leaves it out of the answers.
	Guide func(*alert.Alert) alert.Guide
}

// Ingester stores events.
type Ingester interface {
	// Ingest returns after every record is durable or named in the receipt's rejections. An error means that the
	// outcome is unknown and that sending again is safe; fault.QueueFull means that nothing was taken.
	Ingest(ctx context.Context, o event.Origin, s []event.Submission) (event.Receipt, error)
}

// ConnectReceiver takes in what DocuSign Connect delivers.
type ConnectReceiver interface {
	// Known says whether there is a source of that name; an empty one is the name of the only source.
	Known(source string) bool
	// Authentic says whether a signature holds.
	Authentic(ctx context.Context, source string, signatures []string, body []byte) bool
	// Trial says whether a delivery that is Authentic is one of sealwatch doctor, which is stored nowhere.
	Trial(source string, body []byte) bool
	// Store takes a delivery that is Authentic. A nil error means that it need not come again, any other that it MUST.
	Store(ctx context.Context, source string, body []byte) error
	// Oversized is told of a delivery that was over the limit, Broken of one that was not there whole in time, and Busy of one that
	// there was no room for. Anybody can have made those.
	Oversized(ctx context.Context, source string, limit int64)
	Broken(ctx context.Context, source string)
	Busy(ctx context.Context, source string)
}

// Splitter makes a reader of the records in an import body, which comes as it was sent: any shape, gzip or not.
type Splitter func(body io.Reader) RecordReader

// RecordReader splits a body into records.
type RecordReader interface {
	// Next returns the next record, io.EOF after the last one, a *BadRecord for one that cannot be read, after which
	// reading goes on, and any other error when it cannot: a fault (fault.BodyTooLarge) becomes the answer, the text of
	// another one is shown to the client as the reason for which reading stopped.
	Next() (RawRecord, error)
	// EndCursor of the page; empty when there is none, or before io.EOF.
	EndCursor() string
}

// RawRecord is one record of a body.
type RawRecord struct {
	// Index is the record's number in the body, from 0; Line is where it begins, from 1.
	Index, Line int
	// JSON belongs to the caller: the reader MUST NOT use it again.
	JSON []byte
}

// BadRecord says that one record of a body cannot be read.
type BadRecord struct {
	Index, Line int
	// EventID and Field where they are known.
	EventID, Field string
	// Problem says what was found and what was expected.
	Problem string
}

// Error is the problem.
func (b *BadRecord) Error() string { return b.Problem }

// EventReader reads stored events.
type EventReader interface {
	// GetEvent fails with fault.NotFound when there is none.
	GetEvent(ctx context.Context, tenant, id string) (event.Event, error)
	// ListEvents returns at most limit events after the cursor (the zero one is the beginning), newest first, by time
	// and then by id, both descending. Raw may be left out unless full.
	ListEvents(ctx context.Context, tenant string, f event.Filter, after event.Cursor, limit int, full bool) ([]event.Event, error)
}

// AlertReader reads alerts as they are now.
type AlertReader interface {
	// GetAlert fails with fault.NotFound when there is none.
	GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error)
	// ListAlerts returns at most limit alerts after the cursor (the zero one is the beginning), in the order, among equals by id descending, and how many match the filter in all: as they were when head was the last change, or as
	// they are now when it is 0.
	ListAlerts(ctx context.Context, tenant string, f alert.Filter, o alert.Order, head uint64, after alert.Cursor, limit int) (page []alert.Alert, total int, err error)
}

// Desk is where people work on alerts.
type Desk interface {
	// UpdateAlert does the work on one alert and returns it as it is then. It fails with fault.Conflict when the etag is not that of the
	// alert, and with fault.InvalidArgument when the work cannot be done.
	UpdateAlert(ctx context.Context, id, author string, w alert.Work) (alert.Alert, error)
	// UpdateAlerts does the work on many. It fails with fault.CountMismatch when those that the filter selects are not as many as expected;
	// the result says what was done, also with an error.
	UpdateAlerts(ctx context.Context, q alert.BulkWork) (alert.BulkResult, error)
	// AlertHistory returns at most limit versions of an alert before the sequence, the newest first.
	AlertHistory(ctx context.Context, id string, before uint64, limit int) ([]alert.Version, error)
}

// ChangeLog is the log of all changes of alerts.
type ChangeLog interface {
	// Head is the sequence of the last durable change, 0 before the first.
	Head() uint64
	// Read returns the changes that follow after, at most limit, in order and without a gap; none when there are none.
	Read(ctx context.Context, after uint64, limit int) ([]alert.Change, error)
	// Recent is Read of what is in memory, which waits for nothing; none when the change after after is not there.
	Recent(after uint64, limit int) []alert.Change
	// Wait returns nil when Head is greater than after, and the context's error when that ends first.
	Wait(ctx context.Context, after uint64) error
	// Oldest is the sequence of the first change that is retained, 0 when there is none.
	Oldest(ctx context.Context) (uint64, error)
	// FirstSince is the sequence of the first change that was made at that time or later, 0 when there is none yet.
	FirstSince(ctx context.Context, at time.Time) (uint64, error)
}

// Detections lists what is looked for.
type Detections interface {
	// List returns all detections, sorted by id, with their SQL. The caller MUST NOT change them.
	List() []alert.Detection
	// Former says whether a detection that is not in the List once was: versions of it are stored.
	Former(id string) bool
}

// Backtester evaluates detections over the stored events.
type Backtester interface {
	// Backtest calls progress after each step and result for each detection that is done, never two at a time; an error of
	// theirs, or the end of ctx, ends it. It stores nothing. A bad request fails with fault.InvalidArgument.
	Backtest(ctx context.Context, q alert.BacktestRequest, progress func(alert.BacktestProgress) error, result func(alert.BacktestResult) error) error
}

// Reevaluator judges spans of the past by the detections as they are now.
type Reevaluator interface {
	// Reevaluate shows the difference and stores nothing. It calls as a Backtester does.
	Reevaluate(ctx context.Context, q alert.ReevaluationRequest, progress func(alert.BacktestProgress) error, result func(alert.ReevaluationResult) error) error
	// ApplyReevaluation puts shown results into force; it fails with fault.InvalidArgument when they are not what was shown.
	ApplyReevaluation(ctx context.Context, o alert.ReevaluationOrder) ([]alert.DetectionVersion, error)
}

// InputReader says what detections had to work with.
type InputReader interface {
	// Inputs are the kinds of event that the detection needs, with how many came in lately; never none.
	Inputs(ctx context.Context, detection string) ([]status.Input, error)
}

// StatusReader says how Sealwatch is doing.
type StatusReader interface {
	Status(ctx context.Context) (status.System, error)
}
