package ingest

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sealwatch/sealwatch/ingest/internal/scan"
	"github.com/sealwatch/sealwatch/internal/event"
)

// contentHash covers every field of the Monitor record, so that the typed and the JSON form of one record, in any
// spelling, have the same. Not covered is what is no content of the record itself: the user's name and address that
// connectors join on, and DocuSign's reading of the user agent, which the user agent implies. Whole numbers in data
// count as the 64-bit floats that the typed form makes of them. The record MUST have been through monitor.Decode or
// monitor.Complete.
func contentHash(r *event.Record) uint64 {
	var buf [1024]byte
	b := buf[:0]
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Timestamp.Unix()))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Timestamp.Nanosecond()/int(100*time.Nanosecond)))
	for _, s := range [...]string{r.EventID, r.Site, r.AccountID, r.OrganizationID, r.UserID, r.IntegratorKey, r.UserAgent, r.Browser, r.OS,
		r.Device, r.IPAddress, r.City, r.State, r.Country, r.Object, r.Action, r.Property, r.Field, r.Result, r.Source, r.ReferencedUserID,
		r.AffectedUserID, r.ProxyStatus, r.ProxyType, r.ProxyLevel} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, f := range [...]float64{r.Latitude, r.Longitude} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f+0)) // +0: -0 is 0
	}
	for _, flag := range [...]*bool{r.IsUserMemberOfDomain, r.AffectedUserIsMemberOfDomain, r.ReferencedUserIsMemberOfDomain} {
		switch {
		case flag == nil:
			b = append(b, 0)
		case *flag:
			b = append(b, 1)
		default:
			b = append(b, 2)
		}
	}
	switch {
	case len(r.Data) == 0 || string(r.Data) == "{}":
	case hasLongNumber(r.Data):
		data, _ := scan.New(string(r.Data)).Canonical(nil, scan.Style{Floats: true})
		b = append(b, data...)
	default:
		b = append(b, r.Data...)
	}
	return xxhash.Sum64(b)
}

// hasLongNumber says whether there may be a whole number that a float cannot hold.
func hasLongNumber(data []byte) bool {
	digits := 0
	for _, c := range data {
		if c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits > 14 {
			return true
		}
	}
	return false
}
