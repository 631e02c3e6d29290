package exportertest

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sealwatch/sealwatch/internal/event"
)

// GoldenEvents are one event of each activity of the classification, with what else can stand in one: nobody known, an application that
// acted by itself, an address of the other family, an id longer than usual.
func GoldenEvents() []event.Event {
	var all []event.Event
	for i, k := range [][4]string{
		{"logon", "User", "Login", "Success"}, {"failed_logon", "User", "Login", "Failed"}, {"logoff", "User", "Logout", ""}, {"recipient_authentication", "Recipient", "AccessCodePassed", ""},
		{"lockout", "User", "Locked", ""}, {"impersonation", "User", "ActOnBehalf", ""}, {"user_management", "User", "Created", ""}, {"user_management", "User", "Closed", ""}, {"user_management", "User", "PasswordReset", ""},
		{"group_management", "Group", "UserAdded", ""}, {"permission", "PermissionProfile", "Updated", ""}, {"settings", "AccountSettings", "Updated", ""}, {"integration", "IntegrationKey", "Created", ""}, {"connect", "ConnectConfiguration", "Created", ""},
		{"export", "Envelope", "BulkExport", ""}, {"download", "Document", "Downloaded", ""}, {"view", "Envelope", "Viewed", ""}, {"create", "Envelope", "Created", ""}, {"update", "Envelope", "Updated", ""}, {"correct", "Envelope", "Corrected", ""},
		{"send", "Envelope", "Sent", ""}, {"sign", "Envelope", "Signed", ""}, {"void", "Envelope", "Voided", ""}, {"decline", "Envelope", "Declined", ""}, {"complete", "Envelope", "Completed", ""}, {"expire", "Envelope", "Expired", ""},
		{"delete", "Template", "Deleted", ""}, {"recipient_progress", "Recipient", "Delivered", ""}, {event.ActivityDocuSignAlert, "Alert", "Raised", ""}, {event.ActivityUnknown, "Sprocket", "Frobbed", ""},
	} {
		e := Event(i + 1)
		e.Activity, e.Object, e.Action, e.Result = k[0], k[1], k[2], k[3]
		switch e.Activity {
		case "lockout", "user_management", "group_management", "impersonation":
			e.AffectedUserID, e.Administrative = "1f7c9a54-0d3b-4c9e-8b21-5e6a7d8c9f02", true
		case "permission", "settings", "integration", "connect":
			e.Administrative = true
		case "logon", "failed_logon", "logoff", event.ActivityUnknown:
		default:
			e.EnvelopeID = "b3a1c5d7-2e4f-4061-9a8b-7c6d5e4f3a2b"
		}
		all = append(all, e)
	}
	bare := event.Event{Tenant: "acme", Source: "import", ID: "bare", Sequence: 101, Time: all[0].Time, Arrival: all[0].Arrival, Activity: event.ActivityUnknown, Data: "{}", Place: event.Place{Kind: event.PlaceUnknown}}
	application := Event(102)
	application.UserID, application.UserName, application.UserEmail, application.IntegrationKey = "", "", "", "0f3d2c1b-4a59-4867-9b8c-7d6e5f4a3b2c"
	six := Event(103)
	six.IPAddress, six.IP = "2001:db8::7", netip.MustParseAddr("2001:db8::7")
	six.Geo = &event.Geo{Place: event.Place{Kind: event.PlaceUser, Country: "FR", LocatedBy: "record"}, ASN: 64501, ASOrganization: "Other Net"}
	long := Event(104)
	long.ID = strings.Repeat("long/id ", 16)
	return append(all, bare, application, six, long)
}

// NastyEvent is an event whose texts try to break out of a format.
func NastyEvent(n int) event.Event {
	e := Event(n)
	texts := []string{"a=b|c^d\\e]", "line\nbreak\r\n\ttab", "\u202eright\u2028\x00\x1b[2J", "\xff\xfe broken", `"quoted" {json} 'single'`, strings.Repeat("é漢\U0001F600", 700), "", " lead and trail ", "key=value key2=value", "CEF:0|x|y|", "\ufeff\U000e0001"}
	pick := func(i int) string { return texts[(n*7+i*3)%len(texts)] }
	e.UserName, e.UserEmail, e.Object, e.Action, e.Property, e.Field, e.Result, e.UserAgent = pick(0), pick(1), pick(2), pick(3), pick(4), pick(5), pick(6), pick(7)
	e.Place.City, e.Place.Region, e.ASOrganization, e.Activity, e.Channel, e.Tenant = pick(8), pick(9), pick(10), pick(11), pick(12), pick(13)
	e.Data = fmt.Sprintf(`{"text": %q, "n": [1, {"x": null}]}`, strings.Repeat("x", n*300%9000))
	if n%3 == 0 {
		e.Data = pick(14)
	}
	return e
}
