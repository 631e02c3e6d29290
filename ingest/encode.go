package ingest

import (
	"strconv"

	"github.com/sealwatch/sealwatch/ingest/internal/scan"
	"github.com/sealwatch/sealwatch/internal/event"
)

// encode writes a typed record as JSON with DocuSign's names; what is empty is left out. monitor.Decode makes the same
// record of it.
func encode(r *event.Record) string {
	e := encoder{buf: make([]byte, 0, 512+len(r.Data))}
	e.buf = append(e.buf, '{')
	e.text("timestamp", r.Timestamp.Format("2006-01-02T15:04:05.0000000Z07:00"))
	e.text("eventId", r.EventID)
	e.text("site", r.Site)
	e.text("accountId", r.AccountID)
	e.text("organizationId", r.OrganizationID)
	e.text("userId", r.UserID)
	e.text("integratorKey", r.IntegratorKey)
	e.text("userAgent", r.UserAgent)
	e.clientInfo(r.ClientInfo)
	e.text("browser", r.Browser)
	e.text("os", r.OS)
	e.text("device", r.Device)
	e.text("ipAddress", r.IPAddress)
	if r.Latitude != 0 || r.Longitude != 0 {
		e.float("latitude", r.Latitude)
		e.float("longitude", r.Longitude)
	}
	e.text("city", r.City)
	e.text("state", r.State)
	e.text("country", r.Country)
	e.text("object", r.Object)
	e.text("action", r.Action)
	e.text("property", r.Property)
	e.text("field", r.Field)
	e.text("result", r.Result)
	e.text("source", r.Source)
	e.text("referencedUserId", r.ReferencedUserID)
	e.text("affectedUserId", r.AffectedUserID)
	e.flag("isUserMemberOfDomain", r.IsUserMemberOfDomain)
	e.flag("affectedUserIsMemberOfDomain", r.AffectedUserIsMemberOfDomain)
	e.flag("referencedUserIsMemberOfDomain", r.ReferencedUserIsMemberOfDomain)
	e.text("proxyStatus", r.ProxyStatus)
	e.text("proxyType", r.ProxyType)
	e.text("proxyLevel", r.ProxyLevel)
	e.text("userName", r.UserName)
	e.text("userEmail", r.UserEmail)
	if len(r.Data) > 0 {
		e.key("data")
		e.buf = append(e.buf, r.Data...)
	}
	return string(append(e.buf, '}'))
}

// encoder writes the members of JSON objects.
type encoder struct{ buf []byte }

func (e *encoder) key(name string) {
	if e.buf[len(e.buf)-1] != '{' {
		e.buf = append(e.buf, ',')
	}
	e.buf = append(scan.AppendText(e.buf, name), ':')
}

func (e *encoder) text(name, s string) {
	if s != "" {
		e.key(name)
		e.buf = scan.AppendText(e.buf, s)
	}
}

func (e *encoder) float(name string, f float64) {
	e.key(name)
	e.buf = strconv.AppendFloat(e.buf, f, 'g', -1, 64)
}

func (e *encoder) flag(name string, b *bool) {
	if b != nil {
		e.key(name)
		e.buf = strconv.AppendBool(e.buf, *b)
	}
}

func (e *encoder) clientInfo(i *event.ClientInfo) {
	if i == nil {
		return
	}
	e.open("userAgentClientInfo")
	e.product("browser", i.BrowserFamily, i.BrowserMajor)
	e.product("os", i.OSFamily, i.OSMajor)
	e.open("device")
	e.text("family", i.DeviceFamily)
	e.text("brand", i.DeviceBrand)
	e.text("model", i.DeviceModel)
	e.buf = append(e.buf, '}', '}')
}

func (e *encoder) product(name, family, major string) {
	e.open(name)
	e.text("family", family)
	if major != "" {
		e.open("version")
		e.text("major", major)
		e.buf = append(e.buf, '}')
	}
	e.buf = append(e.buf, '}')
}

func (e *encoder) open(name string) {
	e.key(name)
	e.buf = append(e.buf, '{')
}
