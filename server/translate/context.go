package translate

import (
	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
)

func alertContext(c *alert.Context) *pb.AlertContext {
	if c == nil {
		return nil
	}
	m := &pb.AlertContext{
		WatermarkTime: Timestamp(c.Described), FirstArrivalTime: Timestamp(c.FirstArrival), LastArrivalTime: Timestamp(c.LastArrival),
		Directory: directoryState(c.Directory), NextHourComplete: c.AfterComplete,
	}
	for i := range c.Traits {
		t := &c.Traits[i]
		trait := &pb.AlertTrait{Value: Text(t.Value), Label: Text(t.Label), EventCount: int32Of(t.Events), New: t.New, FirstSeenTime: Timestamp(t.FirstSeen), DayCount: int32Of(t.Days), OtherUserCount: int32Of(t.OtherUsers),
			Family: Text(t.Family), FamilyDayCount: int32Of(t.FamilyDays)}
		switch t.Kind {
		case alert.TraitAddress:
			m.Addresses = append(m.Addresses, trait)
		case alert.TraitNetwork:
			m.Networks = append(m.Networks, trait)
		case alert.TraitDevice:
			m.Devices = append(m.Devices, trait)
		}
	}
	for _, d := range c.After {
		m.NextHour = append(m.NextHour, &pb.AlertDeed{Activity: Text(d.Activity), Count: int32Of(d.Count), EventIds: texts(d.EventIDs)})
	}
	for _, g := range c.Gaps {
		m.Gaps = append(m.Gaps, &pb.CoverageGap{StartTime: Timestamp(g.From), EndTime: Timestamp(g.To)})
	}
	for _, n := range c.Names {
		m.Names = append(m.Names, &pb.AlertName{Id: Text(n.ID), DisplayName: Text(n.Name), Email: Text(n.Email)})
	}
	return m
}

func directoryState(p *alert.Person) *pb.DirectoryState {
	if p == nil {
		return nil
	}
	return &pb.DirectoryState{
		Source: Text(p.Source), DirectoryId: Text(p.ID), DisplayName: Text(p.Name), Email: Text(p.Email),
		Status: Text(p.Status), StatusTime: Timestamp(p.Since), Kind: Text(p.Kind), Role: Text(p.Role), Groups: texts(p.Groups),
	}
}
