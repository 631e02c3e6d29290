package ocsf

import (
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/event"
)

// class of an event with its activity.
type class struct {
	uid, category      int
	name, categoryName string
	activity           int
	activityName       string
}

// Classes of events. A class is taken only where the objects that it requires are known: Authentication requires a user, Account Change
// the user that is changed. Everything else is API Activity, which requires an operation, an actor and an address: that is what every
// audit event of DocuSign has. Group Management and User Access Management want the group and the privileges as objects, and File Hosting
// Activity a file by name, which the events do not always tell.
var (
	authentication = class{uid: 3002, category: 3, name: "Authentication", categoryName: "Identity & Access Management"}
	accountChange  = class{uid: 3001, category: 3, name: "Account Change", categoryName: "Identity & Access Management"}
	apiActivity    = class{uid: 6003, category: 6, name: "API Activity", categoryName: "Application Activity"}
)

func (c class) doing(activity int, name string) class {
	c.activity, c.activityName = activity, name
	return c
}

func classOf(e *event.Event) class {
	action := strings.ToLower(e.Action)
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(action, w) {
				return true
			}
		}
		return false
	}
	switch e.Activity {
	case event.ActivityLogon, event.ActivityFailedLogon:
		return authentication.doing(1, "Logon")
	case event.ActivityLogoff:
		return authentication.doing(2, "Logoff")
	case "lockout":
		return accountChange.doing(9, "Lock")
	case "user_management":
		switch {
		case says("password") && says("reset"):
			return accountChange.doing(4, "Password Reset")
		case says("password"):
			return accountChange.doing(3, "Password Change")
		case says("disab", "deactivat", "clos"):
			return accountChange.doing(5, "Disable")
		case says("delet", "remov"):
			return accountChange.doing(6, "Delete")
		case says("enabl", "activat", "reopen"):
			return accountChange.doing(2, "Enable")
		case says("creat", "add", "invit", "import"):
			return accountChange.doing(1, "Create")
		}
		return accountChange.doing(activityOther, "Other")
	}
	switch {
	case says("creat", "add"), e.Activity == "create":
		return apiActivity.doing(1, "Create")
	case says("view", "read", "download", "export", "list", "get"), e.Activity == "view", e.Activity == "download", e.Activity == "export":
		return apiActivity.doing(2, "Read")
	case says("delet", "remov"), e.Activity == "delete":
		return apiActivity.doing(4, "Delete")
	case says("updat", "modif", "edit", "chang", "correct", "sign", "send", "void", "complet", "declin", "set", "enabl", "disab"), e.Activity == "update", e.Activity == "correct":
		return apiActivity.doing(3, "Update")
	}
	return apiActivity.doing(activityOther, "Other")
}

type eventView struct {
	e       *event.Event
	d       *exporters.EventDocument
	class   class
	version string
}

// user is the object of who acted.
func (v *eventView) user() object {
	return objectOf("uid", v.d.User.ID, "name", v.d.User.DisplayName, "email_addr", v.d.User.Email)
}

// objectOf has the pairs of names and values that are not empty.
func objectOf(pairs ...string) object {
	o := object{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			o[pairs[i]] = pairs[i+1]
		}
	}
	return o
}

func orUnknown(o object) object {
	if len(o) == 0 {
		return object{"name": "Unknown"}
	}
	return o
}

var eventFields = []struct {
	path, has string
	value     func(*eventView) any
}{
	{"activity_id", "of the class: of Authentication 1 logon, 2 logoff; of Account Change 1 create, 2 enable, 3 password change, 4 password reset, 5 disable, 6 delete, 9 lock; of API Activity 1 create, 2 read, 3 update, 4 delete; 99 others", func(v *eventView) any { return v.class.activity }},
	{"activity_name", "its name", func(v *eventView) any { return v.class.activityName }},
	{"category_uid", "3 or 6", func(v *eventView) any { return v.class.category }},
	{"category_name", "its name", func(v *eventView) any { return v.class.categoryName }},
	{"class_uid", "3002 Authentication for logons, failed logons and logoffs; 3001 Account Change for the management of users and lockouts; 6003 API Activity for all others", func(v *eventView) any { return v.class.uid }},
	{"class_name", "its name", func(v *eventView) any { return v.class.name }},
	{"type_uid", "class and activity", func(v *eventView) any { return v.class.uid*100 + v.class.activity }},
	{"type_name", "its name", func(v *eventView) any { return v.class.name + ": " + v.class.activityName }},
	{"time", "when it happened, in milliseconds", func(v *eventView) any { return timeOr(v.e.Time, v.e.Arrival) }},
	{"severity_id", "1", func(*eventView) any { return 1 }},
	{"severity", "`Informational`", func(*eventView) any { return severities[1] }},
	{"status_id", "1 success, 2 failure", func(v *eventView) any {
		if v.e.Outcome() == event.OutcomeFailure {
			return 2
		}
		return 1
	}},
	{"status", "its name", func(v *eventView) any {
		if v.e.Outcome() == event.OutcomeFailure {
			return "Failure"
		}
		return "Success"
	}},
	{"status_detail", "result, in DocuSign's spelling", func(v *eventView) any { return v.d.Result }},
	{"message", "object, action, property and field, and the result", func(v *eventView) any { return payload.EventText(v.d) }},
	{"metadata.version", "`" + Version + "`", func(*eventView) any { return Version }},
	{"metadata.product.name", "`Sealwatch`", func(*eventView) any { return payload.Product }},
	{"metadata.product.vendor_name", "`Sealwatch`", func(*eventView) any { return payload.Vendor }},
	{"metadata.product.version", "version of Sealwatch", func(v *eventView) any { return v.version }},
	{"metadata.uid", "id of the event", func(v *eventView) any { return v.e.ID }},
	{"metadata.event_code", "activity", func(v *eventView) any { return v.d.Activity }},
	{"metadata.tenant_uid", "tenant", func(v *eventView) any { return v.d.Tenant }},
	{"metadata.logged_time", "when Sealwatch stored it", func(v *eventView) any { return millis(v.e.Arrival) }},
	{"metadata.sequence", "arrival order", func(v *eventView) any { return v.e.Sequence }},
	{"user", "of Authentication who logged on; of Account Change the affected user", func(v *eventView) any {
		switch {
		case v.class.uid == authentication.uid:
			return orUnknown(v.user())
		case v.class.uid == accountChange.uid && v.d.AffectedUserID != "":
			return object{"uid": v.d.AffectedUserID}
		case v.class.uid == accountChange.uid:
			return orUnknown(v.user())
		}
		return nil
	}},
	{"actor.user", "who acted, but for Authentication", func(v *eventView) any {
		if v.class.uid == authentication.uid {
			return nil
		}
		return orUnknown(v.user())
	}},
	{"actor.app_uid", "application that made the call", func(v *eventView) any { return v.d.IntegrationKey }},
	{"service.name", "of Authentication `DocuSign`", func(v *eventView) any {
		if v.class.uid != authentication.uid {
			return nil
		}
		return payload.Service
	}},
	{"api.operation", "of API Activity object and action", func(v *eventView) any {
		if v.class.uid != apiActivity.uid {
			return nil
		}
		return orSome(strings.TrimSpace(v.d.Object+" "+v.d.Action), v.d.Activity)
	}},
	{"api.service.name", "of API Activity `DocuSign`", func(v *eventView) any {
		if v.class.uid != apiActivity.uid {
			return nil
		}
		return payload.Service
	}},
	{"resources", "of API Activity the envelope, or the affected user", func(v *eventView) any {
		var all []object
		if v.class.uid != apiActivity.uid {
			return all
		}
		for _, r := range [][2]string{{"Envelope", v.d.EnvelopeID}, {"User", v.d.AffectedUserID}} {
			if r[1] != "" {
				all = append(all, object{"type": r[0], "uid": r[1]})
			}
		}
		return all
	}},
	{"src_endpoint", "address, place and network", func(v *eventView) any {
		o := object{}
		if v.e.IP.IsValid() {
			o["ip"] = v.e.IP.Unmap().WithZone("").String()
		}
		if p := v.d.Place; p != nil {
			place := objectOf("country", p.Country, "region", p.Region, "city", p.City)
			if len(place) > 0 && p.Kind != event.PlaceUnknown {
				place["lat"], place["long"] = p.Latitude, p.Longitude
			}
			if len(place) > 0 {
				o["location"] = place
			}
		}
		if n := v.d.Network; n != nil && n.ASN > 0 {
			o["autonomous_system"] = object{"number": n.ASN, "name": n.ASOrganization}
		}
		if len(o) == 0 && v.class.uid == apiActivity.uid {
			o["name"] = "Unknown"
		}
		return o
	}},
	{"http_request.user_agent", "user agent", func(v *eventView) any {
		if v.d.Device == nil {
			return nil
		}
		return v.d.Device.UserAgent
	}},
	{"unmapped", "what has no attribute, by its name in JSON", func(v *eventView) any {
		o := objectOf("source", v.d.Source, "accountId", v.d.AccountID, "organizationId", v.d.OrganizationID, "site", v.d.Site, "property", v.d.Property, "field", v.d.Field, "channel", v.d.Channel,
			"object", v.d.Object, "action", v.d.Action, "envelopeId", v.d.EnvelopeID)
		if v.d.Administrative {
			o["administrative"] = true
		}
		if len(v.d.Data) > 0 {
			o["data"] = v.d.Data
		}
		if len(v.d.Truncated) > 0 {
			o["truncated"] = v.d.Truncated
		}
		return o
	}},
}

// AppendEvent implements payload.Encoder.
func (e *Encoder) AppendEvent(b []byte, v *event.Event, d *exporters.EventDocument) ([]byte, error) {
	view := &eventView{v, d, classOf(v), e.settings.Version}
	all := object{}
	for i := range eventFields {
		if value := eventFields[i].value(view); present(value) {
			all.set(eventFields[i].path, value)
		}
	}
	return appendObject(b, all, fmt.Sprintf("event %q", v.ID))
}

// EventRows are the table of the documentation.
func EventRows() []payload.Row {
	rows := make([]payload.Row, len(eventFields))
	for i, f := range eventFields {
		rows[i] = payload.Row{Field: f.path, Has: f.has}
	}
	return rows
}
