package connect

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/monitor"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Channel is the channel of every event that came by Connect.
const Channel = "Connect"

// propertyExpired marks an envelope that DocuSign itself voided.
const propertyExpired = "Expired"

// longest id and text that a delivery may have; DocuSign's are far shorter.
const (
	maxID   = 200
	maxText = 2000
)

var (
	eventName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	// expired is how DocuSign words the reason of an envelope that it voids when its time is over.
	expired = regexp.MustCompile(`(?i)\bexpired\b`)
)

// Parse makes the record of a delivery. source stands for the configuration where a delivery does not name its own. The error is
// a *FieldError or a *scan.Error.
func Parse(source string, body []byte) (*event.Record, error) {
	text := string(body)
	m, err := read(text)
	if err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	at, err := m.time()
	if err != nil {
		return nil, err
	}
	configuration := m.configuration
	if configuration == "" {
		configuration = source
	}
	object, action, _ := strings.Cut(m.event, "-")
	r := &event.Record{Timestamp: at, AccountID: m.account, Object: object, Action: action, Source: Channel, Raw: body,
		EventID: identity(configuration, monitor.FoldID(m.thing()), m.recipient, strings.ToLower(m.event), at)}
	m.persons(r)
	data := map[string]string{}
	for key, value := range map[string]string{"ConfigurationId": configuration, "EnvelopeId": m.envelope, "TemplateId": m.template, "ClickId": m.click,
		"RecipientId": m.recipient, "RecipientEmail": strings.ToLower(m.recipientOf().email), "RecipientName": m.recipientOf().name, "SenderEmail": strings.ToLower(m.senderOf().email),
		"TemplateName": m.templateName(), "Reason": m.because()} {
		if value != "" {
			data[key] = value
		}
	}
	if r.Data, err = json.Marshal(data); err != nil {
		return nil, fmt.Errorf("connect: data: %w", err)
	}
	return r, nil
}

// identity is the id of an event: the same for every delivery of it, whatever else a body says.
func identity(configuration, thing, recipient, name string, at time.Time) string {
	h := sha256.New()
	for _, s := range []string{configuration, thing, recipient, name, at.UTC().Truncate(monitor.Precision).Format(time.RFC3339Nano)} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return "connect-" + hex.EncodeToString(h.Sum(nil)[:20])
}

// check looks at what every delivery needs.
func (m *message) check() error {
	if !eventName.MatchString(m.event) {
		return &FieldError{"event", fmt.Sprintf("found %.80q, expected the name of an event such as envelope-voided: in DocuSign, choose the event message delivery mode Send Individual Messages (SIM)", m.event)}
	}
	for field, s := range map[string]string{"configurationId": m.configuration, "data.accountId": m.account, "data.userId": m.user, "data.envelopeId": m.envelope, "data.recipientId": m.recipient, "data.templateId": m.template} {
		if len(s) > maxID {
			return &FieldError{field, fmt.Sprintf("found %d bytes, expected an id of at most %d", len(s), maxID)}
		}
	}
	if m.thing() == "" {
		return &FieldError{"data", "found neither an envelopeId nor a templateId, expected the id of what the event is about"}
	}
	return nil
}

// thing is what the event is about.
func (m *message) thing() string {
	for _, id := range []string{m.envelope, m.template, m.click} {
		if id != "" {
			return id
		}
	}
	return ""
}

// time is when it happened: the time that DocuSign writes once into envelope or recipient, else that of the message. A message
// that is sent again has the same.
func (m *message) time() (time.Time, error) {
	field, text := "", ""
	p := m.recipientOf()
	switch strings.ToLower(m.event) {
	case "envelope-sent":
		field = "initialSentDateTime"
	case "envelope-voided":
		field = "voidedDateTime"
	case "envelope-completed":
		field = "completedDateTime"
	case "envelope-declined":
		field = "declinedDateTime"
	case "envelope-deleted":
		field = "deletedDateTime"
	case "recipient-completed":
		field, text = "signedDateTime", p.signed
	case "recipient-declined":
		field, text = "declinedDateTime", p.declined
	}
	if field != "" && text == "" && strings.HasPrefix(strings.ToLower(m.event), "envelope-") {
		text = m.times[field]
	}
	if text != "" {
		if at, err := monitor.ParseTime(text); err == nil {
			return at, nil
		}
	}
	at, err := monitor.ParseTime(m.generated)
	if err != nil {
		return time.Time{}, &FieldError{"generatedDateTime", err.Error()}
	}
	return at, nil
}

// persons says who acted and whom it concerned. The userId of a delivery is the owner of the envelope or template, whoever acted.
func (m *message) persons(r *event.Record) {
	sender, recipient := m.senderOf(), m.recipientOf()
	act := func(p person) {
		r.UserID, r.UserName, r.UserEmail = p.user, clip(p.name), strings.ToLower(clip(p.email))
	}
	switch strings.ToLower(r.Object) {
	case "envelope":
		switch strings.ToLower(r.Action) {
		case "created", "sent", "resent", "corrected", "deleted", "discard":
			act(sender)
			return
		case "voided":
			if expired.MatchString(m.because()) {
				r.Property = propertyExpired
				break
			}
			act(sender)
			return
		}
		// delivered, completed and declined follow from what recipients do, and DocuSign purges by itself
		r.AffectedUserID = sender.user
	case "recipient":
		switch strings.ToLower(r.Action) {
		case "sent", "resent", "autoresponded":
		default:
			act(recipient)
		}
		r.AffectedUserID = sender.user
	case "template":
		act(person{user: m.user, email: m.email})
	default:
		r.AffectedUserID = m.user
	}
}

func (m *message) senderOf() person {
	s := m.sender
	if s.user == "" {
		s.user = m.user
	}
	if s.email == "" {
		s.email = m.senderEmail
	}
	return s
}

func (m *message) recipientOf() person {
	for _, p := range m.recipients {
		if m.recipient != "" && (p.id == m.recipient || p.guid == m.recipient) {
			return p
		}
	}
	if m.recipient == "" || m.template != "" {
		return person{}
	}
	return person{id: m.recipient, name: m.name, email: m.email}
}

func (m *message) templateName() string {
	if m.template == "" {
		return ""
	}
	for _, t := range m.templates {
		if t.id == m.template {
			return clip(t.name)
		}
	}
	return clip(m.name)
}

// because is the reason that somebody gave.
func (m *message) because() string {
	switch e := strings.ToLower(m.event); {
	case e == "envelope-voided" && m.voided != "":
		return clip(m.voided)
	case e == "recipient-declined" && m.recipientOf().reason != "":
		return clip(m.recipientOf().reason)
	case e == "envelope-voided" || e == "recipient-declined" || e == "envelope-declined":
		return clip(m.reason)
	}
	return ""
}

// clip bounds a text that people write.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}
