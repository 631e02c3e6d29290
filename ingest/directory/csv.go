package directory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/spelling"
)

// columns by the names that a header may give them, without regard to case, blanks, dashes and underscores. Columns with
// other names are passed over.
var columns = map[string]string{
	"id": "id", "directoryid": "id", "objectid": "id", "employeeid": "id",
	"username": "userName", "userprincipalname": "userName", "upn": "userName", "login": "userName",
	"displayname": "displayName", "name": "displayName",
	"email": "emails", "mail": "emails", "emails": "emails", "aliases": "emails", "othermails": "emails",
	"docusignuserid": "docusignUserIds", "docusignuserids": "docusignUserIds", "userid": "docusignUserIds",
	"status": "status", "enabled": "enabled", "accountenabled": "enabled", "kind": "kind", "type": "kind",
	"groups": "groups", "group": "groups", "role": "role", "permissionprofile": "role",
	"validfrom": "validFrom", "from": "validFrom", "hired": "hired", "hiredate": "hired", "startdate": "hired",
	"left": "left", "leavedate": "left", "terminationdate": "left", "enddate": "left", "removed": "removed",
}

// Columns lists the columns that a CSV may have.
const Columns = "id (required), userName, displayName, emails, docusignUserIds, status, enabled, kind, groups, role, validFrom, hired, left, removed"

type csvList struct {
	o    Options
	in   *csv.Reader
	head []string
	// unknown are the names of columns that are passed over.
	unknown []string
}

// newCSV reads the header.
func newCSV(r *bufio.Reader, lines *lineCounter, o Options) (*csvList, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	beginning, _ := r.Peek(4096) // fewer at the end of a short file
	if line, _, _ := bytes.Cut(beginning, []byte("\n")); bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		in.Comma = ';'
	}
	names, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("line %d: %w; expected JSON, or CSV with a header of the columns %s", lines.at(0), err, Columns)
	}
	l := &csvList{o: o, in: in}
	found := false
	for _, name := range names {
		field := columns[strings.Map(func(r rune) rune {
			if r == ' ' || r == '-' || r == '_' {
				return -1
			}
			return r
		}, strings.ToLower(strings.TrimSpace(name)))]
		found = found || field == "id"
		if name = strings.TrimSpace(name); field == "" && name != "" {
			l.unknown = append(l.unknown, strings.Clone(name))
		}
		l.head = append(l.head, field)
	}
	if !found {
		return nil, fmt.Errorf("line %d: the header has no column id; expected JSON, or CSV with a header of the columns %s", lines.at(0), Columns)
	}
	return l, nil
}

// warnings say which columns are passed over.
func (l *csvList) warnings() (all []string) {
	for _, name := range l.unknown {
		all = append(all, fmt.Sprintf("the column %q is passed over%s", clip(name), spelling.Hint(name, slices.Sorted(maps.Keys(columns)))))
	}
	return all
}

func (l *csvList) next() (directory.Record, error) {
	fields, err := l.in.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return directory.Record{}, io.EOF
	case errors.As(err, &parse):
		return directory.Record{}, &RecordError{Line: parse.Line, Problem: fmt.Sprintf("%v; expected fields with a comma between them, and texts with commas or quotes in quotes", parse.Err)}
	case err != nil:
		return directory.Record{}, err
	}
	line, _ := l.in.FieldPos(0)
	// one that is short has lost a field somewhere, and what follows stands in the wrong column
	if len(fields) != len(l.head) {
		return directory.Record{}, &RecordError{Line: line, Problem: fmt.Sprintf("found %d fields, expected the %d of the header", len(fields), len(l.head))}
	}
	return l.record(fields, line)
}

func (l *csvList) record(fields []string, line int) (directory.Record, error) {
	r := directory.Record{State: directory.State{Source: l.o.Source}}
	var problem *RecordError
	bad := func(field string, err error) {
		if problem == nil {
			problem = &RecordError{Line: line, Field: field, Problem: err.Error()}
		}
	}
	enabled := true
	for i, value := range fields {
		// the reader uses its memory again
		value = strings.Clone(strings.TrimSpace(value))
		if value == "" {
			continue
		}
		var err error
		switch l.head[i] {
		case "id":
			r.DirectoryID = value
		case "userName":
			r.UserName = value
		case "displayName":
			r.DisplayName = value
		case "emails":
			r.Emails = append(r.Emails, parts(value)...)
		case "docusignUserIds":
			r.DocuSignUserIDs = append(r.DocuSignUserIDs, parts(value)...)
		case "groups":
			r.Groups = append(r.Groups, parts(value)...)
		case "role":
			r.Role = value
		case "status":
			r.Status = strings.ToLower(value)
		case "kind":
			r.Kind = strings.ToLower(value)
		case "enabled":
			enabled, err = truth(value)
		case "removed":
			r.Removed, err = truth(value)
		case "validFrom":
			r.From, err = parseTime(value)
		case "hired":
			r.Hired, err = parseTime(value)
		case "left":
			r.Left, err = parseTime(value)
		}
		if err != nil {
			bad(l.head[i], err)
		}
	}
	if problem != nil {
		problem.ID = r.DirectoryID
		return r, problem
	}
	if r.Left.After(l.o.AsOf) {
		r.Left = time.Time{}
	}
	if r.Status == "" {
		r.Status = directory.StatusActive
		if !enabled || !r.Left.IsZero() {
			r.Status = directory.StatusDisabled
		}
	}
	return finish(r, line)
}

// parts of a field with several values.
func parts(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == '|' })
}

func truth(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "y":
		return true, nil
	case "no", "n":
		return false, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(s))
	if err != nil {
		return false, fmt.Errorf("found %q, expected true or false", clip(s))
	}
	return b, nil
}
