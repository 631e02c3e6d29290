// Package event holds the domain types of audit events. It imports the standard library only, so that every other
// package may import it.
package event

import "time"

// Record is one record of the DocuSign Monitor API with its fields as delivered: nothing is folded, guessed or left
// out. Field names follow DocuSign's (StreamingEventRow, Monitor v3.0 specification).
type Record struct {
	Timestamp      time.Time
	EventID        string
	Site           string
	AccountID      string
	OrganizationID string
	UserID         string
	IntegratorKey  string
	UserAgent      string
	Browser        string
	OS             string
	Device         string
	IPAddress      string
	// Latitude and Longitude are in degrees; 0 and 0 mean unknown.
	Latitude, Longitude float64
	City                string
	State               string
	Country             string
	Object              string
	Action              string
	Property            string
	Field               string
	Result              string
	// Source is the record's own: Web, API, Mobile or Other. It is not the way by which the record came in.
	Source           string
	ReferencedUserID string
	AffectedUserID   string
	// The three flags are nil where the record does not have them, as in every published sample.
	IsUserMemberOfDomain           *bool
	AffectedUserIsMemberOfDomain   *bool
	ReferencedUserIsMemberOfDomain *bool
	ProxyStatus                    string
	ProxyType                      string
	ProxyLevel                     string
	// ClientInfo is what DocuSign read from the user agent; nil when the agent was empty.
	ClientInfo *ClientInfo
	// UserName and UserEmail are not in the Monitor API; connectors join them on.
	UserName, UserEmail string
	// Data is the open part as a JSON object; empty when the record has none.
	Data []byte
	// Raw is the record as delivered, byte for byte; empty when it came typed.
	Raw []byte
}

// ClientInfo is the userAgentClientInfo of a record.
type ClientInfo struct {
	BrowserFamily, BrowserMajor            string
	OSFamily, OSMajor                      string
	DeviceFamily, DeviceBrand, DeviceModel string
}

// Origin is where records come from. Configuration or the caller's key gives it, never the record.
type Origin struct {
	// Tenant is the DocuSign organisation.
	Tenant string
	// Source names the way in: monitor, import, api, ...
	Source string
	// Trust decides which of two different records with one id stands: the higher one.
	Trust uint8
}

// Submission is one record handed in: either typed or as JSON.
type Submission struct {
	// Record is set when the caller had it typed.
	Record *Record
	// JSON is one Monitor record otherwise.
	JSON []byte
}

// Receipt says what became of each record of a batch. Accepted + Duplicates + Conflicts + Rejected is their number.
type Receipt struct {
	Accepted, Duplicates, Conflicts, Rejected, Held int
	// Rejections say why, in the order of the records.
	Rejections []Rejection
	// LastSequence is the highest arrival sequence that is durable.
	LastSequence uint64
}

// Rejection says why a record was not taken.
type Rejection struct {
	// Index of the record in its batch, from 0.
	Index int
	// EventID, when it could be read.
	EventID string
	// Field at fault by DocuSign's name; empty when the record as a whole is.
	Field string
	// Problem says what was found and what was expected.
	Problem string
}

// Add counts another receipt in; its rejections are shifted by offset records.
func (r *Receipt) Add(o Receipt, offset int) {
	r.Accepted += o.Accepted
	r.Duplicates += o.Duplicates
	r.Conflicts += o.Conflicts
	r.Rejected += o.Rejected
	r.Held += o.Held
	for _, j := range o.Rejections {
		j.Index += offset
		r.Rejections = append(r.Rejections, j)
	}
	r.LastSequence = max(r.LastSequence, o.LastSequence)
}
