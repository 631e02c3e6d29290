package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// limited is a service of hunts that cuts off every result: by rows, or by time where the statement says so. It has the tables events and alert_history.
type limited struct {
	sealwatchv1.UnimplementedHuntServiceServer
}

func (limited) ListHunts(context.Context, *sealwatchv1.ListHuntsRequest) (*sealwatchv1.ListHuntsResponse, error) {
	return &sealwatchv1.ListHuntsResponse{Hunts: []*sealwatchv1.Hunt{{Name: "hunts/failed-logons", Title: "Failed log-ons"}}}, nil
}

func (limited) Query(r *sealwatchv1.QueryRequest, s grpc.ServerStreamingServer[sealwatchv1.QueryResponse]) error {
	rows := []string{"7"}
	if strings.Contains(r.GetSql(), "system.tables") {
		rows = []string{"alert_history", "events"}
	}
	if err := s.Send(&sealwatchv1.QueryResponse{Content: &sealwatchv1.QueryResponse_Columns{Columns: &sealwatchv1.HuntColumns{Columns: []*sealwatchv1.HuntColumn{{Name: "n", Type: "String"}}}}}); err != nil {
		return err
	}
	for _, row := range rows {
		if err := s.Send(&sealwatchv1.QueryResponse{Content: &sealwatchv1.QueryResponse_Rows{Rows: &sealwatchv1.HuntRows{Rows: []*structpb.ListValue{{Values: []*structpb.Value{structpb.NewStringValue(row)}}}}}}); err != nil {
			return err
		}
	}
	if r.GetSql() == "SLOW" {
		e, err := status.New(codes.ResourceExhausted, "Timeout exceeded").WithDetails(&errdetails.ErrorInfo{Reason: "LIMIT_EXCEEDED"})
		if err != nil {
			return err
		}
		return e.Err()
	}
	cut := r.GetSql() == "MANY"
	return s.Send(&sealwatchv1.QueryResponse{Content: &sealwatchv1.QueryResponse_Summary{Summary: &sealwatchv1.HuntSummary{Rows: 1, Truncated: cut, TruncatedBy: map[bool]string{true: "rows"}[cut]}}})
}

// TestCutOffHunt: a script can tell a result that is not whole by the exit code, in every form.
func TestCutOffHunt(t *testing.T) {
	address := (&fake{}).serve(t)
	for _, form := range []string{"table", "json", "ndjson", "csv"} {
		for sql, want := range map[string]struct {
			code int
			err  string
		}{"ALL": {exitOK, ""}, "MANY": {exitCut, "cut off by the limit of rows"}, "SLOW": {exitCut, "Timeout exceeded [LIMIT_EXCEEDED]"}} {
			code, out, errs := invoke(t, t.Context(), &process{in: strings.NewReader("")}, "hunt", "--addr", address, "-o", form, "-q", sql)
			if code != want.code || !strings.Contains(errs, want.err) || want.err == "" && errs != "" || !strings.Contains(out, "7") {
				t.Errorf("%s as %s: code %d, want %d\n%s%s", sql, form, code, want.code, out, errs)
			}
		}
	}
}

// TestTableThatIsNot: \d of a table that there is not says so.
func TestTableThatIsNot(t *testing.T) {
	address := (&fake{}).serve(t)
	conn, err := connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var out, errs bytes.Buffer
	h := &hunter{p: &process{out: &out, err: &errs}, client: sealwatchv1.NewHuntServiceClient(conn), flags: &huntFlags{}, parameters: map[string]string{}, output: outputTable}
	if err := h.converse(t.Context(), &typist{lines: []string{`\d evnts`, "MANY;"}}, func() {}); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if got, want := errs.String(), "sealwatch: there is no table evnts; did you mean events?; \\d lists those that there are\n"; !strings.HasPrefix(got, want) || strings.Count(got, "sealwatch:") != 1 || !strings.Contains(got, "cut off") {
		t.Errorf("said %q", got)
	}
	out.Reset()
	errs.Reset()
	if err := h.converse(t.Context(), &typist{lines: []string{`\d events`}}, func() {}); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "7") || errs.Len() > 0 {
		t.Errorf("%s%s", out.String(), errs.String())
	}
}
