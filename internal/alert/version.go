package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Argument is a value for a parameter of a detection's view.
type Argument struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// DetectionVersion is what decides the findings of a detection whose anchors lie in a span of event time. Where several
// cover a time, the one with the highest revision is in force.
type DetectionVersion struct {
	Detection string
	// Revision counts from 1.
	Revision uint32
	// ValidFrom is inclusive, ValidTo exclusive, both event time.
	ValidFrom, ValidTo time.Time
	Logic
	// MadeBy is the configuration, or a person.
	MadeBy string
	MadeAt time.Time
}

// Logic is the part of a version that decides.
type Logic struct {
	// SQL is the body of the view, Affected the text that finds other subjects concerned, Candidates the one that says about
	// whom the view can have findings at all; both may be empty.
	SQL, Affected       string
	Candidates          string `json:",omitempty"`
	LookBack, LookAhead time.Duration
	Arguments           []Argument
	// Subjects are the types that findings are about.
	Subjects []string
	// Inputs, Scope and Attributes are JSON objects: which events the view reads, about whom it may raise alerts, and where
	// a finding's evidence has its attributes.
	Inputs, Scope, Attributes string
}

// Hash is 32 hexadecimal digits, the same for equal logic only.
func (l *Logic) Hash() string {
	c := *l
	if len(c.Arguments) == 0 {
		c.Arguments = nil // as it comes back from the database
	}
	// A struct of texts and numbers cannot fail to be JSON.
	b, _ := json.Marshal(&c)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
