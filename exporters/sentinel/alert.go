package sentinel

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format/payload"
	"github.com/sealwatch/sealwatch/internal/alert"
)

// alertView is an alert as its columns see it.
type alertView struct {
	*payload.View
	version string
	// generated is what TimeGenerated has.
	generated time.Time
	// cut are the columns whose text was too long.
	cut []string
}

// truncated are the parts of the alert and the columns that were shortened.
func (v *alertView) truncated() []string { return slices.Concat(v.Document.Truncated, v.cut) }

// count of the events, within the bounds of the column.
func (v *alertView) count() int64 {
	return int64(min(max(v.Change.EventCount, 1), math.MaxInt32)) //nolint:gosec // bounded
}

func (v *alertView) start() time.Time { return first(v.Change.Start, v.Change.End, v.Change.Updated) }
func (v *alertView) end() time.Time   { return first(v.Change.End, v.Change.Start, v.Change.Updated) }

func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func (v *alertView) sequence() int64 {
	return int64(min(v.Change.Sequence, math.MaxInt64)) //nolint:gosec // bounded
}

// address at issue; empty without one.
func (v *alertView) address() string {
	if len(v.Addresses) == 0 {
		return ""
	}
	return v.Addresses[0].String()
}

// mostListed bounds the lists that stand beside the evidence.
const mostListed = 100

func (v *alertView) addresses() []string {
	all := make([]string, min(len(v.Addresses), mostListed))
	for i := range all {
		all[i] = v.Addresses[i].String()
	}
	return all
}

func listed(all []string) []string { return all[:min(len(all), mostListed)] }

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// userID is the id of the person, and its type by ASIM.
func (v *alertView) userID() (id, kind string) {
	s := v.Document.Subject
	switch {
	case s.Type != "user" || s.ID == "":
		return "", ""
	case guid.MatchString(s.ID):
		return s.ID, "GUID"
	case strings.Contains(s.ID, "@"):
		return s.ID, "Email"
	}
	return s.ID, "Other"
}

// usernameType by ASIM.
func usernameType(name string) string {
	switch {
	case name == "":
		return ""
	case strings.Contains(name, "@"):
		return "UPN"
	}
	return "Simple"
}

// steps of a response, numbered as ASIM has them.
func steps(response []string) string {
	var b strings.Builder
	for i, s := range response {
		fmt.Fprintf(&b, "%d. %s\n", i+1, s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// additional is what has no column of its own in ASimAlertEventLogs.
type additional struct {
	Sequence       int64
	Change         string
	CreateTime     string           `json:",omitempty"`
	UpdateTime     string           `json:",omitempty"`
	Tenant         string           `json:",omitempty"`
	Detection      string           `json:",omitempty"`
	SubjectType    string           `json:",omitempty"`
	SubjectId      string           `json:",omitempty"` // as the columns of Azure are written
	SubjectName    string           `json:",omitempty"`
	Score          *exporters.Score `json:",omitempty"`
	Assignee       string           `json:",omitempty"`
	Classification string           `json:",omitempty"`
	Reason         string           `json:",omitempty"`
	SuppressedBy   []string         `json:",omitempty"`
	SupersededBy   string           `json:",omitempty"`
	FindingKey     string           `json:",omitempty"`
	Addresses      []string         `json:",omitempty"`
	Countries      []string         `json:",omitempty"`
	Networks       []string         `json:",omitempty"`
	EventIds       []string         `json:",omitempty"`
	Evidence       any              `json:",omitempty"`
	Context        any              `json:",omitempty"`
	Truncated      []string         `json:",omitempty"`
}

func (v *alertView) additional() any {
	d := v.Document
	a := additional{Sequence: v.sequence(), Change: v.Kind(), CreateTime: d.CreateTime, UpdateTime: d.UpdateTime, Tenant: d.Tenant, Detection: d.Detection,
		SubjectType: d.Subject.Type, SubjectId: d.Subject.ID, SubjectName: d.Subject.DisplayName, Assignee: d.Assignee,
		Classification: payload.Word(d.Classification, "ALERT_CLASSIFICATION_"), Reason: payload.Word(d.Reason, "ALERT_REASON_"),
		SuppressedBy: listed(v.Change.SuppressedBy), SupersededBy: v.SupersededBy(), FindingKey: d.FindingKey, Addresses: v.addresses(),
		Countries: listed(v.Countries), Networks: listed(v.Networks), EventIds: d.EventIDs, Truncated: v.truncated()}
	if len(encode(d.Score)) > 0 {
		a.Score = &d.Score
	}
	if d.Evidence != nil {
		a.Evidence = d.Evidence
	}
	if d.Context != nil {
		a.Context = d.Context
	}
	return a
}

// asimAlert are the columns of ASimAlertEventLogs that are sent, by the schema AlertEvent 0.1 of ASIM.
var asimAlert = []column[*alertView]{
	{"TimeGenerated", moment, mandatory, "when this version was made; when it is sent, where that was more than a day ago or lies in the future", func(v *alertView) any { return v.generated }},
	{"EventCount", number, mandatory, "how many events the alert has", func(v *alertView) any { return v.count() }},
	{"EventStartTime", moment, mandatory, "event time of the first event", func(v *alertView) any { return v.start() }},
	{"EventEndTime", moment, mandatory, "event time of the last event", func(v *alertView) any { return v.end() }},
	{"EventType", text, mandatory, "`Alert`", func(*alertView) any { return "Alert" }},
	{"EventSubType", text, recommended, "`Anomaly`, `Suspicious Activity` or `Compliance Violation`, by the detection", func(v *alertView) any { return classOf(v.Change.Detection).subType }},
	{"EventUid", text, mandatory, "id of the alert, the same in all its versions", func(v *alertView) any { return v.ID }},
	{"EventProduct", text, mandatory, "`Sealwatch`", func(*alertView) any { return payload.Product }},
	{"EventVendor", text, mandatory, "`Sealwatch`", func(*alertView) any { return payload.Vendor }},
	{"EventProductVersion", text, optional, "version of Sealwatch", func(v *alertView) any { return v.version }},
	{"EventSchema", text, mandatory, "`AlertEvent`", func(*alertView) any { return "AlertEvent" }},
	{"EventSchemaVersion", text, mandatory, "`0.1`", func(*alertView) any { return "0.1" }},
	{"EventSeverity", text, recommended, "`High` for critical and high, `Medium`, `Low`, `Informational`", func(v *alertView) any { return severity(v.Change.Severity) }},
	{"EventOriginalSeverity", text, optional, "`critical`, `high`, `medium`, `low` or `informational`", func(v *alertView) any { return v.Change.Severity }},
	{"EventOriginalType", text, optional, "id of the detection", func(v *alertView) any { return v.Document.Detection }},
	{"EventOriginalSubType", text, optional, "change: `created`, `updated`, `retracted`, `described`", func(v *alertView) any { return v.Kind() }},
	{"EventOriginalUid", text, optional, "id of the alert, a hyphen, sequence: one for each version, by which repetitions are told", func(v *alertView) any { return v.ID + "-" + v.Sequence() }},
	{"EventMessage", text, optional, "what happened, in a sentence", func(v *alertView) any { return v.Document.Title }},
	{"EventReportUrl", text, optional, "where a person finds the alert (`alertUrl`)", func(v *alertView) any { return v.URL }},
	{"AlertId", text, alias, "as `EventUid`", func(v *alertView) any { return v.ID }},
	{"AlertName", text, recommended, "title of the detection", func(v *alertView) any { return v.Detection.Title }},
	{"AlertDescription", text, alias, "as `EventMessage`", func(v *alertView) any { return v.Document.Title }},
	{"AlertStatus", text, optional, "`Active` for new and in progress, else `Closed`", func(v *alertView) any { return status(v.State()) }},
	{"AlertOriginalStatus", text, optional, "`new`, `in_progress`, `resolved`, `retracted` or `suppressed`", func(v *alertView) any { return v.State() }},
	{"AlertVerdict", text, optional, "`True Positive`, `False Positive`, `Benign Positive`, as a person set it, else `Unknown`", func(v *alertView) any { return verdict(v.Change.Triage.Classification) }},
	{"DetectionMethod", text, optional, "`Behavioral Analytics`, `Threat Intelligence` or `Cloud Application Security`, by the detection", func(v *alertView) any { return classOf(v.Change.Detection).method }},
	{"Rule", text, alias, "as `RuleName`", func(v *alertView) any { return v.Detection.Title }},
	{"RuleName", text, optional, "title of the detection", func(v *alertView) any { return v.Detection.Title }},
	{"ThreatCategory", text, recommended, "`Security Policy Violation` for policies and controls, else `Unknown`: ASIM's list has nothing for a stolen account", func(v *alertView) any { return classOf(v.Change.Detection).category }},
	{"ThreatRiskLevel", number, optional, "critical 100, high 80, medium 60, low 30, informational 10", func(v *alertView) any { return int64(10 * payload.Severity(v.Change.Severity)) }},
	{"ThreatOriginalRiskLevel", text, optional, "severity in our words", func(v *alertView) any { return v.Change.Severity }},
	{"ThreatFirstReportedTime", moment, optional, "when the alert was first raised", func(v *alertView) any { return v.Change.Created }},
	{"ThreatLastReportedTime", moment, optional, "when this version was made", func(v *alertView) any { return v.Change.Updated }},
	{"ThreatIsActive", truth, optional, "true for what is new or in progress", func(v *alertView) any { return status(v.State()) == "Active" }},
	{"IndicatorType", text, recommended, "what the alert is about: `User`, `Ip`, `Application`, else `Cloud Resource`", func(v *alertView) any { return indicator(v.Document.Subject.Type) }},
	{"IndicatorAssociation", text, optional, "`Associated`", func(*alertView) any { return "Associated" }},
	{"AttackTactics", text, recommended, "tactics of MITRE ATT&CK, comma-separated", func(v *alertView) any { tactics, _ := attack(v.Detection.Techniques); return tactics }},
	{"AttackTechniques", text, recommended, "techniques with their ids, comma-separated", func(v *alertView) any { _, named := attack(v.Detection.Techniques); return named }},
	{"AttackRemediationSteps", text, recommended, "what to do, by the detection, numbered", func(v *alertView) any { return steps(v.Detection.Response) }},
	{"Username", text, recommended, "of an alert about a user: e-mail address, else the name, else the id", func(v *alertView) any { return v.User() }},
	{"UsernameType", text, optional, "`UPN` for an e-mail address, else `Simple`", func(v *alertView) any { return usernameType(v.User()) }},
	{"User", text, alias, "as `Username`", func(v *alertView) any { return v.User() }},
	{"UserId", text, optional, "id of the user in DocuSign", func(v *alertView) any { id, _ := v.userID(); return id }},
	{"UserIdType", text, optional, "`GUID`, `Email` or `Other`", func(v *alertView) any { _, kind := v.userID(); return kind }},
	{"OriginalUserType", text, optional, "role by the directory", func(v *alertView) any { return v.Role() }},
	{"UserScope", text, optional, "tenant of Sealwatch, where the alert is about a user", func(v *alertView) any {
		if v.Document.Subject.Type != "user" {
			return ""
		}
		return v.Document.Tenant
	}},
	{"DvcIpAddr", text, recommended, "address at issue, else the one with the most events", func(v *alertView) any { return v.address() }},
	{"DvcDescription", text, optional, "device with the most events", func(v *alertView) any { return v.Device() }},
	{"AdditionalFields", dynamic, optional, "what has no column: `Sequence` (of two versions the higher is newer), `Change`, `UpdateTime`, `Tenant`, `SubjectType`, `SubjectId`, `Score`, `Assignee`, `Classification`, " +
		"`SupersededBy`, `Addresses`, `Countries`, `EventIds`, `Evidence`, `Context`, `Truncated`", (*alertView).additional},
}

// customAlert are the columns of the table of our own.
var customAlert = []column[*alertView]{
	{"TimeGenerated", moment, "", "when this version was made; when it is sent, where that was more than a day ago or lies in the future", func(v *alertView) any { return v.generated }},
	{"AlertId", text, "", "id of the alert, the same in all its versions", func(v *alertView) any { return v.ID }},
	{"Sequence", long, "", "number of the change; of two versions of an alert the higher is newer", func(v *alertView) any { return v.sequence() }},
	{"Change", text, "", "`created`, `updated`, `retracted` or `described`", func(v *alertView) any { return v.Kind() }},
	{"State", text, "", "`new`, `in_progress`, `resolved`, `retracted` or `suppressed`", func(v *alertView) any { return v.State() }},
	{"Severity", text, "", "`critical`, `high`, `medium`, `low` or `informational`", func(v *alertView) any { return v.Change.Severity }},
	{"SeverityRank", number, "", "5 for critical down to 1 for informational", func(v *alertView) any { return int64(alert.SeverityRank(v.Change.Severity)) }},
	{"Detection", text, "", "id of the detection", func(v *alertView) any { return v.Document.Detection }},
	{"DetectionTitle", text, "", "title of the detection", func(v *alertView) any { return v.Detection.Title }},
	{"AlertTitle", text, "", "what happened, in a sentence", func(v *alertView) any { return v.Document.Title }},
	{"SubjectType", text, "", "what the alert is about: `user`, `address`, `integration`, ...", func(v *alertView) any { return v.Document.Subject.Type }},
	{"SubjectId", text, "", "its id", func(v *alertView) any { return v.Document.Subject.ID }},
	{"SubjectName", text, "", "its name", func(v *alertView) any { return v.Document.Subject.DisplayName }},
	{"Username", text, "", "of an alert about a user: e-mail address, else the name, else the id", func(v *alertView) any { return v.User() }},
	{"SrcIpAddr", text, "", "address at issue, else the one with the most events", func(v *alertView) any { return v.address() }},
	{"StartTime", moment, "", "event time of the first event", func(v *alertView) any { return v.start() }},
	{"EndTime", moment, "", "event time of the last event", func(v *alertView) any { return v.end() }},
	{"CreateTime", moment, "", "when the alert was first raised", func(v *alertView) any { return v.Change.Created }},
	{"UpdateTime", moment, "", "when this version was made", func(v *alertView) any { return v.Change.Updated }},
	{"EventCount", long, "", "how many events the alert has", func(v *alertView) any { return v.count() }},
	{"Score", decimal, "", "how far it is from usual", func(v *alertView) any { return v.Document.Score }},
	{"Assignee", text, "", "who works on it", func(v *alertView) any { return v.Document.Assignee }},
	{"Classification", text, "", "`true_positive`, `benign_positive`, `false_positive`, as a person set it", func(v *alertView) any { return payload.Word(v.Document.Classification, "ALERT_CLASSIFICATION_") }},
	{"ClassificationReason", text, "", "why, as a person set it", func(v *alertView) any { return payload.Word(v.Document.Reason, "ALERT_REASON_") }},
	{"SupersededBy", text, "", "id of the alert that took the place of a retracted one", func(v *alertView) any { return v.SupersededBy() }},
	{"AttackTactics", text, "", "tactics of MITRE ATT&CK, comma-separated", func(v *alertView) any { tactics, _ := attack(v.Detection.Techniques); return tactics }},
	{"Remediation", text, "", "what to do, by the detection, numbered", func(v *alertView) any { return steps(v.Detection.Response) }},
	{"AlertUrl", text, "", "where a person finds the alert (`alertUrl`)", func(v *alertView) any { return v.URL }},
	{"AlertTenant", text, "", "tenant of Sealwatch", func(v *alertView) any { return v.Document.Tenant }},
	{"ProductVersion", text, "", "version of Sealwatch", func(v *alertView) any { return v.version }},
	{"SrcIpAddrs", dynamic, "", "all addresses, those at issue first, 100 at most", func(v *alertView) any { return v.addresses() }},
	{"SrcCountries", dynamic, "", "countries that the alert tells of", func(v *alertView) any { return listed(v.Countries) }},
	{"AttackTechniques", dynamic, "", "techniques of MITRE ATT&CK, their ids", func(v *alertView) any { return v.Detection.Techniques }},
	{"Document", dynamic, "", "the whole alert as `GET /v1/alerts/ID` shows it, with evidence and context", func(v *alertView) any { return v.Document }},
	{"Truncated", dynamic, "", "parts of the alert and columns that were shortened because they were too long", func(v *alertView) any { return v.truncated() }},
}
