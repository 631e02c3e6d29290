package translate

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/hunt"
)

// HuntPrefix begins the name of a saved hunt.
const HuntPrefix = "hunts/"

var huntFormats = map[pb.HuntFormat]string{pb.HuntFormat_HUNT_FORMAT_PARQUET: "Parquet", pb.HuntFormat_HUNT_FORMAT_ARROW_STREAM: "ArrowStream"}

// HuntQuery is the domain's form of a request.
func HuntQuery(q *pb.QueryRequest) hunt.Query {
	l := q.GetLimits()
	return hunt.Query{SQL: q.GetSql(), Parameters: q.GetParameters(), Format: huntFormats[q.GetFormat()], Author: q.GetAuthor(), Via: hunt.ViaAPI,
		Limits: hunt.Limits{Duration: l.GetDuration().AsDuration(), Rows: l.GetMaxRows(), Bytes: l.GetMaxBytes(), ReadRows: l.GetMaxReadRows(), ReadBytes: l.GetMaxReadBytes(), Memory: l.GetMaxMemory()}}
}

// HuntColumns makes the message of columns.
func HuntColumns(columns []hunt.Column) *pb.HuntColumns {
	m := &pb.HuntColumns{}
	for _, c := range columns {
		m.Columns = append(m.Columns, &pb.HuntColumn{Name: Text(c.Name), Type: c.Type})
	}
	return m
}

// HuntProgress makes the message of progress.
func HuntProgress(p hunt.Progress) *pb.HuntProgress {
	return &pb.HuntProgress{ReadRows: float64(p.ReadRows), ReadBytes: float64(p.ReadBytes), TotalRows: float64(p.TotalRows), Memory: float64(p.Memory), Elapsed: durationpb.New(p.Elapsed)}
}

// HuntSummary makes the message of a summary.
func HuntSummary(s hunt.Summary) *pb.HuntSummary {
	return &pb.HuntSummary{Rows: float64(s.Rows), Bytes: float64(s.Bytes), ReadRows: float64(s.ReadRows), ReadBytes: float64(s.ReadBytes), Elapsed: durationpb.New(s.Elapsed),
		Truncated: s.Truncated != hunt.Whole, TruncatedBy: string(s.Truncated), Limits: &pb.HuntLimits{Duration: durationpb.New(s.Limits.Duration), MaxRows: s.Limits.Rows, MaxBytes: s.Limits.Bytes,
			MaxReadRows: s.Limits.ReadRows, MaxReadBytes: s.Limits.ReadBytes, MaxMemory: s.Limits.Memory}}
}

// Hunt makes the message of a saved hunt.
func Hunt(h *hunt.Saved) *pb.Hunt {
	m := &pb.Hunt{Name: HuntPrefix + h.ID, Title: Text(h.Title), Description: Text(h.Description), Sql: Text(h.SQL), Author: Text(h.Author), BuiltIn: h.BuiltIn,
		CreateTime: Timestamp(h.Created), UpdateTime: Timestamp(h.Updated), Etag: strconv.FormatUint(h.Revision, 10)}
	for _, p := range h.Parameters {
		m.Parameters = append(m.Parameters, &pb.HuntParameter{Name: p.Name, Type: p.Type, Description: Text(p.Description), DefaultValue: p.Default})
	}
	return m
}

// SavedHunt is the domain's form of a hunt.
func SavedHunt(m *pb.Hunt) hunt.Saved {
	h := hunt.Saved{ID: strings.TrimPrefix(m.GetName(), HuntPrefix), Title: m.GetTitle(), Description: m.GetDescription(), SQL: m.GetSql(), Author: m.GetAuthor()}
	for _, p := range m.GetParameters() {
		h.Parameters = append(h.Parameters, hunt.Parameter{Name: p.GetName(), Description: p.GetDescription(), Default: p.DefaultValue}) //nolint:protogetter // whether it is there matters
	}
	return h
}
