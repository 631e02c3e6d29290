package simulate

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// told is a delivery of DocuSign Connect about an envelope or a template: what a listener hears, beside Monitor, which may tell of
// the same. It names the owner, and not who acted nor from where.
type told struct {
	event          string
	envelope       string
	template, name string
	owner          *user
	recipient      string
	reason         string
}

// connectConfiguration is the only listener of the organisation.
const connectConfiguration = "11260417"

type wireDelivery struct {
	Event         string    `json:"event"`
	RetryCount    int       `json:"retryCount"`
	Configuration string    `json:"configurationId"`
	Generated     string    `json:"generatedDateTime"`
	Data          wireAbout `json:"data"`
}

type wireAbout struct {
	AccountID   string         `json:"accountId"`
	UserID      string         `json:"userId"`
	EnvelopeID  string         `json:"envelopeId,omitempty"`
	RecipientID string         `json:"recipientId,omitempty"`
	TemplateID  string         `json:"templateId,omitempty"`
	Name        string         `json:"name,omitempty"`
	Email       string         `json:"email,omitempty"`
	Summary     *wireSummary   `json:"envelopeSummary,omitempty"`
	Templates   []wireTemplate `json:"templates,omitempty"`
}

type wireTemplate struct {
	TemplateID string `json:"templateId"`
	Name       string `json:"name"`
}

type wireSummary struct {
	Sender     wirePerson               `json:"sender"`
	Voided     string                   `json:"voidedDateTime,omitempty"`
	Reason     string                   `json:"voidedReason,omitempty"`
	Completed  string                   `json:"completedDateTime,omitempty"`
	Declined   string                   `json:"declinedDateTime,omitempty"`
	Sent       string                   `json:"initialSentDateTime,omitempty"`
	Recipients map[string][]wireInvited `json:"recipients,omitempty"`
}

type wirePerson struct {
	UserID string `json:"userId"`
	Name   string `json:"userName"`
	Email  string `json:"email"`
}

type wireInvited struct {
	RecipientID string `json:"recipientId"`
	Email       string `json:"email"`
	Name        string `json:"name"`
	Signed      string `json:"signedDateTime,omitempty"`
	Declined    string `json:"declinedDateTime,omitempty"`
	Reason      string `json:"declinedReason,omitempty"`
}

// encodeTold writes the delivery on one line.
func (g *Generator) encodeTold(r *record) ([]byte, error) {
	t, at := r.told, stamp(r.at)
	w := wireDelivery{Event: t.event, Configuration: connectConfiguration, Generated: at, Data: wireAbout{AccountID: g.account, UserID: t.owner.id, EnvelopeID: t.envelope, TemplateID: t.template}}
	if t.template != "" {
		w.Data.Email, w.Data.Templates = t.owner.email, []wireTemplate{{t.template, t.name}}
	} else {
		s := &wireSummary{Sender: wirePerson{t.owner.id, t.owner.name, t.owner.email}}
		invited := wireInvited{RecipientID: "1", Email: t.recipient, Name: strings.SplitN(t.recipient, "@", 2)[0]}
		switch t.event {
		case "envelope-sent":
			s.Sent = at
		case "envelope-voided":
			s.Voided, s.Reason = at, t.reason
		case "envelope-completed":
			s.Completed = at
		case "envelope-declined":
			s.Declined, invited.Declined, invited.Reason = at, at, t.reason
		case "recipient-completed":
			invited.Signed = at
		case "recipient-declined":
			invited.Declined, invited.Reason = at, t.reason
		}
		if strings.HasPrefix(t.event, "recipient-") {
			w.Data.RecipientID = invited.RecipientID
		}
		if t.recipient != "" {
			s.Recipients = map[string][]wireInvited{"signers": {invited}}
		}
		w.Data.Summary = s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(&w); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// hear makes the record of a delivery; its id is the simulation's own, since a delivery has none.
func hear(c chance, at time.Time, t told) *record {
	return &record{at: at, id: c.guid(), user: t.owner.id, told: &t}
}

// tell is what Connect says of an act of the shift, a few seconds after it.
func (s *shift) tell(at time.Time, t told) {
	if !s.g.o.Connect {
		return
	}
	t.owner = s.u
	s.happened(hear(s.hearing(), at.Add(s.hearing().span(200*time.Millisecond, 4*time.Second)), t))
}

// hearing is the shift's chance for all that has to do with Connect, so that an organisation without it is as it was.
func (s *shift) hearing() chance {
	if s.connect.Rand == nil {
		s.connect = newChance(s.g.o.Seed, "connect", int64(s.u.index), s.day)
	}
	return s.connect
}

// guest is somebody outside who is asked to sign.
func guest(c chance) string {
	return pick(c, []string{"ada", "ben", "cleo", "dov", "ella", "finn", "gita", "hugo"}) + "." + c.guid()[:6] + "@" + pick(c, []string{"example.net", "example.org"})
}
