package simulate

import (
	"reflect"
	"slices"
	"time"
)

// session is the time between a log-on and the end of work with it.
type session struct {
	begin, end time.Time
	from       address
	device     *device
	source     string
	// route draws the address of each record where it changes within the session; nil leaves it at from.
	route func(chance) address
	// noise is the last one that changed the session.
	noise string
}

// shift is one local day of one user.
type shift struct {
	g        *Generator
	u        *user
	day      int64
	sessions []session
	// away says that the person works at another office, journey that he flies or has flown somewhere.
	away    bool
	journey *journey
	chance
	// connect is drawn from by what has to do with Connect alone.
	connect chance
}

// date is a day, as a number since 1970, at somebody's place.
func date(day int64, zone *time.Location) time.Time {
	return time.Date(1970, 1, 1+int(day), 0, 0, 0, 0, zone)
}

// whereabouts says in which city a person is on a day, and whether at work at all: somebody on a journey does nothing
// on the days of travel, so that nobody's ordinary journey is impossible.
func (g *Generator) whereabouts(u *user, day int64) (at *place, away, working bool) {
	weekday := (day + 4) % 7 // 1970-01-01 was a Thursday
	c := newChance(g.o.Seed, "week", int64(u.index), (day+3)/7)
	holiday, journey := c.happens(0.04), c.happens(0.02)
	destination := u.office
	if others := len(g.offices); others > 1 {
		destination = g.offices[c.IntN(others)]
	}
	switch {
	case holiday:
		return u.office, false, false
	case journey && destination != u.office:
		return destination, true, weekday >= 2 && weekday <= 4
	}
	share := 0.93
	if weekday == 0 || weekday == 6 {
		share = 0.05
	}
	return u.office, false, newChance(g.o.Seed, "presence", int64(u.index), day).happens(share)
}

// shift lays out a day; it has no sessions when the user does not work. Calling it again gives the same day.
func (g *Generator) shift(u *user, day int64) *shift {
	s := g.ordinary(u, day)
	if u.job == application {
		return s
	}
	for _, n := range g.noises {
		if n.alter != nil {
			before := slices.Clone(s.sessions)
			n.alter(s, n.rate)
			s.blame(before, n.name)
		}
	}
	if u.leaves(date(day, time.UTC)) {
		s.sessions = nil
	}
	return s
}

// ordinary is a day without noise.
func (g *Generator) ordinary(u *user, day int64) *shift {
	c := newChance(g.o.Seed, "shift", int64(u.index), day)
	s := &shift{g: g, u: u, day: day, chance: newChance(g.o.Seed, "work", int64(u.index), day)}
	if u.job == application {
		midnight := date(day, time.UTC)
		s.sessions = []session{{begin: midnight, end: midnight.Add(24 * time.Hour), from: serverAddress(u.index/40, g.datacentre), device: u.desk, source: "API"}}
		return s
	}
	at, away, working := g.whereabouts(u, day)
	s.away = away
	if !working {
		return s
	}
	midnight := date(day, at.zone)
	begin := midnight.Add(c.about(8*time.Hour+50*time.Minute, 40*time.Minute))
	end := begin.Add(c.about(8*time.Hour+40*time.Minute, 50*time.Minute))
	from := officeAddress(at, c.IntN(4))
	switch {
	case away:
		from = hotelAddress(c, at)
	case c.happens(u.homeShare):
		from = homeAddress(u.index, at)
	}
	lunch := begin.Add(c.about(210*time.Minute, 20*time.Minute))
	if c.happens(0.6) {
		s.sessions = append(s.sessions, session{begin: begin, end: lunch, from: from, device: u.desk, source: "Web"},
			session{begin: lunch.Add(c.span(30*time.Minute, 70*time.Minute)), end: end, from: from, device: u.desk, source: "Web"})
	} else {
		s.sessions = append(s.sessions, session{begin: begin, end: end, from: from, device: u.desk, source: "Web"})
	}
	if u.phone != nil && c.happens(0.35) {
		on := end.Add(c.span(20*time.Minute, 150*time.Minute))
		s.sessions = append(s.sessions, session{begin: on, end: on.Add(c.span(5*time.Minute, 30*time.Minute)), from: mobileAddress(c, at), device: u.phone, source: "Mobile"})
	}
	return s
}

// moment draws a time within the session.
func (s *session) moment(c chance) time.Time {
	return s.begin.Add(c.span(time.Minute, s.end.Sub(s.begin)))
}

// hours is how long the session lasts.
func (s *session) hours() float64 { return s.end.Sub(s.begin).Hours() }

// by starts a record of what the user of the shift does in a session.
func (s *shift) by(on *session, at time.Time, k class, data ...pair) *record {
	key := notUsed
	if s.u.key != "" {
		key = s.u.key
	}
	from := on.from
	if on.route != nil {
		from = on.route(s.chance)
	}
	return &record{at: at, id: s.guid(), user: s.u.id, key: key, from: from, device: on.device, class: k, source: on.source, data: data, noise: on.noise}
}

// happened hands a record over.
func (s *shift) happened(r *record) { s.g.push(r) }

// blame notes the noise on every session that is not as it was; one that changes the device alone does not hide what
// changed the address.
func (s *shift) blame(before []session, noise string) {
	same := func(a, b *session) bool {
		return a.begin.Equal(b.begin) && a.end.Equal(b.end) && a.from == b.from && (a.device == b.device || b.noise != "") && reflect.ValueOf(a.route).Pointer() == reflect.ValueOf(b.route).Pointer()
	}
	for i := range s.sessions {
		if i >= len(before) || !same(&before[i], &s.sessions[i]) {
			s.sessions[i].noise = noise
		}
	}
}
