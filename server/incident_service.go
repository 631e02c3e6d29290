package server

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/server/problem"
	"github.com/sealwatch/sealwatch/server/token"
	"github.com/sealwatch/sealwatch/server/translate"
)

// Incidents say which alerts belong together.
type Incidents interface {
	// ListIncidents returns all that the filter selected when head was the last change of an alert, in the order of their ids, and that change;
	// a head of 0 is now. The caller MUST NOT change them.
	ListIncidents(ctx context.Context, f alert.IncidentFilter, head uint64) (list []alert.Incident, at uint64, err error)
	// IncidentsAt are the incidents of ids at that time, or fault.NotFound.
	IncidentsAt(ctx context.Context, ids []string, head uint64) (list []alert.Incident, at uint64, err error)
	// GetIncident returns the incident with the alert of that id, or fault.NotFound.
	GetIncident(ctx context.Context, id string) (alert.Incident, error)
	// IncidentsOf tells the incidents of alerts; those that belong to none are left out.
	IncidentsOf(ctx context.Context, alerts []string) (map[string]string, error)
}

type incidentService struct {
	pb.UnimplementedIncidentServiceServer
	incidents Incidents
	tenant    string
}

func (s *incidentService) GetIncident(ctx context.Context, req *pb.GetIncidentRequest) (*pb.Incident, error) {
	n, err := s.incidents.GetIncident(ctx, strings.TrimPrefix(req.GetName(), translate.IncidentPrefix))
	if err != nil {
		return nil, err
	}
	return translate.Incident(&n), nil
}

func (s *incidentService) ListIncidents(ctx context.Context, req *pb.ListIncidentsRequest) (*pb.ListIncidentsResponse, error) {
	if err := checkSpan(req.GetFilter()); err != nil {
		return nil, err
	}
	key, err := incidentOrder(req.GetOrderBy())
	if err != nil {
		return nil, err
	}
	query, err := token.NewQuery("incidents", s.tenant, &pb.ListIncidentsRequest{Filter: req.GetFilter(), OrderBy: req.GetOrderBy()})
	if err != nil {
		return nil, err
	}
	after, _, err := query.Decode(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	// All pages show the incidents as they were at the first one.
	list, head, err := s.incidents.ListIncidents(ctx, translate.IncidentFilter(req.GetFilter()), after.Head)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListIncidentsResponse{TotalSize: translate.Count(len(list))}
	slices.SortFunc(list, func(a, b alert.Incident) int { return cmp.Or(cmp.Compare(key(&b), key(&a)), cmp.Compare(b.ID, a.ID)) })
	cursor := alert.Cursor{Key: after.Key, ID: after.ID}
	list = slices.DeleteFunc(list, func(n alert.Incident) bool { return cursor.Before(key(&n), n.ID) })
	size := pageSize(req.GetPageSize())
	for i := range list[:min(len(list), size)] {
		resp.Incidents = append(resp.Incidents, translate.Incident(&list[i]))
	}
	resp.Incidents = resp.Incidents[:fitting(resp.GetIncidents())]
	if n := len(resp.GetIncidents()); n < len(list) {
		last := &list[n-1]
		resp.NextPageToken, err = query.Encode(token.Page{Key: key(last), ID: last.ID, Head: head})
	}
	return resp, err
}

// incidentOrder reads order_by: those with greater keys come first.
func incidentOrder(text string) (func(*alert.Incident) int64, error) {
	words := append(strings.Fields(text), "", "", "")
	var key func(*alert.Incident) int64
	switch words[0] {
	case "", "score":
		key = func(n *alert.Incident) int64 { return int64(math.Round(n.Score * 10)) }
	case "end_time":
		key = func(n *alert.Incident) int64 { return n.End.UnixNano() }
	case "start_time":
		key = func(n *alert.Incident) int64 { return n.Start.UnixNano() }
	}
	direction := strings.ToLower(words[1])
	if key == nil || words[2] != "" || !slices.Contains([]string{"", "asc", "desc"}, direction) {
		const expected = "expected score, end_time or start_time, and then asc or desc"
		return nil, problem.Invalid(fmt.Sprintf("orderBy: found %q, %s", text, expected), problem.Violation{Field: "orderBy", Description: expected})
	}
	if direction == "asc" {
		return func(n *alert.Incident) int64 { return ^key(n) }, nil
	}
	return key, nil
}

// withIncidents fills in to which incidents alerts belong.
func (s *alertService) withIncidents(ctx context.Context, all ...*pb.Alert) error {
	if s.incidents == nil || len(all) == 0 {
		return nil
	}
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = strings.TrimPrefix(a.GetName(), translate.AlertPrefix)
	}
	of, err := s.incidents.IncidentsOf(ctx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if of[id] != "" {
			all[i].Incident = translate.IncidentPrefix + of[id]
		}
	}
	return nil
}

// ofIncidents narrows a filter to the alerts that the incidents had when head was the last change, and tells that change; 0 is now, or that
// no incident is named.
func (s *alertService) ofIncidents(ctx context.Context, f *alert.Filter, names []string, head uint64) (at uint64, err error) {
	if len(names) == 0 {
		return 0, nil
	}
	var ids []string
	if s.incidents != nil {
		of := make([]string, len(names))
		for i, name := range names {
			of[i] = strings.TrimPrefix(name, translate.IncidentPrefix)
		}
		list, then, err := s.incidents.IncidentsAt(ctx, of, head)
		if err != nil {
			return 0, err
		}
		at = then
		for _, n := range list {
			for i := range n.Alerts {
				if id := n.Alerts[i].ID; f.Names(id) {
					ids = append(ids, id)
				}
			}
		}
	}
	f.IDPrefixes = nil
	if f.IDs = ids; len(ids) == 0 {
		f.IDs = []string{"none"} // an empty list would select all
	}
	return at, nil
}
