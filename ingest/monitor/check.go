package monitor

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealwatch/sealwatch/ingest/internal/scan"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Complete brings a typed record to the state in which Decode leaves one: checked by the same rules, its time cut to
// Precision, its ids folded and its Data canonical. The error is a *FieldError, and then r is not to be used.
func Complete(r *event.Record) error {
	err := complete(r)
	var fe *FieldError
	if errors.As(err, &fe) {
		fe.EventID = shorten(r.EventID, event.MaxIDLength)
	}
	return err
}

func complete(r *event.Record) error {
	if r.Timestamp.IsZero() {
		return &FieldError{Field: "timestamp", Problem: "not there, expected the time of the event"}
	}
	r.Timestamp = r.Timestamp.UTC().Truncate(Precision)
	if err := checkTime(r.Timestamp); err != nil {
		return &FieldError{Field: "timestamp", Problem: err.Error()}
	}
	if len(r.Data) > 0 {
		c := scan.New(string(r.Data))
		if k := c.Kind(); k != scan.Object {
			return &FieldError{Field: "data", Problem: fmt.Sprintf("found %s, expected an object", k)}
		}
		data, err := c.Canonical(nil, scan.Style{JoinLetters: true})
		if err == nil {
			err = c.Finish()
		}
		if err != nil {
			return &FieldError{Field: "data", Problem: err.Error()}
		}
		r.Data = data
	}
	return check(r)
}

// check does what both forms of a record need.
func check(r *event.Record) error {
	if err := checkID(r.EventID); err != nil {
		return &FieldError{Field: "eventId", Problem: err.Error()}
	}
	if err := checkCoordinates("", r.Latitude, r.Longitude); err != nil {
		return err
	}
	for _, id := range []*string{&r.EventID, &r.UserID, &r.AccountID, &r.AffectedUserID, &r.ReferencedUserID} {
		*id = FoldID(*id)
	}
	return nil
}

func checkID(id string) error {
	const expected = "expected an event id of 1 to 128 bytes without control characters"
	switch {
	case id == "":
		return errors.New("not there, " + expected)
	case len(id) > event.MaxIDLength:
		return fmt.Errorf("found %d bytes, %s", len(id), expected)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("found %s, %s", quote(id), expected)
	}
	return nil
}

// checkCoordinates also refuses what is not a number.
func checkCoordinates(parent string, latitude, longitude float64) error {
	if !(latitude >= -90 && latitude <= 90) {
		return &FieldError{Field: parent + "latitude", Problem: fmt.Sprintf("found %g, expected -90 to 90 degrees", latitude)}
	}
	if !(longitude >= -180 && longitude <= 180) {
		return &FieldError{Field: parent + "longitude", Problem: fmt.Sprintf("found %g, expected -180 to 180 degrees", longitude)}
	}
	return nil
}

// FoldID writes a GUID in lower case; any other id stays as it is.
func FoldID(id string) string {
	const length = 36
	if len(id) != length {
		return id
	}
	upper := false
	for i := range length {
		b := id[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if b != '-' {
				return id
			}
		case b >= '0' && b <= '9' || b >= 'a' && b <= 'f':
		case b >= 'A' && b <= 'F':
			upper = true
		default:
			return id
		}
	}
	if upper {
		return strings.ToLower(id)
	}
	return id
}
