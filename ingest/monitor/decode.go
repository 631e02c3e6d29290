package monitor

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/sealwatch/sealwatch/ingest/internal/scan"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Decode reads one Monitor record, bare or in the wrapper {"activity_log": record, "user_info": {...}} that joins the
// user on. A field that is null counts as absent, and a field that is not known stays in Raw alone. The nested
// ipAddressLocation wins over its flattened copies. The error is a *FieldError.
func Decode(raw []byte) (event.Record, error) {
	rec, err := DecodeText(string(raw))
	if err != nil {
		return event.Record{}, err
	}
	rec.Raw = raw
	return rec, nil
}

// DecodeText is Decode for a text. The record's strings are parts of it, and its Raw is left empty.
func DecodeText(text string) (event.Record, error) {
	d := decoder{Cursor: scan.New(text)}
	err := d.whole()
	if err == nil {
		err = d.finish()
	}
	if err == nil {
		return d.rec, nil
	}
	return event.Record{}, d.fieldError(err, text)
}

// decoder reads one record.
type decoder struct {
	*scan.Cursor
	rec    event.Record
	nested location
	// hasTime says that there was a timestamp.
	hasTime bool
}

// location is ipAddressLocation.
type location struct {
	latitude, longitude  float64
	hasLat, hasLong      bool
	country, state, city string
}

func (d *decoder) whole() error {
	if k := d.Kind(); k != scan.Object {
		return fmt.Errorf("found %s, expected a Monitor record as a JSON object", k)
	}
	if err := d.Object(d.field); err != nil {
		return err
	}
	return d.Finish()
}

// finish puts the parts together and checks the record as a whole.
func (d *decoder) finish() error {
	if !d.hasTime {
		return &FieldError{Field: "timestamp", Problem: "not there, expected the time of the event"}
	}
	n := &d.nested
	if n.hasLat && n.hasLong {
		if err := checkCoordinates("ipAddressLocation.", n.latitude, n.longitude); err != nil {
			return err
		}
		d.rec.Latitude, d.rec.Longitude = n.latitude, n.longitude
	}
	prefer(&d.rec.Country, n.country)
	prefer(&d.rec.State, n.state)
	prefer(&d.rec.City, n.city)
	return check(&d.rec)
}

func prefer(dst *string, s string) {
	if s != "" {
		*dst = s
	}
}

// fieldError gives any error the shape that Decode promises.
func (d *decoder) fieldError(err error, text string) error {
	out := &FieldError{Problem: err.Error()}
	var fe *FieldError
	if errors.As(err, &fe) {
		out = fe
	}
	if out.EventID = d.rec.EventID; out.EventID == "" {
		out.EventID = findID(text)
	}
	out.EventID = shorten(out.EventID, event.MaxIDLength)
	return out
}

// findID looks for the event id of a record that could not be read.
func findID(text string) (id string) {
	c := scan.New(text)
	var member func(key string) error
	member = func(key string) (err error) {
		switch k := c.Kind(); {
		case key == "eventId" && k == scan.String:
			id, err = c.Text()
			return err
		case key == "activity_log" && k == scan.Object:
			return c.Object(member)
		}
		return c.Skip()
	}
	if c.Kind() == scan.Object {
		_ = c.Object(member) // an id that was read before the text broke off is good
	}
	return id
}

// text reads a string; null counts as absent.
func (d *decoder) text(parent, field string, dst *string) (err error) {
	switch k := d.Kind(); k {
	case scan.String:
		*dst, err = d.Text()
		return err
	case scan.Null:
		*dst = ""
		return d.Null()
	default:
		return d.wrong(parent, field, k, "a string")
	}
}

// float reads a number, also one that is written as a string; has says whether there was one.
func (d *decoder) float(parent, field string, dst *float64) (has bool, err error) {
	var lit string
	switch k := d.Kind(); k {
	case scan.Number:
		lit, err = d.Number()
	case scan.String:
		lit, err = d.Text()
	case scan.Null:
		return false, d.Null()
	default:
		return false, d.wrong(parent, field, k, "a number")
	}
	if err != nil || lit == "" {
		return false, err
	}
	f, err := strconv.ParseFloat(lit, 64)
	if err != nil {
		return false, &FieldError{Field: parent + field, Problem: "found " + quote(lit) + ", expected a number"}
	}
	*dst = f
	return true, nil
}

// flag reads a boolean; null counts as absent.
func (d *decoder) flag(field string, dst **bool) error {
	switch k := d.Kind(); k {
	case scan.Boolean:
		b, err := d.Bool()
		*dst = &b
		return err
	case scan.Null:
		*dst = nil
		return d.Null()
	default:
		return d.wrong("", field, k, "true, false or null")
	}
}

// object reads an object; null counts as absent.
func (d *decoder) object(parent, field string, visit func(key string) error) error {
	switch k := d.Kind(); k {
	case scan.Object:
		return d.Object(visit)
	case scan.Null:
		return d.Null()
	default:
		return d.wrong(parent, field, k, "an object")
	}
}

// wrong is the error for a value of another kind; a value that is no JSON at all is reported as that.
func (d *decoder) wrong(parent, field string, k scan.Kind, expected string) error {
	raw, err := d.Raw()
	if err != nil {
		return err
	}
	found := string(k)
	if k != scan.Null {
		found += " " + quote(raw)
	}
	return &FieldError{Field: parent + field, Problem: "found " + found + ", expected " + expected}
}
