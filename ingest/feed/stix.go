package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/intel"
)

// object is what matters here of an object of STIX 2.1.
type object struct {
	Type           string   `json:"type"`
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Value          string   `json:"value"`
	Pattern        string   `json:"pattern"`
	PatternType    string   `json:"pattern_type"`
	ValidFrom      string   `json:"valid_from"`
	ValidUntil     string   `json:"valid_until"`
	Confidence     *int     `json:"confidence"`
	Revoked        bool     `json:"revoked"`
	Labels         []string `json:"labels"`
	IndicatorTypes []string `json:"indicator_types"`
}

// readSTIX reads the indicators of a bundle. Bare addresses count only where there is no indicator: beside one they are
// what was observed, victims among it.
func (l *List) readSTIX(r io.Reader, most int) error {
	var bundle struct {
		Type    string            `json:"type"`
		Objects []json.RawMessage `json:"objects"`
		More    bool              `json:"more"`
	}
	d := json.NewDecoder(r)
	if err := d.Decode(&bundle); err != nil {
		return fmt.Errorf("it is no JSON: %w; expected a bundle of STIX 2.1", err)
	}
	if bundle.Objects == nil {
		return errors.New("it is JSON without objects; expected a bundle of STIX 2.1")
	}
	if bundle.More {
		return errors.New("it is one page of a TAXII collection with more to come; expected all of it: ask for a larger page (limit)")
	}
	var bare []object
	indicators := false
	for i, raw := range bundle.Objects {
		var o object
		if err := json.Unmarshal(raw, &o); err != nil {
			l.bad("objects[%d]: %s", i, err)
			continue
		}
		where := fmt.Sprintf("objects[%d] %.80s", i, o.ID)
		switch o.Type {
		case "indicator":
			indicators = true
			l.indicator(where, &o)
		case "ipv4-addr", "ipv6-addr":
			bare = append(bare, o)
		default:
			l.Other++
		}
		if len(l.Entries) > most {
			return errMany(most)
		}
	}
	if indicators {
		l.Other += len(bare)
		return nil
	}
	for i := range bare {
		p, err := intel.Parse(bare[i].Value)
		if err != nil {
			l.bad("%.80s: %s", bare[i].ID, err)
			continue
		}
		l.add(bare[i].ID, Entry{Prefix: p, Confidence: -1, Tags: bare[i].Labels})
	}
	if len(l.Entries) > most {
		return errMany(most)
	}
	return nil
}

func (l *List) indicator(where string, o *object) {
	if o.Revoked || slices.Contains(o.IndicatorTypes, "benign") || o.PatternType != "" && o.PatternType != "stix" {
		l.Other++
		return
	}
	values, err := addressesOf(o.Pattern)
	if err != nil {
		l.bad("%s: pattern: %s", where, err)
		return
	}
	if len(values) == 0 {
		l.Other++
		return
	}
	e := Entry{Name: o.Name, Confidence: -1, Tags: slices.Concat(o.Labels, o.IndicatorTypes)}
	for i, t := range e.Tags {
		if strings.EqualFold(t, "anonymization") { // STIX's word for what detections know as a proxy
			e.Tags[i] = "anonymous_proxy"
		}
	}
	if o.Confidence != nil {
		if e.Confidence = *o.Confidence; e.Confidence < 0 {
			l.bad("%s: confidence: found %d, expected 0 to 100", where, e.Confidence)
			return
		}
	}
	if e.From, err = moment(o.ValidFrom); err == nil {
		e.To, err = moment(o.ValidUntil)
	}
	if err != nil {
		l.bad("%s: %s", where, err)
		return
	}
	for _, v := range values {
		if e.Prefix, err = intel.Parse(v); err != nil {
			l.bad("%s: %s", where, err)
			continue
		}
		l.add(where, e)
	}
}
