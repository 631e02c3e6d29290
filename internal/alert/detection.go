package alert

import "time"

// Detection describes what a detection looks for and the SQL that does it.
type Detection struct {
	// ID is the name of the detection's folder, for example impossible_travel.
	ID                 string
	Title, Description string
	// Severity that a finding has when nothing raises or lowers it.
	Severity string
	// Techniques of MITRE ATT&CK, for example T1078.004.
	Techniques []string
	// SubjectType is what a finding is about: user, address, integration or source.
	SubjectType string
	// LookBack is how far before a finding the view reads.
	LookBack   time.Duration
	Parameters []Parameter
	// FalsePositives are the harmless causes that are known; Response is what to do about a finding.
	FalsePositives, Response []string
	// Suppressions explains each reason for which its findings are no alerts.
	Suppressions map[string]string
	// Off says why it is not evaluated; empty when it is.
	Off string
	// SQL is the text of the view.
	SQL string
	// Attributes that an exception can name, beside the subject, in order.
	Attributes []string
	// Versions that it has had, the newest first.
	Versions []DetectionVersion
}

// Parameter is one tuning value of a detection; Value is the one in force.
type Parameter struct {
	// Name as it stands in the SQL.
	Name string
	// Type by ClickHouse's name.
	Type              string
	Value, Default    string
	Minimum, Maximum  string
	Unit, Description string
	// Shown is the same as people write it; nil where the unit is not one of time.
	Shown *ParameterText
}

// ParameterText is a parameter of time in durations such as 10m.
type ParameterText struct{ Value, Default, Minimum, Maximum string }
