package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// flagsOf are the flags that give a field of the API its value, where they have other names; of several, the one that was typed. A field
// of a part is named with it.
var flagsOf = map[string][]string{
	"minSeverity": {"severity", "min-severity"}, "severities": {"only-severity"}, "ipAddresses": {"ip"}, "minEventCount": {"min-events"}, "maxEventCount": {"max-events"},
	"subjectEmails": {"user"}, "subjectIds": {"user"}, "docusignUserIds": {"user"}, "classifications": {"classified"}, "reasons": {"classified-because"}, "hasComments": {"commented", "uncommented"},
	"classification": {"as"}, "reason": {"because"}, "firstEvent.startTime": {"began-since"}, "firstEvent.endTime": {"began-until"}, "lastEvent.startTime": {"ended-since"}, "lastEvent.endTime": {"ended-until"},
	"created.startTime": {"raised-since"}, "created.endTime": {"raised-until"}, "updated.startTime": {"changed-since"}, "updated.endTime": {"changed-until"},
	"firstEvent": {"began-since", "began-until"}, "lastEvent": {"ended-since", "ended-until"}, "created": {"raised-since", "raised-until"}, "updated": {"changed-since", "changed-until"},
	"startTime": {"from", "since"}, "endTime": {"to", "until"}, "aroundTime": {"around"}, "expireTime": {"expires"}, "asOfTime": {"as-of"}, "atTime": {"at"},
	"orderBy": {"order"}, "pageSize": {"limit"}, "settings": {"set"}, "maxExamples": {"examples"}, "duration": {"max-time"}, "sql": {"query", "file"}, "parameters": {"param"},
	"displayName": {"name"}, "validateOnly": {"dry-run"},
}

var (
	// fieldPath is the field of a request with which a refusal begins.
	fieldPath = regexp.MustCompile(`^([a-zA-Z][a-zA-Z_]*(?:\[\d+\])?(?:\.[a-zA-Z][a-zA-Z_]*(?:\[\d+\])?)*): `)
	// wrappers are messages whose fields flags give one by one.
	wrappers   = regexp.MustCompile(`^(?:filter|options|limits|alert|exception|query|range)\.`)
	underlined = regexp.MustCompile(`_[a-z]`)
	listIndex  = regexp.MustCompile(`\[(\d+)\]`)
	// timeFields are the fields that a refusal of another one names.
	timeFields = regexp.MustCompile(`\b(?:start|end|expire|around|asOf)Time\b`)
)

// flagged is the refusal of a request in the words of the command line: by the flag that was typed, where the service names a field of its
// API.
func flagged(c *cobra.Command, err error) error {
	var remote interface{ GRPCStatus() *status.Status }
	if c == nil || !errors.As(err, &remote) || remote.GRPCStatus().Code() != codes.InvalidArgument {
		return err
	}
	said := remote.GRPCStatus().Proto() // a copy
	m := fieldPath.FindStringSubmatch(said.GetMessage())
	if m == nil {
		return err
	}
	path := underlined.ReplaceAllStringFunc(wrappers.ReplaceAllString(m[1], ""), func(s string) string { return strings.ToUpper(s[1:]) })
	f := flagOf(c, listIndex.ReplaceAllString(path, ""))
	if f == nil {
		return err
	}
	why := timeFields.ReplaceAllStringFunc(said.GetMessage()[len(m[0]):], func(field string) string {
		if other := flagOf(c, field); other != nil {
			return "--" + other.Name
		}
		return field
	})
	if value := valueOf(f, path); value != "" && strings.HasPrefix(why, "expected ") {
		why = fmt.Sprintf("found %.80q, %s", value, why)
	}
	said.Message = "--" + f.Name + ": " + why
	before, _, _ := strings.Cut(err.Error(), "rpc error:")
	return fmt.Errorf("%s%w", before, status.ErrorProto(said))
}

// flagOf is the flag of a command that gives the field its value; nil when there is none.
func flagOf(c *cobra.Command, field string) *pflag.Flag {
	first, _, _ := strings.Cut(field, ".")
	var found *pflag.Flag
	for _, name := range append(append(append([]string{}, flagsOf[field]...), flagsOf[first]...), dashed(first), singular(dashed(first))) {
		switch f := c.Flags().Lookup(name); {
		case f == nil:
		case f.Changed:
			return f
		default:
			found = cmp.Or(found, f)
		}
	}
	return found
}

// dashed writes displayName as display-name.
func dashed(field string) string {
	var b strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func singular(name string) string {
	for _, ending := range [][2]string{{"ies", "y"}, {"sses", "ss"}, {"ses", "s"}, {"s", ""}} {
		if stem, ok := strings.CutSuffix(name, ending[0]); ok {
			return stem + ending[1]
		}
	}
	return name
}

// valueOf is what was typed: of a list, the one that the path names.
func valueOf(f *pflag.Flag, path string) string {
	if !f.Changed {
		return ""
	}
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return f.Value.String()
	}
	m := listIndex.FindStringSubmatch(path)
	if m == nil {
		return ""
	}
	if i, err := strconv.Atoi(m[1]); err == nil && i < len(list.GetSlice()) {
		return list.GetSlice()[i]
	}
	return ""
}
