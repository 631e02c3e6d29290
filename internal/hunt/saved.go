package hunt

import "time"

// Saved is a hunt that is kept under an id.
type Saved struct {
	Tenant string
	ID     string
	Title  string
	// Description says what question it answers and how to read the answer.
	Description string
	SQL         string
	Parameters  []Parameter
	// BuiltIn hunts come with Sealwatch and cannot be changed.
	BuiltIn          bool
	Author           string
	Created, Updated time.Time
	Deleted          bool
	// Revision counts the changes, from 1; it is what an update has to name.
	Revision uint64
}

// Parameter of a saved hunt.
type Parameter struct {
	Name string
	// Type of ClickHouse, as the statement has it.
	Type        string
	Description string
	// Default is taken where no value is given; nil when one has to be.
	Default *string
}
