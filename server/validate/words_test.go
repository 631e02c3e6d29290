package validate

import (
	"regexp"
	"strings"
	"testing"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// TestEveryExpressionHasWords: nobody reads a regular expression in an answer.
func TestEveryExpressionHasWords(t *testing.T) {
	used := map[string]bool{}
	var visit func(protoreflect.MessageDescriptors)
	visit = func(all protoreflect.MessageDescriptors) {
		for i := range all.Len() {
			visit(all.Get(i).Messages())
			fields := all.Get(i).Fields()
			for k := range fields.Len() {
				rules, _ := proto.GetExtension(fields.Get(k).Options(), validatepb.E_Field).(*validatepb.FieldRules)
				for _, s := range []*validatepb.StringRules{rules.GetString(), rules.GetRepeated().GetItems().GetString(), rules.GetMap().GetKeys().GetString(), rules.GetMap().GetValues().GetString()} {
					if s.GetPattern() == "" {
						continue
					}
					used[s.GetPattern()] = true
					said, known := words[s.GetPattern()]
					if !known {
						t.Errorf("%s: %s has no words", fields.Get(k).FullName(), s.GetPattern())
					} else if !regexp.MustCompile(s.GetPattern()).MatchString(said.example) {
						t.Errorf("%s does not take its example %q", s.GetPattern(), said.example)
					}
				}
			}
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if f.Package() == "sealwatch.v1" {
			visit(f.Messages())
		}
		return true
	})
	for expression := range words {
		if !used[expression] {
			t.Errorf("no field has %s", expression)
		}
	}
}

func TestAnswersHaveNoExpressions(t *testing.T) {
	v, err := New()
	if err != nil {
		t.Fatal(err)
	}
	err = v.Message(&pb.GetAlertRequest{Name: "alerts/5F0C"})
	if err == nil || !strings.Contains(err.Error(), "name: expected alerts/ and the alert's id") || strings.Contains(err.Error(), "[0-9a-f]") {
		t.Errorf("an id: %v", err)
	}
	err = v.Message(&pb.BacktestRequest{Detections: []string{"Failed Logins"}})
	if err == nil || !strings.Contains(err.Error(), "detections[0]: expected the id of a detection") {
		t.Errorf("an item of a list: %v", err)
	}
}

// TestCountryByName: who names a country where its code is wanted is told the code.
func TestCountryByName(t *testing.T) {
	v, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Germany": "such as IE; Germany is DE", "united states": "; United States is US", "Elbonia": "such as IE"} {
		err := v.Message(&pb.ListAlertsRequest{Filter: &pb.AlertFilter{Countries: []string{name}}})
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
