package sentinel

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/monitor/ingestion/azlogs"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/outbound"
)

// Exporter sends to one data collection rule. It implements exporters.Exporter, and is not for concurrent use.
type Exporter struct {
	o          Options
	host       string // of the endpoint, for errors
	encoder    encoder
	options    azcore.ClientOptions
	credential *credential
	client     *azlogs.Client // nil until it is needed, and after a token was refused
	transport  *transport
	ahead      ahead
	limit      int // most bytes of a request; less than Options.MaxBytes after one was refused as too large
	easy       int // requests that were taken since
	body       bytes.Buffer
	gzip       *gzip.Writer
}

// New returns an exporter; it connects when there is something to send. The error names each option that is not as expected.
func New(o Options) (*Exporter, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("sentinel: the endpoint cannot be read")
	}
	private := o.AllowPrivate || loopback(o.Endpoint) || loopback(o.Authority)
	x := &Exporter{o: o, host: u.Host, encoder: newEncoder(o.Table, o.Payload), limit: o.MaxBytes}
	x.transport = &transport{Transport: outbound.Transport(o.Roots, private)}
	at := places[o.Cloud]
	if o.Authority != "" {
		at.authority = o.Authority + "/"
	}
	x.options = azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: at.authority,
			Services: map[cloud.ServiceName]cloud.ServiceConfiguration{azlogs.ServiceNameIngestion: {Audience: at.audience, Endpoint: o.Endpoint}}},
		Retry:     policy.RetryOptions{MaxRetries: -1}, // the runner tries again, and knows when
		Telemetry: policy.TelemetryOptions{ApplicationID: "sealwatch"},
		Transport: &http.Client{Transport: x.transport, Timeout: o.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	x.credential = &credential{o: o.Credential, options: x.options, broken: x.transport.last}
	if _, f := x.credential.renew(); f != nil { // a file that cannot be read is told of at once
		return nil, f.err
	}
	if x.gzip, err = gzip.NewWriterLevel(&x.body, gzip.BestSpeed); err != nil {
		return nil, fmt.Errorf("sentinel: %w", err)
	}
	return x, nil
}

// Token asks for a token and sends nothing: what doctor looks at first.
func (x *Exporter) Token(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, x.o.Timeout)
	defer cancel()
	if _, err := x.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{places[x.o.Cloud].audience + "/.default"}}); err != nil {
		return x.judge(err, "")
	}
	return nil
}

// Transport implements exporters.Web.
func (x *Exporter) Transport() *http.Transport { return x.transport.Transport }

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "sentinel" }

// Close implements exporters.Exporter.
func (x *Exporter) Close(context.Context) error {
	x.transport.CloseIdleConnections()
	return nil
}

// Export implements exporters.Exporter. A change counts as accepted when Azure took its request. One that Azure never takes, or that cannot
// be short enough, has failed by itself.
func (x *Exporter) Export(ctx context.Context, changes []alert.Change) error {
	now := x.o.Clock()
	b := newBatch(len(changes), func(i, most int) ([]byte, error) { return x.encoder.encode(&changes[i], now, most) })
	all := make([]int, len(changes))
	for i := range all {
		all[i] = i
	}
	return b.outcome(x.deliver(ctx, x.o.Stream, b, all))
}

// ExportEvents implements exporters.EventExporter. Events go into three tables, in their order in each. What one table took is not sent
// again because of another, as long as the process lives.
func (x *Exporter) ExportEvents(ctx context.Context, events []event.Event) error {
	now := x.o.Clock()
	b := newBatch(len(events), func(i, most int) ([]byte, error) { return encodeEvent(&events[i], now, most) })
	parts := map[string][]int{}
	for i := range events {
		if b.settled[i] = x.ahead.has(&events[i]); !b.settled[i] {
			s := streamOf(&events[i])
			parts[s] = append(parts[s], i)
		}
	}
	var refused *refusal
	for _, s := range []string{StreamAuthentication, StreamUserManagement, StreamAudit} {
		if r := x.deliver(ctx, s, b, parts[s]); r != nil {
			refused = r
			break
		}
	}
	err := b.outcome(refused)
	for i := b.accepted(); i < len(events); i++ {
		if b.settled[i] {
			x.ahead.add(&events[i])
		}
	}
	return err
}

// ahead are the events that a table took while another refused, by their sequence; the last of them, many more than wait at once. What comes
// again in another batch is known by it.
type ahead struct {
	sequences map[uint64]bool
	order     []uint64
}

// mostAhead bounds what is remembered.
const mostAhead = 20_000

func (a *ahead) has(e *event.Event) bool { return a.sequences[e.Sequence] }

func (a *ahead) add(e *event.Event) {
	if e.Sequence == 0 || a.has(e) { // what is made to try the way has none
		return
	}
	if a.sequences == nil {
		a.sequences = map[uint64]bool{}
	}
	if len(a.order) == mostAhead {
		delete(a.sequences, a.order[0])
		a.order = a.order[1:]
	}
	a.sequences[e.Sequence] = true
	a.order = append(a.order, e.Sequence)
}

// batch is what an export knows of what it was given.
type batch struct {
	encode  func(i, most int) ([]byte, error)
	settled []bool         // Azure took it
	failed  map[int]string // it will never be taken
}

func newBatch(n int, encode func(i, most int) ([]byte, error)) *batch {
	return &batch{encode: encode, settled: make([]bool, n), failed: map[int]string{}}
}

// accepted is how many at the beginning were taken, or have failed before one that was taken.
func (b *batch) accepted() (n int) {
	for i := range b.settled {
		_, failed := b.failed[i]
		switch {
		case b.settled[i]:
			n = i + 1
		case !failed:
			return n
		}
	}
	return n
}

// outcome as a Runner wants it.
func (b *batch) outcome(r *refusal) error {
	if r == nil && len(b.failed) == 0 {
		return nil
	}
	e := &exporters.Error{Kind: exporters.Permanent}
	if r != nil {
		e = &r.Error
	}
	e.Accepted, e.Failed = b.accepted(), b.failed
	return e
}

// item is what is sent as a row; index is its place in the batch.
type item struct {
	index int
	row   []byte
}

// deliver sends what the indices name to a stream, in requests that are small enough. It ends early when many have failed.
func (x *Exporter) deliver(ctx context.Context, stream string, b *batch, indices []int) *refusal {
	var items []item
	for _, i := range indices {
		row, err := b.encode(i, x.o.MaxBytes-len("[]"))
		if err != nil {
			b.failed[i] = "sentinel: " + err.Error()
			continue
		}
		items = append(items, item{i, row})
	}
	refused := 0
	for most := len(items); len(items) > 0 && refused < exporters.MostRefused; {
		n, size := x.chunk(items, most)
		e := x.send(ctx, stream, items[:n])
		switch {
		case e == nil:
			for _, i := range items[:n] {
				b.settled[i.index] = true
			}
			items, most = items[n:], 2*most
		case e.tooLarge && n > 1:
			x.limit, x.easy, most = max(size/2, leastBytes), 0, n/2
		case e.tooLarge:
			// A row that alone is too long for the receiver is shortened, until it says nothing any more.
			row, err := []byte(nil), error(nil)
			if half := len(items[0].row) / 2; half >= leastBytes {
				row, err = b.encode(items[0].index, half)
			}
			if items[0].row = row; row == nil || err != nil {
				b.failed[items[0].index] = e.Err.Error()
				items, refused = items[1:], refused+1
			}
		default:
			return e
		}
	}
	return nil
}

// chunk is how many items go into the next request, with their bytes.
func (x *Exporter) chunk(items []item, most int) (n, size int) {
	size = len("[]")
	for n < len(items) && n < max(most, 1) {
		next := size + len(items[n].row) + len(",")
		if n > 0 && next > x.limit {
			break
		}
		size = next
		n++
	}
	return n, size
}

// refusal is what came of a request that was not taken.
type refusal struct {
	exporters.Error
	// tooLarge says that the request was, token that the token is not taken.
	tooLarge, token bool
}

// send makes one request, and another with a new token where Azure does not take the one that is cached, as one that was revoked.
func (x *Exporter) send(ctx context.Context, stream string, items []item) *refusal {
	if err := x.compress(items); err != nil {
		return &refusal{Error: exporters.Error{Kind: exporters.Retryable, Err: fmt.Errorf("sentinel: compressing: %w", err)}}
	}
	for {
		cached := x.client != nil
		r := x.post(ctx, stream)
		if r == nil || !r.token {
			return r
		}
		x.client = nil
		x.credential.forget()
		if !cached { // it was a new one
			return r
		}
	}
}

// post sends what is in the body.
func (x *Exporter) post(ctx context.Context, stream string) *refusal {
	if x.client == nil {
		client, err := azlogs.NewClient(x.o.Endpoint, x.credential, &azlogs.ClientOptions{ClientOptions: x.options})
		if err != nil {
			return &refusal{Error: exporters.Error{Kind: exporters.Unauthorized, Err: fmt.Errorf("sentinel: %w", err)}}
		}
		x.client = client
	}
	ctx, cancel := context.WithTimeout(ctx, x.o.Timeout)
	defer cancel()
	id, encoding := uuid.NewString(), "gzip"
	ctx = policy.WithHTTPHeader(ctx, http.Header{"x-ms-client-request-id": {id}})
	x.credential.failed() // one that the SDK passed over, while the token before is still good, explains nothing of this request
	_, err := x.client.Upload(ctx, x.o.RuleID, stream, x.body.Bytes(), &azlogs.UploadOptions{ContentEncoding: &encoding})
	if err == nil {
		if x.easy++; x.easy >= easyRequests {
			x.limit, x.easy = min(2*x.limit, x.o.MaxBytes), 0
		}
		return nil
	}
	r := &refusal{Error: *x.judge(err, id)}
	r.tooLarge, r.token = statusOf(err) == http.StatusRequestEntityTooLarge, statusOf(err) == http.StatusUnauthorized
	return r
}

// easyRequests is after how many requests a limit that was lowered is doubled.
const easyRequests = 100

func (x *Exporter) compress(items []item) error {
	x.body = bytes.Buffer{} // a connection may still read the last one, as when a request was refused before it was read
	x.gzip.Reset(&x.body)
	separator := []byte{'['}
	for _, i := range items {
		if _, err := x.gzip.Write(separator); err != nil {
			return err
		}
		if _, err := x.gzip.Write(i.row); err != nil {
			return err
		}
		separator = []byte{','}
	}
	if _, err := x.gzip.Write([]byte{']'}); err != nil {
		return err
	}
	return x.gzip.Close()
}
