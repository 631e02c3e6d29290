package translate_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/status"
	"github.com/sealwatch/sealwatch/server/translate"
)

// fill gives every field of a domain value something, so that a field which is not translated shows; what is of a type within itself ends there.
func fill(v reflect.Value, within ...reflect.Type) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(7)
	case reflect.Pointer:
		if slices.Contains(within, v.Type().Elem()) {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), within...)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), within...)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), append(slices.Clip(within), v.Type())...)
			}
		}
	}
}

// unset lists the fields of a message, at any depth, that have no value.
func unset(m protoreflect.Message, path string) (out []string) {
	if m.Descriptor().FullName() == "google.protobuf.Struct" || strings.HasPrefix(string(m.Descriptor().FullName()), "google.protobuf.") {
		return nil
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		p := path + "." + string(f.Name())
		switch {
		case !m.Has(f):
			out = append(out, p)
		case f.IsList() && f.Message() != nil:
			out = append(out, unset(m.Get(f).List().Get(0).Message(), p)...)
		case !f.IsList() && !f.IsMap() && f.Message() != nil:
			out = append(out, unset(m.Get(f).Message(), p)...)
		}
	}
	return out
}

func filled[T any]() *T {
	v := new(T)
	fill(reflect.ValueOf(v).Elem())
	return v
}

func TestNoFieldIsLeftOut(t *testing.T) {
	a := filled[alert.Alert]()
	a.Severity, a.Triage.Classification = alert.SeverityHigh, "true_positive"
	a.Triage.Reason, a.Triage.Resolution.Severity = alert.ReasonOther, alert.SeverityLow
	a.Context.Traits = slices.Repeat(a.Context.Traits, 3)
	for i, kind := range []string{alert.TraitAddress, alert.TraitNetwork, alert.TraitDevice} {
		a.Context.Traits[i].Kind = kind
	}
	d := filled[alert.Detection]()
	d.Severity = alert.SeverityHigh
	d.Suppressions = map[string]string{"familiar_places": "Both ends are known."}
	d.Versions[0].Scope = `{"include": {"users": ["a"], "groups": ["b"]}, "exclude": {"users": ["c"], "groups": ["d"]}}`
	state := filled[status.Detection]()
	state.State = status.DetectionBlind
	b := filled[alert.BacktestResult]()
	b.Severities[0].Severity, b.AddedExamples[0].Severity, b.RemovedExamples[0].Severity = alert.SeverityLow, alert.SeverityLow, alert.SeverityLow
	incident := filled[alert.Incident]()
	incident.Severity, incident.State = alert.SeverityHigh, alert.StateNew
	m := &incident.Alerts[0]
	m.Severity, m.State, m.Classification = alert.SeverityHigh, alert.StateNew, alert.TruePositive
	incident.Parts[0].Alerts = []string{"a", "b"}
	e := filled[event.Event]()
	e.Arrival = e.Time.Add(-time.Hour) // held
	system := filled[status.System]()
	system.Sources[0].Polling.Errors = map[string]uint64{"server": 7}
	system.Destinations[0].Events = filled[status.Destination]() // which has none of its own
	for name, m := range map[string]proto.Message{
		"event": translate.Event(e, time.Time{}, true), "alert": translate.Alert(a, *filled[alert.Guide]()),
		"incident": translate.Incident(incident), "detection": translate.Detection(d, *state, true), "status": translate.Status(system),
		"result": translate.Result(*filled[event.Receipt]()), "backtest": translate.BacktestResult(b), "progress": translate.BacktestProgress(filled[alert.BacktestProgress]()),
	} {
		left := slices.DeleteFunc(unset(m.ProtoReflect(), name), func(path string) bool {
			// of a value that was in force once, a version knows what it was
			return strings.HasPrefix(path, "detection.versions.parameters.") || path == "alert.incident" // which the list of incidents has
		})
		if len(left) > 0 {
			t.Errorf("not translated: %q", left)
		}
	}
}

func TestNoFieldOfARecordIsLeftOut(t *testing.T) {
	m := &pb.MonitorRecord{}
	fields := m.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch f.Kind() {
		case protoreflect.StringKind:
			m.ProtoReflect().Set(f, protoreflect.ValueOfString("v-"+f.JSONName()))
		case protoreflect.DoubleKind:
			m.ProtoReflect().Set(f, protoreflect.ValueOfFloat64(float64(i)))
		case protoreflect.BoolKind:
			m.ProtoReflect().Set(f, protoreflect.ValueOfBool(true))
		}
	}
	m.Timestamp = timestamppb.Now()
	m.Data = &structpb.Struct{Fields: map[string]*structpb.Value{"b": structpb.NewNumberValue(1), "a": structpb.NewStringValue("<")}}
	s, err := translate.Submission(&pb.IngestRecord{Record: &pb.IngestRecord_Monitor{Monitor: m}})
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(*s.Record)
	seen := map[any]string{}
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch name {
		case "Raw", "ClientInfo", "UserName", "UserEmail":
			// The typed record has none of these.
			continue
		}
		if v.Field(i).IsZero() {
			t.Errorf("%s is not translated", name)
		}
		if text, ok := v.Field(i).Interface().(string); ok {
			if other, twice := seen[text]; twice {
				t.Errorf("%s and %s have the same value %q", name, other, text)
			}
			seen[text] = name
		}
	}
	if got := string(s.Record.Data); got != `{"a":"\u003c","b":1}` {
		t.Errorf("data is %s", got)
	}
}

func TestEnumsHaveTheDomainsNames(t *testing.T) {
	for _, s := range []string{alert.SeverityInformational, alert.SeverityLow, alert.SeverityMedium, alert.SeverityHigh, alert.SeverityCritical} {
		m := translate.Severity(s)
		if m == 0 || translate.AlertFilter(&pb.AlertFilter{MinSeverity: m}).MinSeverity != s || int(m) != alert.SeverityRank(s) {
			t.Errorf("severity %q is %v", s, m)
		}
	}
	for _, s := range []string{status.DetectionOK, status.DetectionBlind, status.DetectionFailing} {
		if translate.Detection(&alert.Detection{}, status.Detection{State: s}, false).GetStatus().GetState() == 0 {
			t.Errorf("the state of a detection %q is unknown", s)
		}
	}
	for _, kind := range []string{alert.ChangeCreated, alert.ChangeUpdated, alert.ChangeRetracted, alert.ChangeDescribed} {
		if translate.Change(kind) == 0 {
			t.Errorf("the kind of change %q is unknown", kind)
		}
	}
	for _, s := range []string{alert.StateNew, alert.StateInProgress, alert.StateResolved, alert.StateRetracted, alert.StateSuppressed} {
		a := alert.Alert{Retracted: s == alert.StateRetracted, Triage: alert.Triage{State: s}}
		if s == alert.StateSuppressed {
			a.SuppressedBy = []string{"x"}
		}
		m := translate.Alert(&a, alert.Guide{}).GetState()
		if got := translate.AlertFilter(&pb.AlertFilter{States: []pb.AlertState{m}}).States; m == 0 || got[0] != s {
			t.Errorf("the state %q is %v, and back %q", s, m, got)
		}
	}
	for _, c := range []string{"true_positive", "benign_positive", "false_positive"} {
		if translate.Alert(&alert.Alert{Triage: alert.Triage{Classification: c}}, alert.Guide{}).GetClassification() == 0 {
			t.Errorf("the classification %q is unknown", c)
		}
	}
}

func TestFilters(t *testing.T) {
	if got := translate.EventFilter(nil); !reflect.DeepEqual(got, event.Filter{}) {
		t.Errorf("no filter became %+v", got)
	}
	m := &pb.EventFilter{
		StartTime: timestamppb.Now(), EndTime: timestamppb.Now(), UserIds: []string{"1"}, IpAddresses: []string{"2"},
		Activities: []string{"3"}, Countries: []string{"4"}, Objects: []string{"5"}, Actions: []string{"6"},
		EventIds: []string{"7"}, Sources: []string{"8"},
	}
	v := reflect.ValueOf(translate.EventFilter(m))
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is not translated", v.Type().Field(i).Name)
		}
	}
}

func TestObject(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	tests := map[string]string{
		"":                        `{}`,
		`{}`:                      `{}`,
		`{"a":[1,"b",null,true]}`: `{"a":[1,"b",null,true]}`,
		`{"n":9007199254740993}`:  `{"n":"9007199254740993"}`,
		`{"n":1e999}`:             `{"n":"1e999"}`,
		`[1]`:                     `{"_unreadable":"[1]"}`,
		`null`:                    `{"_unreadable":"null"}`,
		`{"a":1} x`:               `{"_unreadable":"{\"a\":1} x"}`,
		"\xff":                    `{"_unreadable":"�"}`,
	}
	for in, want := range tests {
		if got := compact(t, translate.Object(in)); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
	}
	if n := strings.Count(compact(t, translate.Object(deep)), `{"a"`); n > 31 {
		t.Errorf("%d levels are left of a deep object", n)
	}
}

func compact(t *testing.T, m proto.Message) string {
	t.Helper()
	b, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	b, err = json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzObject(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "", "\xff", `{"a":{"b":[1e400]}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := proto.Marshal(translate.Object(s)); err != nil {
			t.Errorf("%q became a message that cannot be sent: %v", s, err)
		}
	})
}

func TestEventNames(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		id := string(rapid.SliceOfN(rapid.Byte(), 1, 128).Draw(r, "id"))
		name := translate.EventName(id)
		if got, ok := translate.EventID(name); !ok || got != id || !utf8.ValidString(name) || strings.Count(name, "/") != 1 {
			r.Fatalf("%q became %q and back %q, %v", id, name, got, ok)
		}
	})
	for _, bad := range []string{"", "events/", "events/a/b", "events/%", "alerts/a", "e1"} {
		if id, ok := translate.EventID(bad); ok {
			t.Errorf("%q is the name of %q", bad, id)
		}
	}
}

func TestCountIsCut(t *testing.T) {
	for in, want := range map[uint64]int32{0: 0, 5: 5, 1 << 40: 1<<31 - 1} {
		if got := translate.Count(in); got != want {
			t.Errorf("%d became %d", in, got)
		}
	}
	if got := translate.Count(-1); got != 0 {
		t.Errorf("-1 became %d", got)
	}
}
