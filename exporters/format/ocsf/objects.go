package ocsf

import (
	"math"
	"strings"
)

// number of the events, within 32 bits as the schema has it.
func (v *view) number() any {
	if v.Change.EventCount == 0 {
		return nil
	}
	return min(v.Change.EventCount, math.MaxInt32)
}

func (v *view) attacks() []object {
	var all []object
	for _, id := range v.Detection.Techniques {
		technique, sub, isSub := strings.Cut(id, ".")
		attack := object{"technique": object{"uid": technique, "src_url": "https://attack.mitre.org/techniques/" + technique + "/"}}
		if isSub {
			attack["sub_technique"] = object{"uid": id, "src_url": "https://attack.mitre.org/techniques/" + technique + "/" + sub + "/"}
		}
		all = append(all, attack)
	}
	return all
}

func (v *view) related() []object {
	var all []object
	for _, id := range v.Document.EventIDs {
		all = append(all, object{"uid": id})
	}
	return all
}

// user is nil when the alert is about something else.
func (v *view) user() object {
	s := v.Document.Subject
	if s.Type != "user" {
		return nil
	}
	user := object{}
	for name, value := range map[string]string{"uid": s.ID, "email_addr": s.Email, "full_name": s.DisplayName, "name": v.User()} {
		if value != "" {
			user[name] = value
		}
	}
	return user
}

func (v *view) evidences() []object {
	var all []object
	first := object{}
	if len(v.Document.Evidence) > 0 {
		first["data"] = v.Document.Evidence
	}
	if user := v.user(); len(user) > 0 {
		first["actor"] = object{"user": user}
	}
	if len(first) > 0 {
		all = append(all, first)
	}
	for _, a := range v.Addresses {
		all = append(all, object{"src_endpoint": object{"ip": a.String()}})
	}
	return all
}

// Types of observables.
const (
	observableAddress = 2
	observableEmail   = 5
	observableCountry = 14
	observableUser    = 21
)

func (v *view) observables() []object {
	var all []object
	add := func(name string, id int, kind, value string) {
		if value != "" {
			all = append(all, object{"name": name, "type_id": id, "type": kind, "value": value})
		}
	}
	if s := v.Document.Subject; s.Type == "user" {
		all = append(all, object{"name": "evidences.actor.user", "type_id": observableUser, "type": "User"})
		add("evidences.actor.user.email_addr", observableEmail, "Email Address", s.Email)
	}
	for _, a := range v.Addresses {
		add("evidences.src_endpoint.ip", observableAddress, "IP Address", a.String())
	}
	for _, c := range v.Countries {
		add("evidences.data", observableCountry, "Country", c)
	}
	return all
}

func (v *view) response() []string {
	if v.Change.Retracted {
		return nil
	}
	return v.Detection.Response
}

// unmapped are the members of the document that have none.
func (v *view) unmapped() object {
	d := v.Document
	o := object{"change": v.Kind(), "sequence": d.Sequence, "score": d.Score}
	for name, value := range map[string]string{"findingKey": d.FindingKey, "assignee": d.Assignee, "supersededBy": d.SupersededBy} {
		if value != "" {
			o[name] = value
		}
	}
	if d.Subject.Type != "user" {
		o["subject"] = d.Subject
	}
	if d.Context != nil {
		o["context"] = d.Context
	}
	if len(d.Truncated) > 0 {
		o["truncated"] = d.Truncated
	}
	return o
}
