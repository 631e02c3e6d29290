package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/duration"
)

func (p *process) alertsCommand() *cobra.Command {
	c := &cobra.Command{Use: "alerts", Short: "Look at alerts, and work on them", Args: cobra.NoArgs}
	c.AddCommand(p.alertsList(), p.alertsShow(), p.alertsTail(), p.alertsUpdate(), p.alertsAssign(), p.alertsComment(), p.alertsClose(), p.alertsReopen(), p.alertsHistory())
	return c
}

const incidentPrefix = "incidents/"

// severityNames are the severities as the command line spells them, the least first.
func severityNames() []string {
	var all []string
	for v := range int32(len(sealwatchv1.Severity_name)) {
		if v > 0 {
			all = append(all, severityName(sealwatchv1.Severity(v)))
		}
	}
	return all
}

// stateNames are the states.
func stateNames() []string {
	var all []string
	for v := range int32(len(sealwatchv1.AlertState_name)) {
		if v > 0 {
			all = append(all, stateName(sealwatchv1.AlertState(v)))
		}
	}
	return all
}

func severityName(s sealwatchv1.Severity) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "SEVERITY_"))
}

func stateName(s sealwatchv1.AlertState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "ALERT_STATE_"))
}

// since reads the value of a flag: how long ago, now, or a time; nil for none.
func since(flag, s string, now time.Time) (*timestamppb.Timestamp, error) {
	if s == "" {
		return nil, nil
	}
	if strings.EqualFold(s, "now") {
		return timestamppb.New(now), nil
	}
	if d, err := duration.Parse(s); err == nil && d > 0 {
		return timestamppb.New(now.Add(-d)), nil
	}
	t, err := parseTime(flag, s)
	if err != nil {
		return nil, usagef("%s: found %q, expected how long ago such as 24h or 7d, now, a time such as 2026-01-31T08:00:00Z, or a date", flag, s)
	}
	return timestamppb.New(t), nil
}
