package sentinel

import (
	"fmt"
	"strings"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// class is what ASIM asks about an alert and a detection does not say of itself. The values are from ASIM's closed lists.
type class struct {
	subType, method, category string
}

var (
	unusual   = class{"Anomaly", "Behavioral Analytics", "Unknown"}
	suspected = class{"Suspicious Activity", "Behavioral Analytics", "Unknown"}
	known     = class{"Suspicious Activity", "Threat Intelligence", "Unknown"}
	reported  = class{"Suspicious Activity", "Cloud Application Security", "Unknown"}
	violated  = class{"Compliance Violation", "Cloud Application Security", "Security Policy Violation"}
)

// classes of the detections; one that is not here is reported.
var classes = map[string]class{
	"anonymous_ip": known, "suspicious_ip": known,
	"impossible_travel": unusual, "infrequent_country": unusual, "unusual_admin": unusual, "unusual_impersonation": unusual,
	"envelope_voids": unusual, "envelope_corrections": unusual, "template_changes": unusual, "recipient_declines": unusual,
	"failed_logins": suspected, "recipient_authentication": suspected, "session_anomaly": suspected, "own_key": suspected, "terminated_user": suspected,
	"control_change": violated, "limit_reached": violated,
}

func classOf(detection string) class {
	if c, ok := classes[detection]; ok {
		return c
	}
	if strings.HasPrefix(detection, policy.DetectionPrefix) {
		return violated
	}
	return reported
}

// severity by ASIM, which knows four.
func severity(s string) string {
	switch s {
	case alert.SeverityCritical, alert.SeverityHigh:
		return "High"
	case alert.SeverityMedium:
		return "Medium"
	case alert.SeverityLow:
		return "Low"
	}
	return "Informational"
}

// status is Active for what somebody has to look at.
func status(state string) string {
	if state == alert.StateNew || state == alert.StateInProgress {
		return "Active"
	}
	return "Closed"
}

// verdict that a person gave.
func verdict(classification string) string {
	switch classification {
	case alert.TruePositive:
		return "True Positive"
	case alert.FalsePositive:
		return "False Positive"
	case alert.BenignPositive:
		return "Benign Positive"
	}
	return "Unknown"
}

// indicator is what the alert is about.
func indicator(subject string) string {
	switch subject {
	case "user":
		return "User"
	case "address":
		return "Ip"
	case "integration":
		return "Application"
	}
	return "Cloud Resource"
}

// technique of MITRE ATT&CK by its name, with its tactics.
type technique struct {
	name    string
	tactics []string
}

// techniques that detections name; a test holds it to their files.
var techniques = map[string]technique{
	"T1078":     {"Valid Accounts", []string{"Initial Access", "Persistence", "Privilege Escalation", "Defense Evasion"}},
	"T1078.004": {"Cloud Accounts", []string{"Initial Access", "Persistence", "Privilege Escalation", "Defense Evasion"}},
	"T1080":     {"Taint Shared Content", []string{"Lateral Movement"}},
	"T1090.003": {"Multi-hop Proxy", []string{"Command and Control"}},
	"T1098":     {"Account Manipulation", []string{"Persistence", "Privilege Escalation"}},
	"T1110.001": {"Password Guessing", []string{"Credential Access"}},
	"T1110.003": {"Password Spraying", []string{"Credential Access"}},
	"T1110.004": {"Credential Stuffing", []string{"Credential Access"}},
	"T1114.003": {"Email Forwarding Rule", []string{"Collection"}},
	"T1485":     {"Data Destruction", []string{"Impact"}},
	"T1528":     {"Steal Application Access Token", []string{"Credential Access"}},
	"T1531":     {"Account Access Removal", []string{"Impact"}},
	"T1539":     {"Steal Web Session Cookie", []string{"Credential Access"}},
	"T1550.001": {"Application Access Token", []string{"Defense Evasion", "Lateral Movement"}},
	"T1550.004": {"Web Session Cookie", []string{"Defense Evasion", "Lateral Movement"}},
	"T1552.004": {"Private Keys", []string{"Credential Access"}},
	"T1556":     {"Modify Authentication Process", []string{"Credential Access", "Defense Evasion", "Persistence"}},
	"T1557":     {"Adversary-in-the-Middle", []string{"Credential Access", "Collection"}},
	"T1565.001": {"Stored Data Manipulation", []string{"Impact"}},
	"T1566.003": {"Spearphishing via Service", []string{"Initial Access"}},
	"T1586":     {"Compromise Accounts", []string{"Resource Development"}},
}

// attack returns the tactics, each once in the order of their techniques, and the techniques as ASIM prefers them.
func attack(ids []string) (tactics, named string) {
	var all, names []string
	seen := map[string]bool{}
	for _, id := range ids {
		t, ok := techniques[id]
		if !ok {
			names = append(names, id)
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s)", t.name, id))
		for _, tactic := range t.tactics {
			if !seen[tactic] {
				seen[tactic] = true
				all = append(all, tactic)
			}
		}
	}
	return strings.Join(all, ", "), strings.Join(names, ", ")
}
