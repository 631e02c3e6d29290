package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

// Widths of the columns, in characters. The title comes last and is not cut.
const (
	widthTime       = 20
	widthSeverity   = 13
	widthDetection  = 24
	widthSubject    = 36
	widthAlertState = 11
	widthAssignee   = 12
	// widthAlertID is how much of an id is shown: enough to name an alert by.
	widthAlertID = 8
)

// alertHeader is the head of the table.
func alertHeader() string {
	return row("ALERT", "TIME", "SEVERITY", "STATE", "ASSIGNEE", "DETECTION", "SUBJECT", "TITLE")
}

func row(id, at, severity, state, assignee, detection, subject, title string) string {
	return terminal.Cell(id, widthAlertID) + "  " + terminal.Cell(at, widthTime) + "  " + terminal.Cell(severity, widthSeverity) + "  " + terminal.Cell(state, widthAlertState) + "  " +
		terminal.Cell(assignee, widthAssignee) + "  " + terminal.Cell(detection, widthDetection) + "  " + terminal.Cell(subject, widthSubject) + "  " + terminal.Text(title)
}

// alertLine is an alert as a line of the table; remark stands before the title.
func alertLine(a *sealwatchv1.Alert, remark string) string {
	if remark != "" {
		remark = "[" + remark + "] "
	}
	id := alertID(a)
	return row(id[:min(len(id), widthAlertID)], stamp(a.GetEndTime().AsTime()), severityName(a.GetSeverity()), stateName(a.GetState()), a.GetAssignee(), a.GetDetection(), subject(a), remark+a.GetTitle())
}

// alertID is the whole id.
func alertID(a *sealwatchv1.Alert) string { return strings.TrimPrefix(a.GetName(), alertPrefix) }

// standing is what the state of an alert does not say: the reason it is suppressed for, or what it was judged to be.
func standing(a *sealwatchv1.Alert) string {
	if len(a.GetSuppressedBy()) > 0 {
		return "by " + strings.Join(a.GetSuppressedBy(), ", ")
	}
	return classificationName(a.GetClassification())
}

// stamp is a time in a table.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// subject is whom an alert is about.
func subject(a *sealwatchv1.Alert) string {
	s := a.GetSubject()
	if s.GetEmail() == "" && s.GetDisplayName() == "" {
		if d := a.GetContext().GetDirectory(); s.GetType() == "user" && (d.GetDisplayName() != "" || d.GetEmail() != "") {
			return cmp.Or(d.GetDisplayName(), d.GetEmail())
		}
		if name := nameOf(a, s.GetId()); name != "" {
			return name
		}
	}
	return principalName(s)
}

// nameOf is the name that the alert has for an id; empty where nobody knows one.
func nameOf(a *sealwatchv1.Alert, id string) string {
	for _, n := range a.GetContext().GetNames() {
		if n.GetId() == id {
			return cmp.Or(n.GetDisplayName(), n.GetEmail())
		}
	}
	return ""
}

// principalName is the name that says most to a person.
func principalName(s *sealwatchv1.Principal) string {
	for _, name := range []string{s.GetEmail(), s.GetDisplayName()} {
		if name != "" {
			return name
		}
	}
	return s.GetId()
}

// alertJSON is an alert as the REST interface shows it, indented under a prefix, or on one line without one.
func alertJSON(a *sealwatchv1.Alert, prefix string) (string, error) {
	text, err := messageJSON(a, prefix)
	if err != nil {
		return "", fmt.Errorf("alert %s as JSON: %w", a.GetName(), err)
	}
	return text, nil
}

// messageJSON is a message as the REST interface shows it, indented under a prefix, or on one line without one.
func messageJSON(m proto.Message, prefix string) (string, error) {
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if prefix == "" {
		err = json.Compact(&b, text)
	} else {
		err = json.Indent(&b, text, prefix, "  ")
	}
	if err != nil {
		return "", err
	}
	return string(terminal.JSON(b.Bytes())), nil
}
