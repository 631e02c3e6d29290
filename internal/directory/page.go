package directory

import "time"

// Page selects states of the directory.
type Page struct {
	// Sources, Statuses and Keys (addresses in lower case, DocuSign user ids) are joined by AND, the values of each by OR; an
	// empty one selects all.
	Sources, Statuses, Keys []string
	// At selects the states that hold at a time; zero selects all.
	At time.Time
	// After is the last state of the page before; its Source, DirectoryID and From count.
	After State
	Limit int
}
