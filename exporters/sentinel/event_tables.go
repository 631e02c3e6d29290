package sentinel

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/internal/event"
)

// authentication are the columns of ASimAuthenticationEventLogs, by the schema Authentication 0.1.4.
var authentication = slices.Concat(common("Authentication", "0.1.4"), []column[*eventView]{
	{"EventType", text, mandatory, "`Logon` or `Logoff`", func(v *eventView) any {
		if v.Activity == event.ActivityLogoff {
			return "Logoff"
		}
		return "Logon"
	}},
	{"EventSubType", text, optional, "`Service` for an application over the API, else `Interactive`", func(v *eventView) any {
		if v.IntegrationKey != "" && strings.EqualFold(v.Channel, "API") {
			return "Service"
		}
		return "Interactive"
	}},
	{"EventResultDetails", text, recommended, "of failures: `Incorrect password`, `No such user`, `No such user or password`, `User locked`, `User disabled`, `Password expired`, `Account expired`, `Session expired`, `Logon violates policy` or `Other`", func(v *eventView) any {
		if v.result() != "Failure" {
			return ""
		}
		return logonFailure(v.Event)
	}},
	{"TargetUsername", text, optional, "e-mail address, else the name, else the id", func(v *eventView) any { return cmp.Or(v.UserEmail, v.UserName, v.UserID) }},
	{"TargetUsernameType", text, optional, "`UPN` for an e-mail address, else `Simple`", func(v *eventView) any { return usernameType(cmp.Or(v.UserEmail, v.UserName, v.UserID)) }},
	{"TargetUserId", text, optional, "id of the user in DocuSign", func(v *eventView) any { return v.UserID }},
	{"TargetUserIdType", text, optional, "`Other`", func(v *eventView) any { return ifAny(v.UserID, "Other") }},
	{"TargetUserScope", text, optional, "tenant of Sealwatch", func(v *eventView) any { return v.Tenant }},
	{"TargetAppName", text, optional, "`DocuSign`", func(*eventView) any { return "DocuSign" }},
	{"TargetAppType", text, optional, "`SaaS application`", func(*eventView) any { return "SaaS application" }},
	{"SrcIsp", text, optional, "who runs the network", func(v *eventView) any { return v.ASOrganization }},
	{"SrcDvcOs", text, optional, "operating system", func(v *eventView) any { return v.OS }},
}, actors(optional, "who acted, as `TargetUsername`; an application where it acts for itself", (*eventView).actor), rest)

// logonFailure is the reason by ASIM's list.
func logonFailure(e *event.Event) string {
	said := letters(e.Result + e.Property + e.Action)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
	}
	switch {
	case has("locked", "lockout"):
		return "User locked"
	case has("disabled", "deactivated", "suspended", "closed"):
		return "User disabled"
	case has("passwordexpired", "expiredpassword"):
		return "Password expired"
	case has("sessionexpired", "expiredsession", "tokenexpired", "expiredtoken"):
		return "Session expired"
	case has("accountexpired", "expiredaccount"):
		return "Account expired"
	case has("nosuchuser", "unknownuser", "usernotfound", "userdoesnotexist", "invaliduser"):
		return "No such user"
	case has("invalidcredential", "wrongcredential", "badcredential", "incorrectcredential"):
		return "No such user or password"
	case has("password"):
		return "Incorrect password"
	case has("mfa", "twofactor", "twostep", "2fa", "policy", "conditional", "iprange", "notallowed", "forbidden", "toomany"):
		return "Logon violates policy"
	}
	return "Other"
}

// letters are the letters and digits of a text, small: how DocuSign's spellings are compared.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// audit are the columns of ASimAuditEventLogs, by the schema AuditEvent 0.1.2.
var audit = slices.Concat(common("AuditEvent", "0.1.2"), []column[*eventView]{
	{"EventType", text, mandatory, "`Create`, `Set`, `Delete`, `Read`, `Execute`, `Stop`, `Enable`, `Disable` or `Other`, by activity and action", func(v *eventView) any { return auditType(v.Event) }},
	{"Operation", text, mandatory, "DocuSign's action", func(v *eventView) any { return cmp.Or(v.Action, v.Activity, event.ActivityUnknown) }},
	{"Object", text, mandatory, "envelope or account that was acted on, else DocuSign's object", func(v *eventView) any {
		return cmp.Or(v.EnvelopeID, v.AffectedUserID, v.Object, v.AccountID, event.ActivityUnknown)
	}},
	{"ObjectId", text, optional, "id of the envelope or of the user", func(v *eventView) any { return cmp.Or(v.EnvelopeID, v.AffectedUserID) }},
	{"ObjectType", text, optional, "`Configuration Atom` for settings, `Directory Service Object` for permissions, `Cloud Resource` for envelopes, else `Other`", func(v *eventView) any {
		switch v.Activity {
		case "settings", "connect", "integration":
			return "Configuration Atom"
		case "permission":
			return "Directory Service Object"
		}
		if v.EnvelopeID != "" {
			return "Cloud Resource"
		}
		return "Other"
	}},
	{"OriginalObjectType", text, optional, "DocuSign's object", func(v *eventView) any { return v.Object }},
	{"EventSubType", text, optional, "property or field that was changed", func(v *eventView) any { return cmp.Or(v.Property, v.Field) }},
	{"TargetAppName", text, optional, "`DocuSign`", func(*eventView) any { return "DocuSign" }},
	{"TargetAppType", text, optional, "`SaaS application`", func(*eventView) any { return "SaaS application" }},
}, actors(recommended, "who acted: e-mail address, else name, else id; an application where it acts for itself", (*eventView).actor), rest)

// auditTypes are activities whose kind does not hang on the action.
var auditTypes = map[string]string{"view": "Read", "download": "Read", "export": "Read", "create": "Create", "delete": "Delete", "update": "Set", "correct": "Set", "send": "Execute", "sign": "Execute", "complete": "Execute",
	"impersonation": "Execute", "void": "Stop", "expire": "Stop", "decline": "Stop", event.ActivityDocuSignAlert: "Other", "recipient_progress": "Other", "recipient_authentication": "Other"}

func auditType(e *event.Event) string {
	if t, ok := auditTypes[e.Activity]; ok {
		return t
	}
	if t := map[string]string{deedUnlock: "Enable", deedLock: "Disable", deedDisable: "Disable", deedEnable: "Enable", deedDelete: "Delete", deedCreate: "Create", deedRead: "Read"}[deed(e.Action)]; t != "" {
		return t
	}
	if e.Activity == "" || e.Activity == event.ActivityUnknown {
		return "Other"
	}
	return "Set"
}

// userManagement are the columns of ASimUserManagementActivityLogs, by the schema UserManagement 0.1.2.
var userManagement = slices.Concat(common("UserManagement", "0.1.2"), []column[*eventView]{
	{"EventType", text, mandatory, "`UserCreated`, `UserModified`, `UserDeleted`, `UserEnabled`, `UserDisabled`, `UserLocked`, `UserUnlocked`, `PasswordChanged`, `PasswordReset`, `UserRead`, `GroupCreated`, `GroupModified`, `GroupDeleted`, `GroupRead`, `UserAddedToGroup` or `UserRemovedFromGroup`", func(v *eventView) any {
		return managementType(v.Event)
	}},
	{"TargetUserId", text, optional, "id of the user that was acted on, in DocuSign", func(v *eventView) any { return v.target() }},
	{"TargetUserIdType", text, optional, "`Other`", func(v *eventView) any { return ifAny(v.target(), "Other") }},
	{"TargetUserScope", text, optional, "tenant of Sealwatch", func(v *eventView) any { return ifAny(v.target(), v.Tenant) }},
}, actors(mandatory, "who acted: e-mail address, else name, else id, else `unknown`", func(v *eventView) string { return cmp.Or(v.actor(), event.ActivityUnknown) }), rest)

// target is the user that was acted on; of a lockout the one who is locked out.
func (v *eventView) target() string {
	if v.Activity == "lockout" {
		return cmp.Or(v.AffectedUserID, v.UserID)
	}
	return v.AffectedUserID
}

func managementType(e *event.Event) string {
	d := deed(e.Action)
	act, said := letters(e.Action), letters(e.Object+e.Action)
	rules := strings.Contains(said, "polic") || strings.Contains(said, "rule") // of passwords, and none
	switch {
	case strings.Contains(said, "password") && !rules && (d == deedReset || strings.Contains(act, "reset")):
		return "PasswordReset"
	case strings.Contains(act, "password") && !rules && (d == deedSet || d == deedCreate):
		return "PasswordChanged"
	case e.Activity == "group_management" && membership(e):
		if d == deedDelete {
			return "UserRemovedFromGroup"
		}
		return "UserAddedToGroup"
	}
	kind := "User"
	if e.Activity == "group_management" {
		kind = "Group"
	} else if d != deedRead && !whole(e.Action) {
		d = deedSet // of a factor, an address or a right of the user
	}
	if d == deedSet && e.Activity == "lockout" {
		d = deedLock
	}
	if kind == "Group" {
		d = map[string]string{deedDelete: deedDelete, deedCreate: deedCreate, deedRead: deedRead}[d]
	}
	return kind + cmp.Or(map[string]string{deedUnlock: "Unlocked", deedLock: "Locked", deedDisable: "Disabled", deedEnable: "Enabled", deedDelete: "Deleted", deedCreate: "Created", deedRead: "Read"}[d], "Modified")
}

// membership says whether a user comes into a group or leaves it.
func membership(e *event.Event) bool {
	object, act := letters(e.Object), letters(e.Action)
	if strings.Contains(object, "groupmember") || strings.Contains(object, "groupuser") || strings.Contains(act, "togroup") || strings.Contains(act, "fromgroup") || strings.Contains(act, "groupmember") || strings.Contains(act, "groupuser") {
		return true
	}
	d := deed(e.Action)
	return e.AffectedUserID != "" && (d == deedCreate && !strings.Contains(act, "creat") || d == deedDelete && !strings.Contains(act, "delet"))
}
