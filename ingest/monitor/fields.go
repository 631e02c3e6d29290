package monitor

import (
	"github.com/sealwatch/sealwatch/ingest/internal/scan"
	"github.com/sealwatch/sealwatch/internal/event"
)

// field reads one member of a record.
func (d *decoder) field(key string) (err error) {
	r := &d.rec
	switch key {
	case "timestamp":
		return d.timestamp()
	case "eventId":
		return d.text("", key, &r.EventID)
	case "site":
		return d.text("", key, &r.Site)
	case "accountId":
		return d.text("", key, &r.AccountID)
	case "organizationId":
		return d.text("", key, &r.OrganizationID)
	case "userId":
		return d.text("", key, &r.UserID)
	case "integratorKey":
		return d.text("", key, &r.IntegratorKey)
	case "userAgent":
		return d.text("", key, &r.UserAgent)
	case "browser":
		return d.text("", key, &r.Browser)
	case "os":
		return d.text("", key, &r.OS)
	case "device":
		return d.text("", key, &r.Device)
	case "ipAddress":
		return d.text("", key, &r.IPAddress)
	case "latitude":
		_, err = d.float("", key, &r.Latitude)
		return err
	case "longitude":
		_, err = d.float("", key, &r.Longitude)
		return err
	case "city":
		return d.text("", key, &r.City)
	case "state":
		return d.text("", key, &r.State)
	case "country":
		return d.text("", key, &r.Country)
	case "object":
		return d.text("", key, &r.Object)
	case "action":
		return d.text("", key, &r.Action)
	case "property":
		return d.text("", key, &r.Property)
	case "field":
		return d.text("", key, &r.Field)
	case "result":
		return d.text("", key, &r.Result)
	case "source":
		return d.text("", key, &r.Source)
	case "referencedUserId":
		return d.text("", key, &r.ReferencedUserID)
	case "affectedUserId":
		return d.text("", key, &r.AffectedUserID)
	case "isUserMemberOfDomain":
		return d.flag(key, &r.IsUserMemberOfDomain)
	case "affectedUserIsMemberOfDomain":
		return d.flag(key, &r.AffectedUserIsMemberOfDomain)
	case "referencedUserIsMemberOfDomain":
		return d.flag(key, &r.ReferencedUserIsMemberOfDomain)
	case "proxyStatus":
		return d.text("", key, &r.ProxyStatus)
	case "proxyType":
		return d.text("", key, &r.ProxyType)
	case "proxyLevel":
		return d.text("", key, &r.ProxyLevel)
	}
	return d.part(key)
}

// part reads the members that are objects, the wrapper's and the joined ones.
func (d *decoder) part(key string) error {
	switch key {
	case "data":
		return d.data()
	case "userAgentClientInfo":
		if d.Kind() == scan.Object {
			d.rec.ClientInfo = &event.ClientInfo{}
		}
		return d.object("", key, d.clientInfo)
	case "ipAddressLocation":
		return d.object("", key, d.location)
	case "userName":
		return d.text("", key, &d.rec.UserName)
	case "userEmail":
		return d.text("", key, &d.rec.UserEmail)
	case "activity_log":
		if d.Kind() == scan.Object {
			return d.Object(d.field)
		}
	case "user_info":
		if d.Kind() == scan.Object {
			return d.Object(d.userInfo)
		}
	}
	return d.Skip()
}

func (d *decoder) timestamp() error {
	var s string
	if err := d.text("", "timestamp", &s); err != nil || s == "" {
		return err
	}
	t, err := parseTime(s)
	if err != nil {
		return &FieldError{Field: "timestamp", Problem: err.Error()}
	}
	d.rec.Timestamp, d.hasTime = t, true
	return nil
}

// data is kept in canonical form, so that two spellings of it are one.
func (d *decoder) data() (err error) {
	switch k := d.Kind(); k {
	case scan.Object:
		d.rec.Data, err = d.Canonical(nil, scan.Style{JoinLetters: true})
		return err
	case scan.Null:
		d.rec.Data = nil
		return d.Null()
	default:
		return d.wrong("", "data", k, "an object")
	}
}

func (d *decoder) location(key string) (err error) {
	const parent = "ipAddressLocation."
	n := &d.nested
	switch key {
	case "latitude":
		n.hasLat, err = d.float(parent, key, &n.latitude)
		return err
	case "longitude":
		n.hasLong, err = d.float(parent, key, &n.longitude)
		return err
	case "country":
		return d.text(parent, key, &n.country)
	case "state":
		return d.text(parent, key, &n.state)
	case "city":
		return d.text(parent, key, &n.city)
	}
	return d.Skip()
}

func (d *decoder) userInfo(key string) error {
	switch key {
	case "user_name":
		return d.text("user_info.", key, &d.rec.UserName)
	case "user_email":
		return d.text("user_info.", key, &d.rec.UserEmail)
	}
	return d.Skip()
}

func (d *decoder) clientInfo(key string) error {
	const parent, device = "userAgentClientInfo.", "userAgentClientInfo.device."
	i := d.rec.ClientInfo
	switch key {
	case "browser":
		return d.object(parent, key, func(k string) error {
			return d.product("userAgentClientInfo.browser.", k, &i.BrowserFamily, &i.BrowserMajor)
		})
	case "os":
		return d.object(parent, key, func(k string) error { return d.product("userAgentClientInfo.os.", k, &i.OSFamily, &i.OSMajor) })
	case "device":
		return d.object(parent, key, func(k string) error {
			switch k {
			case "family":
				return d.text(device, "family", &i.DeviceFamily)
			case "brand":
				return d.text(device, "brand", &i.DeviceBrand)
			case "model":
				return d.text(device, "model", &i.DeviceModel)
			}
			return d.Skip()
		})
	}
	return d.Skip()
}

// product reads the family of a product and the major number of its version, which may be written as a number.
func (d *decoder) product(parent, key string, family, major *string) error {
	switch key {
	case "family":
		return d.text(parent, key, family)
	case "version":
		return d.object(parent, key, func(k string) (err error) {
			switch {
			case k != "major":
				return d.Skip()
			case d.Kind() == scan.Number:
				*major, err = d.Number()
				return err
			}
			return d.text(parent, "version.major", major)
		})
	}
	return d.Skip()
}
