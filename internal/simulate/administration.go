package simulate

import "fmt"

// administration is what administrators do to the account. As in real records, a part of it shows an address of
// DocuSign's own servers and no user agent, whatever the administrator sat at.
func administration(s *shift) {
	if s.u.job != administrator {
		return
	}
	for i := range s.sessions {
		on := s.sessions[i]
		if on.source != "Web" {
			continue
		}
		for range s.count(0.3 * on.hours()) {
			at := on.moment(s.chance)
			through := on
			if s.happens(0.3) {
				through.from, through.device = docusignAddress(s.g.headquarters), noAgent()
			}
			affected := pick(s.chance, s.g.users).id
			switch s.weighted(4, 2, 2, 2, 1) {
			case 0:
				through.source = "API"
				r := s.by(&through, at, class{object: "Account", action: "UserAdded"}, pair{"PermissionProfileId", fmt.Sprint(s.between(14_000_000, 27_000_000))},
					pair{"AffectedUserId", affected}, pair{"AffectedMembershipId", s.guid()})
				r.affected = affected
				s.happened(r)
			case 1:
				r := s.by(&through, at, class{object: "User", action: "Updated"}, pair{"AffectedUserId", affected})
				r.affected = affected
				s.happened(r)
			case 2:
				k := class{object: "Group", action: pick(s.chance, []string{"Created", "Updated", "Deleted"})}
				s.happened(s.by(&through, at, k, pair{"GroupId", fmt.Sprint(s.between(1_000_000, 9_000_000))}))
			case 3:
				key := pick(s.chance, []string{"SessionTimeout", "AllowMobileApp", "PasswordStrength", "EnvelopeRetention"})
				s.happened(s.by(&through, at, class{object: "Account", action: "Updated"}, pair{"SettingsKey", key}))
			case 4:
				s.happened(s.by(&through, at, class{object: "PermissionSet", action: "Updated"}, pair{"PermissionProfileId", fmt.Sprint(s.between(14_000_000, 27_000_000))}))
			}
		}
	}
}
