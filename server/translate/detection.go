package translate

import (
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/status"
)

// Detection makes the message of a detection; its SQL is in it when full.
func Detection(d *alert.Detection, state status.Detection, full bool) *pb.Detection {
	m := &pb.Detection{
		Name:             DetectionPrefix + d.ID,
		Title:            d.Title,
		Description:      d.Description,
		Severity:         Severity(d.Severity),
		AttackTechniques: d.Techniques,
		SubjectType:      d.SubjectType,
		LookBack:         durationpb.New(d.LookBack),
		FalsePositives:   d.FalsePositives,
		Response:         d.Response,
		Suppressions:     d.Suppressions,

		ExceptionAttributes: d.Attributes,
		Status: &pb.DetectionStatus{
			PendingEvents: Count(state.Pending),
			ActiveAlerts:  Count(state.ActiveAlerts),
			LastError:     Text(state.LastError),
			OffReason:     Text(d.Off),
			State:         pb.DetectionState(pb.DetectionState_value["DETECTION_STATE_"+strings.ToUpper(state.State)]),
		},
	}
	for _, i := range state.Inputs {
		m.Status.Inputs = append(m.Status.Inputs, &pb.DetectionInput{Name: Text(i.Name), Events: Count(i.Events), LastTime: Timestamp(i.Last), LikelyCauses: i.LikelyCauses})
	}
	for _, p := range d.Parameters {
		q := &pb.DetectionParameter{
			Name: p.Name, Type: p.Type, Value: p.Value, DefaultValue: p.Default,
			Minimum: p.Minimum, Maximum: p.Maximum, Unit: p.Unit, Description: p.Description,
		}
		if t := p.Shown; t != nil {
			q.Text = &pb.DetectionParameterText{Value: t.Value, DefaultValue: t.Default, Minimum: t.Minimum, Maximum: t.Maximum}
		}
		m.Parameters = append(m.Parameters, q)
	}
	if full {
		m.Sql = d.SQL
	}
	for i := range d.Versions {
		m.Versions = append(m.Versions, DetectionVersion(&d.Versions[i], full))
	}
	return m
}

// DetectionVersion makes the message of a version; its SQL is in it when full.
func DetectionVersion(v *alert.DetectionVersion, full bool) *pb.DetectionVersion {
	m := &pb.DetectionVersion{Revision: int32(v.Revision), StartTime: Timestamp(v.ValidFrom), EndTime: Timestamp(v.ValidTo), CreateTime: Timestamp(v.MadeAt), //nolint:gosec // counted from 1
		Author: Text(v.MadeBy), Hash: v.Hash()}
	for _, a := range v.Arguments {
		m.Parameters = append(m.Parameters, &pb.DetectionParameter{Name: a.Name, Type: a.Type, Value: Text(a.Value)})
	}
	if full {
		m.Sql = Text(v.SQL)
	}
	m.Scope = scope(v.Scope)
	return m
}

// scope reads the JSON of a version's scope; nil when it has none.
func scope(text string) *pb.DetectionScope {
	m := &pb.DetectionScope{}
	if text == "" || protojson.Unmarshal([]byte(text), m) != nil {
		return nil
	}
	return m
}
