package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/ingest/intel"
)

// TestRangeFiles: what a file says, and what it does not say is as the flags say.
func TestRangeFiles(t *testing.T) {
	like := &sealwatchv1.IpRange{Category: "corporate", Tags: []string{"office"}, Source: "operator", Confidence: 100, Country: "IE"}
	with := func(prefix string, change func(*sealwatchv1.IpRange)) *sealwatchv1.IpRange {
		r := proto.CloneOf(like)
		r.Prefix = prefix
		if change != nil {
			change(r)
		}
		return r
	}
	dublin := func(r *sealwatchv1.IpRange) {
		r.DisplayName, r.Category, r.Tags, r.Isp, r.Asn, r.City = "Dublin, north", "cloud", []string{"a", "b"}, "Contoso", 64500, "Dublin"
		r.Latitude, r.Longitude, r.RadiusKm = proto.Float64(53.35), proto.Float64(-6.26), proto.Float64(20)
		r.StartTime = &timestamppb.Timestamp{Seconds: 1767225600}
	}
	for name, c := range map[string]struct {
		file     string
		want     []*sealwatchv1.IpRange
		problems []string
		fails    string
	}{
		"a plain list": {file: "# ours\n10.0.0.0/8 office\n192.0.2.1, a comment\nnothing\n", want: []*sealwatchv1.IpRange{with("10.0.0.0/8", nil), with("192.0.2.1/32", nil)}, problems: []string{"line 4"}},
		"CSV": {file: "\ufeffNetwork,name,category,tags,from,isp,asn,country,city,latitude,longitude,radius_km\r\n" +
			`10.20.0.0/16,"Dublin, north",Cloud,a b,2026-01-01,Contoso,AS64500,IE,Dublin,53.35,-6.26,20` + "\r\n10.30.0.0/16,,,,,,,DE\n10.40.0.0/16,,,,,,,,,north\n,x\n10.50.0.0/16,,,,,,,,,,,,13\n\"",
			want:     []*sealwatchv1.IpRange{with("10.20.0.0/16", dublin), with("10.30.0.0/16", func(r *sealwatchv1.IpRange) { r.Country = "DE" })},
			problems: []string{`line 4: latitude: found "north"`, "line 5: found no network", "line 6: found 13 fields, expected the 12", "line 7: "}},
		"places that there are not": {file: "network,country,city,latitude,longitude,radiusKm,asn,confidence\n10.1.0.0/16,Germany\n10.2.0.0/16,Atlantis\n10.3.0.0/16,DE,,91,0\n10.4.0.0/16,DE,,0,181\n10.5.0.0/16,DE,,1\n10.6.0.0/16,DE,,,,5\n" +
			"10.7.0.0/16,DE,,1,1,0\n10.8.0.0/16,DE,,NaN,0\n10.9.0.0/16,DE,,,,,5\n10.10.0.0/16,,,,,,,101\n",
			want:     []*sealwatchv1.IpRange{with("10.1.0.0/16", func(r *sealwatchv1.IpRange) { r.Country = "DE" })},
			problems: []string{`line 3: country: found "Atlantis"`, "line 4: latitude: found 91", "line 5: longitude: found 181", "line 6: latitude: found one", "line 7: radiusKm: found 5", "line 8: radiusKm: found 0", "line 9: latitude: found NaN", "line 10: asn: found 5", `line 11: confidence: found "101"`}},
		"a column that there is not": {file: "network,town\n10.0.0.0/8,Dublin\n", fails: `line 1: found the column "town"`},
		"JSON": {file: ` [{"prefix":"10.20.0.0/16","displayName":"Dublin, north","category":"cloud","tags":["a","b"],"startTime":"2026-01-01T00:00:00Z","isp":"Contoso","asn":64500,
			"city":"Dublin","latitude":53.35,"longitude":-6.26,"radiusKm":20}, {"prefix":"10.30.0.0/16"}]`, want: []*sealwatchv1.IpRange{with("10.20.0.0/16", dublin), with("10.30.0.0/16", nil)}},
		"JSON as the API has it": {file: `{"ranges":[{"prefix":"10.30.0.0/16","country":"DE"}]}`, want: []*sealwatchv1.IpRange{with("10.30.0.0/16", func(r *sealwatchv1.IpRange) { r.Country = "DE" })}},
		"JSON of something else": {file: `[{"prefix":"10.30.0.0/16","town":"Dublin"}]`, fails: "town"},
		"nothing":                {file: ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []*sealwatchv1.IpRange
			var problems []string
			in, err := openRanges(strings.NewReader(c.file), like)
			for err == nil {
				var r *sealwatchv1.IpRange
				r, err = in.next()
				var line *intel.LineError
				if errors.As(err, &line) {
					problems, err = append(problems, line.Error()), nil
				} else if err == nil {
					got = append(got, r)
				}
			}
			if !errors.Is(err, io.EOF) && (c.fails == "" || !strings.Contains(err.Error(), c.fails)) || errors.Is(err, io.EOF) != (c.fails == "") {
				t.Fatalf("got %v, expected %q", err, c.fails)
			}
			if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(problems) != len(c.problems) {
				t.Fatalf("problems %q, expected %q", problems, c.problems)
			}
			for i, p := range problems {
				if !strings.HasPrefix(p, c.problems[i]) {
					t.Errorf("problem %q, expected %q", p, c.problems[i])
				}
			}
		})
	}
}

// FuzzRangeFiles: no file makes it panic, or a range without a network.
func FuzzRangeFiles(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8\n", "network,asn\n10.0.0.0/8,AS1\n", `[{"prefix":"10.0.0.0/8"}]`, "network,\"", "{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		in, err := openRanges(strings.NewReader(file), &sealwatchv1.IpRange{})
		if err != nil {
			return
		}
		if _, items := in.(*rangeItems); items {
			return // the API says what is wrong with them
		}
		for {
			r, err := in.next()
			var line *intel.LineError
			switch {
			case errors.As(err, &line):
			case err != nil:
				return
			case r.GetPrefix() == "":
				t.Errorf("a range without a network: %v", r)
			}
		}
	})
}
