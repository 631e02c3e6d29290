package main

import (
	"cmp"
	_ "embed"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sealwatch/sealwatch/internal/countries"
)

//go:embed facts.yaml
var factsFile []byte

// fact is how a member of the evidence is told.
type fact struct{ key, text string }

// facts are the words of facts.yaml: those of all detections, and of each.
var facts = sync.OnceValue(func() (all struct {
	common     []fact
	detections map[string][]fact
}) {
	var file struct {
		Common     []map[string]string            `yaml:"common"`
		Detections map[string][]map[string]string `yaml:"detections"`
	}
	if err := yaml.Unmarshal(factsFile, &file); err != nil {
		return all // every test would meet it; what has no words is told by its name
	}
	listed := func(list []map[string]string) (out []fact) {
		for _, one := range list {
			for key, text := range one {
				out = append(out, fact{key, text})
			}
		}
		return out
	}
	all.common, all.detections = listed(file.Common), map[string][]fact{}
	for id, list := range file.Detections {
		all.detections[id] = listed(list)
	}
	return all
})

// factsOf are the members of a detection's evidence in the order in which they are told: what is to be done first, then its own, then those of all.
func factsOf(detection string) []fact {
	all := facts()
	own := all.detections[detection]
	if strings.HasPrefix(detection, "policy_") {
		own = all.detections["policy"]
	}
	var out []fact
	for _, f := range all.common {
		if f.key == "docusignSays" || f.key == "nextStep" {
			out = append(out, f)
		}
	}
	out = append(out, own...)
	for _, f := range all.common {
		if !containsFact(out, f.key) {
			out = append(out, f)
		}
	}
	return out
}

func containsFact(list []fact, key string) bool {
	for _, f := range list {
		if f.key == key {
			return true
		}
	}
	return false
}

var factValue = regexp.MustCompile(`\{([a-z -]*)\}`)

// factText says a value by the words for it; empty where there is nothing to say.
func factText(words string, v *structpb.Value, shown string) string {
	said, nothing, _ := strings.Cut(words, "|")
	if empty(v, shown) {
		return nothing
	}
	return factValue.ReplaceAllStringFunc(said, func(place string) string {
		thing := strings.Trim(place, "{}")
		n, isNumber := v.GetKind().(*structpb.Value_NumberValue)
		switch {
		case thing == "" || !isNumber:
			return shown
		case thing == "hour" && n.NumberValue < 1.5:
			return plural(max(1, int(math.Round(n.NumberValue*60))), "minute")
		case n.NumberValue == 1:
			return "1 " + thing
		}
		return shown + " " + manyOf(thing)
	})
}

// empty says that a value is a zero, a "no", nothing, or an end of time that was never.
func empty(v *structpb.Value, shown string) bool {
	switch v := v.GetKind().(type) {
	case *structpb.Value_NumberValue:
		return v.NumberValue <= 0
	case *structpb.Value_BoolValue:
		return !v.BoolValue
	}
	return strings.TrimSpace(shown) == ""
}

func manyOf(thing string) string {
	if strings.HasSuffix(thing, "person") {
		return strings.TrimSuffix(thing, "person") + "people"
	}
	return thing + "s"
}

// activityWords are activities as a person would count them: one, and many.
var activityWords = map[string][2]string{
	"logon": {"log-on", "log-ons"}, "failed_logon": {"failed log-on", "failed log-ons"}, "logoff": {"log-off", "log-offs"}, "lockout": {"lock-out", "lock-outs"}, "download": {"download", "downloads"},
	"view": {"view", "views"}, "send": {"envelope sent", "envelopes sent"}, "sign": {"signature", "signatures"}, "create": {"envelope or template made", "envelopes or templates made"},
	"update": {"change", "changes"}, "delete": {"deletion", "deletions"}, "complete": {"envelope completed", "envelopes completed"}, "decline": {"envelope declined", "envelopes declined"},
	"void": {"envelope voided", "envelopes voided"}, "correct": {"envelope corrected", "envelopes corrected"}, "export": {"export", "exports"}, "docusign_alert": {"alert by DocuSign", "alerts by DocuSign"},
	"user_management": {"change of users", "changes of users"}, "group_management": {"change of groups", "changes of groups"}, "permission": {"change of rights", "changes of rights"},
	"settings": {"change of settings", "changes of settings"}, "connect": {"change of Connect", "changes of Connect"}, "integration": {"change of an application", "changes of applications"},
	"impersonation": {"act in another's name", "acts in another's name"}, "recipient_authentication": {"authentication of a recipient", "authentications of recipients"},
}

// deedText is so many activities of a class in words.
func deedText(n int, activity string) string {
	w, known := activityWords[activity]
	switch {
	case !known:
		return plural(n, strings.ReplaceAll(activity, "_", " "))
	case n == 1:
		return "1 " + w[0]
	}
	return strconv.Itoa(n) + " " + w[1]
}

// place is a place as people write it: the records have cities in lower case.
func place(name string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(before) && before != '\'' && before != '’' {
			r = unicode.ToUpper(r)
		}
		before = r
		return r
	}, name)
}

// countryCode is what the evidence calls a country by.
var countryCode = regexp.MustCompile(`^[A-Z]{2}$`)

var countryTable = sync.OnceValue(func() *countries.Table {
	t, err := countries.New()
	if err != nil {
		return nil // every test would meet it
	}
	return t
})

// country is the name of a country by its code; the code where there is none.
func country(code string) string {
	if t := countryTable(); t != nil {
		return cmp.Or(t.Name(code), code)
	}
	return code
}

// silent is a device without a name.
const silent = "a program that does not say what it is"

// device is a device as people read it: what does not say what it is says nothing by "Other".
func device(name string) string {
	if name == "" || name == "Other" {
		return ""
	}
	browser, system, both := strings.Cut(name, " on ")
	switch {
	case both && browser == "Other" && (system == "Other" || system == ""):
		return silent
	case both && browser == "Other":
		return system
	case both && system == "Other":
		return browser
	}
	return name
}
