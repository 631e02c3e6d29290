package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/ingest/intel"
	"github.com/sealwatch/sealwatch/internal/countries"
)

// maxRadius is half of the way around the world, in kilometres.
const maxRadius = 20038

// maxRangesJSON bounds a JSON file of ranges, which is read as a whole.
const maxRangesJSON = 64 << 20

// rangeReader yields ranges until io.EOF. After an *intel.LineError reading goes on.
type rangeReader interface {
	next() (*sealwatchv1.IpRange, error)
}

// openRanges tells what a file is: JSON as the API takes it, CSV under a header that names the network, or a plain list. What a
// range does not say itself, it has of like.
func openRanges(file io.Reader, like *sealwatchv1.IpRange) (rangeReader, error) {
	in := bufio.NewReaderSize(file, 64<<10)
	if bom, err := in.Peek(3); err == nil && string(bom) == "\ufeff" {
		_, _ = in.Discard(len(bom))
	}
	head, err := in.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	first := bytes.TrimLeftFunc(head, unicode.IsSpace)
	if bytes.HasPrefix(first, []byte("[")) || bytes.HasPrefix(first, []byte("{")) {
		return readRangesJSON(in, like)
	}
	line, _, _ := strings.Cut(string(head), "\n")
	names := strings.Split(strings.TrimSpace(line), ",")
	for _, n := range names {
		if c := columnName(n); len(names) > 1 && (c == "network" || c == "prefix") {
			return newRangeTable(in, like)
		}
	}
	return &rangeList{intel.NewReader(in), like}, nil
}

// rangeList is a plain list of addresses and networks.
type rangeList struct {
	in   *intel.Reader
	like *sealwatchv1.IpRange
}

func (l *rangeList) next() (*sealwatchv1.IpRange, error) {
	p, _, err := l.in.Next()
	if err != nil {
		return nil, err
	}
	r := proto.CloneOf(l.like)
	r.Prefix = p.String()
	return r, nil
}

// rangeFields are the columns that a table of ranges can have, by name.
var rangeFields = map[string]func(r *sealwatchv1.IpRange, text string) error{
	"network":  setPrefix,
	"prefix":   setPrefix,
	"name":     func(r *sealwatchv1.IpRange, s string) error { r.DisplayName = s; return nil },
	"category": func(r *sealwatchv1.IpRange, s string) error { r.Category = strings.ToLower(s); return nil },
	"tags": func(r *sealwatchv1.IpRange, s string) error {
		r.Tags = strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == ',' || c == ';' || c == '|' })
		return nil
	},
	"confidence": setConfidence,
	"from":       func(r *sealwatchv1.IpRange, s string) (err error) { r.StartTime, err = rangeBound(s); return err },
	"to":         func(r *sealwatchv1.IpRange, s string) (err error) { r.EndTime, err = rangeBound(s); return err },
	"isp":        func(r *sealwatchv1.IpRange, s string) error { r.Isp = s; return nil },
	"asn":        func(r *sealwatchv1.IpRange, s string) (err error) { r.Asn, err = systemNumber(s); return err },
	"country":    func(r *sealwatchv1.IpRange, s string) error { r.Country = s; return nil },
	"city":       func(r *sealwatchv1.IpRange, s string) error { r.City = s; return nil },
	"latitude": func(r *sealwatchv1.IpRange, s string) error {
		return number(s, "degrees", func(n float64) { r.Latitude = &n })
	},
	"longitude": func(r *sealwatchv1.IpRange, s string) error {
		return number(s, "degrees", func(n float64) { r.Longitude = &n })
	},
	"radiuskm": func(r *sealwatchv1.IpRange, s string) error {
		return number(s, "kilometres", func(n float64) { r.RadiusKm = &n })
	},
}

// columnName is the name of a column without case and punctuation, so that radius_km, radius-km and radiusKm are one.
func columnName(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}

func setPrefix(r *sealwatchv1.IpRange, s string) error {
	p, err := intel.Parse(s)
	r.Prefix = p.String()
	return err
}

func setConfidence(r *sealwatchv1.IpRange, s string) error {
	n, err := strconv.ParseUint(s, 10, 7)
	if err != nil || n > 100 {
		return fmt.Errorf("found %.40q, expected 0 to 100", s)
	}
	r.Confidence = int32(n)
	return nil
}

func number(s, unit string, set func(float64)) error {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("found %.40q, expected a number: %s", s, unit)
	}
	set(n)
	return nil
}

func systemNumber(s string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(s), "AS"), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("found %.40q, expected the number of an autonomous system such as 64500", s)
	}
	return uint32(n), nil
}

func rangeBound(s string) (*timestamppb.Timestamp, error) {
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return timestamppb.New(t), nil
		}
	}
	return nil, fmt.Errorf("found %.40q, expected a time such as 2026-05-04T08:00:00Z or a date", s)
}

// rangeTable is CSV under a header.
type rangeTable struct {
	in      *csv.Reader
	columns []string
	like    *sealwatchv1.IpRange
	// countries that a line can name.
	countries *countries.Table
}

func newRangeTable(in io.Reader, like *sealwatchv1.IpRange) (*rangeTable, error) {
	names, err := countries.New()
	if err != nil {
		return nil, err
	}
	t := &rangeTable{in: csv.NewReader(in), like: like, countries: names}
	t.in.FieldsPerRecord, t.in.TrimLeadingSpace, t.in.Comment = -1, true, '#'
	header, err := t.in.Read()
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	for _, name := range header {
		c := columnName(name)
		if rangeFields[c] == nil {
			return nil, fmt.Errorf("line 1: found the column %.40q, expected network, name, category, tags, confidence, from, to, isp, asn, country, city, latitude, longitude and radiusKm", name)
		}
		t.columns = append(t.columns, c)
	}
	return t, nil
}

func (t *rangeTable) next() (*sealwatchv1.IpRange, error) {
	fields, err := t.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, err
	}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return nil, &intel.LineError{Line: wrong.Line, Problem: wrong.Err.Error()}
	} else if err != nil {
		return nil, err
	}
	line, _ := t.in.FieldPos(0)
	if len(fields) > len(t.columns) {
		return nil, &intel.LineError{Line: line, Problem: fmt.Sprintf("found %d fields, expected the %d of the header", len(fields), len(t.columns))}
	}
	r := proto.CloneOf(t.like)
	for i, text := range fields {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if err := rangeFields[t.columns[i]](r, text); err != nil {
			return nil, &intel.LineError{Line: line, Problem: t.columns[i] + ": " + err.Error()}
		}
	}
	if problem := t.place(r); problem != "" {
		return nil, &intel.LineError{Line: line, Problem: problem}
	}
	if r.GetPrefix() == "" {
		return nil, &intel.LineError{Line: line, Problem: "found no network, expected an address such as 192.0.2.1 or a network such as 192.0.2.0/24"}
	}
	return r, nil
}

// place looks at what a line says of the place: the service would refuse the whole list for it. A country may have its English name. The
// problem is empty when all is well.
func (t *rangeTable) place(r *sealwatchv1.IpRange) string {
	within := func(n *float64, most float64) bool { return n == nil || math.Abs(*n) <= most }
	if c := t.countries.Code(r.GetCountry()); c != "" {
		r.Country = c
	} else if r.GetCountry() != "" {
		return fmt.Sprintf("country: found %.40q, expected a country by ISO 3166-1, such as IE", r.GetCountry())
	}
	switch {
	case r.GetAsn() != 0 && r.GetIsp() == "":
		return fmt.Sprintf("asn: found %d without isp, expected both, or isp alone", r.GetAsn())
	case !within(r.Latitude, 90):
		return fmt.Sprintf("latitude: found %g, expected -90 to 90", r.GetLatitude())
	case !within(r.Longitude, 180):
		return fmt.Sprintf("longitude: found %g, expected -180 to 180", r.GetLongitude())
	case (r.Latitude != nil) != (r.Longitude != nil):
		return "latitude: found one of latitude and longitude, expected both or neither"
	case r.RadiusKm != nil && (r.Latitude == nil || r.GetRadiusKm() <= 0 || !within(r.RadiusKm, maxRadius)):
		return fmt.Sprintf("radiusKm: found %g, expected more than 0 and at most %d, with latitude and longitude", r.GetRadiusKm(), maxRadius)
	case r.GetCountry() == "" && (r.GetCity() != "" || r.Latitude != nil):
		return "country: found nothing beside a city or coordinates, expected a country by ISO 3166-1, such as IE"
	}
	return ""
}

// rangeItems are ranges that have been read.
type rangeItems struct{ left []*sealwatchv1.IpRange }

// readRangesJSON reads a list of ranges, or an object with ranges, in the API's words.
func readRangesJSON(in io.Reader, like *sealwatchv1.IpRange) (*rangeItems, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxRangesJSON+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRangesJSON {
		return nil, fmt.Errorf("found more than %d MiB of JSON, expected less; cut the list in parts", maxRangesJSON>>20)
	}
	if text = bytes.TrimSpace(text); text[0] == '[' {
		text = append(append([]byte(`{"ranges":`), text...), '}')
	}
	var all sealwatchv1.ImportIpRangesRequest
	if err := protojson.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%w; expected a list of ranges as POST /v1/ipRanges:import takes it", err)
	}
	for i, r := range all.GetRanges() {
		whole := proto.CloneOf(like)
		proto.Merge(whole, r)
		if len(r.GetTags()) > 0 {
			whole.Tags = r.GetTags()
		}
		all.Ranges[i] = whole
	}
	return &rangeItems{all.GetRanges()}, nil
}

func (i *rangeItems) next() (*sealwatchv1.IpRange, error) {
	if len(i.left) == 0 {
		return nil, io.EOF
	}
	r := i.left[0]
	i.left = i.left[1:]
	return r, nil
}
