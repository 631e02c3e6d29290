package evaluate

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// Rule is something that raises alerts: a detection of ours or a baseline.
type Rule struct {
	ID string `yaml:"id"`
	// Peer is whose rule it is, empty for ours.
	Peer string `yaml:"peer"`
	// Detection is what it is compared with; its own id for ours.
	Detection string `yaml:"detection"`
	// Kinds of attacks that it is for; all that expect the detection when empty.
	Kinds []string `yaml:"kinds"`
	// Thresholds and Generous say, for people, what was re-stated and where that is kinder than the original.
	Thresholds string `yaml:"thresholds"`
	Generous   string `yaml:"generous"`
	// SQL returns findings with the columns of a detection.
	SQL       string                `yaml:"-"`
	Arguments []clickhouse.Argument `yaml:"-"`
	// union are the findings of several rules of one peer together; their scores cannot be compared.
	union bool
}

//go:embed baselines
var baselineFiles embed.FS

// short is the shape of a file in baselines/, long what the database wants.
const short = `SELECT
    {tenant:String} AS tenant, subject_type, subject_id, '' AS subject_email, '' AS subject_name,
    concat(event_ids[-1], toString(start_time)) AS finding_key, end_time AS anchor_time, start_time, end_time,
    arraySlice(event_ids, -100) AS last_event_ids, last_event_ids AS event_ids, toUInt64(length(baseline.event_ids)) AS event_count,
    toFloat64(baseline.score) AS score, 'medium' AS severity, '' AS title, '{}' AS evidence, CAST([], 'Array(String)') AS suppressed_by
FROM
(
%s
) AS baseline
WHERE end_time >= {from:DateTime64(7, 'UTC')}`

// Baselines are the rules of others. The error names every one that is not as it has to be.
func Baselines() ([]Rule, error) {
	text, err := baselineFiles.ReadFile("baselines/baselines.yaml")
	if err != nil {
		return nil, fmt.Errorf("evaluate: baselines: %w", err)
	}
	var all []Rule
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&all); err != nil {
		return nil, fmt.Errorf("evaluate: baselines.yaml: %w", err)
	}
	var problems []error
	for i := range all {
		r := &all[i]
		sql, err := baselineFiles.ReadFile("baselines/" + r.ID + ".sql")
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if r.Peer == "" || r.Detection == "" || r.Thresholds == "" || len(r.Kinds) == 0 {
			problems = append(problems, fmt.Errorf("baseline %s: peer, detection, kinds and thresholds are required", r.ID))
		}
		for _, k := range r.Kinds {
			if !slices.Contains(simulate.Kinds(), k) {
				problems = append(problems, fmt.Errorf("baseline %s: found kind %q, expected one of %s", r.ID, k, strings.Join(simulate.Kinds(), ", ")))
			}
		}
		r.SQL = fmt.Sprintf(short, strings.TrimSpace(string(sql)))
	}
	return all, errors.Join(problems...)
}

// meant says whether an attack is one that the rule is for.
func (r *Rule) meant(l *simulate.Label) bool {
	if len(r.Kinds) > 0 {
		return slices.Contains(r.Kinds, l.Kind)
	}
	return l.ExpectedDetection == r.Detection
}

// Select keeps the detections with the given ids, all when there are none, and the baselines that are compared with them.
// An id that does not exist is an error.
func Select(all []Rule, ids []string) ([]Rule, error) {
	var known []string
	for _, r := range all {
		if r.Peer == "" {
			known = append(known, r.ID)
		}
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return nil, fmt.Errorf("detection %q: expected one of %s", id, strings.Join(known, ", "))
		}
	}
	var out []Rule
	for _, r := range all {
		if slices.Contains(known, r.Detection) && (len(ids) == 0 || slices.Contains(ids, r.Detection)) {
			out = append(out, r)
		}
	}
	return out, nil
}
