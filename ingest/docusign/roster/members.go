package roster

import (
	"strings"
	"sync"
)

// Members say who is a member of which account, as last read.
type Members struct {
	mu  sync.Mutex
	all map[string]map[string]bool
}

// Member says whether a user may be a member of an account: false only when others are known to be and this one is not.
func (m *Members) Member(account, user string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	users, known := m.all[strings.ToLower(account)]
	return !known || users[strings.ToLower(user)]
}

// take puts everybody who was read in the place of the members before.
func (m *Members) take(people map[string]*person) {
	all := map[string]map[string]bool{}
	for id, p := range people {
		for _, one := range p.memberships {
			account := strings.ToLower(one.account)
			if all[account] == nil {
				all[account] = map[string]bool{}
			}
			all[account][id] = true
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = all
}
