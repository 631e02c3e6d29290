package simulate

import "time"

// bulkDownload is the end of the month: a few people fetch everything for the archive or the auditors, at their desks.
func bulkDownload() noise {
	return noise{name: "bulk_download", rate: 0.03, of: "people, at the end of each month", act: func(s *shift, _ float64) {
		if len(s.sessions) == 0 || !s.g.has(s.u, "bulk_download") || date(s.day, time.UTC).Day() < 28 {
			return
		}
		c := s.noise("bulk_download")
		on := &s.sessions[0]
		at := on.begin.Add(c.span(10*time.Minute, time.Hour))
		for range c.between(40, 180) {
			r := s.by(on, at, class{object: "Document", action: "Downloaded"}, pair{"EnvelopeId", c.guid()}, pair{"DocumentId", "combined"})
			s.happened(r)
			at = at.Add(c.span(500*time.Millisecond, 12*time.Second))
		}
	}}
}
