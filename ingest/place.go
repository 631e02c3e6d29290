package ingest

import (
	"context"

	"github.com/gaissmai/bart"

	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// places are where the operator's ranges say that addresses are; nil says nothing. They are never changed, only replaced.
type places struct {
	byNetwork bart.Table[*intelligence.Placement]
}

func newPlaces(all []intelligence.Placement) *places {
	if len(all) == 0 {
		return nil
	}
	p := &places{}
	for i := range all {
		p.byNetwork.Insert(all[i].Prefix, &all[i])
	}
	return p
}

// put puts an event where the ranges say, and keeps in Geo what the geo databases or the record said. The statement events_place.sql
// does the same with events that are stored.
func (p *places) put(e *event.Event) {
	if p == nil || !e.IP.IsValid() {
		return
	}
	known, ok := p.byNetwork.Lookup(e.IP)
	if !ok {
		return
	}
	c := known.At(e.Tenant, e.Time)
	if c == nil {
		return
	}
	said := event.Geo{Place: e.Place, ASN: e.ASN, ASOrganization: e.ASOrganization}
	e.Geo = &said
	if c.LocatedBy != "" {
		relocate(&e.Place, c)
	}
	if c.NetworkBy != "" {
		e.ASOrganization, e.Place.NetworkBy = c.ISP, c.NetworkBy
		if c.ASN != 0 {
			e.ASN = c.ASN
		}
	}
}

// relocate changes a place. A range that names the country, and perhaps the city, that was said, and no coordinates, confirms it.
func relocate(p *event.Place, c *intelligence.Cell) {
	p.LocatedBy = c.LocatedBy
	if !c.HasCoordinates && c.Country == p.Country && (c.City == "" || c.City == p.City) {
		return
	}
	p.Country, p.CountryName, p.Region, p.City = c.Country, c.CountryName, "", c.City
	p.Latitude, p.Longitude, p.AccuracyKM = c.Latitude, c.Longitude, c.RadiusKM
	switch {
	case p.Kind == event.PlaceServer:
	case c.HasCoordinates:
		p.Kind = event.PlaceUser
	default:
		p.Kind = event.PlaceUnknown
	}
}

// Place lets all events that are stored from now on lie where the placements say. When it returns, none that lies where earlier ones
// said is on its way; those that are stored are the caller's to put right.
func (p *Pipeline) Place(ctx context.Context, all []intelligence.Placement) error {
	next := newPlaces(all)
	select {
	case p.writer.placing <- struct{}{}: // between two commits
	case <-ctx.Done():
		return ctx.Err()
	}
	p.writer.places = next
	<-p.writer.placing
	return nil
}
