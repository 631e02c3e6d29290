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

// Kind implements exporters.Exporter.
func (x *Exporter) Kind() string { return "sentinel" }

// Close implements exporters.Exporter.
func (x *Exporter) Close(context.Context) error {
	x.transport.CloseIdleConnections()
	return nil
}

// item is a change as it is sent; index is its place in the batch.
type item struct {
	index int
	row   []byte
}

// Export implements exporters.Exporter. A change counts as accepted when Azure took its request. One that Azure never takes, or that cannot
// be short enough, has failed by itself.
func (x *Exporter) Export(ctx context.Context, changes []alert.Change) error {
	failed := map[int]string{}
	now := x.o.Clock()
	var items []item
	for i := range changes {
		row, err := x.encoder.encode(&changes[i], now, x.o.MaxBytes-len("[]"))
		if err != nil {
			failed[i] = "sentinel: " + err.Error()
			continue
		}
		items = append(items, item{i, row})
	}
	taken := false
	for most := len(items); len(items) > 0; {
		n, size := x.chunk(items, most)
		e := x.send(ctx, x.o.Stream, items[:n])
		switch {
		case e == nil:
			items, most, taken = items[n:], 2*most, true
			continue
		case e.tooLarge && n > 1:
			x.limit, x.easy, most = max(size/2, leastBytes), 0, n/2
			continue
		case e.tooLarge:
			row := x.shorter(&items[0], &changes[items[0].index])
			if row == nil {
				failed[items[0].index] = e.Err.Error()
				items = items[1:]
				continue
			}
			items[0].row = row
			continue
		}
		e.Accepted, e.Failed = accepted(items[0].index, taken, failed), failed
		return &e.Error
	}
	if len(failed) == 0 {
		return nil
	}
	return &exporters.Error{Kind: exporters.Permanent, Accepted: accepted(len(changes), taken, failed), Failed: failed}
}

// accepted is how many changes before one were taken.
func accepted(before int, taken bool, failed map[int]string) int {
	for ; before > 0; before-- {
		if _, f := failed[before-1]; !f {
			break
		}
	}
	if !taken {
		return 0
	}
	return before
}

// shorter encodes a change in half of the bytes that were too many; nil when it cannot be.
func (x *Exporter) shorter(i *item, c *alert.Change) []byte {
	most := len(i.row) / 2
	if most < leastBytes {
		return nil
	}
	row, err := x.encoder.encode(c, x.o.Clock(), most)
	if err != nil {
		return nil
	}
	return row
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
	tooLarge bool
}

// send makes one request.
func (x *Exporter) send(ctx context.Context, stream string, items []item) *refusal {
	if err := x.compress(items); err != nil {
		return &refusal{Error: exporters.Error{Kind: exporters.Retryable, Err: fmt.Errorf("sentinel: compressing: %w", err)}}
	}
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
	_, err := x.client.Upload(ctx, x.o.RuleID, stream, x.body.Bytes(), &azlogs.UploadOptions{ContentEncoding: &encoding})
	if err == nil {
		if x.easy++; x.easy >= easyRequests {
			x.limit, x.easy = min(2*x.limit, x.o.MaxBytes), 0
		}
		return nil
	}
	r := &refusal{Error: *x.judge(err, id)}
	switch statusOf(err) {
	case http.StatusRequestEntityTooLarge:
		r.tooLarge = true
	case http.StatusUnauthorized: // the next attempt asks for another token
		x.client = nil
		x.credential.forget()
	}
	return r
}

// easyRequests is after how many requests a limit that was lowered is doubled.
const easyRequests = 100

func (x *Exporter) compress(items []item) error {
	x.body.Reset()
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
