package policy

// Kind of a field: which operators it has, and what its values look like.
type Kind int

// Kinds of fields.
const (
	Text Kind = iota
	// Texts has several values at once; one that satisfies is enough.
	Texts
	Address
	Number
	Bool
	Time
	Clock
	Weekday
	// Directory is looked up in the directory of people as of the event time; it has several values.
	Directory
	// Matched is the detections that have alerts which stand on the event. It has no negation, see Positive.
	Matched
)

// Field is something of an event that a filter can look at.
type Field struct {
	Name string
	Kind Kind
	// Roles says that it is about a user: actor, target or any.
	Roles bool
	// New says that it has is_new and is_not_new.
	New bool
	// Values are the only ones that there are; any when empty.
	Values      []string
	Description string
}

// Fields that a filter can look at, in the order in which the documentation lists them.
var Fields = []Field{
	{Name: "activity", Kind: Text, New: true, Description: "class of the event: logon, failed_logon, download, send, void, settings, ..."},
	{Name: "action", Kind: Texts, Description: "what was done, in DocuSign's spelling, or in words: PasswordReset is Password Reset, too"},
	{Name: "object", Kind: Texts, Description: "what it was done to, in DocuSign's spelling, or in words"},
	{Name: "property", Kind: Texts, Description: "what of the object, in DocuSign's spelling, or in words"},
	{Name: "result", Kind: Text, Description: "outcome, in DocuSign's spelling"},
	{Name: "item", Kind: Texts, Description: "envelope, template, group, Connect configuration or other thing concerned, by id"},
	{Name: "item_name", Kind: Texts, Description: "its name or subject, where the record has one"},
	{Name: "data", Kind: Text, Description: "a key of the record's open part, named by property"},
	{Name: "administrative", Kind: Bool, Description: "whether the account rather than an envelope was acted on"},
	{Name: "impersonated", Kind: Bool, Description: "whether an application acted for a user, or somebody signed in as another"},
	{Name: "application", Kind: Text, New: true, Description: "integration key of the calling application; missing for DocuSign's own clients"},
	{Name: "channel", Kind: Text, Description: "Web, API, Mobile, Connect, as the record says"},
	{Name: "source", Kind: Text, Description: "way by which the record came in: monitor, import, api, ..."},
	{Name: "device_type", Kind: Text, Values: []string{"desktop", "mobile", "tablet", "robot", "other"}, Description: "kind of device"},
	{Name: "device", Kind: Text, New: true, Description: "browser family and operating system, without versions"},
	{Name: "browser", Kind: Text, Description: "browser and major version, such as Chrome 126"},
	{Name: "browser_version", Kind: Number, Description: "major version of the browser"},
	{Name: "os", Kind: Text, Description: "operating system and version, such as Windows 10"},
	{Name: "user_agent", Kind: Text, Description: "as delivered"},
	{Name: "user_agent_tag", Kind: Texts, Values: []string{"native_client", "outdated_browser", "outdated_os", "robot"}, Description: "what the agent is, by the rules of the documentation"},
	{Name: "ip", Kind: Address, New: true, Description: "address; values are addresses or networks such as 192.0.2.0/24, of starts_with the beginning of the text"},
	{Name: "ip_category", Kind: Texts, Values: []string{"corporate", "administrative", "risky", "vpn", "cloud", "other"}, Description: "what was said of the address, as of the event time"},
	{Name: "ip_tag", Kind: Texts, Description: "tags of the address as of the event time: tor, anonymous_proxy, vpn, relay, hosting, botnet, password_spray, or your own"},
	{Name: "country", Kind: Text, New: true, Description: "ISO 3166-1 alpha-2 code, such as DE"},
	{Name: "region", Kind: Text, Description: "state or province"},
	{Name: "city", Kind: Text, New: true, Description: "city, in English"},
	{Name: "isp", Kind: Text, New: true, Description: "who runs the network"},
	{Name: "asn", Kind: Number, New: true, Description: "number of the autonomous system"},
	{Name: "account", Kind: Text, New: true, Description: "DocuSign account, by id"},
	{Name: "user", Kind: Texts, Roles: true, Description: "a person by e-mail, name or DocuSign's user id"},
	{Name: "user_domain", Kind: Texts, Roles: true, Description: "domain of the person's e-mail addresses"},
	{Name: "user_group", Kind: Directory, Roles: true, Description: "groups of the directory, as of the event time"},
	{Name: "user_role", Kind: Directory, Roles: true, Description: "role of the directory, as of the event time"},
	{Name: "user_status", Kind: Directory, Roles: true, Values: []string{"active", "disabled", "deleted", "on_leave"}, Description: "status in the directory, as of the event time"},
	{Name: "user_kind", Kind: Directory, Roles: true, Values: []string{"person", "guest", "shared_mailbox", "room", "service"}, Description: "what the entry of the directory is"},
	{Name: "recipient_domain", Kind: Text, New: true, Description: "domain of the recipient whom DocuSign Connect names"},
	{Name: "in_claimed_domain", Kind: Bool, Description: "whether DocuSign says that the actor belongs to a claimed domain"},
	{Name: "time", Kind: Time, Description: "event time"},
	{Name: "time_of_day", Kind: Clock, Description: "time of day in a time zone, HH:MM; a range may go over midnight"},
	{Name: "weekday", Kind: Weekday, Values: []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}, Description: "day of the week in a time zone"},
	{Name: MatchedDetection, Kind: Matched, Values: matchable, Description: "the event is evidence of an alert of one of these detections that is raised, whatever people made of it; no negation has it"},
}

// MatchedDetection is the field that looks at alerts of detections.
const MatchedDetection = "matched_detection"

// matchable are the detections whose alerts a policy can look at: those that come along and have evidence of their own. Policies are not
// among them, so that there are no circles.
var matchable = []string{"anonymous_ip", "control_change", "envelope_corrections", "envelope_voids", "failed_logins", "impossible_travel", "infrequent_country", "own_key", "recipient_authentication",
	"recipient_declines", "session_anomaly", "suspicious_ip", "template_changes", "terminated_user", "unusual_admin", "unusual_impersonation"}

// unmatchable says of others why they are not.
var unmatchable = map[string]string{
	"docusign_alert": "a built-in detection: an alert of docusign_alert names what DocuSign named, of any time, and a hundred of it; {field: activity, operator: equals, values: [docusign_alert]} selects the record of the alert itself",
	"limit_reached":  "a detection with events: limit_reached follows from the alerts of policies",
	"source_access":  "a detection with events: source_access is about Sealwatch itself",
	"directory_hold": "a detection with events: directory_hold is about Sealwatch itself",
}

// FieldByName returns the field, or nil.
func FieldByName(name string) *Field {
	for i := range Fields {
		if Fields[i].Name == name {
			return &Fields[i]
		}
	}
	return nil
}

// Operators.
const (
	Equals           = "equals"
	DoesNotEqual     = "does_not_equal"
	Contains         = "contains"
	DoesNotContain   = "does_not_contain"
	StartsWith       = "starts_with"
	DoesNotStartWith = "does_not_start_with"
	IsSet            = "is_set"
	IsNotSet         = "is_not_set"
	InRange          = "in_range"
	NotInRange       = "not_in_range"
	IsNew            = "is_new"
	IsNotNew         = "is_not_new"
)

// AllOperators in the order of the documentation.
var AllOperators = []string{Equals, DoesNotEqual, Contains, DoesNotContain, StartsWith, DoesNotStartWith, IsSet, IsNotSet, InRange, NotInRange, IsNew, IsNotNew}

// Operators that the field has.
func (f *Field) Operators() []string {
	var all []string
	switch f.Kind {
	case Text, Texts, Directory:
		all = []string{Equals, DoesNotEqual, Contains, DoesNotContain, StartsWith, DoesNotStartWith, IsSet, IsNotSet}
		if len(f.Values) > 0 {
			all = []string{Equals, DoesNotEqual, IsSet, IsNotSet}
		}
	case Address:
		all = []string{Equals, DoesNotEqual, StartsWith, DoesNotStartWith, IsSet, IsNotSet}
	case Number:
		all = []string{Equals, DoesNotEqual, InRange, NotInRange, IsSet, IsNotSet}
	case Bool:
		all = []string{Equals, DoesNotEqual}
		if f.Name == "in_claimed_domain" {
			all = append(all, IsSet, IsNotSet)
		}
	case Time, Clock:
		all = []string{InRange, NotInRange}
	case Weekday:
		all = []string{Equals, DoesNotEqual}
	case Matched:
		all = []string{Equals}
	}
	if f.New {
		all = append(all, IsNew, IsNotNew)
	}
	return all
}

// Positive is the operator that one negates, and whether it negates at all.
func Positive(operator string) (string, bool) {
	switch operator {
	case DoesNotEqual:
		return Equals, true
	case DoesNotContain:
		return Contains, true
	case DoesNotStartWith:
		return StartsWith, true
	case IsNotSet:
		return IsSet, true
	case NotInRange:
		return InRange, true
	case IsNotNew:
		return IsNew, true
	}
	return operator, false
}

// Roles of a user in an event.
var Roles = []string{"actor", "target", "any"}

// Choices for a missing value.
const (
	Match   = "match"
	NoMatch = "no_match"
)
