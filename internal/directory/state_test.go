package directory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/internal/directory"
)

func TestNormalise(t *testing.T) {
	s := directory.State{UserName: "Ann@Example.com", Emails: []string{" ann@example.com", "A.Smith@example.com", ""},
		DocuSignUserIDs: []string{"5F0D9C1E-0B7A-4C66-9C66-0123456789AB", "Own-Id"}, Groups: []string{"b", "a", "b"},
		From: time.Date(2026, 5, 1, 2, 0, 0, 123456, time.FixedZone("x", 7200))}
	s.Normalise()
	if !slices.Equal(s.Emails, []string{"a.smith@example.com", "ann@example.com"}) || !slices.Equal(s.Groups, []string{"a", "b"}) || s.Kind != "person" ||
		!slices.Equal(s.DocuSignUserIDs, []string{"5f0d9c1e-0b7a-4c66-9c66-0123456789ab", "Own-Id"}) || s.From != time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("%+v", s)
	}
}

func TestValidateNamesEverythingThatIsWrong(t *testing.T) {
	s := directory.State{Source: "Entra", Status: "gone", Kind: "robot", DisplayName: strings.Repeat("x", 257), Emails: []string{"ann"}, From: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)}
	err := s.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`source: found "Entra"`, "id: expected", `status: found "gone", expected active, disabled, deleted, on_leave`, `kind: found "robot"`, "displayName: found", `emails: found "ann", expected an address`, "validFrom: found"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	good := directory.State{Source: "entra", DirectoryID: "1", Status: "active", Kind: "person"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}
