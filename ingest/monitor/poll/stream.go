package poll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/fault"
)

// Generations of the Monitor API.
const (
	// V2 is lens.docusign.net, with the records under data.
	V2 = "v2"
	// V3 is the path of the organisation at api.docusign.com, with the records under resultData.
	V3 = "v3"
)

// MaxPageRecords is the most that DocuSign puts into a page.
const MaxPageRecords = 2000

// maxPageBytes bounds a page when uncompressed; 2,000 records have 4 MB as a rule.
const maxPageBytes = 64 << 20

// Page is one answer of the stream.
type Page struct {
	// Records as delivered, in the order of the page.
	Records [][]byte
	// EndCursor is where the next page begins; the end is reached when it is the cursor that was sent.
	EndCursor string
	Limits    docusign.Limits
	Trace     string
}

// Stream asks the Monitor API for pages.
type Stream struct {
	client     *docusign.Client
	generation string
	log        *slog.Logger

	mu           sync.Mutex
	organization string
	// lookup says that the organisation is not configured and has to be found.
	lookup bool
}

// NewStream reads as the client's user. Without an organisation the one that the user administers is looked up before the
// first page, where the generation needs it.
func NewStream(client *docusign.Client, generation, organization string, log *slog.Logger) (*Stream, error) {
	if generation != V2 && generation != V3 {
		return nil, fmt.Errorf("poll: generation %q of the Monitor API: expected %s or %s", generation, V2, V3)
	}
	return &Stream{client: client, generation: generation, organization: organization, log: log, lookup: generation == V3 && organization == ""}, nil
}

// Scopes that the user has to have given consent to.
func (s *Stream) Scopes() docusign.Scopes {
	if s.lookup {
		return docusign.ScopesOrganizations
	}
	return docusign.ScopesMonitor
}

// Hosts are where its calls go beside the authorization server.
func (s *Stream) Hosts() []string {
	env := s.client.Environment()
	switch {
	case s.generation == V2:
		return []string{env.Lens}
	case s.lookup:
		return []string{env.API, env.Management}
	}
	return []string{env.API}
}

// Organization finds out whose stream it is; an empty id means that the generation does not need one.
func (s *Stream) Organization(ctx context.Context) (string, error) {
	s.mu.Lock()
	known := s.organization
	s.mu.Unlock()
	if known != "" || s.generation == V2 {
		return known, nil
	}
	all, err := s.client.Organizations(ctx)
	if err != nil {
		return "", err
	}
	switch len(all) {
	case 0:
		return "", &docusign.Error{Kind: docusign.KindRole, Message: noOrganization}
	case 1:
	default:
		return "", &docusign.Error{Kind: docusign.KindOrganizations, Message: severalOrganizations(all)}
	}
	s.log.InfoContext(ctx, "the organisation was found", slog.String("organization", all[0].ID), slog.String("name", all[0].Name))
	s.mu.Lock()
	s.organization = all[0].ID
	s.mu.Unlock()
	return all[0].ID, nil
}

const noOrganization = "the user administers no organisation: make the user Organization Administrator or Security Reports Administrator in DocuSign Admin"

func severalOrganizations(all []docusign.Organization) string {
	var names []string
	for _, o := range all[:min(len(all), 5)] {
		names = append(names, fmt.Sprintf("%q (%s)", o.Name, o.ID))
	}
	return fmt.Sprintf("the user is administrator of %d organisations, %s: DocuSign Monitor refuses such a user; use one of its own, who is administrator (or Security Reports Administrator) of the organisation to be watched only",
		len(all), strings.Join(names, ", "))
}

// Page asks for the records behind the cursor, at most limit. The error is a *docusign.Error or that of ctx; a page that
// broke in the middle comes beside the error with what could be read.
func (s *Stream) Page(ctx context.Context, cursor string, limit int) (*Page, error) {
	organization, err := s.Organization(ctx)
	if err != nil {
		return nil, err
	}
	base := s.client.Environment().Lens + "/api/v2.0/datasets/monitor/stream"
	if s.generation == V3 {
		base = s.client.Environment().API + "/v1/organizations/" + url.PathEscape(organization) + "/stream"
	}
	q := url.Values{"cursor": {cursor}, "limit": {strconv.Itoa(limit)}}
	resp, err := s.client.Get(ctx, s.Scopes(), base+"?"+q.Encode())
	if err != nil {
		return nil, s.explain(ctx, err, organization)
	}
	defer func() { _ = resp.Body.Close() }()
	p := &Page{Limits: resp.Limits, Trace: resp.Trace}
	err = p.read(resp.Body)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return p, err
}

// read takes the page in.
func (p *Page) read(body io.Reader) error {
	reader := monitor.NewReader(body, monitor.Options{MaxRecordBytes: maxPageBytes, MaxBodyBytes: maxPageBytes})
	broken := func(message string, err error) error {
		return &docusign.Error{Kind: docusign.KindResponse, Trace: p.Trace, Limits: p.Limits, Message: message, Err: err}
	}
	for {
		item, err := reader.Next()
		var syntax *monitor.SyntaxError
		switch {
		case err == nil:
			p.Records = append(p.Records, item.Raw)
		case errors.Is(err, io.EOF):
			if p.EndCursor = reader.EndCursor(); p.EndCursor == "" {
				p.Records = nil // whatever it was, it was no page
				return broken("the page of DocuSign Monitor has no endCursor; it is asked for again", nil)
			}
			return nil
		case errors.As(err, &syntax):
			return broken("the page of DocuSign Monitor is not whole, or no JSON; it is asked for again", err)
		case fault.Is(err, fault.BodyTooLarge):
			return broken(fmt.Sprintf("the page of DocuSign Monitor has more than %d MiB; it is asked for again with fewer records", maxPageBytes>>20), nil)
		default:
			p.Records = nil // the next attempt brings them
			return &docusign.Error{Kind: docusign.KindNetwork, Trace: p.Trace, Limits: p.Limits, Message: "the answer of DocuSign Monitor broke off; it is asked for again", Err: err}
		}
	}
}

// explain finds out why DocuSign refuses, where it does not say.
func (s *Stream) explain(ctx context.Context, err error, organization string) error {
	var e *docusign.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case docusign.KindForbidden:
		e.Kind, e.Message = s.diagnose(ctx, organization)
	case docusign.KindNotFound:
		if s.generation == V3 {
			e.Message = fmt.Sprintf("DocuSign Monitor knows no organisation %s in %s: compare organizationId with DocuSign Admin", organization, s.client.Environment().Name)
		}
	}
	return err
}

// diagnose looks at what the user administers: DocuSign answers 403, often without a text, for several causes.
func (s *Stream) diagnose(ctx context.Context, organization string) (docusign.Kind, string) {
	const causes = "DocuSign Monitor refuses the user without saying why. The causes are, the most frequent first: the organisation has no DocuSign Monitor (a product of its own in production); " +
		"the user is administrator of more than one organisation; the user is neither Organization Administrator nor Security Reports Administrator"
	all, err := s.client.Organizations(ctx)
	switch {
	case err != nil && ctx.Err() == nil && docusign.KindOf(err) == docusign.KindConsent:
		return docusign.KindForbidden, causes + ". With a consent for organization_read Sealwatch can tell which: " + s.client.ConsentURL(docusign.ScopesOrganizations)
	case err != nil:
		return docusign.KindForbidden, causes
	case len(all) == 0:
		return docusign.KindRole, noOrganization
	case len(all) > 1:
		return docusign.KindOrganizations, severalOrganizations(all)
	case organization != "" && !slices.ContainsFunc(all, func(o docusign.Organization) bool { return strings.EqualFold(o.ID, organization) }):
		return docusign.KindRole, fmt.Sprintf("the user administers %q (%s) and not the configured organisation %s: correct organizationId, or use a user of that organisation", all[0].Name, all[0].ID, organization)
	}
	return docusign.KindEntitlement, fmt.Sprintf("DocuSign Monitor refuses the only administrator role that the user has, that of %q (%s). Most probably the organisation has no DocuSign Monitor in %s: it is a product of its own in production (with Enterprise Pro, for example); ask DocuSign to switch it on. "+
		"Otherwise the user lacks the role Organization Administrator or Security Reports Administrator", all[0].Name, all[0].ID, s.client.Environment().Name)
}
