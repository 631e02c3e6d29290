// Package sentinel sends alerts to Microsoft Sentinel by the Logs Ingestion API of Azure Monitor: rows of a stream that a data
// collection rule declares, into ASIM's own table or one of ours.
//
// Azure says of a request that it took all of its rows or none, and nothing of what becomes of them; a change counts as accepted with
// that. A repetition has the same EventUid and Sequence.
package sentinel

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"github.com/sealwatch/sealwatch/exporters/format/payload"
)

// Table is where alerts go.
type Table string

// Tables of alerts.
const (
	// ASIM is ASimAlertEventLogs.
	ASIM Table = "asim"
	// Custom is a table of our columns, Sealwatch_Alerts_CL or another.
	Custom Table = "custom"
)

// Names of the streams that deploy/sentinel declares.
const (
	StreamASIM   = "Custom-SealwatchAlertEvents"
	StreamCustom = "Custom-SealwatchAlerts"
)

// Cloud is where the tenant and the workspace are.
type Cloud string

// Clouds.
const (
	Public Cloud = "public"
	USGov  Cloud = "usgov"
	China  Cloud = "china"
)

// place is what is another in each cloud.
type place struct {
	authority, audience, suffix string
}

var places = map[Cloud]place{
	Public: {cloud.AzurePublic.ActiveDirectoryAuthorityHost, "https://monitor.azure.com/", ".ingest.monitor.azure.com"},
	USGov:  {cloud.AzureGovernment.ActiveDirectoryAuthorityHost, "https://monitor.azure.us/", ".ingest.monitor.azure.us"},
	China:  {cloud.AzureChina.ActiveDirectoryAuthorityHost, "https://monitor.azure.cn/", ".ingest.monitor.azure.cn"},
}

// Credential says who sends. Exactly one of SecretFile, CertificateFile, ManagedIdentity and TokenFile is set.
type Credential struct {
	// TenantID and ClientID are those of the application, or for a workload identity of the identity; not for a managed one.
	TenantID, ClientID string
	// SecretFile holds the value of a client secret, CertificateFile a certificate with its private key in PEM. They are read
	// again for each token, so that a new one needs no restart.
	SecretFile, CertificateFile string
	// ManagedIdentity is System, or the client id or resource id of one that is assigned to the machine.
	ManagedIdentity string
	// TokenFile holds the token of a workload identity, as Kubernetes projects it; it is read again and again.
	TokenFile string
}

// System is the managed identity that the machine has of itself.
const System = "system"

// Options of the exporter. What is zero takes the default, where one is named.
type Options struct {
	// Endpoint is the address of the data collection rule (logsIngestion), or of a data collection endpoint: https://HOST. Required.
	Endpoint string
	// RuleID is the immutable id of the rule: dcr- and 32 hexadecimal digits. Required.
	RuleID string
	// Table is ASIM when empty; Stream the name that the rule declares for it, that of deploy/sentinel when empty.
	Table  Table
	Stream string
	// Cloud is Public when empty.
	Cloud      Cloud
	Credential Credential
	// Authority speaks for Entra ID in its place: https://HOST. Empty is that of the cloud.
	Authority string
	// Roots are the certificate authorities that are trusted; the system's when nil.
	Roots *x509.CertPool
	// AllowPrivate lets the endpoint have an address that is not of the Internet, as one behind a private link has. A loopback address as its
	// host needs none.
	AllowPrivate bool
	// MaxBytes bounds a request before compression (950,000: Azure takes 1 MiB; at least 4,000). A row that is longer by itself is
	// shortened and says so.
	MaxBytes int
	// Timeout bounds one request (30 s).
	Timeout time.Duration
	// Payload has what is told of the detections.
	Payload payload.Settings
	// Clock gives the time of sending; time.Now when nil.
	Clock func() time.Time
}

const (
	defaultBytes = 950_000
	leastBytes   = 4_000
	mostBytes    = 1 << 20
)

var (
	ruleID = regexp.MustCompile(`^dcr-[0-9a-f]{32}$`)
	stream = regexp.MustCompile(`^(Custom|Microsoft)-[A-Za-z][A-Za-z0-9_]{0,99}$`)
)

func (o *Options) complete() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sentinel: "+format, args...)) }
	if o.Cloud == "" {
		o.Cloud = Public
	}
	if _, ok := places[o.Cloud]; !ok {
		problem("cloud %q: %s, %s or %s was expected", o.Cloud, Public, USGov, China)
	}
	for _, a := range []struct{ what, address string }{{"endpoint", o.Endpoint}, {"authority", o.Authority}} {
		if u, err := url.Parse(a.address); a.address != "" && (err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "") {
			problem("the %s is not as expected: https://HOST without a path", a.what) // it is not shown: it may hold a password
		}
	}
	if o.Endpoint == "" {
		problem("no endpoint: https://HOST was expected, such as https://NAME.REGION-1%s", places[Public].suffix)
	}
	o.Endpoint, o.Authority = strings.TrimSuffix(o.Endpoint, "/"), strings.TrimSuffix(o.Authority, "/")
	if !ruleID.MatchString(o.RuleID) {
		problem("rule id %q: the immutable id of a data collection rule was expected, dcr- and 32 hexadecimal digits", o.RuleID)
	}
	if o.Table == "" {
		o.Table = ASIM
	}
	if o.Table != ASIM && o.Table != Custom {
		problem("table %q: %s or %s was expected", o.Table, ASIM, Custom)
	}
	if o.Stream == "" {
		o.Stream = map[Table]string{ASIM: StreamASIM, Custom: StreamCustom}[o.Table]
	}
	if !stream.MatchString(o.Stream) {
		problem("stream %q: a name such as %s was expected", o.Stream, StreamASIM)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultBytes
	}
	if o.MaxBytes < leastBytes || o.MaxBytes > mostBytes {
		problem("at most %d bytes a request: %d to %d were expected", o.MaxBytes, leastBytes, mostBytes)
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Timeout < 0 {
		problem("the time-out must not be negative")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if err := o.Credential.check(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Credential) check() error {
	found := 0
	for _, text := range []string{c.SecretFile, c.CertificateFile, c.ManagedIdentity, c.TokenFile} {
		if text != "" {
			found++
		}
	}
	switch {
	case found != 1:
		return fmt.Errorf("sentinel: found %d credentials, expected one: a client secret, a certificate, a managed identity or the token of a workload identity", found)
	case c.ManagedIdentity != "" && (c.TenantID != "" || c.ClientID != ""):
		return errors.New("sentinel: a managed identity has neither a tenant id nor a client id beside it: the one that is assigned is named by the managed identity itself")
	case c.ManagedIdentity != "" && c.ManagedIdentity != System && !guid.MatchString(c.ManagedIdentity) && !strings.HasPrefix(c.ManagedIdentity, "/subscriptions/"):
		return fmt.Errorf("sentinel: managed identity %q: %s, a client id or a resource id was expected", c.ManagedIdentity, System)
	case c.ManagedIdentity == "" && (!guid.MatchString(c.TenantID) || !guid.MatchString(c.ClientID)):
		return errors.New("sentinel: the tenant id and the client id have to be GUIDs: those of the application, as Entra ID shows them")
	}
	return nil
}

// loopback says whether the host of an address is one of this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback()
}
