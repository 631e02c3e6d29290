package directory_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealwatch/sealwatch/ingest/directory"
)

var asOf = time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC)

// read lists what is in a file, a line for each person and each problem.
func read(t testing.TB, text string) []string {
	t.Helper()
	r, err := directory.NewReader(strings.NewReader(text), directory.Options{Source: "e", AsOf: asOf})
	if err != nil {
		return []string{"END " + err.Error()}
	}
	var all []string
	for {
		p, err := r.Next()
		var one *directory.RecordError
		switch {
		case errors.Is(err, io.EOF):
			return all
		case errors.As(err, &one):
			all = append(all, "BAD "+err.Error())
			continue
		case err != nil:
			return append(all, "END "+err.Error())
		}
		line := fmt.Sprintf("%s %s %s", p.DirectoryID, p.Status, p.Kind)
		if len(p.Emails) > 0 {
			line += " " + strings.Join(p.Emails, " ")
		}
		for _, v := range []struct{ name, value string }{{"ds", strings.Join(p.DocuSignUserIDs, "+")}, {"groups", strings.Join(p.Groups, "+")}, {"name", p.DisplayName}, {"role", p.Role}} {
			if v.value != "" {
				line += " " + v.name + "=" + v.value
			}
		}
		for _, v := range []struct {
			name string
			at   time.Time
		}{{"from", p.From}, {"hired", p.Hired}, {"left", p.Left}} {
			if !v.at.IsZero() {
				line += " " + v.name + "=" + v.at.Format("01-02")
			}
		}
		if p.Gone {
			line += " gone"
		}
		if p.Removed {
			line += " removed"
		}
		all = append(all, line)
	}
}

func TestReader(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", " \n", nil},
		{"an array", `[{"id":"1","userPrincipalName":"Ann@X.y","mail":"a.smith@x.y","otherMails":["ann@home.z"],"proxyAddresses":["SMTP:ann@x.y","smtp:old@x.y","SIP:ann@x.y","x500:/o=x"],
 "accountEnabled":true,"displayName":"Ann","assignedLicenses":[{"skuId":"1"}],"groups":["B","A"],"docusignUserId":"u1","createdDateTime":"2026-05-02T10:00:00Z"}]`,
			[]string{"1 active person a.smith@x.y ann@home.z ann@x.y old@x.y ds=u1 groups=A+B name=Ann hired=05-02"}},
		{"statuses", `[{"id":"1","accountEnabled":false},{"id":"2","accountEnabled":true,"employeeLeaveDateTime":"2026-05-04T00:00:00Z"},{"id":"3","accountEnabled":true,"employeeLeaveDateTime":"2026-06-04T00:00:00Z"},
 {"id":"4","employeeLeaveDateTime":"0001-01-01T00:00:00Z"},{"id":"5","status":"on_leave","validFrom":"2026-05-03"},{"id":"6","accountEnabled":null,"mail":null},{"id":"7","userType":"Guest"},{"id":"8","mailboxSettings":{"userPurpose":"shared"}},{"id":"9","kind":"Room"},
 {"id":"10","accountEnabled":false,"employeeLeaveDateTime":"2026-05-04T00:00:00Z","mailboxSettings":{"userPurpose":"shared"}},{"id":"11","mailboxSettings":{"userPurpose":"room"}}]`,
			[]string{"1 disabled person", "2 disabled person left=05-04", "3 active person", "4 active person", "5 on_leave person from=05-03", "6 active person", "7 active guest", "8 active shared_mailbox", "9 active room", "10 disabled person left=05-04", "11 active room"}},
		{"deleted by Entra", `{"value":[{"id":"5f0d9c1e-0b7a-4c66-9c66-0123456789ab","userPrincipalName":"5f0d9c1e0b7a4c669c660123456789abann@x.y","deletedDateTime":"2026-05-04T00:00:00Z"}]}`,
			[]string{"5f0d9c1e-0b7a-4c66-9c66-0123456789ab deleted person ann@x.y left=05-04"}},
		{"SCIM", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":5,"Resources":[
 {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"ann@x.y","name":{"givenName":"Ann","familyName":"Lee"},"active":true,"emails":[{"value":"A.Lee@x.y","primary":true,"type":"work"}],
  "groups":[{"value":"g1","display":"Finance"},{"value":"g2"}],"roles":[{"value":"admin"}],"meta":{"created":"2026-05-02T10:00:00Z","lastModified":"2026-05-03T10:00:00Z"},"docusignUserId":"u1"},
 {"id":"2","userName":"bob","displayName":"Bob","active":false,"meta":{"lastModified":"2026-05-04T10:00:00.123Z"}},
 {"id":"3","userName":"eve","active":false,"meta":{"lastModified":"2026-06-04T10:00:00Z"}},
 {"id":"4","active":true,"emails":["d@x.y"],"userType":"Guest"},
 {"id":"5","active":"yes"},{"id":"6","active":true,"emails":"e@x.y"},{"id":"7","active":false,"meta":{"lastModified":"soon"}}]}`,
			[]string{"1 active person a.lee@x.y ann@x.y ds=u1 groups=Finance+g2 name=Ann Lee role=admin hired=05-02", "2 disabled person name=Bob left=05-04", "3 disabled person", "4 active guest d@x.y",
				"BAD line 7: person \"5\": active: found \"yes\", expected true or false", "BAD line 7: person \"6\": emails: found \"e@x.y\", expected a list of objects such as {\"value\": \"ann@example.com\"}",
				"BAD line 7: person \"7\": meta: found {\"lastModified\":\"soon\"}, expected an object with created and lastModified, times such as 2026-01-31T08:00:00Z"}},
		{"pages, and a delta", "{\"@odata.context\":\"x\",\"value\":[{\"id\":\"1\"},\n{\"id\":2},\n{\"id\":\"3\"}],\"@odata.nextLink\":\"y\"}\n{\"value\":[]}\n{\"value\":[{\"id\":\"4\",\"@removed\":{\"reason\":\"changed\"}}]}",
			[]string{"1 active person", "BAD line 2: id: found 2, expected a text", "3 active person", "4 deleted person gone"}},
		{"DocuSign's list of users", "{\"users\":[\n{\"userId\":\"5F0D9C1E-0B7A-4C66-9C66-0123456789AB\",\"userName\":\"Ann Smith\",\"email\":\"Ann@x.y\",\"userStatus\":\"Active\",\"userType\":\"CompanyUser\",\"isAdmin\":\"True\",\"permissionProfileName\":\"DS Admin\"},\n{\"userId\":\"u2\",\"email\":\"bob@x.y\",\"userStatus\":\"Closed\",\"closedDate\":\"2026-05-04T00:00:00Z\"},{\"userId\":\"u3\",\"userStatus\":\"ActivationSent\"},{\"userId\":4}],\"resultSetSize\":\"4\"}",
			[]string{"5F0D9C1E-0B7A-4C66-9C66-0123456789AB active person ann@x.y ds=5f0d9c1e-0b7a-4c66-9c66-0123456789ab name=Ann Smith role=DS Admin", "u2 deleted person bob@x.y ds=u2 left=05-04", "u3 active person ds=u3", "BAD line 3: userId: found 4, expected a text"}},
		{"a person a line", "\ufeff{\"id\":\"1\"}\n{\"id\":\"2\",\"accountEnabled\":\"yes\"}\n\n{\"mail\":\"a@x.y\"}\n{\"id\":\"3\",\"mail\":\"nonsense\"}\n7\n{\"id\":\"4\"}",
			[]string{"1 active person", `BAD line 2: person "2": accountEnabled: found "yes", expected true or false`, "BAD line 4: id: expected the person's id in the directory, found none",
				`BAD line 5: person "3": emails: found "nonsense", expected an address such as ann@example.com`, "BAD line 6: found 7, expected an object", "4 active person"}},
		{"fields of the wrong type", `[{"id":"1","groups":"A"},{"id":"2","deletedDateTime":"yesterday"},{"id":"3","status":"away"},{"id":"4","removed":true},{"id":"4","removed":true,"validFrom":"2026-05-01"}]`,
			[]string{`BAD line 1: person "1": groups: found "A", expected a list of texts`, `BAD line 1: person "2": deletedDateTime: found "yesterday", expected a time such as 2026-01-31T08:00:00Z or a date`,
				`BAD line 1: person "3": status: found "away", expected active, disabled, deleted, on_leave`, `BAD line 1: person "4": validFrom: found none, expected the time of the state that is taken back`, "4 active person from=05-01 removed"}},
		{"broken JSON", "[{\"id\":\"1\"},\n{\"id\":]", []string{"1 active person", "END line 2: invalid character ']' looking for beginning of value; expected people as Microsoft Graph or a SCIM service returns them"}},
		{"cut off", "[{\"id\":\"1\"},\n{\"id\":\"2\"", []string{"1 active person", "END line 2: the file ends in the middle of a value"}},
		{"cut off after a person", "[{\"id\":\"1\"},\n", []string{"1 active person", "END line 2: the file ends in the middle of a value"}},
		{"CSV", "id,User_Name,display name,Emails,docusign_user_id,status,groups,role,left,shoe size\n1,ann@x.y,\"Smith, Ann\",a@x.y;b@x.y,u1,,A|B,Sender,,39\n2,bob@x.y,Bob,,,disabled,,,2026-05-02,\n3,cem@x.y,,,,,,,2026-05-03,\n4,dan@x.y,,,,,,,2027-05-03,\n",
			[]string{"1 active person a@x.y ann@x.y b@x.y ds=u1 groups=A+B name=Smith, Ann role=Sender", "2 disabled person bob@x.y name=Bob left=05-02", "3 disabled person cem@x.y left=05-03", "4 active person dan@x.y"}},
		{"CSV with semicolons", "id;enabled;valid from\n1;no;2026-05-01\n2;perhaps;\n3;;tomorrow\n4;;;;\n",
			[]string{"1 disabled person from=05-01", `BAD line 3: person "2": enabled: found "perhaps", expected true or false`, `BAD line 4: person "3": validFrom: found "tomorrow", expected a time such as 2026-01-31T08:00:00Z or a date such as 2026-01-31`, "BAD line 5: found 5 fields, expected the 3 of the header"}},
		{"CSV with a broken line", "id,mail\n1,a@x.y\n2,b\"@x.y\n3,c@x.y\n",
			[]string{"1 active person a@x.y", `BAD line 3: bare " in non-quoted-field; expected fields with a comma between them, and texts with commas or quotes in quotes`, "3 active person c@x.y"}},
		{"CSV with a short line", "id,mail,status\n1,a@x.y,disabled\n2,disabled\n3,c@x.y,\n", // a field is lost: "disabled" would be an address
			[]string{"1 disabled person a@x.y", "BAD line 3: found 2 fields, expected the 3 of the header", "3 active person c@x.y"}},
		{"no header", "ann@x.y,bob\n", []string{"END line 1: the header has no column id; expected JSON, or CSV with a header of the columns " + directory.Columns}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, read(t, c.text)); d != "" {
				t.Errorf("read (-want +got):\n%s", d)
			}
		})
	}
}

// FuzzReader: whatever the file, reading ends, and every person that comes out is valid.
func FuzzReader(f *testing.F) {
	f.Add(`[{"id":"1","mail":"a@x.y"},{"id":2}]`)
	f.Add("{\"value\":[{\"id\":\"1\"}]}\n{\"id\":\"2\"}")
	f.Add("id,emails,left\n1,a@x.y;b@x.y,2026-05-01\n")
	f.Add("\ufeff [ ] {}")
	f.Add(`{"Resources":[{"id":"1","active":true,"emails":[{"value":"a@x.y"}],"groups":["g"]},{"id":"2","active":false,"meta":{"lastModified":"2026-05-01T00:00:00Z"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := directory.NewReader(strings.NewReader(text), directory.Options{Source: "e", AsOf: asOf})
		if err != nil {
			return
		}
		for range len(text) + 2 {
			p, err := r.Next()
			var one *directory.RecordError
			switch {
			case errors.As(err, &one):
				if one.Line < 1 || one.Line > 1+strings.Count(text, "\n") {
					t.Fatalf("line %d of %q", one.Line, text)
				}
			case err != nil:
				return
			default:
				if err := p.Validate(); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Fatalf("reading %q does not end", text)
	})
}

// TestColumnsThatArePassedOver: a mistyped column is named, with the one that was meant.
func TestColumnsThatArePassedOver(t *testing.T) {
	list, err := directory.NewReader(strings.NewReader("id,name,lefft,shoe size,\np,Ann,2026-01-01,9,\n"), directory.Options{Source: "hr", AsOf: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`the column "lefft" is passed over; did you mean left?`, `the column "shoe size" is passed over`}
	if got := list.Warnings(); !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
	if list, err = directory.NewReader(strings.NewReader("id,Display-Name,left\n"), directory.Options{Source: "hr"}); err != nil || len(list.Warnings()) > 0 {
		t.Errorf("%v, %v", list.Warnings(), err)
	}
}
