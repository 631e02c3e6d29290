package sentinel

// Declared is a column as a data collection rule declares it, with its class in ASIM and what it has.
type Declared struct{ Name, Type, Class, About string }

// Stream is what a data collection rule declares of the rows that are sent by one name.
type Stream struct {
	Name string
	// Output is the stream of the table behind it: Microsoft-TABLE for one of Azure's own, Custom-TABLE for another.
	Output  string
	Columns []Declared
	// Unstored are columns that the schema asks for and the table of Azure does not have: its name says what they say. A rule that hands
	// them on is refused.
	Unstored []string
}

// Streams are all that are sent, as deploy/sentinel declares them.
func Streams() []Stream {
	return []Stream{
		{StreamASIM, "Microsoft-ASimAlertEventLogs", declared(asimAlert), []string{"EventSchema"}},
		{StreamCustom, "Custom-Sealwatch_Alerts_CL", declared(customAlert), nil},
		{StreamHeartbeat, "Custom-Sealwatch_Heartbeat_CL", declared(heartbeat), nil},
		{StreamAuthentication, "Microsoft-ASimAuthenticationEventLogs", declared(authentication), []string{"EventSchema", "Dvc"}},
		{StreamAudit, "Microsoft-ASimAuditEventLogs", declared(audit), []string{"EventSchema", "Dvc"}},
		{StreamUserManagement, "Microsoft-ASimUserManagementActivityLogs", declared(userManagement), []string{"Dvc"}},
	}
}

func declared[S any](columns []column[S]) []Declared {
	all := make([]Declared, len(columns))
	for i := range columns {
		all[i] = Declared{columns[i].name, string(columns[i].kind), columns[i].class, columns[i].about}
	}
	return all
}
