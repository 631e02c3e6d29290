package server_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/status"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/server"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
)

// logged lists alerts as the log of changes has them, at any point of it.
type logged struct{ *changes }

func (l logged) GetAlert(context.Context, string, string) (alert.Alert, error) {
	return alert.Alert{}, fault.New(fault.NotFound, "no alert")
}

func (l logged) ListAlerts(ctx context.Context, _ string, f alert.Filter, o alert.Order, head uint64, after alert.Cursor, limit int) ([]alert.Alert, int, error) {
	log, err := l.Read(ctx, 0, 1000)
	newest := map[string]alert.Alert{}
	for _, c := range log {
		if head == 0 || c.Sequence <= head {
			newest[c.ID] = c.Alert
		}
	}
	var list alerts
	for _, a := range newest {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b alert.Alert) int { return b.End.Compare(a.End) })
	page, total, _ := list.ListAlerts(ctx, tenant, f, o, 0, after, limit)
	return page, total, err
}

// TestAlertsThatGrowBetweenPages: while a client turns the pages, alerts grow, come and go; it sees each that there was
// at the first page once, as it was then.
func TestAlertsThatGrowBetweenPages(t *testing.T) {
	h := start(t, func(h *harness, o *server.Options) {
		h.changes = newChanges()
		for n := range 5 {
			h.changes.append(change(alert.ChangeCreated, "", storedAlert(n, alert.SeverityHigh, alert.StateNew)))
		}
		o.Services.Changes, o.Services.Alerts = h.changes, logged{h.changes}
	})
	var names []string
	req := &pb.ListAlertsRequest{PageSize: 2}
	for first := true; first || req.GetPageToken() != ""; first = false {
		resp, err := pb.NewAlertServiceClient(h.conn).ListAlerts(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range resp.GetAlerts() {
			names = append(names, a.GetName())
			if a.GetSequence() > 5 {
				t.Errorf("%s is shown as it was after the first page", a.GetName())
			}
		}
		if resp.GetTotalSize() != 5 {
			t.Errorf("%d alerts in all, want those of the first page", resp.GetTotalSize())
		}
		req.PageToken = resp.GetNextPageToken()
		for n := range 7 { // the last two are new
			grown := storedAlert(n, alert.SeverityHigh, alert.StateNew)
			grown.End = epoch.Add(time.Duration(h.changes.Head()) * time.Hour)
			h.changes.append(change(alert.ChangeUpdated, alert.StateNew, grown))
		}
	}
	want := []string{"alerts/" + alertID(0), "alerts/" + alertID(1), "alerts/" + alertID(2), "alerts/" + alertID(3), "alerts/" + alertID(4)}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

// TestPageOfAnotherLog: a token that holds a head beyond the end of the log is not from this database.
func TestPageOfAnotherLog(t *testing.T) {
	h := start(t, nil)
	query, err := token.NewQuery("alerts", tenant, &pb.ListAlertsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for head, want := range map[uint64]string{4: "", 5: "INVALID_PAGE_TOKEN"} {
		page, err := query.Encode(token.Page{Time: epoch, ID: alertID(1), Head: head})
		if err != nil {
			t.Fatal(err)
		}
		_, err = pb.NewAlertServiceClient(h.conn).ListAlerts(t.Context(), &pb.ListAlertsRequest{PageToken: page})
		if got := problem.Reason(status.Convert(err)); got != want {
			t.Errorf("head %d of 4: got %v, want %q", head, err, want)
		}
	}
}
