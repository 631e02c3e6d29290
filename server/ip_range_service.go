package server

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/countries"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/intelligence"
	"github.com/sealwatch/sealwatch/server/token"
)

// AddressBook keeps what is known about addresses.
type AddressBook interface {
	// Know returns when the ranges are durable and the analysis has been asked to look again.
	Know(ctx context.Context, ranges []intelligence.Range) error
	// Forget takes back what a source says of prefixes, or all when none is given, and returns how many ranges there were.
	Forget(ctx context.Context, source string, prefixes []netip.Prefix) (int, error)
	// Touched counts the stored events of the tenant that come from the prefixes, and the users who did them.
	Touched(ctx context.Context, tenant string, prefixes []netip.Prefix) (events, users uint64, err error)
	// ListRanges returns at most limit ranges of the tenant after (source, prefix, beginning), in that order, of all sources
	// when none is given.
	ListRanges(ctx context.Context, tenant string, sources []string, afterSource, afterPrefix string, afterFrom time.Time, limit int) ([]intelligence.Range, error)
}

type ipRangeService struct {
	pb.UnimplementedIpRangeServiceServer
	book   AddressBook
	tenant string
	// countries that a range can name.
	countries *countries.Table
}

func (s *ipRangeService) ImportIpRanges(ctx context.Context, req *pb.ImportIpRangesRequest) (*pb.ImportIpRangesResponse, error) {
	ranges := make([]intelligence.Range, 0, len(req.GetRanges()))
	prefixes := make([]netip.Prefix, 0, len(req.GetRanges()))
	for i, r := range req.GetRanges() {
		p, ok := prefix(r.GetPrefix())
		if !ok {
			return nil, fault.New(fault.InvalidArgument, "ranges[%d].prefix: found %q, expected an address or a network such as 192.0.2.0/24", i, r.GetPrefix())
		}
		if widest := widestOf(p); p.Bits() < widest && !req.GetAllowWide() {
			return nil, fault.New(fault.InvalidArgument, "ranges[%d].prefix: found %s, expected a network of at least /%d, or allow_wide (--allow-wide) where it is meant: it would hold for a large part of the Internet", i, p, widest)
		}
		x := intelligence.Range{Tenant: s.tenant, Source: r.GetSource(), Prefix: p, Name: r.GetDisplayName(), Category: r.GetCategory(), Tags: r.GetTags(),
			Confidence: uint8(r.GetConfidence()), From: instant(r.GetStartTime()), To: instant(r.GetEndTime())} //nolint:gosec // validated: 0 to 100
		if !x.From.IsZero() && !x.To.IsZero() && !x.From.Before(x.To) {
			return nil, fault.New(fault.InvalidArgument, "ranges[%d]: start_time %s is not before end_time %s", i, x.From, x.To)
		}
		var problem string
		if x.Override, problem = s.override(r); problem != "" {
			return nil, fault.New(fault.InvalidArgument, "ranges[%d].%s", i, problem)
		}
		if x.Source != intelligence.OperatorSource && x.Override != (intelligence.Override{}) {
			return nil, fault.New(fault.InvalidArgument, "ranges[%d].source: found %q, expected %s: it alone says where addresses are and who runs them", i, x.Source, intelligence.OperatorSource)
		}
		ranges, prefixes = append(ranges, x), append(prefixes, p)
	}
	events, users, err := s.book.Touched(ctx, s.tenant, prefixes)
	if err != nil {
		return nil, err
	}
	if !req.GetDryRun() {
		if err := s.book.Know(ctx, ranges); err != nil {
			return nil, err
		}
	}
	return &pb.ImportIpRangesResponse{Imported: int32(len(ranges)), Events: int64(events), Users: int64(users)}, nil //nolint:gosec // validated: 20,000 at most, and what is counted is stored
}

// The widest networks that are taken without being asked for: the same as of feeds.
const widest4, widest6 = 8, 16

func widestOf(p netip.Prefix) int {
	if p.Addr().Is4() {
		return widest4
	}
	return widest6
}

func (s *ipRangeService) RemoveIpRanges(ctx context.Context, req *pb.RemoveIpRangesRequest) (*pb.RemoveIpRangesResponse, error) {
	if req.GetAll() == (len(req.GetPrefixes()) > 0) {
		return nil, fault.New(fault.InvalidArgument, "prefixes: found %d with all = %v, expected some, or all", len(req.GetPrefixes()), req.GetAll())
	}
	var prefixes []netip.Prefix
	for i, text := range req.GetPrefixes() {
		p, ok := prefix(text)
		if !ok {
			return nil, fault.New(fault.InvalidArgument, "prefixes[%d]: found %q, expected an address or a network such as 192.0.2.0/24", i, text)
		}
		prefixes = append(prefixes, p)
	}
	n, err := s.book.Forget(ctx, req.GetSource(), prefixes)
	if err != nil {
		return nil, err
	}
	return &pb.RemoveIpRangesResponse{Removed: int32(min(n, math.MaxInt32))}, nil //nolint:gosec // cut
}

// override is what a range says of the place and the network; problem says which field is wrong.
func (s *ipRangeService) override(r *pb.IpRange) (o intelligence.Override, problem string) {
	o = intelligence.Override{ISP: strings.TrimSpace(r.GetIsp()), ASN: r.GetAsn(), Country: strings.ToUpper(r.GetCountry()), City: strings.TrimSpace(r.GetCity()),
		HasCoordinates: r.Latitude != nil && r.Longitude != nil, Latitude: r.GetLatitude(), Longitude: r.GetLongitude(), RadiusKM: float32(r.GetRadiusKm())}
	o.CountryName = s.countries.Name(o.Country)
	switch {
	case o.ASN != 0 && o.ISP == "":
		return o, fmt.Sprintf("asn: found %d without isp, expected both, or isp alone", o.ASN)
	case o.Country != "" && o.CountryName == "":
		return o, fmt.Sprintf("country: found %q, expected the two letters of a country by ISO 3166-1, such as IE", o.Country)
	case (r.Latitude != nil) != (r.Longitude != nil):
		return o, "latitude: found one of latitude and longitude, expected both or neither"
	case r.RadiusKm != nil && !o.HasCoordinates:
		return o, fmt.Sprintf("radius_km: found %g without latitude and longitude, expected all three", r.GetRadiusKm())
	case o.Country == "" && (o.City != "" || o.HasCoordinates):
		return o, "country: found nothing beside a city or coordinates, expected the two letters of a country by ISO 3166-1, such as IE"
	}
	return o, ""
}

// prefix reads an address or a network; what is mapped from IPv4 is IPv4.
func prefix(text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return p, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	return intelligence.Canonical(p), true
}

func instant(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// beginning of a range as it is ordered by.
func beginning(r intelligence.Range) time.Time {
	if r.From.IsZero() {
		return time.Unix(0, 0)
	}
	return r.From
}

func (s *ipRangeService) ListIpRanges(ctx context.Context, req *pb.ListIpRangesRequest) (*pb.ListIpRangesResponse, error) {
	query, err := token.NewQuery("ip_ranges", s.tenant, &pb.ListIpRangesRequest{Sources: req.GetSources()})
	if err != nil {
		return nil, err
	}
	after, _, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	source, prefix, _ := strings.Cut(after.ID, " ")
	size := pageSize(req.GetPageSize())
	list, err := s.book.ListRanges(ctx, s.tenant, req.GetSources(), source, prefix, after.Time, size+1)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListIpRangesResponse{}
	for _, r := range list[:min(len(list), size)] {
		resp.Ranges = append(resp.Ranges, &pb.IpRange{Prefix: r.Prefix.String(), Source: r.Source, DisplayName: r.Name, Category: r.Category, Tags: r.Tags,
			Confidence: int32(r.Confidence), StartTime: stamp(r.From), EndTime: stamp(r.To), Isp: r.ISP, Asn: r.ASN, Country: r.Country, City: r.City,
			LocatedBy: r.LocatedBy(), NetworkBy: r.NetworkBy()})
		if one := resp.Ranges[len(resp.Ranges)-1]; r.HasCoordinates {
			one.Latitude, one.Longitude = proto.Float64(r.Latitude), proto.Float64(r.Longitude)
			if r.RadiusKM > 0 {
				one.RadiusKm = proto.Float64(float64(r.RadiusKM))
			}
		}
	}
	if len(list) > size {
		last := list[size-1]
		resp.NextPageToken, err = query.Encode(token.Page{Time: beginning(last), ID: last.Source + " " + last.Prefix.String()})
	}
	return resp, err
}
