package simulate

import (
	"fmt"
	"time"
)

// overheard are the attacks that show in what Connect tells. They are played where an organisation has Connect only.
func overheard() []attack {
	return []attack{envelopesDestroyed(), envelopesRedirected(), phishedRecipients(), guessedRecipient(), poisonedTemplates()}
}

// ConnectKinds are the names of the attacks of which Connect tells.
func ConnectKinds() []string {
	var all []string
	for _, a := range overheard() {
		all = append(all, a.kind)
	}
	return all
}

// told is what Connect says of the attack; attackers appear in no delivery.
func (a *assault) told(at time.Time, t told) {
	t.owner = a.victim
	r := hear(a.chance, at.Add(a.span(200*time.Millisecond, 4*time.Second)), t)
	r.hostile = true
	a.records = append(a.records, r)
}

// deeds logs the attacker on and does the same to many envelopes or templates of the victim's.
func (a *assault) deeds(n int, low, high time.Duration, k class, what func(int) told) {
	from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
	a.hostile(at, from, d, logonClass())
	for i := range n {
		at = at.Add(a.span(low, high))
		t := what(i)
		id := pair{"EnvelopeId", t.envelope}
		if t.template != "" {
			id = pair{"TemplateId", t.template}
		}
		a.hostile(at, from, d, k, id)
		a.told(at, t)
	}
}

// envelopesDestroyed voids what is under way.
func envelopesDestroyed() attack {
	play := func(few, many int, low, high time.Duration) func(*assault) {
		return func(a *assault) {
			a.deeds(a.between(few, many), low, high, class{object: "Envelope", action: "Voided"}, func(int) told {
				return told{event: "envelope-voided", envelope: a.guid(), reason: "No longer needed", recipient: guest(a.chance)}
			})
		}
	}
	return attack{kind: "envelopes_destroyed", detection: "envelope_voids", variants: []variant{
		{"all_at_once", "", easy, play(40, 90, 2*time.Second, 15*time.Second)},
		{"one_by_one", "", hard, play(12, 20, 2*time.Minute, 7*time.Minute)},
	}}
}

// envelopesRedirected puts another recipient into what others trust already.
func envelopesRedirected() attack {
	play := func(few, many int, low, high time.Duration) func(*assault) {
		return func(a *assault) {
			a.deeds(a.between(few, many), low, high, class{object: "Envelope", action: "Corrected"}, func(int) told {
				return told{event: "envelope-corrected", envelope: a.guid(), recipient: guest(a.chance)}
			})
		}
	}
	return attack{kind: "envelopes_redirected", detection: "envelope_corrections", variants: []variant{
		{"all_at_once", "", easy, play(15, 40, 10*time.Second, 50*time.Second)},
		{"a_few", "", hard, play(3, 6, 2*time.Minute, 12*time.Minute)},
	}}
}

// phishedRecipients are asked to sign what they did not expect, and some of them decline.
func phishedRecipients() attack {
	play := func(sent int, share float64, longest time.Duration) func(*assault) {
		return func(a *assault) {
			from, d, at := proxyAddress(a.chance, a.g.residence(a.victim)), desktop(a.chance), a.at
			a.hostile(at, from, d, logonClass())
			for range sent {
				at = at.Add(a.span(5*time.Second, 40*time.Second))
				id, who := a.guid(), guest(a.chance)
				a.hostile(at, from, d, class{object: "Envelope", action: "Sent"}, pair{"EnvelopeId", id})
				a.told(at, told{event: "envelope-sent", envelope: id, recipient: who})
				if a.happens(share) {
					then, reason := at.Add(a.span(5*time.Minute, longest)), pick(a.chance, []string{"I do not know you", "Is this genuine?", "Phishing", ""})
					a.told(then, told{event: "recipient-declined", envelope: id, recipient: who, reason: reason})
					a.told(then, told{event: "envelope-declined", envelope: id, recipient: who, reason: reason})
				}
			}
		}
	}
	return attack{kind: "phished_recipients", detection: "recipient_declines", variants: []variant{
		{"many_object", "", easy, play(80, 0.25, 6*time.Hour)},
		{"few_object", "", hard, play(40, 0.12, 30*time.Hour)},
	}}
}

// guessedRecipient is somebody with the link to an agreement who has not its access code.
func guessedRecipient() attack {
	play := func(envelopes, few, many int, low, high time.Duration) func(*assault) {
		return func(a *assault) {
			at := a.at
			for range envelopes {
				id, who := a.guid(), guest(a.chance)
				for range a.between(few, many) {
					a.told(at, told{event: "recipient-authenticationfailed", envelope: id, recipient: who})
					at = at.Add(a.span(low, high))
				}
			}
		}
	}
	return attack{kind: "guessed_recipient", detection: "recipient_authentication", variants: []variant{
		{"one_link", "", easy, play(1, 10, 25, 5*time.Second, time.Minute)},
		{"a_few_each", "", hard, play(5, 1, 3, 2*time.Minute, 9*time.Minute)},
	}}
}

// poisonedTemplates change what every later agreement says.
func poisonedTemplates() attack {
	play := func(few, many int) func(*assault) {
		return func(a *assault) {
			a.deeds(a.between(few, many), 20*time.Second, 3*time.Minute, class{object: "Template", action: "Updated"}, func(i int) told {
				return told{event: "template-modified", template: a.guid(), name: fmt.Sprintf("Contract %d", i+1)}
			})
		}
	}
	return attack{kind: "poisoned_templates", detection: "template_changes", variants: []variant{
		{"all_of_them", "", easy, play(12, 30)},
		{"the_one_that_matters", "", hard, play(1, 1)},
	}}
}
