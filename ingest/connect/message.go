package connect

import (
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/internal/scan"
)

// message is what is read of a delivery. What is not there is empty.
type message struct {
	event, generated, configuration, uri string

	account, user, envelope, recipient, template, click string
	// name, email and reason stand beside the ids in deliveries without a summary.
	name, email, senderEmail, reason string

	// times of the envelope, by DocuSign's name of the field.
	times      map[string]string
	sender     person
	voided     string
	recipients []person
	// templates have the name of what the delivery is about.
	templates []person
}

// person is somebody, or a template, that a summary lists.
type person struct {
	id, guid, user, name, email, reason string
	signed, declined                    string
}

// FieldError says which field of a delivery cannot be taken.
type FieldError struct {
	// Field by DocuSign's name, with a dot before a part of it; empty when the delivery as a whole is at fault.
	Field string
	// Problem says what was found and what was expected.
	Problem string
}

// Error names field and problem.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// read reads a delivery.
func read(body string) (*message, error) {
	if strings.HasPrefix(strings.TrimLeft(body, "\ufeff \t\r\n"), "<") {
		return nil, &FieldError{Problem: "found XML, expected JSON: in DocuSign, choose REST v2.1 (JSON SIM) as the data format of the configuration"}
	}
	r := reader{scan.New(strings.TrimPrefix(body, "\ufeff"))}
	m := &message{times: map[string]string{}}
	if k := r.Kind(); k != scan.Object {
		return nil, &FieldError{Problem: fmt.Sprintf("found %s, expected a message of DocuSign Connect, which is an object", k)}
	}
	err := r.Object(func(key string) error {
		switch key {
		case "event":
			return r.text(key, &m.event)
		case "generatedDateTime":
			return r.text(key, &m.generated)
		case "configurationId":
			return r.text(key, &m.configuration)
		case "uri":
			return r.text(key, &m.uri)
		case "data":
			return r.object("data", func(key string) error { return r.data(key, m) })
		}
		return r.Skip()
	})
	if err == nil {
		err = r.Finish()
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

type reader struct{ *scan.Cursor }

// data reads what the message is about.
func (r reader) data(key string, m *message) error {
	field := "data." + key
	switch key {
	case "accountId":
		return r.text(field, &m.account)
	case "userId":
		return r.text(field, &m.user)
	case "envelopeId":
		return r.text(field, &m.envelope)
	case "recipientId":
		return r.text(field, &m.recipient)
	case "templateId":
		return r.text(field, &m.template)
	case "clickwrapId", "clickId", "agreementId":
		return r.text(field, &m.click)
	case "name":
		return r.text(field, &m.name)
	case "email":
		return r.text(field, &m.email)
	case "senderEmail":
		return r.text(field, &m.senderEmail)
	case "terminationReason":
		return r.text(field, &m.reason)
	case "envelopeSummary":
		return r.object(field, func(key string) error { return r.summary(field, key, m) })
	case "templates":
		return r.list(field, func(key string, p *person) error { return r.person(field, key, p) }, &m.templates)
	}
	return r.Skip()
}

// summary reads the envelope.
func (r reader) summary(parent, key string, m *message) error {
	field := parent + "." + key
	switch key {
	case "initialSentDateTime", "voidedDateTime", "completedDateTime", "declinedDateTime", "deletedDateTime":
		var s string
		err := r.text(field, &s)
		m.times[key] = s
		return err
	case "voidedReason":
		return r.text(field, &m.voided)
	case "envelopeId":
		if m.envelope == "" {
			return r.text(field, &m.envelope)
		}
	case "sender":
		return r.object(field, func(key string) error { return r.person(field, key, &m.sender) })
	case "recipients":
		// signers, carbonCopies and so on: every list is one of recipients
		return r.object(field, func(key string) error {
			if r.Kind() != scan.Array {
				return r.Skip()
			}
			list := field + "." + key
			return r.list(list, func(key string, p *person) error { return r.person(list, key, p) }, &m.recipients)
		})
	}
	return r.Skip()
}

func (r reader) person(parent, key string, p *person) error {
	field := parent + "." + key
	switch key {
	case "recipientId", "templateId":
		return r.text(field, &p.id)
	case "recipientIdGuid":
		return r.text(field, &p.guid)
	case "userId":
		return r.text(field, &p.user)
	case "name", "userName":
		return r.text(field, &p.name)
	case "email":
		return r.text(field, &p.email)
	case "signedDateTime":
		return r.text(field, &p.signed)
	case "declinedDateTime":
		return r.text(field, &p.declined)
	case "declinedReason":
		return r.text(field, &p.reason)
	}
	return r.Skip()
}

// object reads an object; null is an empty one.
func (r reader) object(field string, visit func(key string) error) error {
	switch k := r.Kind(); k {
	case scan.Object:
		return r.Object(visit)
	case scan.Null:
		return r.Null()
	default:
		return &FieldError{field, fmt.Sprintf("found %s, expected an object", k)}
	}
}

// list reads objects; what is none is passed over.
func (r reader) list(field string, visit func(key string, p *person) error, all *[]person) error {
	if k := r.Kind(); k == scan.Null {
		return r.Null()
	} else if k != scan.Array {
		return &FieldError{field, fmt.Sprintf("found %s, expected a list", k)}
	}
	return r.Array(func() error {
		if r.Kind() != scan.Object {
			return r.Skip()
		}
		var p person
		err := r.Object(func(key string) error { return visit(key, &p) })
		*all = append(*all, p)
		return err
	})
}

// text reads a text; numbers count as texts, because DocuSign writes ids both ways, and null as none.
func (r reader) text(field string, s *string) (err error) {
	switch k := r.Kind(); k {
	case scan.String:
		*s, err = r.Text()
	case scan.Number:
		*s, err = r.Number()
	case scan.Null:
		*s, err = "", r.Null()
	default:
		return &FieldError{field, fmt.Sprintf("found %s, expected a text", k)}
	}
	return err
}
